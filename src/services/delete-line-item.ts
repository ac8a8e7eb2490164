import { notFound, ok, type Result } from "../core/result.ts";
import { findLineItem } from "../db/line-items.ts";
import type { ServiceContext } from "./context.ts";

/** Undoes one link, through the Reconciler of its internal account; one that is discarded already stays as it is. */
export async function deleteLineItem(ctx: ServiceContext, uid: string): Promise<Result<null>> {
  const item = await findLineItem(ctx.db, ctx.environmentId, uid);
  if (!item) return notFound("line item");
  if (item.snapshot.discarded_at !== null) return ok(null);
  return ctx.reconcilers.unlink(item.accountUid, uid, ctx.alongside);
}
