import type { OnAmbiguous } from "../matching/rule.ts";

export const PAYMENT_STRATEGIES = [
  "one_to_one",
  "one_transaction_to_many_expected_payments",
  "many_transactions_to_one_expected_payment",
] as const;
export type PaymentStrategy = (typeof PAYMENT_STRATEGIES)[number];

export const PAYMENT_OPERATORS = ["equals", "contains", "less_than_or_equals", "greater_than_or_equals"] as const;
export type PaymentOperator = (typeof PAYMENT_OPERATORS)[number];

/** A field, with its side (`transaction.type`), held against a constant or against a field of the other side. */
export type PaymentCondition = { field: string; operator: PaymentOperator } & (
  | { value: string | number | boolean }
  | { value_field: string }
);

export interface ConditionBlock {
  operator: "and" | "or";
  conditions: PaymentCondition[];
}

/** What a rule of the payments door says in one of its versions, in wire form. */
export interface PaymentRuleDefinition {
  strategy: PaymentStrategy;
  conditions: { operator: "and" | "or"; blocks: ConditionBlock[] };
  /** Fields of expected payments, with their side; null but for one transaction to many. */
  group_by: string[] | null;
  on_ambiguous: OnAmbiguous;
}
