import { type SQL, sql } from "drizzle-orm";
import type { Day } from "../core/calendar.ts";
import { jsonList } from "./client.ts";
import { listenerExists } from "./events.ts";
import { recordSnapshot } from "./records.ts";

/** The day after which a record `r` is overdue in a reconciliation `c`, as `computeDueDay` has it; null if never. */
export const dueDay: SQL = sql.raw("coalesce(r.expected_by, date(r.date, c.expected_within_days || ' days'))");

const NEVER = sql.raw("'9999-12-31'");

/** A record before it was changed: its row number, and what its due days follow from. */
export interface FormerDue {
  id: number;
  date: Day;
  expectedBy: Day | null;
}

/**
 * Takes back the overdue marks of changed records, each where it falls due later than before, and not in the past. Stands
 * after the change.
 */
export function clearOverdueOf(former: readonly FormerDue[], today: Day): SQL {
  const rows = jsonList(former.map(({ id, date, expectedBy }) => [id, date, expectedBy]));
  const formerDue = sql.raw("coalesce(j.value ->> 2, date(j.value ->> 1, c.expected_within_days || ' days'))");
  return clearOverdue(
    sql`json_each(${rows}) j, records r`,
    sql`r.id = j.value ->> 0
      and coalesce(${dueDay}, ${NEVER}) > coalesce(${formerDue}, ${NEVER})`,
    today,
  );
}

/** The same for a reconciliation that has given its records more days; those with a day of their own keep their mark. */
export function clearOverdueByDays(reconciliationId: number, today: Day): SQL {
  return clearOverdue(
    sql`records r`,
    sql`entries.reconciliation_id = ${reconciliationId} and r.expected_by is null`,
    today,
  );
}

function clearOverdue(from: SQL, some: SQL, today: Day): SQL {
  return sql`update entries set overdue_at = null, version = entries.version + 1
    from ${from}, reconciliations c
    where ${some} and entries.overdue_at is not null and r.id = entries.record_id
      and c.id = entries.reconciliation_id and coalesce(${dueDay}, ${NEVER}) >= ${today}`;
}

/** What of a reconciliation the events about its records need. */
export interface OverdueScope {
  environmentId: number;
  reconciliationId: number;
  reconciliationUid: string;
}

/**
 * The events of records that are marked as overdue since an instant (ms); `rows` is a list of the records' row numbers
 * with an event id each. Two runs in the same millisecond both find the mark: the occurrence names the version that it
 * made.
 */
export function insertOverdueEvents(scope: OverdueScope, rows: SQL, overdueAt: number, now: number): SQL {
  return sql`insert into events (environment_id, created_at, subject, uid, type, occurrence, snapshot)
    select ${scope.environmentId}, ${now}, 'record', j.value ->> 1, 'record.reconciliation_overdue',
      'entry/' || e.reconciliation_id || '/' || e.record_id || '/' || e.version || '/overdue',
      json_set(${recordSnapshot}, '$.about_reconciliation_id', ${scope.reconciliationUid})
    from json_each(${rows}) j cross join records r on r.id = j.value ->> 0 cross join data_sources s on s.id = r.source_id
    cross join entries e on e.reconciliation_id = ${scope.reconciliationId} and e.record_id = r.id
    where e.overdue_at = ${overdueAt} and ${listenerExists(scope.environmentId)}
    on conflict do nothing`;
}
