import { dayOf } from "../core/calendar.ts";
import type { ExceptionComment } from "../core/exception.ts";
import { notFound, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { runBatch } from "../db/client.ts";
import { findComment, findException, insertComment } from "../db/exceptions.ts";
import type { ServiceContext } from "./context.ts";

/** Says something about an exception, whatever its state. */
export async function commentOnException(
  ctx: ServiceContext,
  uid: string,
  body: string,
): Promise<Result<ExceptionComment>> {
  const now = ctx.now();
  const row = await findException(ctx.db, ctx.environmentId, uid, dayOf(now));
  if (!row) return notFound("exception");
  const comment = { uid: ctx.newId(), kind: "comment", keyUid: ctx.keyUid, body } as const;
  await runBatch(ctx.db, [
    ...ctx.alongside,
    ...auditChange(ctx, { action: "reconciliation_exception.commented", uid }, [insertComment(row.id, comment, now)]),
  ]);
  const written = await findComment(ctx.db, row.id, comment.uid);
  if (!written) throw new Error("a comment that was written is not there");
  return ok(written);
}
