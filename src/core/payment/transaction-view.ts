import { formatSeconds } from "../calendar.ts";
import type { Sign } from "../matching/item.ts";
import { directionOf } from "../record.ts";
import type { TransactionAttributes } from "./attributes.ts";

/** A transaction as one SELECT reads it; `amount` in minor units, instants in ms. */
export interface TransactionSnapshot {
  id: string;
  is_live: 0 | 1;
  internal_account_id: string;
  amount: number;
  currency: string;
  direction: Sign;
  as_of_date: string;
  description: string | null;
  /** Values of any type: /v1 writes it, too. */
  metadata: Record<string, unknown>;
  is_pending: 0 | 1;
  is_reconciled: 0 | 1;
  attributes: TransactionAttributes;
  created_at: number;
  updated_at: number;
}

/** A transaction as the payments door shows it: every key of Modern Treasury's, and the two that it may leave out. */
export function presentTransaction(snapshot: TransactionSnapshot) {
  const { attributes } = snapshot;
  return {
    id: snapshot.id,
    object: "transaction" as const,
    live_mode: snapshot.is_live === 1,
    created_at: formatSeconds(snapshot.created_at),
    updated_at: formatSeconds(snapshot.updated_at),
    discarded_at: null,
    amount: snapshot.amount,
    amount_string: `${snapshot.amount}`,
    currency: snapshot.currency,
    direction: directionOf(snapshot.direction),
    vendor_code: attributes.vendor_code ?? null,
    vendor_code_type: attributes.vendor_code_type ?? null,
    vendor_id: null,
    vendor_customer_id: attributes.vendor_customer_id ?? null,
    as_of_date: snapshot.as_of_date,
    as_of_time: attributes.as_of_time ?? null,
    as_of_timezone: null,
    internal_account_id: snapshot.internal_account_id,
    metadata: presentMetadata(snapshot.metadata),
    posted: snapshot.is_pending === 0,
    reconciled: snapshot.is_reconciled === 1,
    type: attributes.type ?? "other",
    foreign_exchange_rate: null,
    custom_identifiers: attributes.custom_identifiers ?? {},
    vendor_description: snapshot.description,
    details: attributes.details ?? {},
  };
}

/** Metadata has texts only at this door: other values are shown as their JSON, and null as what is not there. */
function presentMetadata(metadata: Record<string, unknown>): Record<string, string> {
  const kept = Object.entries(metadata).filter(([, value]) => value !== null);
  return Object.fromEntries(
    kept.map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}
