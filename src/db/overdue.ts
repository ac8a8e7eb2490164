import { type SQL, sql } from "drizzle-orm";
import type { Day } from "../core/calendar.ts";

/** The day after which a record `r` is overdue in a reconciliation `c`, as `computeDueDay` has it; null if never. */
export const dueDay: SQL = sql.raw("coalesce(r.expected_by, date(r.date, c.expected_within_days || ' days'))");

/**
 * Takes back the overdue mark of those of some entries whose records now fall due today or later, or never. Stands after
 * the change of the record or the reconciliation.
 */
export function clearOverdue(some: SQL, today: Day): SQL {
  return sql`update entries set overdue_at = null, version = entries.version + 1
    from records r, reconciliations c
    where ${some} and entries.overdue_at is not null and r.id = entries.record_id
      and c.id = entries.reconciliation_id and coalesce(${dueDay}, '9999-12-31') >= ${today}`;
}
