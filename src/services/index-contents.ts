import type { IndexedItem } from "../core/matching/item-index.ts";

/** A key as an index keeps it: where its item is found, and what it adds to a sum there (null: nothing). */
export interface StoredKey {
  plan: string;
  side: string;
  key: string;
  rank: number;
  date: string;
  tie: string;
  tallied: number | null;
}

/** A sum of an index: the place that it is kept for, and what the keys there come to. */
export interface StoredTally {
  plan: string;
  side: string;
  key: string;
  rank: number;
  kept: { count: number; sum: bigint };
  found: { count: number; sum: bigint };
}

export type TallyPlace = Pick<StoredTally, "plan" | "side" | "key" | "rank">;

/** A place in a list of texts that may be very long: the first one that is not before `from`, and `skip` more. */
export interface TextPlace {
  from: string;
  skip: number;
}

/** What a Reconciler's index holds, as it lies there and not as matching asks for it: for comparing it with D1. */
export interface IndexContents {
  /** Items of a data source by row number, after one. */
  listItems(sourceId: number, after: number, limit: number): IndexedItem[];
  /** Keys by their items. */
  listKeys(itemIds: readonly number[]): Map<number, StoredKey[]>;
  /** Row numbers of what keys, sums or marks speak of, after one, in order. */
  listKnownIds(after: number, limit: number): number[];
  /** Which of these have no item of one of these data sources. */
  listStrays(ids: readonly number[], sourceIds: readonly number[]): number[];
  /** Sums of a plan and side by their keys, beginning with those of the place, then those of what follows. */
  listTallies(plan: string, side: string, place: TextPlace, limit: number): StoredTally[];
  /** Whether a sum is kept for a place. */
  hasTally(place: TallyPlace): boolean;
  /** Keys of voided sets in order, up to so many and about so many characters. */
  listVoidedSets(place: TextPlace, limit: number, maxChars: number): string[];
}
