import type { CompiledRule } from "../rules/evaluate.ts";
import type { Plan } from "../rules/plan.ts";
import type { IndexKey } from "./item-index.ts";
import type { Item } from "./item.ts";

export const ON_AMBIGUOUS = ["earliest", "skip"] as const;
export type OnAmbiguous = (typeof ON_AMBIGUOUS)[number];

/** A rule ready for matching. Rules are tried in the order of the list they stand in. */
export interface EngineRule {
  id: number;
  uid: string;
  version: number;
  onAmbiguous: OnAmbiguous;
  compiled: CompiledRule;
  plan: Plan;
}

export function planName(rule: EngineRule, branch: number): string {
  return `${rule.id}.${rule.version}.${branch}`;
}

/** Every key under which the rules will look for the item. */
export function listIndexKeys(rules: readonly EngineRule[], item: Item): IndexKey[] {
  return rules.flatMap((rule) =>
    rule.plan.branches.flatMap((branch, number) =>
      [...new Set(branch.storedKeys(item))].map((key) => ({ plan: planName(rule, number), key })),
    ),
  );
}
