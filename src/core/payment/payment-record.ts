import type { Day } from "../calendar.ts";
import type { RecordFields } from "../record.ts";
import type { FieldError } from "../result.ts";
import type { PaymentAttributes } from "./attributes.ts";
import { fillDates, type GivenVariable } from "./expected-payment-schema.ts";
import type { RuleVariable } from "./rule-variable.ts";

/** Rule variables with every member filled in; those without a currency take that of their internal account. */
export function completeVariables(given: readonly GivenVariable[], currency: string): RuleVariable[] {
  return given.map(fillDates).map((variable) => ({
    internal_account_id: variable.internal_account_id,
    direction: variable.direction,
    amount_lower_bound: variable.amount_lower_bound,
    amount_upper_bound: variable.amount_upper_bound,
    currency: variable.currency ?? currency,
    type: variable.type ?? null,
    date_lower_bound: variable.date_lower_bound ?? null,
    date_upper_bound: variable.date_upper_bound ?? null,
    counterparty_id: variable.counterparty_id ?? null,
    custom_identifiers: variable.custom_identifiers ?? {},
  }));
}

/** The refusal of every given currency that is not the internal account's. */
export function listOtherCurrencies(given: readonly GivenVariable[], currency: string): FieldError[] {
  return given.flatMap((variable, place) =>
    variable.currency == null || variable.currency === currency
      ? []
      : [
          {
            path: `/reconciliation_rule_variables/${place}/currency`,
            code: "other_currency",
            message: `Must be ${currency}, the currency of the internal account.`,
          },
        ],
  );
}

export interface PaymentRecord {
  fields: RecordFields;
  attributes: PaymentAttributes;
  /** Minor units. */
  amountLower: number;
}

/** The record that stands for an expected payment where it is matched. Without bounds of dates its day is `undated`. */
export function describePaymentRecord(variables: readonly RuleVariable[], undated: Day): PaymentRecord {
  const [first] = variables;
  if (!first) throw new Error("an expected payment has rule variables");
  return {
    fields: {
      date: first.date_lower_bound ?? undated,
      amount: first.amount_upper_bound,
      currency: first.currency,
      direction: first.direction,
      description: null,
      externalId: null,
      metadata: {},
      expectedBy: first.date_upper_bound,
    },
    attributes: {
      date_lower_bound: first.date_lower_bound,
      date_upper_bound: first.date_upper_bound,
      counterparty_id: first.counterparty_id,
      alternatives: variables.map(({ type, custom_identifiers }) => ({ type, custom_identifiers })),
    },
    amountLower: first.amount_lower_bound,
  };
}
