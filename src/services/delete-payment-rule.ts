import { sql } from "drizzle-orm";
import { notFound, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { runBatch } from "../db/client.ts";
import { findPaymentRule, raiseAccountGenerations } from "../db/payment-rules.ts";
import type { ServiceContext } from "./context.ts";
import { pokeAccounts } from "./create-payment-rule.ts";

/** Deletes a rule. What it has matched stays. */
export async function deletePaymentRule(ctx: ServiceContext, uid: string): Promise<Result<null>> {
  const rule = await findPaymentRule(ctx.db, ctx.environmentId, uid);
  if (!rule) return notFound("rule");
  await runBatch(ctx.db, [
    ...ctx.alongside,
    ...auditChange(ctx, { action: "payment_rule.deleted", uid }, [
      sql`update payment_rules set deleted_at = ${ctx.now()} where id = ${rule.id} and deleted_at is null`,
      raiseAccountGenerations(ctx.environmentId, uid),
    ]),
  ]);
  await pokeAccounts(ctx, [rule.accountUids]);
  return ok(null);
}
