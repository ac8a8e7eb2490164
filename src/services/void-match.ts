import type { MatchSnapshot } from "../core/match-view.ts";
import { notFound, ok, type Result } from "../core/result.ts";
import { findMatchSnapshot } from "../db/matches.ts";
import type { ServiceContext } from "./context.ts";

/** Voids a match, through its Reconciler; one that is voided already stays as it is. */
export async function voidMatch(
  ctx: ServiceContext,
  uid: string,
  reason: string | null,
): Promise<Result<MatchSnapshot>> {
  const match = await findMatchSnapshot(ctx.db, ctx.environmentId, uid);
  if (!match) return notFound("match");
  if (match.status === "voided") return ok(match);
  const voided = await ctx.reconcilers.voidMatch(match.reconciliation_id, uid, reason, ctx.alongside);
  if (!voided.ok) return voided;
  const snapshot = await findMatchSnapshot(ctx.db, ctx.environmentId, uid);
  return snapshot ? ok(snapshot) : notFound("match");
}
