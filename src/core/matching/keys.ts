import type { Plan } from "../rules/plan.ts";
import { bucketOf, dayOfItem, listManySides } from "./bucket.ts";
import type { Item } from "./item.ts";
import type { IndexKey } from "./item-index.ts";
import { listPaymentKeys } from "./payment-keys.ts";
import { keyInBucket, planName } from "./plan-name.ts";
import type { EngineRule } from "./rule.ts";

/** Whether a rule's anchors are found by day and not by amount. */
export function looksBack(rule: EngineRule): boolean {
  return rule.isSubset || (rule.rollup?.lookback_days ?? null) !== null;
}

/** Every key under which the rules will look for the item. */
export function listIndexKeys(rules: readonly EngineRule[], item: Item): IndexKey[] {
  return rules.flatMap((rule) => {
    if (rule.payment) return listPaymentKeys(rule, item);
    if (rule.cardinality === "one_to_one") return listSingleKeys(rule, item, (key) => key);
    return listManySides(rule).includes(item.side) ? listMemberKeys(rule, item) : listAnchorKeys(rule, item);
  });
}

function listSingleKeys(rule: EngineRule, item: Item, toKey: (key: string) => string): IndexKey[] {
  return listStored(rule.compiled.plan, item).map(({ branch, key }) => {
    return { plan: planName(rule, "single", branch), key: toKey(key), rank: item.open, isTallied: false };
  });
}

function listAnchorKeys(rule: EngineRule, item: Item): IndexKey[] {
  const bucket = bucketOfAnchor(rule, item);
  if (!looksBack(rule)) return listSingleKeys(rule, item, (key) => keyInBucket(key, bucket));
  const rank = dayOfItem(rule, item);
  return listStored(rule.compiled.groupPlan, item).map(({ branch, key }) => {
    return { plan: planName(rule, "anchor", branch), key: keyInBucket(key, bucket), rank, isTallied: false };
  });
}

/** The bucket of a single record if it has all of its fields, else the empty one. */
function bucketOfAnchor(rule: EngineRule, item: Item): string {
  return bucketOf(rule, item) ?? "";
}

function listMemberKeys(rule: EngineRule, item: Item): IndexKey[] {
  const bucket = bucketOf(rule, item);
  if (bucket === undefined) return [];
  const rank = dayOfItem(rule, item);
  const isTallied = !rule.isSubset;
  const own = { plan: planName(rule, "bucket"), key: bucket, rank, isTallied };
  // Many to many without a search: the other side's bucket has the same name.
  if (isTallied && rule.cardinality === "many_to_many") return [own];
  const linked = listStored(rule.compiled.groupPlan, item).map(({ branch, key }) => {
    return { plan: planName(rule, "member", branch), key: keyInBucket(key, bucket), rank, isTallied: false };
  });
  return isTallied ? [own, ...linked] : linked;
}

function listStored(plan: Plan, item: Item): { branch: number; key: string }[] {
  return plan.branches.flatMap(({ storedKeys }, branch) =>
    [...new Set(storedKeys(item))].map((key) => ({ branch, key })),
  );
}
