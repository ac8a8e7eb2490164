import type { Day } from "../calendar.ts";
import { compareTexts } from "../text.ts";
import type { Item, Side } from "./item.ts";

/** An item as an index keeps it. */
export interface IndexedItem extends Item {
  /** The day after which it is to be reported as overdue; null if never, or if it has been. */
  due: Day | null;
  /** Whether it is written down outside of the index that rules leave it alone. */
  isMarked?: true;
}

/** A record of which what is written down is no longer what rules have noted. */
export interface Mark {
  itemId: number;
  isUncertain: boolean;
}

/** How items of the same rank and the same date are told apart: by when they came, or, in a run, by what they are. */
export type IndexOrder = "arrival" | "run";

/** Under which key of which look-up plan an item is found. */
export interface IndexKey {
  plan: string;
  key: string;
  /** What the items under a key are ordered by: an open amount in minor units, or the number of a day. */
  rank: number;
  /** Whether the index keeps the sums of what is open under this key, by rank. */
  isTallied: boolean;
}

/** The items of one rank under a key: how many, and the signed sum of their open amounts in minor units. */
export interface Tally {
  rank: number;
  count: number;
  sum: bigint;
}

/** A place in the order in which a pass walks: (date, amount, external id, id). */
export interface WalkPosition {
  date: Day;
  amount: number;
  externalId: string;
  uid: string;
}

/** What a rule says of an item beside matches: several sets fit it and the rule skips such, or the search was cut. */
export type Finding = "ambiguous" | "cut";

export interface Note {
  itemId: number;
  ruleId: number;
  finding: Finding;
}

/**
 * The open items of one reconciliation, as far as the engine asks for them. Every answer costs a number of look-ups
 * that does not grow with the number of items.
 */
export interface ItemIndex {
  readonly order: IndexOrder;
  find(id: number): IndexedItem | undefined;
  /** Adds or replaces an item; what was noted of it stays. */
  put(item: IndexedItem, keys: readonly IndexKey[]): void;
  /** Forgets an item and what was noted of it. */
  remove(id: number): void;
  /** The nearest rank at `from` or beyond it, among a side's items under a key. */
  nextRank(plan: string, side: Side, key: string, from: number, direction: "up" | "down"): number | undefined;
  /** Items under a key with exactly this rank, in the order (date, tie), after the given one. */
  listAt(plan: string, side: Side, key: string, rank: number, after: Item | null, limit: number): IndexedItem[];
  /** Items under a key whose rank is between two, both included, in the order (rank, date, tie). */
  listBetween(plan: string, side: Side, key: string, min: number, max: number, limit: number): IndexedItem[];
  /** The first key of a plan, in the order of code points, that begins with `prefix` and comes after `after`. */
  nextKey(plan: string, side: Side, prefix: string, after: string): string | undefined;
  /** What is kept of the tallied items under a key whose rank is between two, both included; the highest rank first. */
  tally(plan: string, side: Side, key: string, min: number, max: number): Tally[];
  /** Open items of a side whose open amount comes nearest to one (minor units of the currency), nearest first. */
  listNearest(side: Side, currency: string, amount: number, limit: number): IndexedItem[];
  /** Items of both sides in walking order. */
  walk(after: WalkPosition | null, limit: number): IndexedItem[];
  /** Marks items that are to be looked at once more in a pass; ids that are not in the index are passed over. */
  wake(ids: readonly number[]): void;
  /** Takes the mark off an item; answers whether it had one. */
  unwake(id: number): boolean;
  /** As `walk`, over the marked items. */
  walkWoken(after: WalkPosition | null, limit: number): IndexedItem[];
  isVoidedSet(setKey: string): boolean;
  addVoidedSets(setKeys: readonly string[]): void;
  /** Remembers that an item was skipped as ambiguous because of the others. */
  watch(id: number, others: readonly number[]): void;
  /** Items that were skipped as ambiguous because of this one; they are forgotten by the asking. */
  takeWatchers(id: number): number[];
  /** Keeps what a rule last found of an item; null forgets it. */
  note(itemId: number, ruleId: number, finding: Finding | null): void;
  /** Notes in the order (item, rule), after a place. */
  listNotes(after: { itemId: number; ruleId: number } | null, limit: number): Note[];
}

export function walkPositionOf(item: Item): WalkPosition {
  return { date: item.date, amount: item.amount, externalId: item.externalId ?? "", uid: item.uid };
}

/** The walking order: (date, amount, external id, id). */
export function compareWalk(left: WalkPosition, right: WalkPosition): number {
  if (left.date !== right.date) return left.date < right.date ? -1 : 1;
  if (left.amount !== right.amount) return left.amount - right.amount;
  if (left.externalId !== right.externalId) return compareTexts(left.externalId, right.externalId);
  return left.uid < right.uid ? -1 : left.uid > right.uid ? 1 : 0;
}

/**
 * The text by which an index orders items of the same rank and date before it goes by their row numbers. Empty in the
 * order of arrival, where the row number says it all.
 */
export function tieOf(item: Item, order: IndexOrder): string {
  if (order === "arrival") return "";
  // The end of an external id comes before everything that may follow in another one.
  return `${(item.externalId ?? "").replaceAll("\u0001", "\u0001\u0002")}\u0001\u0001${item.uid}`;
}

/** (date, tie, row number): what comes first among candidates that are equally near. */
export function compareCandidates(left: Item, right: Item, order: IndexOrder): number {
  if (left.date !== right.date) return left.date < right.date ? -1 : 1;
  const [leftTie, rightTie] = [tieOf(left, order), tieOf(right, order)];
  return leftTie === rightTie ? left.id - right.id : compareTexts(leftTie, rightTie);
}
