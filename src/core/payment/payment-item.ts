import type { Day } from "../calendar.ts";
import type { PaymentFacts, Side } from "../matching/item.ts";
import { isPlainObject } from "../rules/report.ts";
import type { PaymentAttributes, TransactionAttributes } from "./attributes.ts";

/** What stands for a bound that is not set: it bounds nothing. */
export const NO_LOWER_BOUND: Day = "0001-01-01";
export const NO_UPPER_BOUND: Day = "9999-12-31";

const DETAILS_MAX_DEPTH = 10;

/** What is stored of a transaction or an expected payment; amounts in minor units. */
export interface PaymentRow {
  attributes: string | null;
  amount: number;
  amount_lower: number | null;
  is_pending: number;
  metadata: string;
}

/** What matching has to know of a transaction (Side A) or an expected payment (Side B) of an internal account. */
export function toPaymentFacts(side: Side, row: PaymentRow, accountUid: string): PaymentFacts {
  const attributes = JSON.parse(row.attributes ?? "{}");
  return side === "a" ? factsOfTransaction(attributes, row, accountUid) : factsOfPayment(attributes, row, accountUid);
}

function factsOfTransaction(attributes: TransactionAttributes, row: PaymentRow, accountUid: string): PaymentFacts {
  const fields = {
    // As the transaction is shown.
    type: attributes.type ?? "other",
    internal_account_id: accountUid,
    ...flatten("details", attributes.details ?? {}),
    ...prefix("custom_identifiers", attributes.custom_identifiers ?? {}),
    ...prefix("metadata", JSON.parse(row.metadata)),
  };
  return { slack: 0, isPending: row.is_pending === 1, dates: { lower: null, upper: null }, alternatives: [fields] };
}

function factsOfPayment(attributes: PaymentAttributes, row: PaymentRow, accountUid: string): PaymentFacts {
  const { date_lower_bound: lower, date_upper_bound: upper, counterparty_id, alternatives } = attributes;
  const common = {
    internal_account_id: accountUid,
    counterparty_id,
    date_lower_bound: lower ?? NO_LOWER_BOUND,
    date_upper_bound: upper ?? NO_UPPER_BOUND,
  };
  return {
    slack: row.amount - (row.amount_lower ?? row.amount),
    isPending: false,
    dates: { lower, upper },
    alternatives: alternatives.map(({ type, custom_identifiers }) => {
      return { ...common, type, ...prefix("custom_identifiers", custom_identifiers) };
    }),
  };
}

function prefix(name: string, members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).map(([key, value]) => [`${name}.${key}`, value]));
}

/** `{"a": {"b": 1}, "c": [2]}` as `name.a.b` and `name.c.0`; what lies deeper than a rule's path may reach is left out. */
function flatten(name: string, members: object, depth = 1): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(members)) {
    const path = `${name}.${key}`;
    if (!isPlainObject(value) && !Array.isArray(value)) flat[path] = value;
    else if (depth < DETAILS_MAX_DEPTH) Object.assign(flat, flatten(path, value, depth + 1));
  }
  return flat;
}
