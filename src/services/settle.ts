import { sql } from "drizzle-orm";
import { OVERDUE_PAGE_ROWS } from "../config.ts";
import { dayOf } from "../core/calendar.ts";
import { jsonList, runBatch } from "../db/client.ts";
import { raiseOverdue } from "./raise-overdue.ts";
import type { Configuration, Progress, ReconcilerStore } from "./reconciler-store.ts";
import { refresh } from "./take-in-changes.ts";
import type { WorkDependencies } from "./work-off.ts";

/**
 * What the cron asks of a Reconciler that has nothing newer to do: raises what is overdue, a page at a time, and writes
 * down in D1 how far it is and when something falls due next. Answers whether more is due now.
 */
export async function settle(deps: WorkDependencies, store: ReconcilerStore): Promise<"settled" | "more"> {
  const configuration = store.readConfiguration();
  const progress = store.readProgress();
  if (!configuration || !progress) return "settled";
  const overdue = store.listDue(dayOf(deps.now()), OVERDUE_PAGE_ROWS);
  if (overdue.length > 0) {
    await raiseOverdue(deps, configuration, overdue);
    await refresh(deps, store, configuration, overdue);
  }
  await report(deps, store, configuration, progress);
  return overdue.length === OVERDUE_PAGE_ROWS ? "more" : "settled";
}

async function report(
  deps: WorkDependencies,
  store: ReconcilerStore,
  configuration: Configuration,
  progress: Progress,
): Promise<void> {
  const seen = jsonList(progress.cursors.map(({ sourceId, no }) => [sourceId, no]));
  const { reconciliationId, generation } = configuration;
  const reportedDue = store.nextDue();
  await runBatch(deps.db, [
    sql`update reconciliation_sources set seen_no = j.value ->> 1 from json_each(${seen}) j
      where reconciliation_id = ${reconciliationId} and source_id = j.value ->> 0 and seen_no < j.value ->> 1`,
    sql`update data_sources
      set settled_no = (select min(seen_no) from reconciliation_sources where source_id = data_sources.id)
      where id in (select value ->> 0 from json_each(${seen})) and reconciliation_count + payment_count > 0`,
    sql`update reconciliations set settled_generation = ${generation}, next_due = ${reportedDue}
      where id = ${reconciliationId} and deleted_at is null`,
  ]);
  store.writeProgress({ ...progress, reportedDue });
}
