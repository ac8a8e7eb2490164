import { type SQL, sql } from "drizzle-orm";

/** Bounds that a value must keep, all of them: `{gte: 5, lt: 10}`. */
export interface Bounds<T extends string | number> {
  gt?: T | undefined;
  gte?: T | undefined;
  lt?: T | undefined;
  lte?: T | undefined;
  eq?: T | undefined;
  not_eq?: T | undefined;
}

const SIGNS: Record<keyof Bounds<string>, SQL> = {
  gt: sql`>`,
  gte: sql`>=`,
  lt: sql`<`,
  lte: sql`<=`,
  eq: sql`=`,
  not_eq: sql`<>`,
};

/** One condition for each bound. */
export function keepsBounds<T extends string | number>(value: SQL, bounds: Bounds<T> | undefined): SQL[] {
  return Object.entries(SIGNS).flatMap(([name, sign]) => {
    const bound = bounds?.[name as keyof Bounds<T>];
    return bound === undefined ? [] : [sql`${value} ${sign} ${bound}`];
  });
}

/** Instants are kept in milliseconds and shown in seconds: a bound of a second means what is shown. */
export function inSeconds(column: SQL): SQL {
  return sql`(${column} / 1000 * 1000)`;
}
