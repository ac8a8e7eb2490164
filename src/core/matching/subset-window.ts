import type { SubsetProblem } from "./subset-problem.ts";

/** Sums to be looked at, from `near` on in both ways. */
export interface SubsetWindow {
  min: number;
  max: number;
  near: number;
  /** True when distances never fall on the way from `near` to either end. */
  isOrdered: boolean;
}

/** The intervals of a problem, parted where another wanted sum becomes the nearest. */
export function listWindows({ intervals, wanted = [] }: SubsetProblem): SubsetWindow[] {
  if (wanted.length === 0) return intervals.map(({ min, max }) => ({ min, max, near: min, isOrdered: false }));
  const sums = wanted.toSorted((left, right) => left - right);
  return intervals.flatMap((interval) => sums.flatMap((_, place) => narrow(interval, sums, place)));
}

function narrow(interval: { min: number; max: number }, sums: readonly number[], place: number): SubsetWindow[] {
  const [before, near, after] = [sums[place - 1], sums[place] as number, sums[place + 1]];
  const min = before === undefined ? interval.min : Math.max(interval.min, middleOf(before, near) + 1);
  const max = after === undefined ? interval.max : Math.min(interval.max, middleOf(near, after));
  return min > max ? [] : [{ min, max, near: Math.min(Math.max(near, min), max), isOrdered: true }];
}

function middleOf(left: number, right: number): number {
  return Number((BigInt(left) + BigInt(right)) >> 1n);
}
