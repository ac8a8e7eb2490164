import { BULK_PRUNE_MAX_PAGES, BULK_PRUNE_PAGE_REQUESTS, HISTORY_KEPT_MS } from "../config.ts";
import { prunePayloads } from "../db/bulk-requests.ts";
import type { Db } from "../db/client.ts";

/**
 * Lets go of what the failed and skipped rows of bulk requests say, once their time is over; answers of how many
 * requests. The rows stay with what has become of them. For the cron.
 */
export async function pruneBulkPayloads(db: Db, now: number): Promise<number> {
  let total = 0;
  for (let page = 0; page < BULK_PRUNE_MAX_PAGES; page++) {
    const pruned = await prunePayloads(db, now - HISTORY_KEPT_MS, now, BULK_PRUNE_PAGE_REQUESTS);
    total += pruned;
    if (pruned < BULK_PRUNE_PAGE_REQUESTS) break;
  }
  return total;
}
