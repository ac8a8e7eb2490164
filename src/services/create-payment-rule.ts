import { sql } from "drizzle-orm";
import { PAYMENT_RULE_MAX_POKES } from "../config.ts";
import type { PaymentRuleDefinition } from "../core/payment/payment-rule.ts";
import { listNamedAccounts, parsePaymentRule } from "../core/payment/payment-rule-schema.ts";
import { conflict, type FieldError, invalid, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { runBatch } from "../db/client.ts";
import {
  findPaymentRule,
  listAccountsOf,
  listKnownAccounts,
  type PaymentRuleRow,
  raiseAccountGenerations,
  recordPaymentRuleVersion,
  replaceRuleAccounts,
} from "../db/payment-rules.ts";
import type { ServiceContext } from "./context.ts";

export interface NewPaymentRule {
  name: string;
  priority: number;
  status: "active" | "inactive";
  /** The ids of the internal accounts to which it applies; null for all, later ones included. */
  accountUids: string[] | null;
  /** What the rule says, in its wire form. */
  definition: Record<string, unknown>;
}

/** Makes a rule; what is already there is matched in the background. */
export async function createPaymentRule(ctx: ServiceContext, input: NewPaymentRule): Promise<Result<PaymentRuleRow>> {
  const definition = parsePaymentRule(input.definition);
  const errors = definition.ok ? [] : [...definition.failure];
  errors.push(...(await listUnknownAccounts(ctx, input.accountUids, definition.ok ? definition.value : undefined)));
  if (!definition.ok || errors.length > 0) return invalid(errors);

  const uid = ctx.newId();
  const now = ctx.now();
  const { name, priority, status, accountUids } = input;
  await runBatch(ctx.db, [
    ...ctx.alongside,
    ...auditChange(ctx, { action: "payment_rule.created", uid }, [
      sql`insert into payment_rules (uid, environment_id, name, priority, status, is_of_all_accounts, created_at,
          updated_at)
        values (${uid}, ${ctx.environmentId}, ${name}, ${priority}, ${status}, ${accountUids === null ? 1 : 0}, ${now},
          ${now})`,
      recordPaymentRuleVersion(uid, definition.value, now),
      raiseAccountGenerations(ctx.environmentId, uid, accountUids),
      ...replaceRuleAccounts(uid, accountUids),
    ]),
  ]);
  await pokeAccounts(ctx, [accountUids]);
  const row = await findPaymentRule(ctx.db, ctx.environmentId, uid);
  return row ? ok(row) : conflict("The rule was deleted at the same moment.");
}

/** The refusal of internal accounts that a rule names and that are not there. None is ever deleted. */
export async function listUnknownAccounts(
  ctx: ServiceContext,
  accountUids: readonly string[] | null,
  definition: PaymentRuleDefinition | undefined,
): Promise<FieldError[]> {
  const named = [
    ...(accountUids ?? []).map((uid, index) => ({ path: `/internal_account_ids/${index}`, uid })),
    ...(definition ? listNamedAccounts(definition) : []),
  ];
  if (named.length === 0) return [];
  const uids = named.map(({ uid }) => uid);
  const known = await listKnownAccounts(ctx.db, ctx.environmentId, uids);
  return named.filter(({ uid }) => !known.has(uid)).map(({ path }) => unknownAccount(path));
}

export function unknownAccount(path: string): FieldError {
  return { path, code: "not_found", message: "There is no such internal account." };
}

/** Wakes the Reconcilers of the accounts to which a rule applies or applied, the first of them; the cron finds the rest. */
export async function pokeAccounts(ctx: ServiceContext, lists: readonly (readonly string[] | null)[]): Promise<void> {
  const uids = await Promise.all(
    lists.map((list) => listAccountsOf(ctx.db, ctx.environmentId, list, PAYMENT_RULE_MAX_POKES)),
  );
  await ctx.reconcilers.poke([...new Set(uids.flat())].slice(0, PAYMENT_RULE_MAX_POKES));
}
