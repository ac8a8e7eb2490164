import { sql } from "drizzle-orm";
import { HISTORY_KEPT_MS } from "../config.ts";
import { DAY_MS } from "../core/calendar.ts";
import { isJobOver } from "../core/job.ts";
import { conflict, fail, notFound, ok, type Result } from "../core/result.ts";
import { type BulkRequestRow, expectOver, findBulkRequest, restartBulkRequest } from "../db/bulk-requests.ts";
import { hasRowsToRetry, resetRows } from "../db/bulk-rows.ts";
import { type Db, findConstraint, first, runBatch } from "../db/client.ts";
import { expectThat } from "../db/guard.ts";
import type { ServiceContext } from "./context.ts";

/**
 * Takes the rows of a bulk request once more that have failed or been skipped, and those that one that was given up has
 * not come to.
 */
export async function retryBulkRequest(ctx: ServiceContext, uid: string): Promise<Result<BulkRequestRow>> {
  const request = await findBulkRequest(ctx.db, ctx.environmentId, uid);
  if (!request) return notFound("bulk request");
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      expectOver(request),
      expectThat(hasRowsToRetry(request.id)),
      resetRows(request.id),
      restartBulkRequest(request.id, ctx.now()),
    ]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    return explainRefusal(ctx, uid);
  }
  await ctx.jobs.wake("bulk_request", uid);
  const restarted = await findBulkRequest(ctx.db, ctx.environmentId, uid);
  return restarted ? ok(restarted) : notFound("bulk request");
}

async function explainRefusal(ctx: ServiceContext, uid: string): Promise<Result<never>> {
  const request = await findBulkRequest(ctx.db, ctx.environmentId, uid);
  if (!request) return notFound("bulk request");
  if (!isJobOver(request.snapshot.status)) return conflict("The bulk request is still being worked on.");
  if (request.payloadsPrunedAt !== null) {
    const days = HISTORY_KEPT_MS / DAY_MS;
    return conflict(`What the rows say was kept for ${days} days; send them again in a new bulk request.`);
  }
  if (!(await mayRetry(ctx.db, request.id))) return conflict("No row of the bulk request has failed or been skipped.");
  return fail({ kind: "conflict", detail: "The bulk request changed at the same moment.", retryAfterSeconds: 1 });
}

async function mayRetry(db: Db, requestId: number): Promise<boolean> {
  const row = await first<{ may: number }>(db, sql`select ${hasRowsToRetry(requestId)} as may`);
  return row?.may === 1;
}
