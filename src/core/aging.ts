import { addDays, type Day } from "./calendar.ts";

/** Ages of records by their date, in days, both ends included; what is dated later is of age 0. */
export const AGE_BUCKETS = [
  { from_days: 0, to_days: 7 },
  { from_days: 8, to_days: 30 },
  { from_days: 31, to_days: 60 },
  { from_days: 61, to_days: 90 },
  { from_days: 91, to_days: null },
] as const;

const BEFORE_ALL_DAYS = "";

/** The first day of each bucket but the last, as of a day: a date belongs to the first of them that it does not precede. */
export function listAgeBounds(today: Day): Day[] {
  return AGE_BUCKETS.flatMap(({ to_days }) => (to_days === null ? [] : [addDays(today, -to_days) ?? BEFORE_ALL_DAYS]));
}
