import { compileWindow } from "../rules/amount-window.ts";
import type { CompiledBranch } from "../rules/compiled-branch.ts";
import type { CompiledCondition } from "../rules/compiled-condition.ts";
import { isAmountCondition } from "../rules/compiled-tree.ts";
import { isTwoSided } from "../rules/condition.ts";
import type { Item, Side } from "./item.ts";

/** Whether a condition speaks of the sum of a side's records, and not of each of them. */
export function isOfSum({ condition }: CompiledCondition, side: Side): boolean {
  const field = side === "a" ? condition.key : condition.value;
  return field === "direction" || (field === "amount" && isTwoSided(condition));
}

/** Whether a record may be chosen at all: one of nothing needs an amount condition, and a direction of its own that fits. */
export function isEligible({ comparesAmount, conditions }: CompiledBranch, item: Item): boolean {
  if (item.amount !== 0) return true;
  const own = conditions.filter(({ condition: { key, value } }) => (item.side === "a" ? value : key) === undefined);
  return comparesAmount && own.every((condition) => condition.holds(item, item));
}

/** Whether a branch holds for sets whose sums are these items' open amounts, as far as it speaks of sums. */
export function sumsFit(branch: CompiledBranch, ofSums: readonly CompiledCondition[], a: Item, b: Item): boolean {
  if (!branch.comparesAmount && a.open !== b.open) return false;
  const hasNoDirection = a.open === 0 || b.open === 0;
  if (a.sign !== b.sign && !hasNoDirection && !branch.settlesDirection) return false;
  return ofSums.every((compiled) => {
    const { key, value } = compiled.condition;
    return listReadings(key, a).some((left) => listReadings(value, b).some((right) => compiled.holds(left, right)));
  });
}

/** A sum as a field of it is read: without a direction it fits either. */
function listReadings(field: string | undefined, sum: Item): Item[] {
  if (field !== "direction" || sum.open !== 0) return [sum];
  return [
    { ...sum, sign: 1 },
    { ...sum, sign: -1 },
  ];
}

export interface Interval {
  min: number;
  max: number;
}

/** Signed sums of the other side that a branch may accept for a set with this item's open amount. Wide enough. */
export function listIntervals(branch: CompiledBranch, item: Item): Interval[] {
  let { min, max }: Interval = branch.comparesAmount
    ? { min: 0, max: Number.MAX_SAFE_INTEGER }
    : { min: item.open, max: item.open };
  for (const { condition } of branch.conditions.filter(({ condition }) => isAmountCondition(condition))) {
    const window = compileWindow(condition)?.(item);
    if (!window) continue;
    min = Math.max(min, window.min);
    max = Math.min(max, window.max ?? max);
  }
  if (min > max) return [];
  return min === 0
    ? [{ min: -max, max }]
    : [
        { min: -max, max: -min },
        { min, max },
      ];
}
