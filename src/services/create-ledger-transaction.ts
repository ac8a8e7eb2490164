import { v7 as newId } from "uuid";
import { LEDGER_ENTRIES_MAX_METADATA_BYTES, LEDGER_MAX_TRIES } from "../config.ts";
import type { LedgerStatus } from "../core/ledger/balance.ts";
import { type EntryDraft, listEntryErrors, type WrittenEntry } from "../core/ledger/entries.ts";
import { type Instant, instantOf } from "../core/ledger/instant.ts";
import { listBrokenLocks } from "../core/ledger/lock.ts";
import type { LedgerTransactionSnapshot } from "../core/ledger/transaction-view.ts";
import type { TextMetadata } from "../core/metadata.ts";
import { conflict, type FieldError, invalid, ok, type Result } from "../core/result.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { findLedgerAccounts, type LedgerAccountRow } from "../db/ledger-accounts.ts";
import {
  type EntryLock,
  expectAccounts,
  expectBalances,
  insertLedgerTransactions,
  type NewLedgerEntry,
} from "../db/ledger-commit.ts";
import { readTransactionSnapshot, selectTransactionSnapshot } from "../db/ledger-transactions.ts";
import { announceLedgerTransactions } from "./announce-ledger-transactions.ts";
import { checkTransactionLink, type LedgerLink, moveLink } from "./check-ledger-link.ts";
import type { ServiceContext } from "./context.ts";
import { sendAnnouncement } from "./send-announcement.ts";

export interface LedgerTransactionDraft extends LedgerLink {
  status: LedgerStatus;
  description: string | null;
  metadata: TextMetadata;
  /** Null: the moment of writing. */
  effectiveAt: Instant | null;
  externalId: string | null;
  entries: EntryDraft[];
}

/** Makes a ledger transaction with all its entries and its link, or nothing. */
export async function createLedgerTransaction(
  ctx: ServiceContext,
  draft: LedgerTransactionDraft,
  origin: { reversesUid: string | null } = { reversesUid: null },
): Promise<Result<LedgerTransactionSnapshot>> {
  const uid = ctx.newId();
  let refused: unknown;
  for (let tries = 0; tries < LEDGER_MAX_TRIES; tries++) {
    const accounts = await findAccountsForEntries(ctx, draft.entries);
    const errors = [
      ...(await checkTransactionLink(ctx, draft, draft.status)),
      ...checkEntries(draft.entries, draft.status, [], accounts),
    ];
    if (errors.length > 0) return invalid(errors);
    try {
      return ok(await insert(ctx, uid, draft, origin, accounts));
    } catch (error) {
      const constraint = findConstraint(error);
      // The next look at the accounts says what the guard refused. If it finds nothing, another request was faster.
      if (constraint?.kind !== "guard") return explainConstraint(error);
      refused = error;
    }
  }
  // The guard spoke for a statement of the caller's.
  throw refused;
}

async function insert(
  ctx: ServiceContext,
  uid: string,
  { entries, ...draft }: LedgerTransactionDraft,
  { reversesUid }: { reversesUid: string | null },
  accounts: ReadonlyMap<string, LedgerAccountRow>,
): Promise<LedgerTransactionSnapshot> {
  const scope = { environmentId: ctx.environmentId, now: ctx.now() };
  const row = {
    ...draft,
    uid,
    ledgerUid: (accounts.get(entries[0]?.accountUid as string) as LedgerAccountRow).ledgerUid,
    reversesUid,
    partiallyPostsUid: null,
    effectiveAt: draft.effectiveAt ?? instantOf(scope.now),
    postedAt: draft.status === "posted" ? scope.now : null,
    archivedReason: null,
    entries: nameEntries(entries),
  };
  const results = await runBatch(ctx.db, [
    ...ctx.alongside,
    expectAccounts(locksOf(entries)),
    ...insertLedgerTransactions(scope, [row]),
    ...moveLink(scope, uid, null, draft.ledgerableUid),
    ...expectBalances(locksOf(entries)),
    ...announceLedgerTransactions(scope, [{ uid, from: null, to: draft.status }]),
    selectTransactionSnapshot(ctx.environmentId, uid),
  ]);
  await sendAnnouncement(ctx, results.at(-2));
  return readTransactionSnapshot(results);
}

/** The accounts that these entries name, by their public ids, as far as entries may be written to them. */
export async function findAccountsForEntries(
  ctx: ServiceContext,
  entries: readonly EntryDraft[],
): Promise<Map<string, LedgerAccountRow>> {
  const uids = entries.map(({ accountUid }) => accountUid);
  const accounts = await findLedgerAccounts(ctx.db, ctx.environmentId, uids);
  return new Map([...accounts].filter(([, account]) => account.isLive));
}

/** Everything that is wrong with the entries that are to be written in place of `replaced`. */
export function checkEntries(
  entries: readonly EntryDraft[],
  status: LedgerStatus,
  replaced: readonly WrittenEntry[],
  accounts: ReadonlyMap<string, LedgerAccountRow>,
): FieldError[] {
  const errors = listEntryErrors(entries, accounts);
  if (errors.length > 0) return errors;
  const bytes = new TextEncoder().encode(entries.map(({ metadata }) => JSON.stringify(metadata)).join("")).length;
  if (bytes > LEDGER_ENTRIES_MAX_METADATA_BYTES) return [ENTRIES_TOO_LARGE];
  return listBrokenLocks(entries, status, replaced, accounts);
}

/** The refusal of entries that have too much metadata between them. */
const ENTRIES_TOO_LARGE: FieldError = {
  path: "/ledger_entries",
  code: "too_large",
  message: `The metadata of a transaction's entries may come to ${LEDGER_ENTRIES_MAX_METADATA_BYTES} bytes.`,
};

export function nameEntries(entries: readonly EntryDraft[]): NewLedgerEntry[] {
  return entries.map(({ accountUid, direction, amount, metadata }) => {
    return { uid: newId(), accountUid, direction, amount, metadata };
  });
}

export function locksOf(entries: readonly EntryDraft[]): EntryLock[] {
  return entries.map(({ accountUid, lockVersion, locks }) => ({ accountUid, lockVersion, balances: locks }));
}

/** What a constraint says about a batch that writes a ledger transaction. */
export function explainConstraint(error: unknown): Result<never> {
  const constraint = findConstraint(error);
  if (constraint?.kind === "unique" && constraint.name.includes("ledger_transactions.external_id")) {
    const message = "Another transaction of this ledger has this external_id.";
    return conflict(message, [{ path: "/external_id", code: "taken", message }]);
  }
  if (constraint?.kind === "unique" && constraint.name.includes("ledger_transactions.reverses_id")) {
    return conflict("The transaction has been reversed already.");
  }
  if (constraint?.kind === "check" && /^ledger_(accounts|sums)_(pending|posted)_/.test(constraint.name)) {
    const message = "An account's balance would become larger than can be kept.";
    return invalid([{ path: "/ledger_entries", code: "too_large", message }]);
  }
  throw error;
}
