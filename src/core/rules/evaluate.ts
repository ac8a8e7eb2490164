import type { Item } from "../matching/item.ts";
import { type CompiledBranch, compileBranches } from "./compiled-branch.ts";
import type { CompiledCondition, ConditionOutcome } from "./compiled-condition.ts";
import { COMPARES_AMOUNT, compileTree, listHeldBranches, listLeaves } from "./compiled-tree.ts";
import type { RuleGroup } from "./condition.ts";
import { computePlan, type Plan } from "./plan.ts";
import { evaluateSets, explainSets } from "./set-evaluation.ts";
import { judge, NO_MATCH, type Verdict } from "./verdict.ts";

export type { ConditionOutcome } from "./compiled-condition.ts";
export type { Verdict } from "./verdict.ts";

export interface CompiledRule {
  /** Every condition in document order. */
  readonly conditions: readonly CompiledCondition[];
  /** The ways in which the tree can hold, in document order; null when there are very many. */
  readonly branches: readonly CompiledBranch[] | null;
  /** How to find the other side's items for which the rule may hold. */
  readonly plan: Plan;
  /** As `plan`, where amounts and directions are those of groups and not of the items that are looked up. */
  readonly groupPlan: Plan;
  /** Currency, tree and direction rule together; `a` is Side A's item, `b` Side B's. */
  evaluate(a: Item, b: Item): Verdict;
  /**
   * As `evaluate`, for sets of items: `amount` and `direction` are those of the sets' signed sums, every other condition
   * must hold for each item of one against each of the other, on one branch for all of them.
   */
  evaluateSets(a: readonly Item[], b: readonly Item[]): Verdict;
  /** False when no branch can hold for sets with these items' open amounts and signs, whatever else they are. */
  amountsMayFit(a: Item, b: Item): boolean;
  /** Every condition's values and outcome in document order, whether or not the rule holds. */
  explain(a: Item, b: Item): ConditionOutcome[];
  /** As `explain`, for sets of items: the sums' amounts and directions, and of other fields each distinct value. */
  explainSets(a: readonly Item[], b: readonly Item[]): ConditionOutcome[];
}

/** Compiles filters that `parseFilters` accepted; throws on others. Patterns are compiled once in each answer: keep it. */
export function compileRule(filters: RuleGroup): CompiledRule {
  const tree = compileTree(filters);
  const conditions = listLeaves(tree);
  return {
    conditions,
    branches: compileBranches(tree),
    plan: computePlan(tree, "pairs"),
    groupPlan: computePlan(tree, "groups"),
    evaluate(a, b) {
      if (a.currency !== b.currency) return NO_MATCH;
      return judge(
        listHeldBranches(tree, ({ leaf }) => leaf.holds(a, b)),
        a,
        b,
      );
    },
    evaluateSets: (a, b) => evaluateSets(tree, a, b),
    amountsMayFit(a, b) {
      const branches = listHeldBranches(tree, ({ leaf, flags }) => (flags & COMPARES_AMOUNT) === 0 || leaf.holds(a, b));
      return judge(branches, a, b).holds;
    },
    explain: (a, b) => conditions.map((condition) => condition.explain(a, b)),
    explainSets: (a, b) => explainSets(tree, a, b),
  };
}
