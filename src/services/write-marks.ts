import { sql } from "drizzle-orm";
import { MARKS_PAGE_ROWS } from "../config.ts";
import { jsonList, runBatch } from "../db/client.ts";
import { fanOutDeliveries } from "../db/deliveries.ts";
import { pairsOfReconciliation, syncExceptions } from "../db/exception-sync.ts";
import { withDoubtful } from "./doubtful-values.ts";
import type { Progress, ReconcilerStore } from "./reconciler-store.ts";
import type { WorkDependencies } from "./work-off.ts";

/**
 * Writes down in D1 which records have become ambiguous to the rules, or the search for which was cut, and which are so
 * no more: a page of them. The caller holds the mutex, and nothing newer waits.
 */
export async function writeMarks(deps: WorkDependencies, store: ReconcilerStore): Promise<"settled" | "more"> {
  const configuration = store.readConfiguration();
  const progress = store.readProgress();
  if (!configuration || !progress || configuration.accountUid !== null) return "settled";
  const marks = store.listMarks(MARKS_PAGE_ROWS);
  if (marks.length === 0) return "settled";
  const { reconciliationId, environmentId } = configuration;
  const now = deps.now();
  const token = Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
  store.writeProgress({ ...progress, marksTokens: withDoubtful(progress.marksTokens ?? [null], token) });
  const uncertain = marks.filter(({ isUncertain }) => isUncertain).map(({ itemId }) => itemId);
  const certain = marks.filter(({ isUncertain }) => !isUncertain).map(({ itemId }) => itemId);
  const exceptions = syncExceptions(environmentId, pairsOfReconciliation(reconciliationId), now);
  const results = await runBatch(deps.db, [
    sql`insert into entries (reconciliation_id, record_id, amount, ambiguous_at)
      select c.id, r.id, r.amount, ${now}
      from json_each(${jsonList(uncertain)}) j cross join records r on r.id = j.value
      cross join reconciliations c on c.id = ${reconciliationId} and c.deleted_at is null
      cross join reconciliation_sources rs on rs.reconciliation_id = c.id and rs.source_id = r.source_id
      left join entries e on e.reconciliation_id = c.id and e.record_id = r.id
      where r.deleted_at is null and coalesce(e.status, 0) <> 2 and e.ambiguous_at is null
      on conflict do update set ambiguous_at = excluded.ambiguous_at`,
    sql`update entries set ambiguous_at = null where reconciliation_id = ${reconciliationId}
      and record_id in (select value from json_each(${jsonList(certain)})) and ambiguous_at is not null`,
    sql`update reconciliations set marks_token = ${token} where id = ${reconciliationId}`,
    ...exceptions.statements,
    fanOutDeliveries(environmentId, [], now, exceptions.eventUids),
  ]);
  const deliveries = results.at(-1) as D1Result<{ uid: string }>;
  deps.sendDeliveries(deliveries.results.map(({ uid }) => uid));
  store.transaction(() => {
    store.settleMarks(marks);
    store.writeProgress({ ...(store.readProgress() as Progress), marksTokens: [token] });
  });
  return marks.length === MARKS_PAGE_ROWS ? "more" : "settled";
}
