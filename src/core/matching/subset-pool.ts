import type { windowFrom } from "./bucket.ts";
import { type Item, otherSide } from "./item.ts";
import { compareCandidates, type IndexedItem } from "./item-index.ts";
import { EVALUATION_STEPS, SUBSET_MAX_CANDIDATES } from "./limits.ts";
import { keyInBucket, planName } from "./plan-name.ts";
import type { Search } from "./search.ts";

/**
 * The records on the other side that a rule's look-ups find for one within a bucket and a range of days, in the order
 * of candidates; one more than the limit at most.
 */
export function listPool(
  { rule, index, meter }: Search,
  item: Item,
  bucket: string,
  { min, max }: ReturnType<typeof windowFrom>,
): IndexedItem[] {
  const side = otherSide(item.side);
  const pool = new Map<number, IndexedItem>();
  for (const [number, branch] of rule.compiled.groupPlan.branches.entries()) {
    const plan = planName(rule, "member", number);
    for (const key of new Set(branch.lookupKeys(item))) {
      const limit = SUBSET_MAX_CANDIDATES + 1;
      const page = index.listBetween(plan, side, keyInBucket(key, bucket), min, max, limit);
      for (const found of page) pool.set(found.id, found);
      meter.steps += page.length * EVALUATION_STEPS;
      if (pool.size > SUBSET_MAX_CANDIDATES) return [...pool.values()].slice(0, limit);
    }
  }
  return [...pool.values()].sort((left, right) => compareCandidates(left, right, index.order));
}
