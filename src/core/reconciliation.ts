import { addDays, type Day } from "./calendar.ts";

export const RUN_TYPES = ["continuous", "batch"] as const;
export type RunType = (typeof RUN_TYPES)[number];

export const RECORD_STATUSES = ["unreconciled", "partially_reconciled", "reconciled"] as const;
/** The status of a (record, reconciliation) pair, and of a record over all its reconciliations. */
export type RecordStatus = (typeof RECORD_STATUSES)[number];

/** The number under which a status is stored: its place in `RECORD_STATUSES`. */
export type StatusCode = 0 | 1 | 2;

export function statusOf(code: number): RecordStatus {
  const status = RECORD_STATUSES[code];
  if (!status) throw new Error(`no status has the code ${code}`);
  return status;
}

export function statusCodeOf(status: RecordStatus): StatusCode {
  return RECORD_STATUSES.indexOf(status) as StatusCode;
}

/** The status of a pair. Amounts in minor units; a record of amount 0 is reconciled once it has a live match. */
export function computeStatusCode(amount: number, matched: number, matchCount: number): StatusCode {
  if (matchCount === 0) return 0;
  return matched === amount ? 2 : 1;
}

/** A record's own status from its pairs': in no reconciliation unreconciled, in several the middle unless all agree. */
export function combineStatuses(statuses: readonly RecordStatus[]): RecordStatus {
  const [first, ...rest] = statuses;
  if (first === undefined) return "unreconciled";
  return rest.every((status) => status === first) ? first : "partially_reconciled";
}

/** The last day on which a record may still be unreconciled without being overdue; null if it never is. */
export function computeDueDay(date: Day, expectedBy: Day | null, expectedWithinDays: number | null): Day | null {
  if (expectedBy !== null) return expectedBy;
  return expectedWithinDays === null ? null : (addDays(date, expectedWithinDays) ?? null);
}
