import { agreesWith, bucketOf, dayOfItem, listManySides, NO_DAY, windowFrom } from "./bucket.ts";
import type { Side } from "./item.ts";
import { sumOpen } from "./item-group.ts";
import type { IndexedItem } from "./item-index.ts";
import { EVALUATION_STEPS, GROUP_MAX_MEMBERS } from "./limits.ts";
import { planName } from "./plan-name.ts";
import type { Search } from "./search.ts";

/** Records of one side that are held against the other side as one. */
export interface ItemSet {
  side: Side;
  /** All of them, or the first of too many to be matched. */
  items: readonly IndexedItem[];
  count: number;
  /** The signed sum (credit +, debit −) of their open amounts, in minor units. */
  sum: bigint;
}

export interface SetPair {
  a: ItemSet;
  b: ItemSet;
}

/** As many records of a set are shown. */
export const SHOWN_MAX_ITEMS = 50;

const EVERY_DAY = { min: NO_DAY, max: Number.MAX_SAFE_INTEGER };

export function setOf(items: readonly IndexedItem[]): ItemSet {
  const [first] = items;
  if (!first) throw new Error("a set has a record");
  return { side: first.side, items, count: items.length, sum: sumOpen(items) };
}

/**
 * The sets that a rule of whole groups holds against each other when it looks at two records, `a` of Side A: all that
 * its lookback reaches. Undefined when their values put them into no group together.
 */
export function formSets(search: Search, a: IndexedItem, b: IndexedItem): SetPair | undefined {
  const { rule } = search;
  const [member, other] = listManySides(rule).includes("a") ? [a, b] : [b, a];
  const bucket = bucketOf(rule, member);
  if (bucket === undefined || !agreesWith(rule, other, member)) return undefined;
  if (rule.cardinality === "many_to_many") return formTwoGroups(search, bucket, other);
  const group = readSet(search, member.side, bucket, windowFrom(rule, dayOfItem(rule, other)));
  if (!group) return undefined;
  return member.side === "a" ? { a: group, b: setOf([other]) } : { a: setOf([other]), b: group };
}

function formTwoGroups(search: Search, bucket: string, b: IndexedItem): SetPair | undefined {
  const { rule, index } = search;
  if (bucketOf(rule, b) !== bucket) return undefined;
  const [latest] = index.tally(planName(rule, "bucket"), "b", bucket, EVERY_DAY.min, EVERY_DAY.max);
  const left = latest && readSet(search, "a", bucket, windowFrom(rule, latest.rank));
  const right = readSet(search, "b", bucket);
  return left && right && { a: left, b: right };
}

/** What is open of a bucket within a range of days; undefined for nothing. */
function readSet(
  { rule, index, meter }: Search,
  side: Side,
  bucket: string,
  { min, max } = EVERY_DAY,
): ItemSet | undefined {
  const plan = planName(rule, "bucket");
  const tallies = index.tally(plan, side, bucket, min, max);
  const count = tallies.reduce((total, tally) => total + tally.count, 0);
  if (count === 0) return undefined;
  const items = index.listBetween(plan, side, bucket, min, max, count > GROUP_MAX_MEMBERS ? SHOWN_MAX_ITEMS : count);
  meter.steps += tallies.length + items.length * EVALUATION_STEPS;
  return { side, items, count, sum: tallies.reduce((total, tally) => total + tally.sum, 0n) };
}
