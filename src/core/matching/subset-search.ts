import { bytesOfHalf, sumHalf } from "./subset-half.ts";
import { SubsetJoin } from "./subset-join.ts";
import {
  type Reach,
  reachOfValue,
  type SubsetAnswer,
  type SubsetProblem,
  spend,
  type WorkBudget,
} from "./subset-problem.ts";
import { findSplit } from "./subset-split.ts";
import { listWindows } from "./subset-window.ts";

export type { SubsetAnswer, SubsetProblem, WorkBudget } from "./subset-problem.ts";

/**
 * Finds the set of values whose sum is accepted at the smallest distance: of several, the one that comes
 * first item by item. Exact, unless it is cut because the budget's steps or 43 MB do not suffice. Throws a RangeError
 * when the absolute values together exceed Number.MAX_SAFE_INTEGER.
 */
export function searchSubset(problem: SubsetProblem, budget: WorkBudget): SubsetAnswer {
  if (!Number.isSafeInteger(problem.values.reduce((sum, value) => sum + Math.abs(value), 0))) {
    throw new RangeError("the sums of these values are not exact");
  }
  const found = search(problem, budget);
  return found ? { isComplete: true, ...found } : { isComplete: false, best: null, count: 0 };
}

function search(problem: SubsetProblem, budget: WorkBudget): Omit<SubsetAnswer, "isComplete"> | undefined {
  const { values } = problem;
  const split = findSplit(values);
  const right = sumHalf(problem, [split, values.length], reachOf(problem, split), 0, budget);
  if (!right) return undefined;
  if (right.size === 0) return { best: null, count: 0 };
  const added = { least: right.sums[0] as number, most: right.sums[right.size - 1] as number };
  const left = sumHalf(problem, [0, split], added, bytesOfHalf(right), budget);
  if (!left) return undefined;
  const join = new SubsetJoin(problem, left, right, budget.steps);
  for (const window of listWindows(problem)) join.search(window);
  spend(budget, join.steps);
  return join.answer;
}

function reachOf(problem: SubsetProblem, end: number): Reach {
  const reach = { least: 0, most: 0 };
  for (let place = 0; place < end; place++) {
    const { least, most } = reachOfValue(problem, place);
    reach.least += least;
    reach.most += most;
  }
  return reach;
}
