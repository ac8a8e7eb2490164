import { dayOfItem, listManySides, windowFrom } from "./bucket.ts";
import type { IndexedItem } from "./item-index.ts";
import type { SetPair } from "./item-set.ts";
import type { Search } from "./search.ts";
import { setKeyOf } from "./set-key.ts";

export const OBSTACLES = ["lookback", "direction", "voided"] as const;
/** What keeps two records apart beside a rule's conditions. */
export type Obstacle = (typeof OBSTACLES)[number];

/**
 * Why a rule does not match two records, `a` of Side A, for a reason that no condition shows: the member's day lies
 * outside the lookback, the directions differ, or a person has taken this very set apart. Null when there is none.
 */
export function findObstacle(search: Search, a: IndexedItem, b: IndexedItem, sets?: SetPair): Obstacle | null {
  const { rule, index } = search;
  if (isOutOfReach(search, a, b)) return "lookback";
  if (rule.isSubset && !sets) return null;
  const [left, right] = sets ? [sets.a.items, sets.b.items] : [[a], [b]];
  if (rule.compiled.evaluateSets(left, right).holds) {
    return index.isVoidedSet(setKeyOf([...left, ...right])) ? "voided" : null;
  }
  const turned = right.map((item) => ({ ...item, sign: item.sign === 1 ? (-1 as const) : (1 as const) }));
  return rule.compiled.evaluateSets(left, turned).holds ? "direction" : null;
}

function isOutOfReach({ rule }: Search, a: IndexedItem, b: IndexedItem): boolean {
  const [side, other] = listManySides(rule);
  // Of many to many the date that counts is that of all of Side B's group.
  if (side === undefined || other !== undefined) return false;
  const [member, anchor] = side === "a" ? [a, b] : [b, a];
  const { min, max } = windowFrom(rule, dayOfItem(rule, anchor));
  const day = dayOfItem(rule, member);
  return day < min || day > max;
}
