import { HISTORY_KEPT_MS, HISTORY_PRUNE_MAX_PAGES, HISTORY_PRUNE_PAGE_ROWS } from "../config.ts";
import type { Db } from "../db/client.ts";
import { deleteOldDeliveries, deleteOldEvents } from "../db/old-history.ts";

/** Deletes deliveries, and then events, once their time is over; answers how many of each. For the cron. */
export async function pruneHistory(db: Db, now: number): Promise<{ deliveries: number; events: number }> {
  const until = now - HISTORY_KEPT_MS;
  const deliveries = await deletePages((limit) => deleteOldDeliveries(db, until, limit));
  // Events under a delivery that stays do not go with their page: only one that had none ends the work.
  const events = await deletePages((limit) => deleteOldEvents(db, until, limit));
  return { deliveries, events };
}

async function deletePages(deletePage: (limit: number) => Promise<number>): Promise<number> {
  let total = 0;
  for (let page = 0; page < HISTORY_PRUNE_MAX_PAGES; page++) {
    const deleted = await deletePage(HISTORY_PRUNE_PAGE_ROWS);
    if (deleted === 0) break;
    total += deleted;
  }
  return total;
}
