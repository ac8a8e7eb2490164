import type { LedgerStatus } from "../core/ledger/balance.ts";
import { reverseEntries } from "../core/ledger/entries.ts";
import type { Instant } from "../core/ledger/instant.ts";
import { type LedgerTransactionSnapshot, readEntry } from "../core/ledger/transaction-view.ts";
import type { TextMetadata } from "../core/metadata.ts";
import { conflict, type Result } from "../core/result.ts";
import type { LedgerLink } from "./check-ledger-link.ts";
import type { ServiceContext } from "./context.ts";
import { createLedgerTransaction } from "./create-ledger-transaction.ts";
import { getLedgerTransaction } from "./get-ledger-transaction.ts";

export interface LedgerReversal extends LedgerLink {
  status: LedgerStatus;
  description: string | null;
  metadata: TextMetadata;
  /** Null: when the reversed transaction took effect. */
  effectiveAt: Instant | null;
  externalId: string | null;
}

/** Makes the transaction that takes a posted one back. A transaction is reversed once; the unique index sees to it. */
export async function reverseLedgerTransaction(
  ctx: ServiceContext,
  name: string,
  reversal: LedgerReversal,
): Promise<Result<LedgerTransactionSnapshot>> {
  const found = await getLedgerTransaction(ctx, name);
  if (!found.ok) return found;
  const original = found.value.snapshot;
  if (original.status !== "posted") return conflict("Only a posted transaction can be reversed.");
  if (original.links.ledgerable_id !== null)
    return conflict("The transaction follows the payment that it is linked to.");
  const entries = reverseEntries(original.entries.map(readEntry));
  const draft = { ...reversal, effectiveAt: reversal.effectiveAt ?? original.effective_at, entries };
  return createLedgerTransaction(ctx, draft, { reversesUid: original.id });
}
