import { sql } from "drizzle-orm";
import { notFound, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { runBatch } from "../db/client.ts";
import { findRule, raiseGeneration } from "../db/rules.ts";
import type { ServiceContext } from "./context.ts";

/** Deletes a rule. Its matches stay and keep naming it. */
export async function deleteRule(ctx: ServiceContext, uid: string): Promise<Result<null>> {
  const rule = await findRule(ctx.db, ctx.environmentId, uid);
  if (!rule) return notFound("rule");
  await runBatch(ctx.db, [
    ...ctx.alongside,
    ...auditChange(ctx, { action: "reconciliation_rule.deleted", uid }, [
      sql`update reconciliation_rules set deleted_at = ${ctx.now()} where id = ${rule.id} and deleted_at is null`,
      raiseGeneration(uid),
    ]),
  ]);
  await ctx.reconcilers.poke([rule.reconciliation_uid]);
  return ok(null);
}
