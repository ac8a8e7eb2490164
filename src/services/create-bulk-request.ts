import { BULK_ROW_LIMITS } from "../config.ts";
import type { BulkRequestSnapshot, ConflictRule } from "../core/bulk-request.ts";
import { formatBulkRow } from "../core/bulk-row.ts";
import { ok, type Result } from "../core/result.ts";
import { insertBulkRequest } from "../db/bulk-requests.ts";
import { insertRows } from "../db/bulk-rows.ts";
import { runBatch } from "../db/client.ts";
import type { ServiceContext } from "./context.ts";

export interface NewBulkRequest {
  /** Emptied as they are taken, since they may be most of what the Worker can hold. */
  records: unknown[];
  onConflict: ConflictRule;
}

/** Writes down rows that are to become records, for a job to work off: what is wrong with one is found then. */
export async function createBulkRequest(
  ctx: ServiceContext,
  { records, onConflict }: NewBulkRequest,
): Promise<Result<BulkRequestSnapshot>> {
  const request = { uid: ctx.newId(), onConflict, total: records.length };
  const now = ctx.now();
  await runBatch(ctx.db, [
    ...ctx.alongside,
    insertBulkRequest(ctx.environmentId, request, now),
    ...insertRows(request.uid, takeRows(records)),
  ]);
  await ctx.jobs.wake("bulk_request", request.uid);
  const { uid, total } = request;
  const counts = { created: 0, updated: 0, skipped: 0, failed: 0 };
  return ok({ uid, total, status: "pending", ...counts, created_at: now, completed_at: null });
}

function* takeRows(records: unknown[]): Generator<string | null> {
  for (const no of records.keys()) {
    const payload = formatBulkRow(records[no], BULK_ROW_LIMITS);
    records[no] = undefined;
    yield payload;
  }
}
