import { OVERDUE_PAGE_ROWS } from "../config.ts";
import { addDays, type Day, dayOf, startOfDay } from "../core/calendar.ts";
import { listMadeBefore } from "../db/records.ts";
import { raiseOverdue } from "./raise-overdue.ts";
import type { ReconcilerStore } from "./reconciler-store.ts";
import { reportNextDue } from "./report-progress.ts";
import type { WorkDependencies } from "./work-off.ts";

/**
 * What the cron asks of a Reconciler that does not get done: raises, a page at a time, what fell due at the last midnight
 * and was there by then. What was late when it came waits until it has been looked at: its partner may be next in the
 * queue. Answers whether more is left to do.
 */
export async function raiseWhileBusy(deps: WorkDependencies, store: ReconcilerStore): Promise<"settled" | "more"> {
  const configuration = store.readConfiguration();
  const progress = store.readProgress();
  // Until it has settled once, nothing tells what its rules leave over from what they have not come to.
  if (!configuration || !progress?.hasSettled || progress.isLoading || store.readInFlight().length > 0)
    return "settled";
  const today = dayOf(deps.now());
  // In the order in which they came: what was there by midnight stands before what was not.
  const fallen = store.listDueOn(addDays(today, -1) as Day, OVERDUE_PAGE_ROWS);
  const overdue = await listMadeBefore(deps.db, fallen, startOfDay(today));
  if (overdue.length === 0) return "settled";
  await raiseOverdue(deps, configuration, overdue);
  store.clearDue(overdue);
  await reportNextDue(deps, store, configuration);
  return overdue.length === OVERDUE_PAGE_ROWS ? "more" : "settled";
}
