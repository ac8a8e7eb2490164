import { MAX_MINOR_UNITS } from "../money.ts";

export type Direction = "credit" | "debit";
export type LedgerStatus = "pending" | "posted" | "archived";

/** What has gone in on each side of an account, in minor units: by pending and by posted transactions, apart. */
export interface EntrySums {
  pendingDebits: bigint;
  pendingCredits: bigint;
  postedDebits: bigint;
  postedCredits: bigint;
}

/** In minor units; `amount` is what is left on the account's normal side, negative if the other side has more. */
export interface Balance {
  credits: bigint;
  debits: bigint;
  amount: bigint;
}

export const BALANCE_KINDS = ["pending", "posted", "available"] as const;
export type BalanceKind = (typeof BALANCE_KINDS)[number];
export type Balances = Record<BalanceKind, Balance>;

export const NO_SUMS: EntrySums = { pendingDebits: 0n, pendingCredits: 0n, postedDebits: 0n, postedCredits: 0n };

/**
 * An account's balances: posted counts what is posted, pending that and what is pending, available what is posted on
 * the normal side less all that is posted or pending on the other one.
 */
export function computeBalances(sums: EntrySums, normalBalance: Direction): Balances {
  const credits = sums.pendingCredits + sums.postedCredits;
  const debits = sums.pendingDebits + sums.postedDebits;
  const balance = (credits: bigint, debits: bigint): Balance => ({
    credits,
    debits,
    amount: normalBalance === "credit" ? credits - debits : debits - credits,
  });
  return {
    pending: balance(credits, debits),
    posted: balance(sums.postedCredits, sums.postedDebits),
    available: normalBalance === "credit" ? balance(sums.postedCredits, debits) : balance(credits, sums.postedDebits),
  };
}

/** The sums after an entry of a transaction with this status; one of an archived transaction changes nothing. */
export function addEntry(
  sums: EntrySums,
  entry: { direction: Direction; amount: number },
  status: LedgerStatus,
): EntrySums {
  return change(sums, entry.direction, BigInt(entry.amount), status);
}

/** The sums without an entry that they contain. */
export function removeEntry(
  sums: EntrySums,
  entry: { direction: Direction; amount: number },
  status: LedgerStatus,
): EntrySums {
  return change(sums, entry.direction, -BigInt(entry.amount), status);
}

function change(sums: EntrySums, direction: Direction, by: bigint, status: LedgerStatus): EntrySums {
  if (status === "archived") return sums;
  if (status === "pending") {
    return direction === "debit"
      ? { ...sums, pendingDebits: sums.pendingDebits + by }
      : { ...sums, pendingCredits: sums.pendingCredits + by };
  }
  return direction === "debit"
    ? { ...sums, postedDebits: sums.postedDebits + by }
    : { ...sums, postedCredits: sums.postedCredits + by };
}

/** What came between two states of the same account: the later sums less the earlier ones. */
export function subtractSums(later: EntrySums, earlier: EntrySums): EntrySums {
  return {
    pendingDebits: later.pendingDebits - earlier.pendingDebits,
    pendingCredits: later.pendingCredits - earlier.pendingCredits,
    postedDebits: later.postedDebits - earlier.postedDebits,
    postedCredits: later.postedCredits - earlier.postedCredits,
  };
}

/** Minor units as JSON: a number where it is exact in both directions, else a decimal string. */
export function presentMinorUnits(minor: bigint): number | string {
  const size = minor < 0n ? -minor : minor;
  return size > BigInt(MAX_MINOR_UNITS) ? `${minor}` : Number(minor);
}
