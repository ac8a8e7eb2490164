import type { Day } from "../calendar.ts";
import type { PaymentType } from "./rule-variable.ts";

/** What a transaction has beyond its record, whose `description` is the vendor's. What is absent is null or empty. */
export interface TransactionAttributes {
  type?: PaymentType | "other" | null;
  vendor_code?: string | null;
  vendor_code_type?: string | null;
  vendor_customer_id?: string | null;
  /** `HH:MM:SS` */
  as_of_time?: string | null;
  custom_identifiers?: Record<string, string>;
  details?: Record<string, unknown>;
}

/** What matching has to know of an expected payment beyond its record: `alternatives` as its rule variables have them. */
export interface PaymentAttributes {
  date_lower_bound: Day | null;
  date_upper_bound: Day | null;
  counterparty_id: string | null;
  alternatives: { type: PaymentType | null; custom_identifiers: Record<string, string> }[];
}
