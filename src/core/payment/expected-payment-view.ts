import { formatSeconds } from "../calendar.ts";
import type { PaymentStatus } from "../ledger/transitions.ts";
import type { Sign } from "../matching/item.ts";
import type { TextMetadata } from "../metadata.ts";
import { directionOf } from "../record.ts";
import type { RuleVariable } from "./rule-variable.ts";

/** An expected payment as one SELECT reads it; amounts in minor units, instants in ms. */
export interface ExpectedPaymentSnapshot {
  id: string;
  is_live: 0 | 1;
  status: PaymentStatus;
  method: "automatic" | "manual" | null;
  variables: RuleVariable[];
  direction: Sign;
  /** The most it may come to. */
  amount: number;
  matched: number;
  /** Of its newest link. */
  transaction_id: string | null;
  line_item_id: string | null;
  ledger_transaction_id: string | null;
  description: string | null;
  external_id: string | null;
  metadata: TextMetadata;
  statement_descriptor: string | null;
  remittance_information: string | null;
  created_at: number;
  updated_at: number;
}

/** What the rule variables have taken the place of: always null, and there all the same. */
export const LEGACY = {
  type: null,
  currency: null,
  direction: null,
  counterparty_id: null,
  internal_account_id: null,
  amount_lower_bound: null,
  amount_upper_bound: null,
  date_lower_bound: null,
  date_upper_bound: null,
  reconciliation_groups: null,
  reconciliation_filters: null,
};

/** An expected payment as the payments door shows it; what is still to come is nothing once it is reconciled. */
export function presentExpectedPayment(snapshot: ExpectedPaymentSnapshot) {
  const direction = directionOf(snapshot.direction);
  return {
    id: snapshot.id,
    object: "expected_payment" as const,
    live_mode: snapshot.is_live === 1,
    created_at: formatSeconds(snapshot.created_at),
    updated_at: formatSeconds(snapshot.updated_at),
    external_id: snapshot.external_id,
    status: snapshot.status,
    reconciliation_method: snapshot.method,
    reconciliation_rule_variables: snapshot.variables,
    amount_reconciled: snapshot.matched,
    amount_reconciled_direction: direction,
    amount_unreconciled: snapshot.status === "reconciled" ? 0 : snapshot.amount - snapshot.matched,
    amount_unreconciled_direction: direction,
    transaction_id: snapshot.transaction_id,
    transaction_line_item_id: snapshot.line_item_id,
    ledger_transaction_id: snapshot.ledger_transaction_id,
    description: snapshot.description,
    metadata: snapshot.metadata,
    statement_descriptor: snapshot.statement_descriptor,
    remittance_information: snapshot.remittance_information,
    ...LEGACY,
  };
}
