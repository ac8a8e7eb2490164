import { endOfLevel, findIntervalCell, levelOf } from "./interval-cells.ts";
import { type Item, otherSide, type Side } from "./item.ts";
import type { IndexedItem } from "./item-index.ts";
import { EVALUATION_STEPS } from "./limits.ts";
import { listLookupKeys } from "./payment-keys.ts";
import { keyInBucket, planName } from "./plan-name.ts";
import { type Search, spend } from "./search.ts";

const PAGE_ITEMS = 8;
const LARGE_PAGE_ITEMS = 100;

/** Items of the other side that one look-up finds. */
export interface Stream {
  items: Iterable<IndexedItem>;
  /** Whether the nearest come first. */
  isSorted: boolean;
}

export interface KeyPlace {
  plan: string;
  side: Side;
  key: string;
}

/** Amounts in minor units, both included. */
export interface AmountBounds {
  min: number;
  max: number;
}

/** Which transactions are looked up: posted ones, or those that wait for it. */
export type TransactionUse = "single" | "pending";

/** The look-ups that lead from a record to everything with which a rule that makes pairs may match it. */
export function listStreams(search: Search, item: IndexedItem): Stream[] {
  const keys = listLookupKeys(search.rule, item);
  const isOfOne = search.rule.payment === "one_to_one";
  return keys.flatMap(({ branch, key }) => {
    const place = { plan: planName(search.rule, "single", branch), side: otherSide(item.side), key };
    if (item.side === "a" && isOfOne) return listRanges(search, place, item.open);
    if (item.side === "a") {
      return [{ items: listByRank(search, place, item.open, Number.MAX_SAFE_INTEGER, "up"), isSorted: true }];
    }
    const { min, max } = amountsFor(item, isOfOne);
    return [{ items: listByRank(search, place, min, max, "down"), isSorted: !isOfOne || min === max }];
  });
}

/** The amounts of transactions, bounds included, of which one may be matched with an expected payment as it is. */
export function amountsFor({ open, payment }: Item, isOfOne: boolean): AmountBounds {
  return { min: isOfOne ? open - (payment?.slack ?? 0) : 1, max: open };
}

/** Transactions by what is open of them, under the keys that an expected payment names. */
export function* listTransactions(
  search: Search,
  payment: Item,
  { min, max }: AmountBounds,
  use: TransactionUse = "single",
): Generator<IndexedItem> {
  for (const { branch, key } of listLookupKeys(search.rule, payment)) {
    yield* listByAmount(search, { plan: planName(search.rule, use, branch), side: "a", key }, { min, max });
  }
}

/** Transactions under a key, smallest amounts first: many in one reading, as each is ranked by what is open of it. */
function* listByAmount(search: Search, place: KeyPlace, { min, max }: AmountBounds): Generator<IndexedItem> {
  const { plan, side, key } = place;
  let size = PAGE_ITEMS;
  for (let from = min; from <= max; ) {
    const page = search.index.listBetween(plan, side, key, from, max, size);
    if (!(yield* spendOn(search, page))) return;
    const last = page.at(-1);
    if (!last || page.length < size) return;
    if (!(yield* listAtRank(search, place, last.open, last, LARGE_PAGE_ITEMS))) return;
    from = last.open + 1;
    size = LARGE_PAGE_ITEMS;
  }
}

/** Expected payments whose range holds an amount: one look-up for each level of which there are any. */
function* listRangeLevels(search: Search, { plan, side, key }: KeyPlace): Generator<number> {
  const prefix = keyInBucket(key, "");
  let after = prefix;
  for (;;) {
    const next = search.index.nextKey(plan, side, prefix, after);
    const level = next === undefined ? undefined : levelOf(next.slice(prefix.length));
    if (level === undefined || !spend(search, EVALUATION_STEPS)) return;
    yield level;
    after = prefix + endOfLevel(level);
  }
}

function listRanges(search: Search, place: KeyPlace, amount: number): Stream[] {
  return [...listRangeLevels(search, place)].map((level) => {
    const { text, min, max } = findIntervalCell(level, amount);
    const cell = { ...place, key: keyInBucket(place.key, text) };
    return { items: listByRank(search, cell, min, max, "up"), isSorted: level === 0 };
  });
}

/**
 * Items under a key whose rank is between two, both included, by rank, then in the index's order. Read lazily; it ends
 * early when the search's allowance is spent.
 */
export function* listByRank(
  search: Search,
  { plan, side, key }: KeyPlace,
  min: number,
  max: number,
  way: "up" | "down",
): Generator<IndexedItem> {
  const seek = (from: number) => search.index.nextRank(plan, side, key, from, way);
  const isWithin = (rank: number | undefined): rank is number => rank !== undefined && rank >= min && rank <= max;
  for (let rank = seek(way === "up" ? min : max); isWithin(rank); rank = seek(way === "up" ? rank + 1 : rank - 1)) {
    if (!(yield* listAtRank(search, { plan, side, key }, rank, null, PAGE_ITEMS))) return;
    if (!spend(search, 1)) return;
  }
}

/** Items of one rank under a key, after one of them; returns whether the search's allowance has lasted to the end. */
function* listAtRank(
  search: Search,
  { plan, side, key }: KeyPlace,
  rank: number,
  from: IndexedItem | null,
  firstSize: number,
): Generator<IndexedItem, boolean> {
  let [after, size] = [from, firstSize];
  for (;;) {
    const page = search.index.listAt(plan, side, key, rank, after, size);
    if (!(yield* spendOn(search, page))) return false;
    if (page.length < size) return true;
    after = page.at(-1) as IndexedItem;
    size = LARGE_PAGE_ITEMS;
  }
}

function* spendOn(search: Search, page: readonly IndexedItem[]): Generator<IndexedItem, boolean> {
  for (const item of page) {
    if (!spend(search, EVALUATION_STEPS)) return false;
    yield item;
  }
  return true;
}
