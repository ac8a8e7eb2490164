import type { IndexedItem } from "../../../src/core/matching/item-index.ts";
import type { EngineRule } from "../../../src/core/matching/rule.ts";
import { setKeyOf } from "../../../src/core/matching/set-key.ts";

/** Every partner that the contract allows an item under a rule, best first, by looking at all of them. */
export function listPartners(
  rule: EngineRule,
  item: IndexedItem,
  open: readonly IndexedItem[],
  voided: ReadonlySet<string>,
): IndexedItem[] {
  return open
    .filter((other) => other.side !== item.side && mayMatch(rule, item, other, voided))
    .sort((left, right) => {
      const nearer = Math.abs(left.open - item.open) - Math.abs(right.open - item.open);
      if (nearer !== 0) return nearer;
      if (left.date !== right.date) return left.date < right.date ? -1 : 1;
      return left.id - right.id;
    });
}

function mayMatch(rule: EngineRule, one: IndexedItem, other: IndexedItem, voided: ReadonlySet<string>): boolean {
  const [a, b] = one.side === "a" ? [one, other] : [other, one];
  const verdict = rule.compiled.evaluate(a, b);
  if (!verdict.holds || voided.has(setKeyOf([a, b]))) return false;
  return verdict.comparesAmount || (a.open > 0 && b.open > 0);
}

/** Whom an item is to be matched with under a rule; undefined for nobody. */
export function choosePartner(
  rule: EngineRule,
  item: IndexedItem,
  open: readonly IndexedItem[],
  voided: ReadonlySet<string>,
): IndexedItem | undefined {
  const [best, second] = listPartners(rule, item, open, voided);
  if (!best || rule.onAmbiguous === "earliest") return best;
  const rivals = listPartners(rule, best, open, voided);
  return second === undefined && rivals.length === 1 ? best : undefined;
}
