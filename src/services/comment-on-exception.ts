import type { ExceptionComment } from "../core/exception.ts";
import { notFound, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { runBatch } from "../db/client.ts";
import { findComment, findExceptionId, insertComment } from "../db/exceptions.ts";
import type { ServiceContext } from "./context.ts";

/** Says something about an exception, whatever its state. */
export async function commentOnException(
  ctx: ServiceContext,
  uid: string,
  body: string,
): Promise<Result<ExceptionComment>> {
  const now = ctx.now();
  const id = await findExceptionId(ctx.db, ctx.environmentId, uid);
  if (id === undefined) return notFound("exception");
  const comment = { uid: ctx.newId(), kind: "comment", keyUid: ctx.keyUid, body } as const;
  await runBatch(ctx.db, [
    ...ctx.alongside,
    ...auditChange(ctx, { action: "reconciliation_exception.commented", uid }, [insertComment(id, comment, now)]),
  ]);
  const written = await findComment(ctx.db, id, comment.uid);
  if (!written) throw new Error("a comment that was written is not there");
  return ok(written);
}
