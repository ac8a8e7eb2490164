import type { ConditionOutcome } from "../rules/compiled-condition.ts";
import { listManySides } from "./bucket.ts";
import { amountOf } from "./item-group.ts";
import type { IndexedItem } from "./item-index.ts";
import { formSets, type ItemSet, type SetPair, setOf } from "./item-set.ts";
import { findObstacle, type Obstacle } from "./obstacle.ts";
import { proposePair } from "./one-to-one.ts";
import { propose } from "./outcome.ts";
import type { Proposal } from "./proposal.ts";
import type { EngineRule } from "./rule.ts";
import type { Search } from "./search.ts";
import { isOfSum } from "./subset-fit.ts";

/** What a rule says of two records. */
export interface PairExplanation {
  /** Whether it allows a match with both in it. */
  matched: boolean;
  /** In document order; null for a condition on the sum of a set that was not found. */
  outcomes: (ConditionOutcome | null)[];
  /** The sets of the rule's many-sides that were compared; none when a record was compared with a record. */
  groups: ItemSet[];
  obstacle: Obstacle | null;
}

export function holdsBoth({ a, b }: Proposal, left: IndexedItem, right: IndexedItem): boolean {
  return a.some(({ id }) => id === left.id) && b.some(({ id }) => id === right.id);
}

/**
 * Explains what a rule says of two records, `a` of Side A. A group rule compares the sets of the match that it proposes
 * with both in it, else the whole groups in which it would put them, else the two records alone.
 */
export function explainPair(
  search: Search,
  proposals: readonly Proposal[],
  a: IndexedItem,
  b: IndexedItem,
): PairExplanation {
  const { rule } = search;
  const ofPair = rule.compiled.explain(a, b);
  if (rule.cardinality === "one_to_one") {
    const matched = proposePair(search, a, b) !== undefined;
    return { matched, outcomes: ofPair, groups: [], obstacle: matched ? null : findObstacle(search, a, b) };
  }
  const proposal = findProposal(search, proposals, a, b);
  if (proposal) {
    const sets = { a: setOf(proposal.a), b: setOf(proposal.b) };
    return { matched: true, ...compareSets(rule, sets, ofPair), obstacle: null };
  }
  if (rule.isSubset) {
    const obstacle = findObstacle(search, a, b);
    return { matched: false, outcomes: withoutSums(rule, ofPair), groups: [], obstacle };
  }
  const sets = formSets(search, a, b);
  const compared = sets ? compareSets(rule, sets, ofPair) : { outcomes: ofPair, groups: [] };
  return { matched: false, ...compared, obstacle: findObstacle(search, a, b, sets) };
}

/** A match with both in it: among those for the one that was asked about, else, of chosen sets, for each of the two. */
function findProposal(
  search: Search,
  proposals: readonly Proposal[],
  a: IndexedItem,
  b: IndexedItem,
): Proposal | undefined {
  const known = proposals.find((proposal) => holdsBoth(proposal, a, b));
  if (known || !search.rule.isSubset || proposals.length === 0) return known;
  return [a, b].flatMap((item) => propose(search, item, 2).found).find((proposal) => holdsBoth(proposal, a, b));
}

function compareSets(
  rule: EngineRule,
  sets: SetPair,
  ofPair: ConditionOutcome[],
): Pick<PairExplanation, "outcomes" | "groups"> {
  const groups = listManySides(rule).map((side) => sets[side]);
  const isComparable = [sets.a, sets.b].every(({ items, count, sum }) => items.length === count && amountOf(sum));
  const outcomes = isComparable ? rule.compiled.explainSets(sets.a.items, sets.b.items) : withoutSums(rule, ofPair);
  return { outcomes, groups };
}

function withoutSums(rule: EngineRule, outcomes: readonly ConditionOutcome[]): (ConditionOutcome | null)[] {
  return rule.compiled.conditions.map((condition, place) => {
    const isOfSums = listManySides(rule).some((side) => isOfSum(condition, side));
    return isOfSums ? null : (outcomes[place] ?? null);
  });
}
