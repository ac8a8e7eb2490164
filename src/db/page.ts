/** What a list is asked for: at most `limit` rows with a row number below `before` (null: from the newest on). */
export interface PageRequest {
  limit: number;
  before: number | null;
}

/** Rows, newest first, and the row number below which the next page goes on (null: there is none). */
export interface Page<Row> {
  rows: Row[];
  next: number | null;
}

/** Makes a page of `limit + 1` rows that were asked for, newest first. */
export function cutPage<Row extends { id: number }>(rows: Row[], limit: number): Page<Row> {
  if (rows.length <= limit) return { rows, next: null };
  const kept = rows.slice(0, limit);
  return { rows: kept, next: (kept.at(-1) as Row).id };
}

/** The first rows of a page, as many as weigh no more than `max` together, and at least one. */
export function cutByWeight<Row extends { id: number; weight: number }>(
  { rows, next }: Page<Row>,
  max: number,
): Page<Row> {
  let total = 0;
  const end = rows.findIndex(({ weight }, place) => {
    total += weight;
    return place > 0 && total > max;
  });
  if (end === -1) return { rows, next };
  const kept = rows.slice(0, end);
  return { rows: kept, next: (kept.at(-1) as Row).id };
}
