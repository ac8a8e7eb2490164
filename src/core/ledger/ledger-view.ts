import { formatSeconds } from "../calendar.ts";
import type { TextMetadata } from "../metadata.ts";

/** A ledger as it is stored; instants in ms. */
export interface LedgerSnapshot {
  uid: string;
  name: string;
  description: string | null;
  metadata: TextMetadata;
  clearingAccountUid: string | null;
  createdAt: number;
  updatedAt: number;
  discardedAt: number | null;
}

/** A ledger as the payments door shows it. */
export function presentLedger(ledger: LedgerSnapshot, isLive: boolean) {
  return {
    id: ledger.uid,
    object: "ledger" as const,
    live_mode: isLive,
    name: ledger.name,
    description: ledger.description,
    metadata: ledger.metadata,
    clearing_ledger_account_id: ledger.clearingAccountUid,
    discarded_at: ledger.discardedAt === null ? null : formatSeconds(ledger.discardedAt),
    created_at: formatSeconds(ledger.createdAt),
    updated_at: formatSeconds(ledger.updatedAt),
  };
}
