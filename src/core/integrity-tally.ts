import { z } from "zod";
import type { Place } from "./integrity.ts";

/** Integers of the size that JavaScript writes without an exponent. */
const number = z.number().refine((value) => Number.isInteger(value) && Math.abs(value) < 1e21);

/** By what they count: the numbers that belong to it, in the order of the check's measures. */
const counts = z.record(z.string(), z.array(number));

/** A row number, or the columns of a key; null at the end. */
const after = z.union([z.int(), z.array(z.union([z.string(), z.int()])), z.null()]);

/** How far one of a group's two sums is. */
const sum = z.strictObject({ after, counts });

/** The number of a change or a count; or a link's number and hash, with what else was so, and the sources' changes. */
const token = z.union([
  z.int(),
  z.tuple([z.int(), z.string()]),
  z.tuple([z.int(), z.string(), z.string().nullable(), z.record(z.string(), z.int())]),
]);

const tally = z.strictObject({
  token: z.string().refine((text) => token.safeParse(parse(text)).success, "Must be the JSON of a token."),
  tries: z.int().min(1),
  /** The names that are counted: from one on, up to before another one. */
  from: z.string(),
  to: z.string().nullable(),
  found: sum,
  kept: sum,
});

export type Counts = z.infer<typeof counts>;
export type TallySum = z.infer<typeof sum>;

/** How far the counting of one group, which is known by its row number, is. */
export type Tally = z.infer<typeof tally> & { id: number };

/** A place that is the middle of a group; undefined for one that is not. */
export function readTally([id, text]: Place): Tally | undefined {
  if (typeof id !== "number" || typeof text !== "string") return undefined;
  const parsed = tally.safeParse(parse(text));
  return parsed.success ? { ...parsed.data, id } : undefined;
}

export function writeTally({ id, ...rest }: Tally): Place {
  return [id, JSON.stringify(rest)];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
