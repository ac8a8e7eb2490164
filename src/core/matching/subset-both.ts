import type { CompiledBranch } from "../rules/compiled-branch.ts";
import { isTwoSided } from "../rules/condition.ts";
import { bucketOf, dayOfItem, NO_DAY, windowFrom } from "./bucket.ts";
import { type Item, otherSide } from "./item.ts";
import { amountOf } from "./item-group.ts";
import { compareCandidates, type IndexedItem } from "./item-index.ts";
import { SUBSET_MAX_BICLIQUES, SUBSET_MAX_CANDIDATES } from "./limits.ts";
import { CUT, type Look, makeProposal, NOTHING, type Proposal } from "./proposal.ts";
import type { Search } from "./search.ts";
import { type BetweenProblem, type SetPair, searchBetween } from "./subset-between.ts";
import { isEligible, isOfSum, listIntervals, sumsFit } from "./subset-fit.ts";
import { listPool } from "./subset-pool.ts";
import type { WorkBudget } from "./subset-search.ts";

type Items = readonly IndexedItem[];
type Sides = Record<"a" | "b", Items>;

const ALL_DAYS = { min: NO_DAY, max: Number.MAX_SAFE_INTEGER };

/** Many to many: sets of both sides, of which one record is to be a part. */
export function* proposeBetween(
  search: Search,
  branches: readonly CompiledBranch[],
  item: IndexedItem,
  budget: WorkBudget,
): Generator<Look> {
  const bucket = bucketOf(search.rule, item);
  if (bucket === undefined) return;
  const pool = listBothPools(search, item, bucket);
  const because = [...pool.a, ...pool.b].map(({ id }) => id);
  if (because.length > SUBSET_MAX_CANDIDATES) {
    yield { ...CUT, because };
    return;
  }
  for (const branch of branches) {
    for (const scope of listScopes(search, pool)) {
      for (const look of lookInScope(search, branch, item, scope, budget)) yield { ...look, because };
    }
  }
}

/** Everything that may stand in a set with the item: the other side's records for it, and its own side's for those. */
function listBothPools(search: Search, item: IndexedItem, bucket: string): Sides {
  const others = listPool(search, item, bucket, ALL_DAYS);
  const own = new Map([[item.id, item]]);
  for (const other of others) {
    for (const found of listPool(search, other, bucket, ALL_DAYS)) own.set(found.id, found);
    if (own.size + others.length > SUBSET_MAX_CANDIDATES) break;
  }
  const mates = [...own.values()].sort((left, right) => compareCandidates(left, right, search.index.order));
  return item.side === "a" ? { a: mates, b: others } : { a: others, b: mates };
}

/** A part of the pools; one of `latest`, if there are any, is the first of the latest date in Side B's set. */
interface Scope extends Sides {
  latest: IndexedItem | null;
}

/** With a lookback Side A reaches back from the latest date of Side B's set, so each date is tried as the latest. */
function* listScopes({ rule }: Search, { a, b }: Sides): Generator<Scope> {
  if ((rule.rollup?.lookback_days ?? null) === null) {
    yield { a, b, latest: null };
    return;
  }
  for (const day of new Set(b.map((item) => dayOfItem(rule, item)))) {
    const { min, max } = windowFrom(rule, day);
    const within = a.filter((item) => dayOfItem(rule, item) >= min && dayOfItem(rule, item) <= max);
    const earlier = b.filter((item) => dayOfItem(rule, item) < day);
    const onDay = b.filter((item) => dayOfItem(rule, item) === day);
    for (const [place, latest] of onDay.entries()) {
      yield { a: within, b: sortAsIn(b, [...earlier, ...onDay.slice(place)]), latest };
    }
  }
}

function sortAsIn(all: Items, some: Items): Items {
  const ids = new Set(some.map(({ id }) => id));
  return all.filter(({ id }) => ids.has(id));
}

function* lookInScope(
  search: Search,
  branch: CompiledBranch,
  item: IndexedItem,
  scope: Scope,
  budget: WorkBudget,
): Generator<Look> {
  // What holds a sum against each record of the other side depends on both choices at once.
  if (branch.conditions.some(({ condition }) => isMixed(condition))) {
    yield CUT;
    return;
  }
  const bicliques = listBicliques(branch, item, scope);
  if (bicliques === null) {
    yield CUT;
    return;
  }
  const found = new Map<string, Proposal>();
  for (const sides of bicliques) {
    const look = chooseSets(search, branch, item, sides, scope.latest, budget);
    if (look.isCut || look.hasMore) yield look;
    for (const proposal of look.found) found.set(proposal.setKey, proposal);
  }
  yield { ...NOTHING, found: [...found.values()] };
}

function isMixed(condition: Parameters<typeof isTwoSided>[0]): boolean {
  const ofSum = [condition.key, condition.value].filter((field) => field === "amount" || field === "direction");
  return isTwoSided(condition) && ofSum.length === 1;
}

/**
 * The largest pairs of sets in which each record of Side A satisfies the branch with each of Side B, as far as it does
 * not speak of sums, and the item is one of them; null when there are too many.
 */
function listBicliques(branch: CompiledBranch, item: IndexedItem, { a, b }: Sides): Sides[] | null {
  const ofMembers = branch.conditions.filter((condition) => !isOfSum(condition, "a") && !isOfSum(condition, "b"));
  const isUsable = (one: Item) => isEligible(branch, one);
  const holds = (left: Item, right: Item) => ofMembers.every((condition) => condition.holds(left, right));
  const own = (item.side === "a" ? a : b).filter(isUsable);
  if (!own.some(({ id }) => id === item.id)) return [];
  const fits = (mate: Item, other: Item) => (item.side === "a" ? holds(mate, other) : holds(other, mate));
  const others = (item.side === "a" ? b : a).filter((other) => isUsable(other) && fits(item, other));
  const matesOf = new Map(others.map((other) => [other.id, own.filter((mate) => fits(mate, other))]));

  const closed = new Map<string, Items>();
  for (const mates of matesOf.values()) {
    for (const known of [own, ...closed.values()]) {
      const common = known.filter(({ id }) => mates.some((mate) => mate.id === id));
      closed.set(common.map(({ id }) => id).join(), common);
    }
    if (closed.size > SUBSET_MAX_BICLIQUES) return null;
  }
  return [...closed.values()].map((mates) => {
    const around = others.filter(({ id }) => mates.every((mate) => matesOf.get(id)?.includes(mate)));
    return item.side === "a" ? { a: mates, b: around } : { a: around, b: mates };
  });
}

function chooseSets(
  search: Search,
  branch: CompiledBranch,
  item: IndexedItem,
  sides: Sides,
  latest: IndexedItem | null,
  budget: WorkBudget,
): Look {
  const required = { a: [] as number[], b: [] as number[] };
  for (const one of [item, latest]) {
    const place = one ? sides[one.side].findIndex(({ id }) => id === one.id) : undefined;
    if (place === -1) return NOTHING;
    if (one && place !== undefined && !required[one.side].includes(place)) required[one.side].push(place);
  }
  const problem = problemOf(branch, sides, required);
  if (!problem) return CUT;
  const propose = (pair: SetPair): Proposal => {
    const choose = (side: "a" | "b") => pair[side].map((place) => sides[side][place] as IndexedItem);
    return makeProposal(choose("a"), choose("b"), true, search.index.order);
  };
  const answer = searchBetween(problem, otherSide(item.side), budget);
  if (!answer.isComplete) return CUT;
  if (!answer.best) return NOTHING;
  const proposal = propose(answer.best);
  const isRefused =
    search.index.isVoidedSet(proposal.setKey) || !search.rule.compiled.evaluateSets(proposal.a, proposal.b).holds;
  // The next best of two sides is not searched for: a person who took the best apart is to decide.
  if (isRefused) return answer.count > 1 ? CUT : NOTHING;
  return { ...NOTHING, found: [proposal], hasMore: answer.count > 1 };
}

function problemOf(branch: CompiledBranch, sides: Sides, required: Record<"a" | "b", number[]>): BetweenProblem | null {
  const [a] = sides.a;
  const [b] = sides.b;
  if (!a || !b) return { a: EMPTY, b: EMPTY, intervalsFor: () => [], distanceOf: () => undefined };
  const total = (items: Items) => items.reduce((sum, { open }) => sum + BigInt(open), 0n);
  if (amountOf(total(sides.a)) === undefined || amountOf(total(sides.b)) === undefined) return null;
  const ofSums = branch.conditions.filter((condition) => isOfSum(condition, "a") || isOfSum(condition, "b"));
  const asItem = (item: Item, sum: number): Item => ({ ...item, ...amountOf(BigInt(sum)) });
  const sideOf = (items: Items, places: number[]) => ({
    values: items.map(({ open, sign }) => open * sign),
    required: places.toSorted((left, right) => left - right),
  });
  return {
    a: sideOf(sides.a, required.a),
    b: sideOf(sides.b, required.b),
    intervalsFor: (sumA) => listIntervals(branch, asItem(a, sumA)),
    distanceOf(sumA, sumB) {
      const [left, right] = [asItem(a, sumA), asItem(b, sumB)];
      return sumsFit(branch, ofSums, left, right) ? Math.abs(left.open - right.open) : undefined;
    },
  };
}

const EMPTY = { values: [], required: [] };
