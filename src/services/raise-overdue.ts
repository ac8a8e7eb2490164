import { sql } from "drizzle-orm";
import { v7 as newId } from "uuid";
import { dayOf } from "../core/calendar.ts";
import { jsonList, runBatch } from "../db/client.ts";
import { fanOutDeliveries } from "../db/deliveries.ts";
import { pairsOfReconciliation, syncExceptions } from "../db/exception-sync.ts";
import { dueDay, insertOverdueEvents } from "../db/overdue.ts";
import { insertOverduePaymentEvents } from "../db/payment-events.ts";
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
  const isOfPayments = configuration.accountUid !== null;
  const exceptions = syncExceptions(environmentId, pairsOfReconciliation(reconciliationId), now);
  const results = await runBatch(deps.db, [
    sql`insert into entries (reconciliation_id, record_id, amount, overdue_at)
      select c.id, r.id, r.amount, ${now}
      from json_each(${rows}) j cross join records r on r.id = j.value ->> 0
      cross join reconciliations c on c.id = ${reconciliationId} and c.deleted_at is null
      cross join reconciliation_sources rs on rs.reconciliation_id = c.id and rs.source_id = r.source_id
      left join entries e on e.reconciliation_id = c.id and e.record_id = r.id
      where r.deleted_at is null and coalesce(e.status, 0) <> 2 and e.overdue_at is null and ${isDue}
      on conflict do update set overdue_at = excluded.overdue_at, version = entries.version + 1`,
    isOfPayments
      ? insertOverduePaymentEvents(
          { environmentId, now },
          recordIds.map((recordId, place) => ({ recordId, eventUid: eventUids[place] as string })),
        )
      : insertOverdueEvents(configuration, rows, now, now),
    ...(isOfPayments ? [] : exceptions.statements),
    fanOutDeliveries(environmentId, eventUids, now, isOfPayments ? undefined : exceptions.eventUids),
  ]);
  const deliveries = results.at(-1) as D1Result<{ uid: string }>;
  deps.sendDeliveries(deliveries.results.map(({ uid }) => uid));
}
