import { sql } from "drizzle-orm";
import { conflict, type FieldError, invalid, ok, type Result } from "../core/result.ts";
import { parseRuleDefinition } from "../core/rule-definition-schema.ts";
import { auditChange } from "../db/audit-entries.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { expectThat } from "../db/guard.ts";
import { findReconciliation } from "../db/reconciliations.ts";
import { findRule, type RuleRow, recordRuleVersion } from "../db/rules.ts";
import type { ServiceContext } from "./context.ts";

export interface NewRule {
  reconciliationUid: string;
  priority: number;
  status: "active" | "inactive";
  description: string | null;
  /** What the rule says, in its wire form. */
  definition: Record<string, unknown>;
}

/** Makes a rule; a continuous reconciliation matches in the background what is already there. */
export async function createRule(ctx: ServiceContext, input: NewRule): Promise<Result<RuleRow>> {
  const reconciliation = await findReconciliation(ctx.db, ctx.environmentId, input.reconciliationUid);
  const definition = parseRuleDefinition(input.definition);
  const errors: FieldError[] = definition.ok ? [] : [...definition.failure];
  if (!reconciliation) errors.unshift(unknownReconciliation());
  if (!definition.ok || !reconciliation) return invalid(errors);

  const uid = ctx.newId();
  const now = ctx.now();
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(sql`exists (select 1 from reconciliations where id = ${reconciliation.id} and deleted_at is null)`),
      ...auditChange(ctx, { action: "reconciliation_rule.created", uid }, [
        sql`insert into reconciliation_rules (uid, environment_id, reconciliation_id, priority, status, description,
            created_at, updated_at)
          values (${uid}, ${ctx.environmentId}, ${reconciliation.id}, ${input.priority}, ${input.status},
            ${input.description}, ${now}, ${now})`,
        ...recordRuleVersion(uid, definition.value, now),
      ]),
    ]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    return invalid([unknownReconciliation()]);
  }
  await ctx.reconcilers.poke([reconciliation.uid]);
  const row = await findRule(ctx.db, ctx.environmentId, uid);
  return row ? ok(row) : conflict("The rule was deleted at the same moment.");
}

function unknownReconciliation(): FieldError {
  const message = "There is no such reconciliation in this environment.";
  return { path: "/reconciliation_id", code: "unknown", message };
}
