import { describe, expect, it } from "vitest";
import {
  type SubsetAnswer,
  type SubsetProblem,
  searchSubset,
  type WorkBudget,
} from "../../../src/core/matching/subset-search.ts";
import fc from "../../support/fast-check.ts";

const ALL_SUMS = [{ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }];

/** A search for sums within a tolerance of `target`, by their signs too. */
function problemOf(
  values: readonly number[],
  target: number,
  tolerance = 0,
  changes: Partial<SubsetProblem> = {},
): SubsetProblem {
  return {
    values,
    required: [],
    excluded: [],
    intervals: [{ min: target - tolerance, max: target + tolerance }],
    distanceOf: (sum) => Math.abs(sum - target),
    ...changes,
  };
}

function search(problem: SubsetProblem, steps = 12_000_000): SubsetAnswer {
  return searchSubset(problem, { steps });
}

function found(best: number[] | null, count: 0 | 1 | 2): SubsetAnswer {
  return { isComplete: true, best, count };
}

/** Numbers from 0 to before 1, the same for the same seed. */
function* randomNumbers(seed: number): Generator<number, never> {
  for (let state = BigInt(seed); ; ) {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
    yield Number(state >> 11n) / 2 ** 53;
  }
}

function drawValues(seed: number, count: number, min: number, max: number): number[] {
  const numbers = randomNumbers(seed);
  return Array.from({ length: count }, () => min + Math.floor(numbers.next().value * (max - min + 1)));
}

function sumAt(values: readonly number[], places: readonly number[]): number {
  return places.reduce((sum, place) => sum + (values[place] as number), 0);
}

describe("a search for a set", () => {
  it.each<[name: string, values: number[], target: number, expected: SubsetAnswer]>([
    ["one value", [5], 5, found([0], 1)],
    ["the only set that fits", [100, 250, 75, 310], 325, found([1, 2], 1)],
    ["all values", [1, 2, 4, 8], 15, found([0, 1, 2, 3], 1)],
    ["a sum less a refund", [1_000, 500, -120, 70], 1_380, found([0, 1, 2], 1)],
    ["refunds alone", [-30, -20, 45], -50, found([0, 1], 1)],
    ["nothing when no set fits", [2, 4, 6], 5, found(null, 0)],
    ["nothing among no values", [], 0, found(null, 0)],
    ["nothing when all values lie too far away", [10, 20], 1_000, found(null, 0)],
    ["one of two equal values, the earlier, and that there are two", [7, 7], 7, found([0], 2)],
    ["two or more when there are many", [1, 1, 1, 1, 1, 1], 3, found([0, 1, 2], 2)],
    ["a single zero", [0], 0, found([0], 1)],
    ["two zeros as three sets", [0, 0], 0, found([0], 2)],
    ["values that cancel out", [5, -5], 0, found([0, 1], 1)],
  ])("finds %s", (_, values, target, expected) => {
    expect(search(problemOf(values, target))).toEqual(expected);
  });

  it.each<[name: string, values: number[], target: number, expected: SubsetAnswer]>([
    ["the earlier places", [3, 1, 2, 3], 3, found([0], 2)],
    ["the earlier first place over fewer places", [1, 1, 1, 3], 3, found([0, 1, 2], 2)],
    ["the earlier second place", [4, 1, 2, 1], 5, found([0, 1], 2)],
    ["a set over the same with a zero after it", [5, 0], 5, found([0], 2)],
    ["a set over the same with a pair after it that cancels out", [5, 3, -3], 5, found([0], 2)],
    ["a set with a zero before what follows", [5, 0, 2], 7, found([0, 1, 2], 2)],
    ["a set with a cancelled pair before what follows", [5, 3, -3, 2], 7, found([0, 1, 2, 3], 2)],
    ["a zero that stands first", [0, 5], 5, found([0, 1], 2)],
    ["a cancelled pair that stands first", [2, -2, 9], 9, found([0, 1, 2], 2)],
    ["the shortest of sets that sum to nothing", [3, -3, 0, 2, -2], 0, found([0, 1], 2)],
    [
      "as many cancelled pairs as may stand before the last value",
      [1, -1, 2, -2, 0, 9, 0],
      9,
      found([0, 1, 2, 3, 4, 5], 2),
    ],
  ])("prefers %s", (_, values, target, expected) => {
    expect(search(problemOf(values, target))).toEqual(expected);
  });

  it.each<[name: string, values: number[], target: number, tolerance: number, expected: SubsetAnswer]>([
    ["at the lower bound", [98, 500], 100, 2, found([0], 1)],
    ["at the upper bound", [102, 500], 100, 2, found([0], 1)],
    ["not below the lower bound", [97, 500], 100, 2, found(null, 0)],
    ["not above the upper bound", [103, 500], 100, 2, found(null, 0)],
    ["the nearest, not the earliest", [98, 101], 100, 2, found([1], 2)],
    ["the earliest of a sum below and one above", [102, 98], 100, 2, found([0], 2)],
    ["the earliest of a sum above and one below", [98, 102], 100, 2, found([0], 2)],
    ["exactly before nearly", [99, 60, 40], 100, 2, found([1, 2], 2)],
  ])("takes within a tolerance %s", (_, values, target, tolerance, expected) => {
    expect(search(problemOf(values, target, tolerance))).toEqual(expected);
  });

  it("takes sums of both signs, the earlier set of those that are equally far away", () => {
    const changes: Partial<SubsetProblem> = {
      intervals: [
        { min: -52, max: -48 },
        { min: 48, max: 52 },
      ],
      distanceOf: (sum) => Math.abs(Math.abs(sum) - 50),
    };
    expect(search(problemOf([30, -51, 21, 47], 0, 0, changes))).toEqual(found([0, 2], 2));
    expect(search(problemOf([-51, 30, 21, 47], 0, 0, changes))).toEqual(found([0], 2));
    expect(search(problemOf([-53, 90, -47], 0, 0, changes))).toEqual(found(null, 0));
  });

  it("counts no set whose sum is refused after all", () => {
    const distanceOf = (sum: number) => (sum === 10 ? undefined : Math.abs(sum - 10));
    expect(search(problemOf([10, 11, 4], 10, 1, { distanceOf }))).toEqual(found([1], 1));
    expect(search(problemOf([10, 4], 10, 1, { distanceOf }))).toEqual(found(null, 0));
  });

  it("looks only within its intervals", () => {
    const changes = {
      intervals: [
        { min: 1, max: 2 },
        { min: 5, max: 5 },
        { min: 9, max: 12 },
      ],
      distanceOf: () => 0,
    };
    expect(search(problemOf([3, 4, 8, 11], 0, 0, changes))).toEqual(found([0, 2], 2));
    expect(search(problemOf([3, 4, 8, 11], 0, 0, { ...changes, intervals: [{ min: 5, max: 6 }] }))).toEqual(
      found(null, 0),
    );
    expect(search(problemOf([3, 4], 0, 0, { ...changes, intervals: [] }))).toEqual(found(null, 0));
  });

  it("has every required value and no excluded one in the set", () => {
    expect(search(problemOf([10, 60, 25], 85, 0, { required: [1] }))).toEqual(found([1, 2], 1));
    expect(search(problemOf([10, 25, 60, 25], 85, 0, { excluded: [1] }))).toEqual(found([2, 3], 1));
    expect(search(problemOf([60, 25], 85, 0, { excluded: [1] }))).toEqual(found(null, 0));
    expect(search(problemOf([60, 25], 60, 0, { required: [1] }))).toEqual(found(null, 0));
    expect(search(problemOf([0, 60], 0, 0, { required: [0] }))).toEqual(found([0], 1));
  });

  it("goes on to the last required value before a set ends", () => {
    expect(search(problemOf([40, 5, -5, 0], 40, 0, { required: [3] }))).toEqual(found([0, 1, 2, 3], 2));
    expect(search(problemOf([40, 5, -5, 0], 40, 0, { required: [0] }))).toEqual(found([0], 2));
  });

  it("refuses values whose sums a number cannot hold exactly", () => {
    const values = new Array(9).fill(1e15);
    expect(search(problemOf(values, 9e15)).best).toHaveLength(9);
    expect(() => search(problemOf([...values, -1e15], 9e15))).toThrow(RangeError);
  });
});

type Draw = [marks: number[], target: number, tolerance: number, ends: number[], refusal: string];

const REFUSALS: Record<string, (sum: number, target: number) => boolean> = {
  none: () => false,
  negative: (sum) => sum < 0,
  above: (sum, target) => Math.abs(sum) > target,
  odd: (sum) => sum % 2 !== 0,
  exact: (sum, target) => Math.abs(sum) === target,
};

const draws: fc.Arbitrary<Draw> = fc.tuple(
  // 0 excludes a value, 1 requires it.
  fc.array(fc.nat(9), { minLength: 12, maxLength: 12 }),
  fc.nat(25),
  fc.nat(6),
  fc.uniqueArray(fc.integer({ min: -30, max: 45 }), { minLength: 2, maxLength: 6 }),
  fc.constantFrom(...Object.keys(REFUSALS)),
);

const problems = fc
  .tuple(fc.array(fc.integer({ min: -5, max: 10 }), { maxLength: 12, size: "max" }), draws, fc.boolean(), fc.boolean())
  .map(([values, draw, isEverywhere, tellsWanted]): SubsetProblem => {
    const [marks, target, tolerance, ends, refusal] = draw;
    const marked = (mark: number) => [...values.keys()].filter((place) => marks[place] === mark);
    const sorted = ends.toSorted((left, right) => left - right);
    const pairs = sorted.flatMap((min, place) => (place % 2 === 0 ? [{ min, max: sorted[place + 1] ?? min }] : []));
    return {
      values,
      required: marked(1),
      excluded: marked(0),
      intervals: isEverywhere ? ALL_SUMS : pairs,
      distanceOf: (sum) => {
        const distance = Math.abs(Math.abs(sum) - target);
        return distance > tolerance || REFUSALS[refusal]?.(sum, target) ? undefined : distance;
      },
      ...(tellsWanted ? { wanted: [target, -target] } : {}),
    };
  });

interface Fit {
  places: number[];
  distance: number;
}

/** Every set that fits, by trying all. */
function listFits({ values, required, excluded, intervals, distanceOf }: SubsetProblem): Fit[] {
  const fits: Fit[] = [];
  const choose = (places: number[], next: number) => {
    if (next < values.length) {
      choose(places, next + 1);
      choose([...places, next], next + 1);
      return;
    }
    const sum = sumAt(values, places);
    const isAllowed = required.every((one) => places.includes(one)) && !places.some((one) => excluded.includes(one));
    const distance = intervals.some(({ min, max }) => min <= sum && sum <= max) ? distanceOf(sum) : undefined;
    if (distance !== undefined && places.length > 0 && isAllowed) fits.push({ places, distance });
  };
  choose([], 0);
  return fits;
}

/** Places as letters, so that texts compare as the sets have to. */
function spell({ places }: Fit): string {
  return places.map((place) => String.fromCharCode(97 + place)).join("");
}

function answerOf(fits: readonly Fit[]): SubsetAnswer {
  const least = Math.min(...fits.map(({ distance }) => distance));
  const nearest = fits.filter(({ distance }) => distance === least);
  const best = nearest.reduce<Fit | null>((first, fit) => (first && spell(first) < spell(fit) ? first : fit), null);
  return found(best?.places ?? null, Math.min(2, fits.length) as 0 | 1 | 2);
}

describe("a search among few values", () => {
  it("answers what trying every set answers", () => {
    fc.assert(
      fc.property(problems, (problem) => {
        expect(search(problem)).toEqual(answerOf(listFits(problem)));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("a search among many values", () => {
  it("completes for 40 large values of both signs, exactly and with a wide tolerance", () => {
    const values = drawValues(1, 40, -1e14, 1e14);
    const chosen = [1, 4, 9, 16, 25, 31, 38];
    const target = sumAt(values, chosen);
    expect(search(problemOf(values, target))).toEqual(found(chosen, 1));
    const near = search(problemOf(values, target, 1e13, { wanted: [target] }));
    expect(near).toEqual(found(chosen, 2));
    expect(search(problemOf(values, target, 0, { intervals: ALL_SUMS, wanted: [target] }))).toEqual(near);
  });

  it("completes for 40 values whose sums fit in very many ways", () => {
    const values = Array.from({ length: 40 }, (_, place) => (place % 20 === 0 ? -1 : 1) * 2 ** (20 - (place % 20)));
    const changes = { distanceOf: (sum: number) => Math.abs(Math.abs(sum) - 101), wanted: [-101, 101] };
    const { isComplete, best, count } = search(problemOf(values, 0, 200, changes));
    expect({ isComplete, count }).toEqual({ isComplete: true, count: 2 });
    expect([100, 102]).toContain(Math.abs(sumAt(values, best ?? [])));
  });

  it("completes for 300 small values, with the first set there is", () => {
    const values = drawValues(2, 300, -40, 100);
    const { isComplete, best, count } = search(problemOf(values, 2_500));
    expect({ isComplete, count }).toEqual({ isComplete: true, count: 2 });
    expect(sumAt(values, best ?? [])).toBe(2_500);
    const first = best?.findIndex((place, at) => place !== at) ?? -1;
    expect(first).toBeGreaterThan(0);
    const required = (best ?? []).slice(0, first).concat(first);
    expect(search(problemOf(values, 2_500, 0, { required }))).toEqual(found(null, 0));
  });

  it("is cut for 300 large values, and says nothing about sets then", () => {
    const values = drawValues(3, 300, 1, 1e13);
    const budget: WorkBudget = { steps: 12_000_000 };
    expect(searchSubset(problemOf(values, 7e14), budget)).toEqual({ isComplete: false, best: null, count: 0 });
    expect(budget.steps).toBeGreaterThanOrEqual(0);
    expect(budget.steps).toBeLessThan(12_000_000);
  });
});

describe("the budget of a search", () => {
  const problem = problemOf(drawValues(4, 24, 1, 1e9), 5e9, 1e6);

  it("pays for what was done, the same each time", () => {
    const budget = { steps: 1_000_000 };
    const first = searchSubset(problem, budget);
    const used = 1_000_000 - budget.steps;
    expect(first.isComplete).toBe(true);
    expect(used).toBeGreaterThan(1_000);
    expect(searchSubset(problem, budget)).toEqual(first);
    expect(budget.steps).toBe(1_000_000 - 2 * used);
  });

  it("cuts at the same step each time, and never goes below nothing", () => {
    for (const steps of [0, 1, 100, 1_000, 10_000]) {
      const budgets = [{ steps }, { steps }];
      const answers = budgets.map((budget) => searchSubset(problem, budget));
      expect(answers).toEqual(new Array(2).fill({ isComplete: false, best: null, count: 0 }));
      expect(budgets[0]).toEqual(budgets[1]);
      expect(budgets[0]?.steps).toBeGreaterThanOrEqual(0);
      expect(budgets[0]?.steps).toBeLessThanOrEqual(steps);
    }
  });

  it("is shared: what one search used is missing to the next", () => {
    const budget = { steps: 1_000_000 };
    searchSubset(problem, budget);
    const once = { steps: 1_000_000 - budget.steps };
    expect(searchSubset(problem, once).isComplete).toBe(true);
    expect(searchSubset(problem, once).isComplete).toBe(false);
  });
});
