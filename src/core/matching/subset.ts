import type { CompiledBranch } from "../rules/compiled-branch.ts";
import { agreesWith, bucketOf, dayOfItem, listManySides, windowFrom } from "./bucket.ts";
import { listAnchorsAhead, listBuckets } from "./groups.ts";
import { otherSide, type Side } from "./item.ts";
import { amountOf } from "./item-group.ts";
import type { IndexedItem } from "./item-index.ts";
import { GROUP_MAX_RIVALS, SUBSET_MAX_CANDIDATES, SUBSET_MAX_STEPS } from "./limits.ts";
import { CUT, type Look, makeProposal, NOTHING, type Proposal, rankProposals } from "./proposal.ts";
import type { Search } from "./search.ts";
import { comparePlaces } from "./subset-between.ts";
import { proposeBetween } from "./subset-both.ts";
import { isEligible, isOfSum, listIntervals, sumsFit } from "./subset-fit.ts";
import { listPool } from "./subset-pool.ts";
import { type SubsetAnswer, type SubsetProblem, searchSubset, type WorkBudget } from "./subset-search.ts";

/** The matches of chosen sets in which a subset rule would put a record, best first. */
export function proposeSubsets(search: Search, item: IndexedItem, wanted: number): Look {
  const { rule, index, meter } = search;
  const { branches } = rule.compiled;
  if (branches === null) return CUT;
  const budget: WorkBudget = { steps: SUBSET_MAX_STEPS };
  const looks =
    rule.cardinality === "many_to_many"
      ? proposeBetween(search, branches, item, budget)
      : lookAtAnchors(search, branches, item, budget);
  const found: Proposal[] = [];
  const because: number[] = [];
  let hasMore = false;
  let isCut = false;
  for (const look of looks) {
    found.push(...look.found);
    because.push(...look.because);
    hasMore ||= look.hasMore;
    isCut ||= look.isCut;
    if (isCut) break;
  }
  meter.steps += SUBSET_MAX_STEPS - budget.steps;
  if (isCut) return { ...CUT, because };
  const ranked = rankProposals(found, item.side, index.order, 2);
  return { found: ranked.slice(0, wanted), hasMore: hasMore || ranked.length > wanted, isCut, because };
}

function* lookAtAnchors(
  search: Search,
  branches: readonly CompiledBranch[],
  item: IndexedItem,
  budget: WorkBudget,
): Generator<Look> {
  const { rule } = search;
  if (!listManySides(rule).includes(item.side)) {
    const buckets = listBuckets(search, item, otherSide(item.side));
    if (buckets.length > GROUP_MAX_RIVALS) yield CUT;
    for (const bucket of buckets) yield* lookInBucket(search, branches, item, bucket, null, budget);
    return;
  }
  const bucket = bucketOf(rule, item);
  if (bucket === undefined) return;
  const anchors = listAnchorsAhead(search, item, bucket);
  if (anchors.length > GROUP_MAX_RIVALS) yield CUT;
  for (const anchor of anchors) {
    if (anchor.id === search.settled) continue;
    yield* lookInBucket(search, branches, anchor, bucket, item, budget);
  }
}

/** The sets of one bucket for a single record, those with a certain member in them if there is one. */
function* lookInBucket(
  search: Search,
  branches: readonly CompiledBranch[],
  anchor: IndexedItem,
  bucket: string,
  member: IndexedItem | null,
  budget: WorkBudget,
): Generator<Look> {
  const pool = listPool(search, anchor, bucket, windowFrom(search.rule, dayOfItem(search.rule, anchor)));
  const because = [anchor, ...pool].map(({ id }) => id);
  if (!pool.every((item) => agreesWith(search.rule, anchor, item))) return;
  if (pool.length > SUBSET_MAX_CANDIDATES) {
    yield { ...CUT, because };
    return;
  }
  for (const branch of branches) yield { ...chooseSet(search, branch, anchor, pool, member, budget), because };
}

function chooseSet(
  search: Search,
  branch: CompiledBranch,
  anchor: IndexedItem,
  pool: readonly IndexedItem[],
  member: IndexedItem | null,
  budget: WorkBudget,
): Look {
  const side = otherSide(anchor.side);
  const ofMembers = branch.conditions.filter((condition) => !isOfSum(condition, side));
  const usable = pool.filter((item) => {
    if (!isEligible(branch, item) || !isEligible(branch, anchor)) return false;
    return ofMembers.every((condition) =>
      side === "a" ? condition.holds(item, anchor) : condition.holds(anchor, item),
    );
  });
  const required = member ? [usable.findIndex(({ id }) => id === member.id)] : [];
  if (required.includes(-1)) return NOTHING;
  if (amountOf(usable.reduce((sum, item) => sum + BigInt(item.open), 0n)) === undefined) return CUT;

  const propose = (places: readonly number[]): Proposal => {
    const members = places.map((place) => usable[place] as IndexedItem);
    const [a, b] = side === "a" ? [members, [anchor]] : [[anchor], members];
    return makeProposal(a, b, true, search.index.order);
  };
  const problem = problemOf(branch, anchor, side, usable, required);
  const isRefused = (places: readonly number[]) => {
    const { a, b, setKey } = propose(places);
    return search.index.isVoidedSet(setKey) || !search.rule.compiled.evaluateSets(a, b).holds;
  };
  const answer = searchAllowed(problem, isRefused, budget);
  if (!answer.isComplete) return CUT;
  return {
    ...NOTHING,
    found: answer.best ? [propose(answer.best)] : [],
    hasMore: answer.count > 1,
  };
}

function problemOf(
  branch: CompiledBranch,
  anchor: IndexedItem,
  side: Side,
  usable: readonly IndexedItem[],
  required: readonly number[],
): SubsetProblem {
  const ofSums = branch.conditions.filter((condition) => isOfSum(condition, side));
  return {
    values: usable.map(({ open, sign }) => open * sign),
    required,
    excluded: [],
    intervals: listIntervals(branch, anchor),
    wanted: [-anchor.open, anchor.open],
    distanceOf(sum) {
      const amount = amountOf(BigInt(sum));
      if (!amount) return undefined;
      const group = { ...anchor, side, ...amount };
      const [a, b] = side === "a" ? [group, anchor] : [anchor, group];
      return sumsFit(branch, ofSums, a, b) ? Math.abs(amount.open - anchor.open) : undefined;
    },
  };
}

/** As `searchSubset`, without the sets that are refused. */
function searchAllowed(
  problem: SubsetProblem,
  isRefused: (places: readonly number[]) => boolean,
  budget: WorkBudget,
): SubsetAnswer {
  const answer = searchSubset(problem, budget);
  if (!answer.isComplete || !answer.best || !isRefused(answer.best)) return answer;
  let best: SubsetAnswer = { isComplete: true, best: null, count: 0 };
  for (const part of listOthers(problem, answer.best)) {
    const found = searchAllowed(part, isRefused, budget);
    if (!found.isComplete) return found;
    const count = Math.min(2, best.count + found.count) as SubsetAnswer["count"];
    best = { isComplete: true, best: firstOfSets(problem, best.best, found.best), count };
  }
  return best;
}

/** The parts of a problem that have all its sets but one: those that lack a value of it, and those that have more. */
function* listOthers(problem: SubsetProblem, refused: readonly number[]): Generator<SubsetProblem> {
  const required = [...problem.required];
  for (const place of refused.filter((one) => !problem.required.includes(one))) {
    yield { ...problem, required: ascending(required), excluded: [...problem.excluded, place] };
    required.push(place);
  }
  const excluded = [...problem.excluded];
  for (const place of problem.values.keys()) {
    if (required.includes(place) || excluded.includes(place)) continue;
    yield { ...problem, required: ascending([...required, place]), excluded: [...excluded] };
    excluded.push(place);
  }
}

function ascending(places: readonly number[]): number[] {
  return places.toSorted((left, right) => left - right);
}

function firstOfSets({ values, distanceOf }: SubsetProblem, left: number[] | null, right: number[] | null) {
  if (!left || !right) return left ?? right;
  const distance = (places: readonly number[]) =>
    distanceOf(places.reduce((sum, place) => sum + (values[place] as number), 0)) ?? Number.POSITIVE_INFINITY;
  return (distance(left) - distance(right) || comparePlaces(left, right)) <= 0 ? left : right;
}
