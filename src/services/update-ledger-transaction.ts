import { LEDGER_MAX_TRIES } from "../config.ts";
import type { LedgerStatus } from "../core/ledger/balance.ts";
import type { EntryDraft } from "../core/ledger/entries.ts";
import type { Instant } from "../core/ledger/instant.ts";
import { type LedgerTransactionSnapshot, readWrittenEntry } from "../core/ledger/transaction-view.ts";
import { listForbiddenChanges, type TransactionChange } from "../core/ledger/transitions.ts";
import { METADATA_TOO_LARGE, type MetadataChange, mergeMetadata, metadataFits } from "../core/metadata.ts";
import { type FieldError, fail, invalid, ok, type Result } from "../core/result.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import {
  type ChangedLedgerTransaction,
  changeLedgerTransactions,
  expectAccounts,
  expectBalances,
  type LedgerTransactionState,
} from "../db/ledger-commit.ts";
import { readTransactionSnapshot, selectTransactionSnapshot } from "../db/ledger-transactions.ts";
import { announceLedgerTransactions } from "./announce-ledger-transactions.ts";
import { checkTransactionLink, moveLink } from "./check-ledger-link.ts";
import type { ServiceContext } from "./context.ts";
import {
  checkEntries,
  explainConstraint,
  findAccountsForEntries,
  locksOf,
  nameEntries,
} from "./create-ledger-transaction.ts";
import { getLedgerTransaction } from "./get-ledger-transaction.ts";
import { sendAnnouncement } from "./send-announcement.ts";

/** What is absent stays. */
export interface LedgerTransactionPatch {
  status?: LedgerStatus | undefined;
  description?: string | null | undefined;
  metadata?: MetadataChange | undefined;
  effectiveAt?: Instant | undefined;
  externalId?: string | null | undefined;
  ledgerableType?: string | null | undefined;
  ledgerableUid?: string | null | undefined;
  entries?: EntryDraft[] | undefined;
}

/** Changes a ledger transaction, named by its id or external_id. What would change nothing makes no version. */
export async function updateLedgerTransaction(
  ctx: ServiceContext,
  name: string,
  patch: LedgerTransactionPatch,
): Promise<Result<LedgerTransactionSnapshot>> {
  let last: { version: number; error: unknown } | undefined;
  for (let tries = 0; tries < LEDGER_MAX_TRIES; tries++) {
    const found = await getLedgerTransaction(ctx, name);
    if (!found.ok) return found;
    const current = found.value.snapshot;
    const next = applyPatch(current, patch, ctx.now());
    const errors = await checkChange(ctx, current, next, patch);
    if (errors.length > 0) return invalid(errors);
    if (!isChange(current, next, patch)) return ok(current);
    // The guard spoke for a statement of the caller's: the transaction is what it was, and nothing is wrong with it.
    if (last?.version === current.version && tries === LEDGER_MAX_TRIES - 1) throw last.error;
    try {
      return ok(await write(ctx, current, next, patch.entries));
    } catch (error) {
      if (findConstraint(error)?.kind !== "guard") return explainConstraint(error);
      last = { version: current.version, error };
    }
  }
  return fail({ kind: "conflict", detail: "The transaction keeps changing at the same moment.", retryAfterSeconds: 1 });
}

function applyPatch(
  current: LedgerTransactionSnapshot,
  patch: LedgerTransactionPatch,
  now: number,
): LedgerTransactionState {
  const status = patch.status ?? current.status;
  return {
    status,
    description: patch.description === undefined ? current.description : patch.description,
    metadata: mergeMetadata(current.metadata, patch.metadata ?? {}),
    effectiveAt: patch.effectiveAt ?? current.effective_at,
    postedAt: status === "posted" ? (current.posted_at ?? now) : null,
    externalId: patch.externalId === undefined ? current.external_id : patch.externalId,
    ledgerableType: patch.ledgerableType === undefined ? current.links.ledgerable_type : patch.ledgerableType,
    ledgerableUid: patch.ledgerableUid === undefined ? current.links.ledgerable_id : patch.ledgerableUid,
    archivedReason: current.archived_reason,
  };
}

function describeChange(
  current: LedgerTransactionSnapshot,
  next: LedgerTransactionState,
  patch: LedgerTransactionPatch,
): TransactionChange {
  return {
    status: next.status,
    description: next.description !== current.description,
    effective_at: next.effectiveAt !== current.effective_at,
    ledger_entries: patch.entries !== undefined,
    ledgerable_type: next.ledgerableType !== current.links.ledgerable_type,
    ledgerable_id: next.ledgerableUid !== current.links.ledgerable_id,
    external_id: next.externalId !== current.external_id,
    metadata: !isSameMetadata(next.metadata, current.metadata),
  };
}

function isChange(
  current: LedgerTransactionSnapshot,
  next: LedgerTransactionState,
  patch: LedgerTransactionPatch,
): boolean {
  const { status, ...fields } = describeChange(current, next, patch);
  return status !== current.status || Object.values(fields).includes(true);
}

function isSameMetadata(left: Record<string, string>, right: Record<string, string>): boolean {
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => left[name] === right[name]);
}

async function checkChange(
  ctx: ServiceContext,
  current: LedgerTransactionSnapshot,
  next: LedgerTransactionState,
  patch: LedgerTransactionPatch,
): Promise<FieldError[]> {
  const change = describeChange(current, next, patch);
  const forbidden = listForbiddenChanges(
    { status: current.status, isLinked: current.links.ledgerable_id !== null },
    change,
  );
  if (forbidden.length > 0) return forbidden;
  if (!metadataFits(next.metadata)) return [METADATA_TOO_LARGE];
  if (change.ledgerable_type || change.ledgerable_id) {
    const errors = await checkTransactionLink(ctx, next, next.status);
    if (errors.length > 0) return errors;
  }
  if (patch.entries === undefined) return [];
  const accounts = await findAccountsForEntries(ctx, patch.entries);
  const errors = checkEntries(patch.entries, next.status, current.entries.map(readWrittenEntry), accounts);
  if (errors.length > 0) return errors;
  const stranger = patch.entries.findIndex(
    ({ accountUid }) => accounts.get(accountUid)?.ledgerUid !== current.ledger_id,
  );
  if (stranger === -1) return [];
  const path = `/ledger_entries/${stranger}/ledger_account_id`;
  return [{ path, code: "invalid", message: "The account is of another ledger than the transaction." }];
}

async function write(
  ctx: ServiceContext,
  current: LedgerTransactionSnapshot,
  next: LedgerTransactionState,
  entries: EntryDraft[] | undefined,
): Promise<LedgerTransactionSnapshot> {
  const isMoved = next.status !== current.status || next.effectiveAt !== current.effective_at;
  const change: ChangedLedgerTransaction = {
    ...next,
    uid: current.id,
    version: current.version,
    entries: entries ? nameEntries(entries) : isMoved ? "copied" : "kept",
  };
  const locks = locksOf(entries ?? []);
  const scope = { environmentId: ctx.environmentId, now: ctx.now() };
  const announced = announceLedgerTransactions(scope, [{ uid: current.id, from: current.status, to: next.status }]);
  const results = await runBatch(ctx.db, [
    ...ctx.alongside,
    ...(entries ? [expectAccounts(locks)] : []),
    ...changeLedgerTransactions(scope, [change]),
    ...moveLink(scope, current.id, current.links.ledgerable_id, next.ledgerableUid),
    ...expectBalances(locks),
    ...announced,
    selectTransactionSnapshot(ctx.environmentId, current.id),
  ]);
  if (announced.length > 0) await sendAnnouncement(ctx, results.at(-2));
  return readTransactionSnapshot(results);
}
