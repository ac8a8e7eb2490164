import type { ItemIndex, WalkPosition } from "./item-index.ts";
import { walkPositionOf } from "./item-index.ts";
import { type Decision, findPartner, type Outcome } from "./one-to-one.ts";
import { type EngineRule, listIndexKeys } from "./rule.ts";

export interface Decided {
  decisions: Decision[];
  /** Items that have to be looked at again, in this order. */
  again: number[];
}

/**
 * Matches items in the given order, each under every rule, strong rules first, until nothing fits any more. The index
 * takes in each decision at once, so that the next one sees it.
 */
export function decideForItems(ids: readonly number[], rules: readonly EngineRule[], index: ItemIndex): Decided {
  const decided: Decided = { decisions: [], again: [] };
  for (const id of ids) {
    for (;;) {
      const decision = findDecision(id, rules, index);
      if (!decision) break;
      decided.decisions.push(decision);
      const remaining = applyDecision(decision, rules, index, decided.again);
      decided.again.push(...remaining.filter((other) => other !== id));
    }
  }
  return decided;
}

function findDecision(id: number, rules: readonly EngineRule[], index: ItemIndex): Decision | undefined {
  for (const rule of rules) {
    const outcome = lookAt(id, rule, index);
    if (outcome.kind === "match") return outcome.decision;
  }
  return undefined;
}

function lookAt(id: number, rule: EngineRule, index: ItemIndex): Outcome {
  const item = index.find(id);
  if (!item) return { kind: "none" };
  const outcome = findPartner(rule, item, index);
  if (outcome.kind === "ambiguous") index.watch(id, outcome.because);
  return outcome;
}

/**
 * One slice of a pass: walks through `limit` items of Side A under one rule. `after` is where the next slice of this
 * rule goes on, null once the rule is done.
 */
export function decideForRule(
  rule: EngineRule,
  rules: readonly EngineRule[],
  index: ItemIndex,
  after: WalkPosition | null,
  limit: number,
): Decided & { after: WalkPosition | null } {
  const decided: Decided = { decisions: [], again: [] };
  const page = index.walk("a", after, limit);
  for (const { id } of page) {
    for (;;) {
      const outcome = lookAt(id, rule, index);
      if (outcome.kind !== "match") break;
      decided.decisions.push(outcome.decision);
      decided.again.push(...applyDecision(outcome.decision, rules, index, decided.again));
    }
  }
  const last = page.at(-1);
  return { ...decided, after: last && page.length === limit ? walkPositionOf(last) : null };
}

/** Lets the index take in a decision. Answers the ids of its items that are still open with what remains. */
function applyDecision(decision: Decision, rules: readonly EngineRule[], index: ItemIndex, again: number[]): number[] {
  const remaining: number[] = [];
  for (const { item, amount } of decision.allocations) {
    again.push(...index.takeWatchers(item.id));
    const indexed = index.find(item.id);
    if (!indexed) continue;
    const left = { ...indexed, open: indexed.open - amount, matches: indexed.matches + 1 };
    if (left.open === 0) {
      index.remove(item.id);
    } else {
      index.put(left, listIndexKeys(rules, left));
      remaining.push(item.id);
    }
  }
  return remaining;
}
