import { bytesOfHalf, firstOf, NO_LIST, restOf, type SubsetHalf, sumHalf } from "./subset-half.ts";
import { spend, type WorkBudget } from "./subset-problem.ts";

/** One side of a search for a set on each side: signed integers in candidate order, and the places that must be in. */
export interface ProblemSide {
  values: readonly number[];
  required: readonly number[];
}

export interface BetweenProblem {
  a: ProblemSide;
  b: ProblemSide;
  /** Closed intervals of Side B's sums, ascending, beyond which nothing is accepted beside a sum of Side A. */
  intervalsFor(sumA: number): readonly { min: number; max: number }[];
  /** The distance of two sums from each other, or undefined if they are refused. Pure. */
  distanceOf(sumA: number, sumB: number): number | undefined;
}

/** A set on each side, as ascending places. */
export interface SetPair {
  a: number[];
  b: number[];
}

export interface BetweenAnswer {
  /** False when the search was cut: then nothing is said about sets. */
  isComplete: boolean;
  /** The pair of the smallest distance; of several the one whose set on `side`, then on the other, comes first. */
  best: SetPair | null;
  /** How many pairs fit, 0, 1, or 2 for "two or more". */
  count: 0 | 1 | 2;
}

const CUT: BetweenAnswer = { isComplete: false, best: null, count: 0 };
const EVERYTHING = [{ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }];

/**
 * Finds a non-empty set on each side whose sums fit each other. Exact, unless it is cut. Throws a RangeError when the
 * absolute values of a side exceed Number.MAX_SAFE_INTEGER together.
 */
export function searchBetween(problem: BetweenProblem, side: "a" | "b", budget: WorkBudget): BetweenAnswer {
  const a = sumSide(problem.a, 0, budget);
  const b = a && sumSide(problem.b, bytesOfHalf(a.half), budget);
  if (!a || !b) return CUT;
  let best: SetPair | null = null;
  let least = Number.POSITIVE_INFINITY;
  let count = 0;
  let steps = 0;
  for (let left = 0; left < a.half.size; left++) {
    const sumA = a.half.sums[left] as number;
    const setsA = a.countAt(left);
    if (setsA === 0) continue;
    for (const { min, max } of problem.intervalsFor(sumA)) {
      for (let right = lowerBound(b.half, min); right < b.half.size; right++) {
        const sumB = b.half.sums[right] as number;
        if (sumB > max) break;
        steps += 1;
        if (steps > budget.steps) {
          spend(budget, steps);
          return CUT;
        }
        const setsB = b.countAt(right);
        const distance = setsB === 0 ? undefined : problem.distanceOf(sumA, sumB);
        if (distance === undefined) continue;
        count += setsA * setsB;
        if (distance > least) continue;
        const pair = { a: a.placesAt(left), b: b.placesAt(right) };
        steps += (pair.a.length + pair.b.length) >> 2;
        if (best === null || distance < least || comparePairs(pair, best, side) < 0) best = pair;
        least = distance;
      }
    }
    steps += 1;
  }
  spend(budget, steps);
  return { isComplete: true, best, count: Math.min(2, count) as 0 | 1 | 2 };
}

interface SideSums {
  half: SubsetHalf;
  /** How many non-empty sets have a sum. */
  countAt(place: number): number;
  /** The first of the non-empty sets that have a sum. */
  placesAt(place: number): number[];
}

function sumSide({ values, required }: ProblemSide, bytesInUse: number, budget: WorkBudget): SideSums | undefined {
  if (!Number.isSafeInteger(values.reduce((sum, value) => sum + Math.abs(value), 0))) {
    throw new RangeError("the sums of these values are not exact");
  }
  const problem = { values, required, excluded: [], intervals: EVERYTHING };
  const half = sumHalf(problem, [0, values.length], { least: 0, most: 0 }, bytesInUse, budget);
  if (!half) return undefined;
  return {
    half,
    countAt: (place) => {
      const isEmptyToo = half.sums[place] === 0 && required.length === 0;
      return (half.counts[place] as number) - (isEmptyToo ? 1 : 0);
    },
    placesAt: (place) => listPlaces(half, place, values, required),
  };
}

/** Lists run on through values that sum to nothing; the set ends before those. */
function listPlaces(half: SubsetHalf, at: number, values: readonly number[], required: readonly number[]): number[] {
  const places: number[] = [];
  const last = required.at(-1) ?? -1;
  let rest = half.sums[at] as number;
  for (let list = half.lists[at] as number; list !== NO_LIST; list = restOf(half, list)) {
    const reached = places.at(-1);
    if (rest === 0 && reached !== undefined && reached >= last) break;
    const place = firstOf(half, list);
    places.push(place);
    rest -= values[place] as number;
  }
  return places;
}

function lowerBound({ sums, size }: SubsetHalf, min: number): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] as number) < min) low = middle + 1;
    else high = middle;
  }
  return low;
}

function comparePairs(left: SetPair, right: SetPair, side: "a" | "b"): number {
  const other = side === "a" ? "b" : "a";
  return comparePlaces(left[side], right[side]) || comparePlaces(left[other], right[other]);
}

/** Item by item; a set that is the beginning of another comes first. */
export function comparePlaces(left: readonly number[], right: readonly number[]): number {
  for (const [at, place] of left.entries()) {
    const other = right[at];
    if (other === undefined) return 1;
    if (place !== other) return place - other;
  }
  return left.length - right.length;
}
