import type { Item } from "../matching/item.ts";
import type { ConditionOutcome } from "./compiled-condition.ts";
import { COMPARES_AMOUNT, compileTree, listHeldBranches, listLeaves, settlesDirection } from "./compiled-tree.ts";
import type { RuleGroup } from "./condition.ts";
import { computePlan, type Plan } from "./plan.ts";

export type { ConditionOutcome } from "./compiled-condition.ts";

/** Whether a pair satisfies a rule, and whether the branch that did compares the two amounts. */
export type Verdict = { holds: false } | { holds: true; comparesAmount: boolean };

export interface CompiledRule {
  /** How to find the other side's items for which the rule may hold. */
  readonly plan: Plan;
  /** As `plan`, where amounts and directions are those of groups and not of the items that are looked up. */
  readonly groupPlan: Plan;
  /** Currency, tree and direction rule together; `a` is Side A's item, `b` Side B's. */
  evaluate(a: Item, b: Item): Verdict;
  /** Every condition's values and outcome in document order, whether or not the rule holds. */
  explain(a: Item, b: Item): ConditionOutcome[];
}

/** Compiles filters that `parseFilters` accepted; throws on others. Patterns are compiled once in each answer: keep it. */
export function compileRule(filters: RuleGroup): CompiledRule {
  const tree = compileTree(filters);
  const conditions = listLeaves(tree);
  return {
    plan: computePlan(tree, "pairs"),
    groupPlan: computePlan(tree, "groups"),
    evaluate(a, b) {
      if (a.currency !== b.currency) return NO_MATCH;
      const fitting = listHeldBranches(tree, a, b).find((flags) => a.sign === b.sign || settlesDirection(flags));
      return fitting === undefined ? NO_MATCH : { holds: true, comparesAmount: (fitting & COMPARES_AMOUNT) !== 0 };
    },
    explain: (a, b) => conditions.map((condition) => condition.explain(a, b)),
  };
}

const NO_MATCH: Verdict = { holds: false };
