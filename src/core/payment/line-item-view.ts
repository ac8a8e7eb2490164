import { formatSeconds } from "../calendar.ts";
import type { Sign } from "../matching/item.ts";

/** A link of a transaction with an expected payment as one SELECT reads it; `amount` in minor units, instants in ms. */
export interface LineItemSnapshot {
  id: string;
  is_live: 0 | 1;
  amount: number;
  direction: Sign;
  counterparty_id: string | null;
  expected_payment_id: string;
  transaction_id: string;
  group_id: string | null;
  created_at: number;
  updated_at: number;
  discarded_at: number | null;
}

/** A transaction line item as the payments door shows it: money that comes in is receiving, money that goes out originating. */
export function presentLineItem(snapshot: LineItemSnapshot) {
  return {
    id: snapshot.id,
    object: "transaction_line_item" as const,
    live_mode: snapshot.is_live === 1,
    created_at: formatSeconds(snapshot.created_at),
    updated_at: formatSeconds(snapshot.updated_at),
    discarded_at: snapshot.discarded_at === null ? null : formatSeconds(snapshot.discarded_at),
    type: snapshot.direction === 1 ? ("receiving" as const) : ("originating" as const),
    transactable_type: null,
    transactable_id: null,
    amount: snapshot.amount,
    description: "",
    counterparty_id: snapshot.counterparty_id,
    expected_payment_id: snapshot.expected_payment_id,
    transaction_id: snapshot.transaction_id,
    reconciliation_group_id: snapshot.group_id,
    reconcilable: true,
  };
}
