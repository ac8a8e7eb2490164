import { sql } from "drizzle-orm";
import { OVERDUE_PAGE_ROWS } from "../config.ts";
import { dayOf } from "../core/calendar.ts";
import { jsonList, runBatch } from "../db/client.ts";
import { raiseOverdue } from "./raise-overdue.ts";
import type { Configuration, Progress, ReconcilerStore } from "./reconciler-store.ts";
import type { WorkDependencies } from "./work-off.ts";
import { writeMarks } from "./write-marks.ts";

/**
 * What the cron asks of a Reconciler that has nothing newer to do: raises what is overdue and writes down what is
 * ambiguous, a page at a time, and reports to D1 how far it is and when something falls due next. Answers whether more
 * is left to do.
 */
export async function settle(deps: WorkDependencies, store: ReconcilerStore): Promise<"settled" | "more"> {
  const configuration = store.readConfiguration();
  const progress = store.readProgress();
  if (!configuration || !progress) return "settled";
  const overdue = store.listDue(dayOf(deps.now()), OVERDUE_PAGE_ROWS);
  if (overdue.length > 0) {
    await raiseOverdue(deps, configuration, overdue);
    // Where D1 did not take it for overdue any more, it has changed, and that is news yet to come.
    store.clearDue(overdue);
  }
  const marks = await writeMarks(deps, store);
  await report(deps, store, configuration, store.readProgress() as Progress);
  return overdue.length === OVERDUE_PAGE_ROWS ? "more" : marks;
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
