import type { Item } from "../../../src/core/matching/item.ts";
import type { EngineRule } from "../../../src/core/matching/rule.ts";
import type { PaymentAttributes, TransactionAttributes } from "../../../src/core/payment/attributes.ts";
import { compilePaymentRule } from "../../../src/core/payment/compile-payment-rule.ts";
import { toPaymentFacts } from "../../../src/core/payment/payment-item.ts";
import { parsePaymentRule } from "../../../src/core/payment/payment-rule-schema.ts";
import { item } from "../rules/items.ts";

export const ACCOUNT = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

/** A posted USD credit of 100.00 on 2024-01-15 at an account, wholly open, save what is given. */
export function transaction(attributes: TransactionAttributes = {}, given: Partial<Item> = {}): Item {
  const made = item("a", given);
  const row = {
    attributes: JSON.stringify(attributes),
    amount: made.amount,
    amount_lower: null,
    is_pending: 0,
    metadata: JSON.stringify(made.metadata),
  };
  return { ...made, payment: toPaymentFacts("a", row, ACCOUNT) };
}

/** An expected payment of exactly as much, with one alternative that says nothing, save what is given. */
export function payment(attributes: Partial<PaymentAttributes> = {}, given: Partial<Item> = {}): Item {
  const made = item("b", given);
  const stored = {
    date_lower_bound: null,
    date_upper_bound: null,
    counterparty_id: null,
    alternatives: [{ type: null, custom_identifiers: {} }],
    ...attributes,
  };
  const row = {
    attributes: JSON.stringify(stored),
    amount: made.amount,
    amount_lower: made.amount,
    is_pending: 0,
    metadata: "{}",
  };
  return { ...made, payment: toPaymentFacts("b", row, ACCOUNT) };
}

/** An expected payment with one alternative of these identifiers. */
export function identified(...alternatives: Record<string, string>[]): Item {
  return payment({
    alternatives: alternatives.map((custom_identifiers) => ({ type: null, custom_identifiers })),
  });
}

export function compile(body: Record<string, unknown>): EngineRule {
  const parsed = parsePaymentRule({ strategy: "one_to_one", ...body });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.failure));
  return compilePaymentRule({ id: 1, uid: "rule", version: 1, definition: parsed.value });
}

/** One condition as a whole `conditions`. */
export function only(...conditions: unknown[]) {
  return { operator: "and", blocks: [{ operator: "and", conditions }] };
}

/** Whether a rule of one condition holds for a pair; its explanation must say the same. */
export function holds(condition: unknown, a: Item, b: Item): boolean {
  const { compiled } = compile({ conditions: only(condition) });
  const { holds } = compiled.evaluate(a, b);
  const [outcome] = compiled.explain(a, b);
  if (outcome?.passed !== holds) throw new Error(`evaluate says ${holds}, explain says ${outcome?.passed}`);
  return holds;
}
