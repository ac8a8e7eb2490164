import { isJobOver } from "../core/job.ts";
import { conflict, fail, notFound, ok, type Result } from "../core/result.ts";
import { type BulkRequestRow, expectAtWork, findBulkRequest, markCancelled } from "../db/bulk-requests.ts";
import { dropWaitingRows } from "../db/bulk-rows.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import type { ServiceContext } from "./context.ts";

/** Ends a bulk request before its end: what has landed stays, and what waits stays undone. Cancelled already: unchanged. */
export async function cancelBulkRequest(ctx: ServiceContext, uid: string): Promise<Result<BulkRequestRow>> {
  const request = await findBulkRequest(ctx.db, ctx.environmentId, uid);
  if (!request) return notFound("bulk request");
  if (isJobOver(request.snapshot.status)) return answerOver(request);
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      expectAtWork(request),
      dropWaitingRows(request.id),
      markCancelled(request.id, ctx.now()),
    ]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
  }
  const ended = await findBulkRequest(ctx.db, ctx.environmentId, uid);
  return ended ? answerOver(ended) : notFound("bulk request");
}

function answerOver(request: BulkRequestRow): Result<BulkRequestRow> {
  const { status } = request.snapshot;
  if (status === "cancelled") return ok(request);
  if (isJobOver(status)) return conflict(`The bulk request is ${status}; there is nothing to cancel.`);
  return fail({ kind: "conflict", detail: "The bulk request changed at the same moment.", retryAfterSeconds: 1 });
}
