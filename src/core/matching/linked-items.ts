import { bucketOf, dayOfItem, listManySides, NO_DAY } from "./bucket.ts";
import { listBuckets } from "./groups.ts";
import { otherSide, type Side } from "./item.ts";
import { amountOf } from "./item-group.ts";
import type { IndexedItem, ItemIndex } from "./item-index.ts";
import { looksBack } from "./keys.ts";
import { keyInBucket, planName } from "./plan-name.ts";
import type { EngineRule } from "./rule.ts";
import type { Search } from "./search.ts";

/** A place of an index, and the rank at which to begin there. */
interface Place {
  plan: string;
  key: string;
  center: number;
}

/** Keys, and buckets, that are followed from one record. */
const MAX_PLACES = 50;

/**
 * Records on the other side to which a rule's look-ups lead from one, whatever their amounts and days, at most `limit`:
 * under each key the nearest first, by open amount or by day.
 */
export function listLinked(search: Search, item: IndexedItem, limit: number): IndexedItem[] {
  const side = otherSide(item.side);
  const linked = new Map<number, IndexedItem>();
  for (const place of listPlaces(search, item).slice(0, MAX_PLACES)) {
    for (const found of listAround(search.index, side, place, limit)) {
      linked.set(found.id, found);
      if (linked.size === limit) return [...linked.values()];
    }
  }
  return [...linked.values()];
}

function listPlaces(search: Search, item: IndexedItem): Place[] {
  const { rule } = search;
  if (rule.cardinality === "one_to_one") return placesUnder(rule, "single", item, item.open, (key) => [key]);
  const isMember = listManySides(rule).includes(item.side);
  return isMember && rule.cardinality !== "many_to_many"
    ? listAnchorPlaces(search, item)
    : listMemberPlaces(search, item);
}

/** The single records that a member's bucket may go with. */
function listAnchorPlaces({ rule, index }: Search, member: IndexedItem): Place[] {
  const bucket = bucketOf(rule, member);
  if (bucket === undefined) return [];
  const toKeys = (key: string) => [keyInBucket(key, bucket), keyInBucket(key, "")];
  if (looksBack(rule)) return placesUnder(rule, "anchor", member, dayOfItem(rule, member), toKeys);
  const tallies = index.tally(planName(rule, "bucket"), member.side, bucket, NO_DAY, Number.MAX_SAFE_INTEGER);
  const amount = amountOf(tallies.reduce((sum, tally) => sum + tally.sum, 0n));
  return placesUnder(rule, "single", member, amount?.open ?? member.open, toKeys);
}

/** The members that a single record, or a bucket of its own side, may go with. */
function listMemberPlaces(search: Search, item: IndexedItem): Place[] {
  const { rule } = search;
  const own = bucketOf(rule, item);
  const others = rule.cardinality === "many_to_many" ? [] : listBuckets(search, item, otherSide(item.side));
  const buckets = own === undefined ? others : [own];
  const center = dayOfItem(rule, item);
  if (!rule.isSubset) return buckets.map((key) => ({ plan: planName(rule, "bucket"), key, center }));
  return placesUnder(rule, "member", item, center, (key) => buckets.map((bucket) => keyInBucket(key, bucket)));
}

function placesUnder(
  rule: EngineRule,
  use: "single" | "anchor" | "member",
  item: IndexedItem,
  center: number,
  toKeys: (key: string) => string[],
): Place[] {
  const { branches } = use === "single" ? rule.compiled.plan : rule.compiled.groupPlan;
  return branches.flatMap(({ lookupKeys }, branch) =>
    lookupKeys(item)
      .flatMap(toKeys)
      .map((key) => ({ plan: planName(rule, use, branch), key, center })),
  );
}

/** Items under a key, those first whose rank is nearest to the center. */
function* listAround(
  index: ItemIndex,
  side: Side,
  { plan, key, center }: Place,
  limit: number,
): Generator<IndexedItem> {
  let up = index.nextRank(plan, side, key, center, "up");
  let down = index.nextRank(plan, side, key, center - 1, "down");
  while (up !== undefined || down !== undefined) {
    if (down === undefined || (up !== undefined && up - center <= center - down)) {
      yield* index.listAt(plan, side, key, up as number, null, limit);
      up = index.nextRank(plan, side, key, (up as number) + 1, "up");
    } else {
      yield* index.listAt(plan, side, key, down, null, limit);
      down = index.nextRank(plan, side, key, down - 1, "down");
    }
  }
}
