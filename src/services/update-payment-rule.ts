import canonicalize from "canonicalize";
import { type SQL, sql } from "drizzle-orm";
import type { PaymentRuleDefinition } from "../core/payment/payment-rule.ts";
import { parsePaymentRulePatch } from "../core/payment/payment-rule-schema.ts";
import { type FieldError, fail, invalid, notFound, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { expectThat } from "../db/guard.ts";
import {
  findPaymentRule,
  type PaymentRuleRow,
  paymentRuleIsAt,
  raiseAccountGenerations,
  recordPaymentRuleVersion,
  replaceRuleAccounts,
} from "../db/payment-rules.ts";
import type { ServiceContext } from "./context.ts";
import { listUnknownAccounts, pokeAccounts } from "./create-payment-rule.ts";

/** What is absent stays. */
export interface PaymentRulePatch {
  name?: string | undefined;
  priority?: number | undefined;
  status?: "active" | "inactive" | undefined;
  accountUids?: string[] | null | undefined;
  /** What changes of what the rule says, in its wire form. */
  definition?: Record<string, unknown>;
}

/** Changes a rule; another definition makes a new version of it. Matches that it has made stay. */
export async function updatePaymentRule(
  ctx: ServiceContext,
  uid: string,
  patch: PaymentRulePatch,
): Promise<Result<PaymentRuleRow>> {
  const current = await findPaymentRule(ctx.db, ctx.environmentId, uid);
  if (!current) return notFound("rule");
  const parsed = parsePaymentRulePatch(patch.definition ?? {}, current.definition);
  const errors = parsed.ok ? [] : [...parsed.failure];
  errors.push(...(await listUnknownAccounts(ctx, patch.accountUids ?? null, parsed.ok ? parsed.value : undefined)));
  if (!parsed.ok || errors.length > 0) return invalid(errors);
  const next = merge(current, patch, parsed.value);
  const isSame = canonicalize(next) === canonicalize(merge(current, {}, current.definition));
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(paymentRuleIsAt(current.id, current.version)),
      ...auditChange(
        ctx,
        { action: "payment_rule.updated", uid },
        isSame ? [] : writeChange(ctx, current, patch, parsed.value),
      ),
    ]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    return fail({ kind: "conflict", detail: "The rule was changed at the same moment.", retryAfterSeconds: 1 });
  }
  if (isSame) return ok(current);
  await pokeAccounts(ctx, [current.accountUids, next.accountUids]);
  const row = await findPaymentRule(ctx.db, ctx.environmentId, uid);
  return row ? ok(row) : notFound("rule");
}

/** What a change would make wrong of a rule; nothing if there is no such rule. */
export async function listPaymentRulePatchErrors(
  ctx: ServiceContext,
  uid: string,
  input: Record<string, unknown>,
): Promise<FieldError[]> {
  const current = await findPaymentRule(ctx.db, ctx.environmentId, uid);
  const parsed = current && parsePaymentRulePatch(input, current.definition);
  return !parsed || parsed.ok ? [] : parsed.failure;
}

function merge(current: PaymentRuleRow, patch: PaymentRulePatch, definition: PaymentRuleDefinition) {
  const { name = current.name, priority = current.priority, status = current.status } = patch;
  const { accountUids = current.accountUids } = patch;
  return { name, priority, status, accountUids, definition };
}

/** Only what is given is written: of two changes of different fields at the same moment both last. */
function writeChange(
  ctx: ServiceContext,
  current: PaymentRuleRow,
  { name, priority, status, accountUids }: PaymentRulePatch,
  definition: PaymentRuleDefinition,
): SQL[] {
  const now = ctx.now();
  const isNewVersion = canonicalize(definition) !== canonicalize(current.definition);
  const changes = [sql`updated_at = ${now}`];
  if (name !== undefined) changes.push(sql`name = ${name}`);
  if (priority !== undefined) changes.push(sql`priority = ${priority}`);
  if (status !== undefined) changes.push(sql`status = ${status}`);
  if (accountUids !== undefined) changes.push(sql`is_of_all_accounts = ${accountUids === null ? 1 : 0}`);
  if (isNewVersion) changes.push(sql`version = version + 1`);
  return [
    // Before the change: it tells those, too, to which the rule will not apply any more.
    raiseAccountGenerations(ctx.environmentId, current.uid, accountUids),
    sql`update payment_rules set ${sql.join(changes, sql`, `)} where id = ${current.id}`,
    ...(accountUids === undefined ? [] : replaceRuleAccounts(current.uid, accountUids)),
    ...(isNewVersion ? [recordPaymentRuleVersion(current.uid, definition, now)] : []),
  ];
}
