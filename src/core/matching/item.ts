import type { Day } from "../calendar.ts";

export type Side = "a" | "b";

/** Credit (+1) or debit (−1), as a factor for signed sums. */
export type Sign = 1 | -1;

/**
 * What the engine matches: a record as one reconciliation sees it. All amounts are minor units of `currency`.
 */
export interface Item {
  /** The record's row number in D1. D1 has one writer, so a smaller id arrived earlier. */
  id: number;
  /** The record's public id. */
  uid: string;
  side: Side;
  sourceId: number;
  typeKey: string;
  /** Raised by every edit of the record. */
  version: number;
  date: Day;
  /** The record's own amount, ≥ 0. */
  amount: number;
  /** What is not yet matched in this reconciliation, 0 … `amount`. */
  open: number;
  /** Live matches in this reconciliation. */
  matches: number;
  currency: string;
  sign: Sign;
  description: string | null;
  externalId: string | null;
  metadata: Readonly<Record<string, unknown>>;
  /** What it is at the payments door, if the reconciliation is that of an internal account. */
  payment?: PaymentFacts;
}

/** What an item is beyond a record. Side A's are transactions, Side B's expected payments. */
export interface PaymentFacts {
  /** Minor units of `open` that need not be matched: the width of an expected payment's range, else 0. */
  slack: number;
  /** A transaction that its bank has not posted. */
  isPending: boolean;
  /** The days between which an expected payment's transactions lie; null where it sets no bound. */
  dates: { lower: Day | null; upper: Day | null };
  /**
   * The fields that rules read as `metadata.<field>`: of a transaction one set, of an expected payment one for each of
   * its rule variables, any of which is enough.
   */
  alternatives: readonly Readonly<Record<string, unknown>>[];
}

export function otherSide(side: Side): Side {
  return side === "a" ? "b" : "a";
}
