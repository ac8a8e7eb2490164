import type { MatchSnapshot } from "../core/match-view.ts";
import { invalid, notFound, ok, type Result } from "../core/result.ts";
import { findMatchSnapshot } from "../db/matches.ts";
import { findReconciliation } from "../db/reconciliations.ts";
import type { ServiceContext } from "./context.ts";
import { unknown } from "./list-records-by.ts";
import type { ManualMatchCommand } from "./reconcilers.ts";

/** Makes a match by hand, through the reconciliation's Reconciler. */
export async function createMatch(
  ctx: ServiceContext,
  reconciliationUid: string,
  command: ManualMatchCommand,
): Promise<Result<MatchSnapshot>> {
  const reconciliation = await findReconciliation(ctx.db, ctx.environmentId, reconciliationUid);
  if (!reconciliation) return invalid([unknown("/reconciliation_id", "reconciliation")]);
  const made = await ctx.reconcilers.matchByHand(reconciliation.uid, command, ctx.alongside);
  if (!made.ok) return made;
  const snapshot = await findMatchSnapshot(ctx.db, ctx.environmentId, made.value.matchUid);
  return snapshot ? ok(snapshot) : notFound("match");
}
