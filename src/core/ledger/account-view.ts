import { formatSeconds } from "../calendar.ts";
import type { TextMetadata } from "../metadata.ts";
import type { EntrySums } from "./balance.ts";
import { type AccountUnit, presentBalances } from "./balance-view.ts";
import type { Instant } from "./instant.ts";

/** A ledger account as it is stored; instants in ms. */
export interface LedgerAccountSnapshot extends AccountUnit {
  uid: string;
  ledgerUid: string;
  name: string;
  description: string | null;
  lockVersion: number;
  sums: EntrySums;
  ledgerableType: string | null;
  ledgerableUid: string | null;
  externalId: string | null;
  metadata: TextMetadata;
  createdAt: number;
  updatedAt: number;
  discardedAt: number | null;
}

/** Between which times of effect a balance counts: from `lower` on, before `upper`; null does not bound. */
export interface BalanceBounds {
  lower: Instant | null;
  upper: Instant | null;
}

/** A ledger account as the payments door shows it, with the balances of its sums between the bounds. */
export function presentLedgerAccount(
  account: LedgerAccountSnapshot,
  isLive: boolean,
  bounds: BalanceBounds = { lower: null, upper: null },
) {
  return {
    id: account.uid,
    object: "ledger_account" as const,
    live_mode: isLive,
    name: account.name,
    description: account.description,
    normal_balance: account.normalBalance,
    balances: {
      effective_at_lower_bound: bounds.lower,
      effective_at_upper_bound: bounds.upper,
      ...presentBalances(account.sums, account),
    },
    lock_version: account.lockVersion,
    ledger_id: account.ledgerUid,
    ledgerable_id: account.ledgerableUid,
    ledgerable_type: account.ledgerableType,
    external_id: account.externalId,
    metadata: account.metadata,
    discarded_at: account.discardedAt === null ? null : formatSeconds(account.discardedAt),
    created_at: formatSeconds(account.createdAt),
    updated_at: formatSeconds(account.updatedAt),
  };
}
