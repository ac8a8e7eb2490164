import type { PaymentRecord } from "./payment-worlds.ts";
import type { OraclePayment, OraclePaymentCondition, OraclePaymentRule, OracleTransaction } from "./payments.ts";

/** The condition that both have the same `custom_identifiers.ref`. */
export const sameReference: OraclePaymentCondition = {
  transaction: "custom_identifiers.ref",
  operator: "equals",
  payment: "custom_identifiers.ref",
};

/** A transaction of USD, for a table of cases; amount in minor units. */
export function transaction(id: string, amount: number, more: Partial<OracleTransaction> = {}): PaymentRecord {
  return {
    kind: "transaction",
    id,
    amount,
    direction: "credit",
    currency: "USD",
    date: "2026-03-10",
    isPending: false,
    fields: {},
    linked: 0,
    links: 0,
    ...more,
  };
}

/** An expected payment, of an amount or of a range of amounts. */
export function payment(
  id: string,
  amount: number | [number, number],
  more: Partial<OraclePayment> = {},
): PaymentRecord {
  const [lower, upper] = typeof amount === "number" ? [amount, amount] : amount;
  return {
    kind: "payment",
    id,
    lower,
    upper,
    direction: "credit",
    currency: "USD",
    dates: { lower: "2026-03-01", upper: "2026-03-31" },
    counterparty: null,
    alternatives: [{}],
    linked: 0,
    links: 0,
    ...more,
  };
}

export function paymentRule(
  strategy: OraclePaymentRule["strategy"],
  more: Partial<OraclePaymentRule> = {},
): OraclePaymentRule {
  const isOfGroups = strategy === "one_transaction_to_many_expected_payments";
  const group_by = isOfGroups ? ["custom_identifiers.batch"] : [];
  return { id: "rule", strategy, on_ambiguous: "skip", any: false, conditions: [], group_by, ...more };
}

/** An expected payment's only alternative, with these identifiers. */
export function withIdentifiers(identifiers: Record<string, string>): { alternatives: Record<string, string>[] } {
  const fields = Object.entries(identifiers).map(([name, text]) => [`custom_identifiers.${name}`, text]);
  return { alternatives: [Object.fromEntries(fields)] };
}
