import type { FieldError } from "../result.ts";
import type { Direction, EntrySums, LedgerStatus } from "./balance.ts";
import type { BalanceLock } from "./lock.ts";

/** How many entries a transaction may have. */
export const MAX_ENTRIES = 1_000;

/** An entry that is to be written; `amount` in minor units. */
export interface EntryDraft {
  accountUid: string;
  direction: Direction;
  amount: number;
  metadata: Record<string, string>;
  /** The account's lock version that the caller has seen, if it insists on it. */
  lockVersion: number | null;
  locks: BalanceLock[];
}

/** An entry as it stands. */
export interface WrittenEntry {
  accountUid: string;
  direction: Direction;
  amount: number;
  status: LedgerStatus;
}

/** An account as an entry meets it. */
export interface LedgerAccountFacts {
  uid: string;
  ledgerUid: string;
  currency: string;
  normalBalance: Direction;
  lockVersion: number;
  sums: EntrySums;
}

/**
 * What is wrong with the entries of one transaction: accounts that are not there, more than one ledger, a side that is
 * empty, sides that differ in a currency. `accounts` holds those of the named accounts that may take entries.
 */
export function listEntryErrors(
  drafts: readonly EntryDraft[],
  accounts: ReadonlyMap<string, LedgerAccountFacts>,
): FieldError[] {
  const unknown = drafts.flatMap(({ accountUid }, index) =>
    accounts.has(accountUid)
      ? []
      : [{ path: accountPath(index), code: "not_found", message: "There is no such ledger account." }],
  );
  if (unknown.length > 0) return unknown;
  if (drafts.length > MAX_ENTRIES) return refuse("too_many", `A transaction has at most ${MAX_ENTRIES} entries.`);
  const ledgers = drafts.map(({ accountUid }) => (accounts.get(accountUid) as LedgerAccountFacts).ledgerUid);
  const stranger = ledgers.findIndex((ledger) => ledger !== ledgers[0]);
  if (stranger !== -1) {
    return [{ path: accountPath(stranger), code: "invalid", message: "All accounts must be of one ledger." }];
  }
  if (new Set(drafts.map(({ direction }) => direction)).size < 2) {
    return refuse("unbalanced", "A transaction needs at least one debit and one credit.");
  }
  const [wrong] = [...sumByCurrency(drafts, accounts)].filter(([, difference]) => difference !== 0n);
  if (!wrong) return [];
  const [currency, difference] = wrong;
  const text = difference > 0n ? `${difference} more than the debits` : `${-difference} less than the debits`;
  return refuse("unbalanced", `The credits in ${currency} are ${text}.`);
}

function accountPath(index: number): string {
  return `/ledger_entries/${index}/ledger_account_id`;
}

function refuse(code: string, message: string): FieldError[] {
  return [{ path: "/ledger_entries", code, message }];
}

/** Credits less debits. */
function sumByCurrency(
  drafts: readonly EntryDraft[],
  accounts: ReadonlyMap<string, LedgerAccountFacts>,
): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { accountUid, direction, amount } of drafts) {
    const { currency } = accounts.get(accountUid) as LedgerAccountFacts;
    const signed = direction === "credit" ? BigInt(amount) : -BigInt(amount);
    sums.set(currency, (sums.get(currency) ?? 0n) + signed);
  }
  return sums;
}

/** The same entries with their sides changed over: what takes a transaction back. */
export function reverseEntries<Entry extends { direction: Direction }>(entries: readonly Entry[]): Entry[] {
  return entries.map((entry) => ({ ...entry, direction: entry.direction === "credit" ? "debit" : "credit" }));
}
