import type { Day } from "../calendar.ts";
import type { Item, Side } from "./item.ts";

/** An item as an index keeps it. */
export interface IndexedItem extends Item {
  /** The day after which it is to be reported as overdue; null if never, or if it has been. */
  due: Day | null;
}

/** Under which key of which look-up plan an item is found. */
export interface IndexKey {
  plan: string;
  key: string;
}

/** A place in the order in which a pass walks through a side: (date, amount, external id, id). */
export interface WalkPosition {
  date: Day;
  amount: number;
  externalId: string;
  uid: string;
}

/**
 * The open items of one reconciliation, as far as the engine asks for them. Every answer costs a number of look-ups
 * that does not grow with the number of items.
 */
export interface ItemIndex {
  find(id: number): IndexedItem | undefined;
  /** Adds or replaces an item. */
  put(item: IndexedItem, keys: readonly IndexKey[]): void;
  remove(id: number): void;
  /** The nearest open amount (minor units) at `from` or beyond it, among a side's items under a key. */
  nextAmount(plan: string, side: Side, key: string, from: number, direction: "up" | "down"): number | undefined;
  /** Items under a key with exactly this open amount, in the order (date, id), after the given one. */
  listAt(plan: string, side: Side, key: string, amount: number, after: Item | null, limit: number): IndexedItem[];
  /** Items of a side in walking order. */
  walk(side: Side, after: WalkPosition | null, limit: number): IndexedItem[];
  isVoidedSet(setKey: string): boolean;
  addVoidedSets(setKeys: readonly string[]): void;
  /** Remembers that an item was skipped as ambiguous because of the others. */
  watch(id: number, others: readonly number[]): void;
  /** Items that were skipped as ambiguous because of this one; they are forgotten by the asking. */
  takeWatchers(id: number): number[];
}

export function walkPositionOf(item: Item): WalkPosition {
  return { date: item.date, amount: item.amount, externalId: item.externalId ?? "", uid: item.uid };
}
