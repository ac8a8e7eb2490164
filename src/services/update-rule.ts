import canonicalize from "canonicalize";
import { sql } from "drizzle-orm";
import { type FieldError, fail, invalid, notFound, ok, type Result } from "../core/result.ts";
import { parseRulePatch } from "../core/rule-definition-schema.ts";
import { auditChange } from "../db/audit-entries.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { expectThat } from "../db/guard.ts";
import { findRule, type RuleRow, recordRuleVersion, ruleIsAt } from "../db/rules.ts";
import type { ServiceContext } from "./context.ts";

export interface RulePatch {
  priority?: number | undefined;
  status?: "active" | "inactive" | undefined;
  description?: string | null | undefined;
  /** What changes of what the rule says, in its wire form. */
  definition?: Record<string, unknown>;
}

/** Makes a new version of a rule. Matches that older versions made stay. */
export async function updateRule(ctx: ServiceContext, uid: string, patch: RulePatch): Promise<Result<RuleRow>> {
  const current = await findRule(ctx.db, ctx.environmentId, uid);
  if (!current) return notFound("rule");
  const parsed = parseRulePatch(patch.definition ?? {}, current.definition);
  if (!parsed.ok) return invalid(parsed.failure);
  const next: Changeable = {
    priority: patch.priority ?? current.priority,
    status: patch.status ?? current.status,
    description: patch.description === undefined ? current.description : patch.description,
    definition: parsed.value,
  };
  const { priority, status, description, definition } = current;
  const isSame = canonicalize(next) === canonicalize({ priority, status, description, definition });
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(ruleIsAt(current.id, current.version)),
      ...auditChange(
        ctx,
        { action: "reconciliation_rule.updated", uid },
        isSame ? [] : writeVersion(current, next, ctx.now()),
      ),
    ]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    return fail({ kind: "conflict", detail: "The rule was changed at the same moment.", retryAfterSeconds: 1 });
  }
  if (isSame) return ok(current);
  await ctx.reconcilers.poke([current.reconciliation_uid]);
  const row = await findRule(ctx.db, ctx.environmentId, uid);
  return row ? ok(row) : notFound("rule");
}

/** What a change would make wrong of what the rule says; nothing if there is no such rule. */
export async function listRulePatchErrors(
  ctx: ServiceContext,
  uid: string,
  input: Record<string, unknown>,
): Promise<FieldError[]> {
  const current = await findRule(ctx.db, ctx.environmentId, uid);
  const parsed = current && parseRulePatch(input, current.definition);
  return !parsed || parsed.ok ? [] : parsed.failure;
}

type Changeable = Pick<RuleRow, "priority" | "status" | "description" | "definition">;

function writeVersion({ id, uid }: RuleRow, { priority, status, description, definition }: Changeable, now: number) {
  return [
    sql`update reconciliation_rules set version = version + 1, updated_at = ${now}, priority = ${priority},
        status = ${status}, description = ${description}
      where id = ${id}`,
    ...recordRuleVersion(uid, definition, now),
  ];
}
