import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";

/** One database, seen through Drizzle and as D1 itself. */
export interface Db {
  d1: D1Database;
  orm: DrizzleD1Database;
}

/** SQL with its bound values, as plain data: it may travel to a Reconciler and join a batch there. */
export interface Statement {
  sql: string;
  params: unknown[];
}

const dialect = new SQLiteAsyncDialect();

export function openDb(d1: D1Database): Db {
  return { d1, orm: drizzle(d1) };
}

export function statement(query: SQLWrapper): Statement {
  const { sql: text, params } = dialect.sqlToQuery(query.getSQL());
  return { sql: text, params };
}

// Drizzle's own batch cannot take raw SQL with parameters, and a transaction is not to be had on D1: every write
// of more than one statement goes through here.
export async function runBatch(db: Db, queries: (SQLWrapper | Statement)[]): Promise<D1Result<unknown>[]> {
  if (queries.length === 0) return [];
  return db.d1.batch(queries.map((query) => prepare(db, query)));
}

export async function all<Row>(db: Db, query: SQLWrapper | Statement): Promise<Row[]> {
  const { results } = await prepare(db, query).all<Row>();
  return results;
}

export async function first<Row>(db: Db, query: SQLWrapper | Statement): Promise<Row | undefined> {
  const [row] = await all<Row>(db, query);
  return row;
}

/** A list as one bound value, for `json_each(…)`: D1 allows 100 parameters a statement and lists have any length. */
export function jsonList(values: readonly unknown[]): SQL {
  return sql`${JSON.stringify(values)}`;
}

export type ConstraintKind = "guard" | "unique" | "check" | "trigger";

/** Which constraint refused a statement or batch, with the text that names its columns; undefined for other errors. */
export function findConstraint(error: unknown): { kind: ConstraintKind; name: string } | undefined {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const match = /(UNIQUE|CHECK) constraint failed: ([^:\n]+)/.exec(cause.message);
    if (!match && /SQLITE_CONSTRAINT_(TRIGGER|FOREIGNKEY)/.test(cause.message)) {
      return { kind: "trigger", name: cause.message };
    }
    if (!match) continue;
    const name = (match[2] as string).trim();
    if (match[1] === "UNIQUE") return { kind: "unique", name };
    return { kind: name.startsWith("guard") ? "guard" : "check", name };
  }
  return undefined;
}

function prepare(db: Db, query: SQLWrapper | Statement): D1PreparedStatement {
  const { sql: text, params } = "params" in query ? query : statement(query);
  return db.d1.prepare(text).bind(...params);
}
