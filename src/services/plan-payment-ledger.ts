import type { SQL } from "drizzle-orm";
import { completeOneSided } from "../core/ledger/clearing.ts";
import type { EntryDraft } from "../core/ledger/entries.ts";
import { type Instant, instantOf } from "../core/ledger/instant.ts";
import type { LedgerTransactionSnapshot } from "../core/ledger/transaction-view.ts";
import type { TextMetadata } from "../core/metadata.ts";
import { type FieldError, invalid, ok, type Result } from "../core/result.ts";
import { findLedgerAccounts, type LedgerAccountRow } from "../db/ledger-accounts.ts";
import {
  type ChangedLedgerTransaction,
  changeLedgerTransactions,
  expectAccounts,
  expectBalances,
  insertLedgerTransactions,
  type NewLedgerTransaction,
} from "../db/ledger-commit.ts";
import { EXPECTED_PAYMENT } from "../db/ledger-links.ts";
import { findLedgerTransaction } from "../db/ledger-transactions.ts";
import { findLedger } from "../db/ledgers.ts";
import type { NewPaymentEvent } from "../db/payment-events.ts";
import type { ServiceContext } from "./context.ts";
import { checkEntries, findAccountsForEntries, locksOf, nameEntries } from "./create-ledger-transaction.ts";

/** A pending ledger transaction that is made together with its expected payment. */
export interface InlineLedgerTransaction {
  description: string | null;
  metadata: TextMetadata;
  /** Null: the moment of writing. */
  effectiveAt: Instant | null;
  externalId: string | null;
  entries: EntryDraft[];
}

/** The ledger transaction of a new expected payment: none, one made with it, or one that is there, by its id. */
export type PaymentLedger = InlineLedgerTransaction | string | null;

export interface LedgerPlan {
  transactionUid: string | null;
  /** They stand before the expected payment in its batch. */
  statements: SQL[];
  events: NewPaymentEvent[];
}

/** What a new expected payment's ledger transaction takes, or everything that is wrong with it. */
export async function planPaymentLedger(
  ctx: ServiceContext,
  paymentUid: string,
  ledger: PaymentLedger,
): Promise<Result<LedgerPlan>> {
  if (ledger === null) return ok({ transactionUid: null, statements: [], events: [] });
  return typeof ledger === "string" ? planLink(ctx, paymentUid, ledger) : planInline(ctx, paymentUid, ledger);
}

async function planLink(ctx: ServiceContext, paymentUid: string, transactionUid: string): Promise<Result<LedgerPlan>> {
  const found = await findLedgerTransaction(ctx.db, ctx.environmentId, transactionUid);
  if (!found) return refuse("not_found", "There is no such ledger transaction.");
  const { snapshot } = found;
  if (snapshot.links.ledgerable_id !== null) return refuse("taken", "The ledger transaction is linked already.");
  if (snapshot.status !== "pending") return refuse("invalid", "The ledger transaction must be pending.");
  const scope = { environmentId: ctx.environmentId, now: ctx.now() };
  const statements = changeLedgerTransactions(scope, [linkedTo(paymentUid, snapshot)]);
  return ok({ transactionUid, statements, events: [] });
}

function refuse(code: string, message: string): Result<never> {
  return invalid([{ path: "/ledger_transaction_id", code, message }]);
}

function linkedTo(paymentUid: string, snapshot: LedgerTransactionSnapshot): ChangedLedgerTransaction {
  return {
    uid: snapshot.id,
    version: snapshot.version,
    status: snapshot.status,
    description: snapshot.description,
    metadata: snapshot.metadata,
    effectiveAt: snapshot.effective_at,
    postedAt: snapshot.posted_at,
    externalId: snapshot.external_id,
    ledgerableType: EXPECTED_PAYMENT,
    ledgerableUid: paymentUid,
    archivedReason: snapshot.archived_reason,
    entries: "kept",
  };
}

async function planInline(
  ctx: ServiceContext,
  paymentUid: string,
  draft: InlineLedgerTransaction,
): Promise<Result<LedgerPlan>> {
  const accounts = await findAccountsForEntries(ctx, draft.entries);
  const ledgerUid = accounts.get(draft.entries[0]?.accountUid as string)?.ledgerUid;
  const clearing = ledgerUid === undefined ? null : await findClearingAccount(ctx, ledgerUid);
  if (clearing) accounts.set(clearing.uid, clearing);
  const entries = completeOneSided(draft.entries, accounts, clearing);
  const errors = checkEntries(entries, "pending", [], accounts);
  if (errors.length > 0 || ledgerUid === undefined) return invalid(errors.map(insideLedgerTransaction));
  const now = ctx.now();
  const uid = ctx.newId();
  const row: NewLedgerTransaction = {
    uid,
    ledgerUid,
    reversesUid: null,
    partiallyPostsUid: null,
    status: "pending",
    description: draft.description,
    metadata: draft.metadata,
    effectiveAt: draft.effectiveAt ?? instantOf(now),
    postedAt: null,
    externalId: draft.externalId,
    ledgerableType: EXPECTED_PAYMENT,
    ledgerableUid: paymentUid,
    archivedReason: null,
    entries: nameEntries(entries),
  };
  return ok({
    transactionUid: uid,
    statements: [
      expectAccounts(locksOf(entries)),
      ...insertLedgerTransactions({ environmentId: ctx.environmentId, now }, [row]),
      ...expectBalances(locksOf(entries)),
    ],
    events: [{ uid, type: "ledger_transaction.created", eventUid: ctx.newId() }],
  });
}

async function findClearingAccount(ctx: ServiceContext, ledgerUid: string): Promise<LedgerAccountRow | null> {
  const uid = (await findLedger(ctx.db, ctx.environmentId, ledgerUid))?.clearingAccountUid;
  if (!uid) return null;
  const accounts = await findLedgerAccounts(ctx.db, ctx.environmentId, [uid]);
  return accounts.get(uid) ?? null;
}

/** An error of a ledger transaction as one of the expected payment that it is sent with. */
export function insideLedgerTransaction(error: FieldError): FieldError {
  return { ...error, path: `/ledger_transaction${error.path}` };
}
