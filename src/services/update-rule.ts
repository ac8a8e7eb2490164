import { sql } from "drizzle-orm";
import type { OnAmbiguous } from "../core/matching/rule.ts";
import { parseFilters, presentFilters } from "../core/rules/schema.ts";
import { fail, invalid, notFound, ok, type Result } from "../core/result.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { expectThat } from "../db/guard.ts";
import { findRule, type RuleRow, recordRuleVersion, ruleIsAt } from "../db/rules.ts";
import type { ServiceContext } from "./context.ts";

export interface RulePatch {
  priority?: number | undefined;
  filters?: unknown;
  onAmbiguous?: OnAmbiguous | undefined;
  status?: "active" | "inactive" | undefined;
  description?: string | null | undefined;
}

/** Makes a new version of a rule. Matches that older versions made stay. */
export async function updateRule(ctx: ServiceContext, uid: string, patch: RulePatch): Promise<Result<RuleRow>> {
  const current = await findRule(ctx.db, ctx.environmentId, uid);
  if (!current) return notFound("rule");
  const filters = parseFilters(patch.filters ?? current.definition.filters, "/filters");
  if (!filters.ok) return invalid(filters.failure);
  const definition = {
    ...current.definition,
    filters: presentFilters(filters.value),
    on_ambiguous: patch.onAmbiguous ?? current.definition.on_ambiguous,
  };
  const now = ctx.now();
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(ruleIsAt(current.id, current.version)),
      sql`update reconciliation_rules set version = version + 1, updated_at = ${now},
          priority = ${patch.priority ?? current.priority}, status = ${patch.status ?? current.status},
          description = ${patch.description === undefined ? current.description : patch.description}
        where id = ${current.id}`,
      ...recordRuleVersion(uid, definition, now),
    ]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    return fail({ kind: "conflict", detail: "The rule was changed at the same moment.", retryAfterSeconds: 1 });
  }
  await ctx.reconcilers.poke([current.reconciliation_uid]);
  const row = await findRule(ctx.db, ctx.environmentId, uid);
  return row ? ok(row) : notFound("rule");
}
