import { type SQL, sql } from "drizzle-orm";
import { v7 as newId } from "uuid";
import { dayOf } from "../core/calendar.ts";
import { jsonList, runBatch } from "../db/client.ts";
import { fanOutDeliveries } from "../db/deliveries.ts";
import { listenerExists } from "../db/events.ts";
import { dueDay } from "../db/overdue.ts";
import { recordSnapshot } from "../db/records.ts";
import type { Configuration } from "./reconciler-store.ts";
import type { WorkDependencies } from "./work-off.ts";

/**
 * Marks records of a reconciliation as overdue and raises the event, once for each pair: what the row says decides,
 * not what the caller believes, so that it may run twice and on records that have changed.
 */
export async function raiseOverdue(
  deps: WorkDependencies,
  configuration: Configuration,
  recordIds: readonly number[],
): Promise<void> {
  const now = deps.now();
  const { reconciliationId, environmentId } = configuration;
  const eventUids = recordIds.map(() => newId());
  const rows = jsonList(recordIds.map((id, place) => [id, eventUids[place]]));
  const isDue = sql`${dueDay} < ${dayOf(now)}`;
  const results = await runBatch(deps.db, [
    sql`insert into entries (reconciliation_id, record_id, amount, overdue_at)
      select c.id, r.id, r.amount, ${now}
      from json_each(${rows}) j cross join records r on r.id = j.value ->> 0
      cross join reconciliations c on c.id = ${reconciliationId} and c.deleted_at is null
      cross join reconciliation_sources rs on rs.reconciliation_id = c.id and rs.source_id = r.source_id
      left join entries e on e.reconciliation_id = c.id and e.record_id = r.id
      where r.deleted_at is null and coalesce(e.status, 0) <> 2 and e.overdue_at is null and ${isDue}
      on conflict do update set overdue_at = excluded.overdue_at, version = entries.version + 1`,
    insertOverdueEvents(configuration, rows, now),
    fanOutDeliveries(environmentId, eventUids, now),
  ]);
  const deliveries = results.at(-1) as D1Result<{ uid: string }>;
  deps.sendDeliveries(deliveries.results.map(({ uid }) => uid));
}

/** Two runs in the same millisecond would both find the mark; the occurrence names the version that it made. */
function insertOverdueEvents(configuration: Configuration, rows: SQL, now: number): SQL {
  return sql`insert into events (environment_id, created_at, subject, uid, type, occurrence, snapshot)
    select ${configuration.environmentId}, ${now}, 'record', j.value ->> 1, 'record.reconciliation_overdue',
      'entry/' || e.reconciliation_id || '/' || e.record_id || '/' || e.version || '/overdue',
      json_set(${recordSnapshot}, '$.about_reconciliation_id', ${configuration.reconciliationUid})
    from json_each(${rows}) j cross join records r on r.id = j.value ->> 0 cross join data_sources s on s.id = r.source_id
    cross join entries e on e.reconciliation_id = ${configuration.reconciliationId} and e.record_id = r.id
    where e.overdue_at = ${now} and ${listenerExists(configuration.environmentId)}
    on conflict do nothing`;
}
