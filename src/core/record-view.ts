import type { Sign } from "./matching/item.ts";
import { getExponent, presentAmount } from "./money.ts";
import { combineStatuses, type RecordStatus, statusOf } from "./reconciliation.ts";
import { directionOf } from "./record.ts";

/** A record with its state in every reconciliation, as one SELECT reads it. Amounts in minor units, times in ms. */
export interface RecordSnapshot {
  id: string;
  type_key: string;
  date: string;
  amount: number;
  currency: string;
  direction: Sign;
  description: string | null;
  external_id: string | null;
  metadata: Record<string, unknown>;
  expected_by: string | null;
  created_at: number;
  updated_at: number;
  reconciliations: PairSnapshot[];
}

export interface PairSnapshot {
  reconciliation_id: string;
  status: number;
  matched: number;
  overdue_at: number | null;
  match_ids: string[];
}

export interface RecordView {
  id: string;
  type_key: string;
  date: string;
  amount: number | string;
  currency: string;
  direction: string;
  description: string | null;
  external_id: string | null;
  metadata: Record<string, unknown>;
  expected_by: string | null;
  status: RecordStatus;
  reconciled_amount: number | string;
  reconciliations: {
    reconciliation_id: string;
    status: RecordStatus;
    reconciled_amount: number | string;
    overdue_at: string | null;
    match_ids: string[];
  }[];
  created_at: string;
  updated_at: string;
}

/** The record as /v1 shows it: amounts in major units, times in RFC 3339. */
export function presentRecord(snapshot: RecordSnapshot): RecordView {
  const exponent = getExponent(snapshot.currency);
  const pairs = snapshot.reconciliations;
  const smallestMatched = pairs.length === 0 ? 0 : Math.min(...pairs.map((pair) => pair.matched));
  return {
    id: snapshot.id,
    type_key: snapshot.type_key,
    date: snapshot.date,
    amount: presentAmount(snapshot.amount, exponent),
    currency: snapshot.currency,
    direction: directionOf(snapshot.direction),
    description: snapshot.description,
    external_id: snapshot.external_id,
    metadata: snapshot.metadata,
    expected_by: snapshot.expected_by,
    status: combineStatuses(pairs.map((pair) => statusOf(pair.status))),
    reconciled_amount: presentAmount(smallestMatched, exponent),
    reconciliations: pairs.map((pair) => ({
      reconciliation_id: pair.reconciliation_id,
      status: statusOf(pair.status),
      reconciled_amount: presentAmount(pair.matched, exponent),
      overdue_at: pair.overdue_at === null ? null : new Date(pair.overdue_at).toISOString(),
      match_ids: pair.match_ids,
    })),
    created_at: new Date(snapshot.created_at).toISOString(),
    updated_at: new Date(snapshot.updated_at).toISOString(),
  };
}
