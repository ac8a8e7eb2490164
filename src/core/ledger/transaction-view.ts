import { formatSeconds } from "../calendar.ts";
import type { TextMetadata } from "../metadata.ts";
import type { EntrySums, LedgerStatus } from "./balance.ts";
import { type AccountUnit, presentBalances } from "./balance-view.ts";
import type { EntryDraft, WrittenEntry } from "./entries.ts";
import { dayOfInstant, type Instant } from "./instant.ts";

/** An entry as SQL gathers it; `amount` and `sums` in minor units, instants in ms. */
export interface LedgerEntrySnapshot {
  entry: {
    id: string;
    amount: number;
    direction: 1 | -1;
    status: LedgerStatus;
    lock_version: number;
    effective_at: Instant;
    metadata: TextMetadata;
    created_at: number;
    updated_at: number;
    discarded_at: number | null;
  };
  account: { id: string; normal_balance: 1 | -1; currency: string; currency_exponent: number };
  transaction_id: string;
  /** The account's sums once the entry was written, as texts: debits and credits pending, debits and credits posted. */
  sums: [string, string, string, string];
}

/** A transaction, or one of its versions, as SQL gathers it; instants in ms. */
export interface LedgerTransactionSnapshot {
  id: string;
  is_live: 0 | 1;
  ledger_id: string;
  version: number;
  status: LedgerStatus;
  description: string | null;
  metadata: TextMetadata;
  effective_at: Instant;
  posted_at: number | null;
  external_id: string | null;
  links: {
    ledgerable_type: string | null;
    ledgerable_id: string | null;
    reverses_id: string | null;
    reversed_by_id: string | null;
    partially_posts_id: string | null;
  };
  archived_reason: string | null;
  created_at: number;
  updated_at: number;
  entries: LedgerEntrySnapshot[];
}

export interface LedgerTransactionVersionSnapshot extends Omit<LedgerTransactionSnapshot, "updated_at"> {
  version_id: string;
}

/** Which entries are shown with the balances that they led to: all, none, or those at these places. */
export type ShownBalances = boolean | ReadonlySet<number>;

/** A ledger transaction as the payments door shows it. */
export function presentLedgerTransaction(snapshot: LedgerTransactionSnapshot, shownBalances: ShownBalances = false) {
  const isLive = snapshot.is_live === 1;
  return {
    id: snapshot.id,
    object: "ledger_transaction" as const,
    ...presentContent(snapshot),
    ledger_entries: snapshot.entries.map((entry, place) =>
      presentLedgerEntry(entry, isLive, typeof shownBalances === "boolean" ? shownBalances : shownBalances.has(place)),
    ),
    updated_at: formatSeconds(snapshot.updated_at),
  };
}

/** A version of a ledger transaction as the payments door shows it. */
export function presentLedgerTransactionVersion(snapshot: LedgerTransactionVersionSnapshot) {
  return {
    id: snapshot.version_id,
    object: "ledger_transaction_version" as const,
    ledger_transaction_id: snapshot.id,
    version: snapshot.version,
    ...presentContent(snapshot),
    ledger_entries: snapshot.entries.map((entry) => {
      const {
        updated_at: _,
        discarded_at: __,
        effective_at: ___,
        ...kept
      } = presentLedgerEntry(entry, snapshot.is_live === 1, false);
      return kept;
    }),
  };
}

function presentContent(snapshot: Omit<LedgerTransactionSnapshot, "updated_at">) {
  const { links } = snapshot;
  return {
    live_mode: snapshot.is_live === 1,
    description: snapshot.description,
    status: snapshot.status,
    metadata: snapshot.metadata,
    effective_at: snapshot.effective_at,
    effective_date: dayOfInstant(snapshot.effective_at),
    posted_at: snapshot.posted_at === null ? null : formatSeconds(snapshot.posted_at),
    ledger_id: snapshot.ledger_id,
    ledgerable_type: links.ledgerable_type,
    ledgerable_id: links.ledgerable_id,
    external_id: snapshot.external_id,
    reverses_ledger_transaction_id: links.reverses_id,
    reversed_by_ledger_transaction_id: links.reversed_by_id,
    partially_posts_ledger_transaction_id: links.partially_posts_id,
    archived_reason: snapshot.archived_reason,
    created_at: formatSeconds(snapshot.created_at),
  };
}

/** A ledger entry as the payments door shows it. */
export function presentLedgerEntry(snapshot: LedgerEntrySnapshot, isLive: boolean, showsBalances: boolean) {
  const { entry, account } = snapshot;
  return {
    id: entry.id,
    object: "ledger_entry" as const,
    live_mode: isLive,
    amount: entry.amount,
    amount_string: `${entry.amount}`,
    direction: entry.direction === 1 ? ("credit" as const) : ("debit" as const),
    status: entry.status,
    ledger_account_id: account.id,
    ledger_account_lock_version: entry.lock_version,
    ledger_account_currency: account.currency,
    ledger_account_currency_exponent: account.currency_exponent,
    ledger_transaction_id: snapshot.transaction_id,
    resulting_ledger_account_balances: showsBalances ? presentBalances(readSums(snapshot.sums), unitOf(account)) : null,
    effective_at: entry.effective_at,
    metadata: entry.metadata,
    discarded_at: entry.discarded_at === null ? null : formatSeconds(entry.discarded_at),
    created_at: formatSeconds(entry.created_at),
    updated_at: formatSeconds(entry.updated_at),
  };
}

function unitOf(account: LedgerEntrySnapshot["account"]): AccountUnit {
  return {
    normalBalance: account.normal_balance === 1 ? "credit" : "debit",
    currency: account.currency,
    currencyExponent: account.currency_exponent,
  };
}

/** An entry as it would be written once more. */
export function readEntry({ entry, account }: LedgerEntrySnapshot): EntryDraft {
  return {
    accountUid: account.id,
    direction: entry.direction === 1 ? "credit" : "debit",
    amount: entry.amount,
    metadata: entry.metadata,
    lockVersion: null,
    locks: [],
  };
}

/** An entry as it stands. */
export function readWrittenEntry({ entry, account }: LedgerEntrySnapshot): WrittenEntry {
  const direction = entry.direction === 1 ? "credit" : "debit";
  return { accountUid: account.id, direction, amount: entry.amount, status: entry.status };
}

/** Sums as SQL writes them, in the order of a snapshot's. */
export function readSums([pendingDebits, pendingCredits, postedDebits, postedCredits]: readonly string[]): EntrySums {
  return {
    pendingDebits: BigInt(pendingDebits as string),
    pendingCredits: BigInt(pendingCredits as string),
    postedDebits: BigInt(postedDebits as string),
    postedCredits: BigInt(postedCredits as string),
  };
}
