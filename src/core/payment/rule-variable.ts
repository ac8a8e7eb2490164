import type { Day } from "../calendar.ts";
import type { PAYMENT_TYPES } from "../payment-type.ts";

export type PaymentType = (typeof PAYMENT_TYPES)[number];

/**
 * One alternative of what a payment may look like on the bank's side, with every member filled in. The alternatives of
 * one payment differ in `type` and `custom_identifiers` only. Amounts in minor units, bounds included.
 */
export interface RuleVariable {
  internal_account_id: string;
  direction: "credit" | "debit";
  amount_lower_bound: number;
  amount_upper_bound: number;
  currency: string;
  type: PaymentType | null;
  date_lower_bound: Day | null;
  date_upper_bound: Day | null;
  counterparty_id: string | null;
  custom_identifiers: Record<string, string>;
}
