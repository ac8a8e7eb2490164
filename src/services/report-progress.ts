import { sql } from "drizzle-orm";
import { jsonList, runBatch } from "../db/client.ts";
import { withDoubtful } from "./doubtful-values.ts";
import type { Configuration, Progress, ReconcilerStore } from "./reconciler-store.ts";
import type { WorkDependencies } from "./work-off.ts";

/** Reports to D1 that a Reconciler has nothing newer to do, and when something falls due next. */
export function reportSettled(
  deps: WorkDependencies,
  store: ReconcilerStore,
  configuration: Configuration,
): Promise<void> {
  const { cursors } = store.readProgress() as Progress;
  const seen = jsonList(cursors.map(({ sourceId, no }) => [sourceId, no]));
  const { reconciliationId, generation } = configuration;
  return write(deps, store, configuration, { hasSettled: true }, [
    sql`update reconciliation_sources set seen_no = j.value ->> 1 from json_each(${seen}) j
      where reconciliation_id = ${reconciliationId} and source_id = j.value ->> 0 and seen_no < j.value ->> 1`,
    sql`update data_sources
      set settled_no = (select min(seen_no) from reconciliation_sources where source_id = data_sources.id)
      where id in (select value ->> 0 from json_each(${seen})) and reconciliation_count + payment_count > 0`,
    sql`update reconciliations set settled_generation = ${generation} where id = ${reconciliationId}
      and deleted_at is null`,
  ]);
}

/** Reports the next due day alone: what is not done stays what the cron comes back for. */
export function reportNextDue(
  deps: WorkDependencies,
  store: ReconcilerStore,
  configuration: Configuration,
): Promise<void> {
  return write(deps, store, configuration, {}, []);
}

async function write(
  deps: WorkDependencies,
  store: ReconcilerStore,
  { reconciliationId }: Configuration,
  change: Partial<Progress>,
  others: ReturnType<typeof sql>[],
): Promise<void> {
  const progress = store.readProgress() as Progress;
  const due = store.nextDue();
  // Should the answer get lost, D1 must not be taken for restored, whichever of them it holds.
  const doubtful = progress.reportedDues && { reportedDues: withDoubtful(progress.reportedDues, due) };
  store.writeProgress({ ...progress, ...doubtful });
  await runBatch(deps.db, [
    ...others,
    sql`update reconciliations set next_due = ${due} where id = ${reconciliationId} and deleted_at is null`,
  ]);
  store.writeProgress({ ...progress, ...change, reportedDues: [due] });
}
