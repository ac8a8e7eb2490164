import { REPAIR_PAGE_RECONCILERS } from "../config.ts";
import { invalid, ok, type Result } from "../core/result.ts";
import { findAnyReconciliation, listAnyReconciliations } from "../db/integrity/reconciliation-places.ts";
import type { ServiceContext } from "./context.ts";

export interface Repair {
  reconciliationUids: string[];
  /** The row number after which the next page begins; null if this was the last one. */
  next: number | null;
}

/** Has one Reconciler throw its index away and build it again from D1. */
export async function repairIndex(ctx: ServiceContext, reconciliationUid: string): Promise<Result<Repair>> {
  const found = await findAnyReconciliation(ctx.db, ctx.environmentId, reconciliationUid);
  if (!found) {
    const message = "There is no such reconciliation or internal account.";
    return invalid([{ path: "/reconciliation_id", code: "unknown", message }]);
  }
  return ok({ reconciliationUids: await rebuild(ctx, [found.uid]), next: null });
}

/** As `repairIndex`, for a page of all Reconcilers of the environment. */
export async function repairIndexes(ctx: ServiceContext, after: number): Promise<Repair> {
  const { db, environmentId } = ctx;
  const page = await listAnyReconciliations(db, environmentId, after + 1, REPAIR_PAGE_RECONCILERS, { isLive: true });
  const reconciliationUids = await rebuild(
    ctx,
    page.map(({ uid }) => uid),
  );
  const isEnd = page.length < REPAIR_PAGE_RECONCILERS;
  return { reconciliationUids, next: isEnd ? null : (page.at(-1)?.id ?? null) };
}

async function rebuild(ctx: ServiceContext, uids: string[]): Promise<string[]> {
  for (const uid of uids) await ctx.reconcilers.rebuildIndex(uid);
  await ctx.reconcilers.poke(uids);
  return uids;
}
