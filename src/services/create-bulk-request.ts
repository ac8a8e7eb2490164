import { BULK_ROW_MAX_CHARS, BULK_ROW_MAX_DEPTH } from "../config.ts";
import type { BulkRequestSnapshot, ConflictRule } from "../core/bulk-request.ts";
import { formatBulkRow, type RowLimits } from "../core/bulk-row.ts";
import { ok, type Result } from "../core/result.ts";
import { insertBulkRequest } from "../db/bulk-requests.ts";
import { insertRows } from "../db/bulk-rows.ts";
import { runBatch } from "../db/client.ts";
import type { ServiceContext } from "./context.ts";

export interface NewBulkRequest {
  records: unknown[];
  onConflict: ConflictRule;
}

export const ROW_LIMITS: RowLimits = { maxChars: BULK_ROW_MAX_CHARS, maxDepth: BULK_ROW_MAX_DEPTH };

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
    ...insertRows(
      request.uid,
      records.map((row) => formatBulkRow(row, ROW_LIMITS)),
    ),
  ]);
  await ctx.jobs.wake("bulk_request", request.uid);
  const { uid, total } = request;
  const counts = { created: 0, updated: 0, skipped: 0, failed: 0 };
  return ok({ uid, total, status: "pending", ...counts, created_at: now, completed_at: null });
}
