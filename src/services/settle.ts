import { OVERDUE_PAGE_ROWS } from "../config.ts";
import { dayOf } from "../core/calendar.ts";
import { raiseOverdue } from "./raise-overdue.ts";
import type { ReconcilerStore } from "./reconciler-store.ts";
import { reportSettled } from "./report-progress.ts";
import type { WorkDependencies } from "./work-off.ts";
import { writeMarks } from "./write-marks.ts";

/**
 * What the cron asks of a Reconciler that has nothing newer to do: raises what is overdue and writes down what is
 * ambiguous, a page at a time, and reports to D1 how far it is and when something falls due next. Answers whether more
 * is left to do.
 */
export async function settle(deps: WorkDependencies, store: ReconcilerStore): Promise<"settled" | "more"> {
  const configuration = store.readConfiguration();
  if (!configuration || !store.readProgress()) return "settled";
  const overdue = store.listDue(dayOf(deps.now()), OVERDUE_PAGE_ROWS);
  if (overdue.length > 0) {
    await raiseOverdue(deps, configuration, overdue);
    // Where D1 did not take it for overdue any more, it has changed, and that is news yet to come.
    store.clearDue(overdue);
  }
  const marks = await writeMarks(deps, store);
  await reportSettled(deps, store, configuration);
  return overdue.length === OVERDUE_PAGE_ROWS ? "more" : marks;
}
