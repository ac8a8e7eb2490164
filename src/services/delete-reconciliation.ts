import { sql } from "drizzle-orm";
import { conflict, fail, notFound, ok, type Result } from "../core/result.ts";
import { RECONCILIATION_CHANGED } from "../core/run.ts";
import { auditChange, auditDeletedWith } from "../db/audit-entries.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { pairsOfReconciliation, syncExceptionsAndFanOut } from "../db/exception-sync.ts";
import { expectThat } from "../db/guard.ts";
import { findReconciliation, hasNoLiveMatch, nextGeneration, reconciliationIsAt } from "../db/reconciliations.ts";
import { failUnfinishedRun } from "../db/runs.ts";
import type { ServiceContext } from "./context.ts";
import { sendAnnouncement } from "./send-announcement.ts";

/**
 * Deletes a reconciliation; its matches stay readable. With `unmatch` its live matches are voided first, by its
 * Reconciler and in pages: `done` is false when that goes on in the background.
 */
export async function deleteReconciliation(
  ctx: ServiceContext,
  uid: string,
  unmatch: boolean,
): Promise<Result<{ done: boolean }>> {
  const current = await findReconciliation(ctx.db, ctx.environmentId, uid);
  if (!current) return notFound("reconciliation");
  try {
    // The new generation refuses every commit of matches that is still under way.
    const results = await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(reconciliationIsAt(current.id, current.generation)),
      ...(unmatch ? [] : [expectThat(hasNoLiveMatch(current.id))]),
      auditDeletedWith(ctx, "reconciliation_rule.deleted", current.id),
      ...auditChange(ctx, { action: "reconciliation.deleted", uid }, [
        sql`update reconciliations set deleted_at = ${ctx.now()}, generation = ${nextGeneration}, next_due = null
          where id = ${current.id}`,
      ]),
      failUnfinishedRun(current.id, JSON.stringify(RECONCILIATION_CHANGED), ctx.now()),
      sql`update reconciliation_rules set deleted_at = ${ctx.now()}
        where reconciliation_id = ${current.id} and deleted_at is null`,
      ...syncExceptionsAndFanOut(ctx.environmentId, pairsOfReconciliation(current.id), ctx.now()),
    ]);
    await sendAnnouncement(ctx, results.at(-1));
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    const now = await findReconciliation(ctx.db, ctx.environmentId, uid);
    if (!now) return notFound("reconciliation");
    if (now.generation !== current.generation) {
      return fail({ kind: "conflict", detail: "The reconciliation changed at the same moment.", retryAfterSeconds: 1 });
    }
    return conflict("The reconciliation has live matches; void them, or delete it with ?unmatch=true.");
  }
  return ok(await ctx.reconcilers.dissolve(uid));
}
