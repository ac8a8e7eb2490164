import type { ConditionOutcome } from "../rules/evaluate.ts";
import type { Item, Side } from "./item.ts";
import { sizeOf, sumOpen } from "./item-group.ts";
import type { Proposal } from "./proposal.ts";
import type { EngineRule } from "./rule.ts";

/** What one record gives to a match: minor units of its open amount. */
export interface Allocation {
  item: Item;
  side: Side;
  amount: number;
}

/** A match that the engine wants to be made. */
export interface Decision {
  rule: EngineRule;
  currency: string;
  /** |A| − |B| in minor units, what was left over within the tolerance. */
  variance: number;
  allocations: Allocation[];
  explanation: ConditionOutcome[];
  setKey: string;
}

/** Both sides in full, with what is left over as variance, or else the smaller open amount of a pair. */
export function decide(rule: EngineRule, { a, b, isInFull, setKey }: Proposal): Decision {
  const items = [...a, ...b];
  const smaller = Math.min(...(isInFull ? [] : items.map((item) => item.open)));
  const [first] = a;
  if (!first) throw new Error("a match has a record on each side");
  return {
    rule,
    currency: first.currency,
    variance: isInFull ? Number(sizeOf(sumOpen(a)) - sizeOf(sumOpen(b))) : 0,
    allocations: items.map((item) => ({ item, side: item.side, amount: isInFull ? item.open : smaller })),
    explanation: explain(rule, a, b),
    setKey,
  };
}

function explain(rule: EngineRule, a: readonly Item[], b: readonly Item[]): ConditionOutcome[] {
  const [left, right] = [a[0], b[0]];
  // Each expected payment is matched with the transaction alone, whatever else the transaction pays.
  if (rule.payment && left) return b.flatMap((payment) => rule.compiled.explain(left, payment));
  const isPair = a.length === 1 && b.length === 1;
  return isPair && left && right ? rule.compiled.explain(left, right) : rule.compiled.explainSets(a, b);
}
