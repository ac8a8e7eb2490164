import { HISTORY_KEPT_MS, HISTORY_PRUNE_MAX_PAGES, HISTORY_PRUNE_PAGE_ROWS } from "../config.ts";
import type { Db } from "../db/client.ts";
import { deleteOldDeliveries, deleteOldEvents, type KeptPlace } from "../db/old-history.ts";

/** Deletes deliveries, and then events, once their time is over; answers how many of each. For the cron. */
export async function pruneHistory(
  db: Db,
  now: number,
  maxPages = HISTORY_PRUNE_MAX_PAGES,
): Promise<{ deliveries: number; events: number }> {
  const until = now - HISTORY_KEPT_MS;
  const deliveries = await pruneDeliveries(db, until, maxPages);
  return { deliveries, events: await pruneEvents(db, until, maxPages) };
}

async function pruneDeliveries(db: Db, until: number, maxPages: number): Promise<number> {
  let total = 0;
  for (let page = 0; page < maxPages; page++) {
    const deleted = await deleteOldDeliveries(db, until, HISTORY_PRUNE_PAGE_ROWS);
    if (deleted === 0) break;
    total += deleted;
  }
  return total;
}

// Events under a delivery that stays do not go with their page, so each page begins behind the one before.
async function pruneEvents(db: Db, until: number, maxPages: number): Promise<number> {
  let total = 0;
  let place: KeptPlace | undefined = { since: 0, id: 0 };
  for (let page = 0; page < maxPages && place; page++) {
    const { deleted, last } = await deleteOldEvents(db, until, place, HISTORY_PRUNE_PAGE_ROWS);
    total += deleted;
    place = last;
  }
  return total;
}
