import type { Item } from "./item.ts";
import type { IndexedItem } from "./item-index.ts";
import type { Proposal } from "./proposal.ts";
import type { EngineRule } from "./rule.ts";
import type { Search } from "./search.ts";
import { pairKeyOf } from "./set-key.ts";

/** Whether a rule's conditions hold for transaction `a` and expected payment `b`, of one currency and direction. */
export function conditionsHold(rule: EngineRule, a: Item, b: Item): boolean {
  return a.currency === b.currency && a.sign === b.sign && rule.compiled.evaluate(a, b).holds;
}

/** True for a transaction and an expected payment that a person has taken apart. */
export function isUndone({ index }: Search, a: Item, b: Item): boolean {
  return index.isVoidedSet(pairKeyOf(a.id, b.id));
}

/** The match of a transaction with one expected payment, if a rule that makes such pairs allows it. */
export function pairUp(search: Search, item: IndexedItem, other: IndexedItem): Proposal | undefined {
  const { rule } = search;
  const [a, b] = item.side === "a" ? [item, other] : [other, item];
  const isOfOne = rule.payment === "one_to_one";
  if (!(isOfOne ? isInRange(a, b) : isInstalment(a, b))) return undefined;
  if (!conditionsHold(rule, a, b) || isUndone(search, a, b)) return undefined;
  // Within its range every amount is as good.
  const distance = isOfOne ? 0 : b.open - a.open;
  return { a: [a], b: [b], distance, isInFull: false, setKey: pairKeyOf(a.id, b.id) };
}

function isInRange(a: Item, { open, matches, payment }: Item): boolean {
  return matches === 0 && a.open <= open && a.open >= open - (payment?.slack ?? 0);
}

function isInstalment(a: Item, { open, payment }: Item): boolean {
  const { lower = null, upper = null } = payment?.dates ?? {};
  if (lower === null || upper === null) return false;
  return a.open > 0 && a.open <= open && a.date >= lower && a.date <= upper;
}
