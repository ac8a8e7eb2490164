import type { Item } from "../matching/item.ts";
import { type BranchFlags, COMPARES_AMOUNT, settlesDirection } from "./compiled-tree.ts";

/** Whether items satisfy a rule, and whether the branch that did compares the two amounts. */
export type Verdict = { holds: false } | { holds: true; comparesAmount: boolean };

export const NO_MATCH: Verdict = { holds: false };

/**
 * The verdict of the first branch whose directions fit, given those that hold. A zero sum fits either direction, and is
 * matched by an amount condition if a branch has one.
 */
export function judge(branches: readonly BranchFlags[], a: Item, b: Item): Verdict {
  const isOfNothing = a.open === 0 || b.open === 0;
  const fitting = branches.filter((flags) => isOfNothing || a.sign === b.sign || settlesDirection(flags));
  const [first] = fitting;
  if (first === undefined) return NO_MATCH;
  const flags = (isOfNothing ? fitting.find(comparesAmount) : undefined) ?? first;
  return { holds: true, comparesAmount: comparesAmount(flags) };
}

function comparesAmount(flags: BranchFlags): boolean {
  return (flags & COMPARES_AMOUNT) !== 0;
}
