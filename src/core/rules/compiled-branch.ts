import type { CompiledCondition } from "./compiled-condition.ts";
import { COMPARES_AMOUNT, type CompiledGroup, listBranches, settlesDirection } from "./compiled-tree.ts";

/** Branches that are followed one by one; a tree with more of them has too many ways to hold. */
export const MAX_BRANCHES = 32;

/** One way in which a tree can hold: all of these conditions. */
export interface CompiledBranch {
  conditions: readonly CompiledCondition[];
  comparesAmount: boolean;
  /** Whether it may join a credit with a debit. */
  settlesDirection: boolean;
}

export function compileBranches(tree: CompiledGroup): readonly CompiledBranch[] | null {
  const branches = listBranches(tree, MAX_BRANCHES);
  if (branches === null) return null;
  return branches.map((leaves) => {
    const flags = leaves.reduce((all, leaf) => all | leaf.flags, 0);
    return {
      conditions: leaves.map(({ leaf }) => leaf),
      comparesAmount: (flags & COMPARES_AMOUNT) !== 0,
      settlesDirection: settlesDirection(flags),
    };
  });
}
