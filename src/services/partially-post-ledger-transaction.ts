import { LEDGER_MAX_TRIES } from "../config.ts";
import type { EntryDraft } from "../core/ledger/entries.ts";
import type { Instant } from "../core/ledger/instant.ts";
import { cutEntries } from "../core/ledger/partial-post.ts";
import { type LedgerTransactionSnapshot, readEntry } from "../core/ledger/transaction-view.ts";
import type { TextMetadata } from "../core/metadata.ts";
import { conflict, fail, invalid, ok, type Result } from "../core/result.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { changeLedgerTransactions, insertLedgerTransactions } from "../db/ledger-commit.ts";
import { readTransactionSnapshot, selectTransactionSnapshot } from "../db/ledger-transactions.ts";
import { announceLedgerTransactions } from "./announce-ledger-transactions.ts";
import type { ServiceContext } from "./context.ts";
import { checkEntries, explainConstraint, findAccountsForEntries, nameEntries } from "./create-ledger-transaction.ts";
import { getLedgerTransaction } from "./get-ledger-transaction.ts";
import { sendAnnouncement } from "./send-announcement.ts";

export interface PartialPost {
  description: string | null;
  metadata: TextMetadata;
  /** Null: when the pending transaction takes effect. */
  effectiveAt: Instant | null;
  entries: EntryDraft[];
}

/** Posts a part of a pending transaction as one of its own; what is left stays pending. */
export async function partiallyPostLedgerTransaction(
  ctx: ServiceContext,
  name: string,
  partial: PartialPost,
): Promise<Result<LedgerTransactionSnapshot>> {
  const uid = ctx.newId();
  let last: { version: number; error: unknown } | undefined;
  for (let tries = 0; tries < LEDGER_MAX_TRIES; tries++) {
    const found = await getLedgerTransaction(ctx, name);
    if (!found.ok) return found;
    const pending = found.value.snapshot;
    if (pending.status !== "pending") return conflict("Only a pending transaction can be posted in part.");
    if (pending.links.ledgerable_id !== null) {
      return conflict("The transaction follows the payment that it is linked to.");
    }
    const cut = cutEntries(pending.entries.map(readEntry), partial.entries);
    if (!cut.ok) return cut;
    const errors = checkEntries(cut.value.posted, "posted", [], await findAccountsForEntries(ctx, cut.value.posted));
    if (errors.length > 0) {
      return invalid(errors.map((error) => ({ ...error, path: error.path.replace(/^\//, "/posted_") })));
    }
    // The guard spoke for a statement of the caller's: the transaction is what it was, and nothing is wrong with it.
    if (last?.version === pending.version && tries === LEDGER_MAX_TRIES - 1) throw last.error;
    try {
      return ok(await write(ctx, uid, pending, cut.value, partial));
    } catch (error) {
      if (findConstraint(error)?.kind !== "guard") return explainConstraint(error);
      last = { version: pending.version, error };
    }
  }
  return fail({ kind: "conflict", detail: "The transaction keeps changing at the same moment.", retryAfterSeconds: 1 });
}

async function write(
  ctx: ServiceContext,
  uid: string,
  pending: LedgerTransactionSnapshot,
  cut: { posted: EntryDraft[]; remaining: EntryDraft[] },
  partial: PartialPost,
): Promise<LedgerTransactionSnapshot> {
  const now = ctx.now();
  const scope = { environmentId: ctx.environmentId, now };
  const unlinked = { externalId: null, ledgerableType: null, ledgerableUid: null, archivedReason: null };
  const posted = {
    ...unlinked,
    uid,
    ledgerUid: pending.ledger_id,
    reversesUid: null,
    partiallyPostsUid: pending.id,
    status: "posted" as const,
    description: partial.description,
    metadata: partial.metadata,
    effectiveAt: partial.effectiveAt ?? pending.effective_at,
    postedAt: now,
    entries: nameEntries(cut.posted),
  };
  const remaining = {
    ...unlinked,
    uid: pending.id,
    version: pending.version,
    status: "pending" as const,
    description: pending.description,
    metadata: pending.metadata,
    effectiveAt: pending.effective_at,
    postedAt: null,
    externalId: pending.external_id,
    entries: nameEntries(cut.remaining),
  };
  const results = await runBatch(ctx.db, [
    ...ctx.alongside,
    ...changeLedgerTransactions(scope, [remaining]),
    ...insertLedgerTransactions(scope, [posted]),
    ...announceLedgerTransactions(scope, [{ uid, from: null, to: "posted" }]),
    selectTransactionSnapshot(ctx.environmentId, uid),
  ]);
  await sendAnnouncement(ctx, results.at(-2));
  return readTransactionSnapshot(results);
}
