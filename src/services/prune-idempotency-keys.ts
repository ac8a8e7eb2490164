import { IDEMPOTENCY_PRUNE_MAX_PAGES, IDEMPOTENCY_PRUNE_PAGE_ROWS } from "../config.ts";
import type { Db } from "../db/client.ts";
import { deleteOldMarks } from "../db/idempotency-keys.ts";

/** Deletes what is kept under idempotency keys once its time is over; answers how many rows. For the cron. */
export async function pruneIdempotencyKeys(db: Db, now: number): Promise<number> {
  let total = 0;
  for (let page = 0; page < IDEMPOTENCY_PRUNE_MAX_PAGES; page++) {
    const deleted = await deleteOldMarks(db, now, IDEMPOTENCY_PRUNE_PAGE_ROWS);
    total += deleted;
    if (deleted < IDEMPOTENCY_PRUNE_PAGE_ROWS) break;
  }
  return total;
}
