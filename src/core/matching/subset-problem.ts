/** Values to choose from: a set is not empty, has all of the required ones and none of the excluded ones. */
export interface SubsetValues {
  /** Signed integers (minor units), in candidate order: the earlier a value stands, the more it is preferred. */
  values: readonly number[];
  /** Places, ascending. */
  required: readonly number[];
  excluded: readonly number[];
}

export interface SubsetProblem extends SubsetValues {
  /** Only sums in these closed intervals can be accepted (integers; disjoint, ascending). */
  intervals: readonly { min: number; max: number }[];
  /** The distance of an accepted sum from what is wanted, ≥ 0, or undefined if this sum is refused after all. Pure. */
  distanceOf(sum: number): number | undefined;
  /**
   * A promise that spares looking at every sum of a wide interval: the integers that are wanted most, so that
   * `distanceOf`, where it is defined, never falls as a sum moves away from the one of these that is nearest to it.
   */
  wanted?: readonly number[];
}

export interface SubsetAnswer {
  /** False when the search was cut: then nothing is said about sets. */
  isComplete: boolean;
  /** Places in `values`, ascending, of the best set; null when none fits. */
  best: number[] | null;
  /** How many sets fit, 0, 1, or 2 for "two or more". */
  count: 0 | 1 | 2;
}

/** What a value adds to the sums of sets at the least and at the most. */
export interface Reach {
  least: number;
  most: number;
}

export function reachOfValue({ values, required, excluded }: SubsetValues, place: number): Reach {
  const value = excluded.includes(place) ? 0 : (values[place] as number);
  return required.includes(place)
    ? { least: value, most: value }
    : { least: Math.min(0, value), most: Math.max(0, value) };
}

/** Work is counted in steps, never by the clock; the budget is shared by searches. */
export interface WorkBudget {
  steps: number;
}

/** Takes the steps that were used from what is left, never below 0. */
export function spend(budget: WorkBudget, steps: number): void {
  budget.steps = Math.max(0, budget.steps - steps);
}
