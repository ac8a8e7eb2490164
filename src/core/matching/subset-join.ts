import type { SubsetHalf } from "./subset-half.ts";
import type { SubsetAnswer, SubsetProblem } from "./subset-problem.ts";
import { END, SubsetWalk } from "./subset-walk.ts";
import type { SubsetWindow } from "./subset-window.ts";

/** The places that two sets may have in common at no more than the step of their sum, and for each step beyond. */
const PLACES_FREE = 16;
const PLACES_A_STEP = 4;

/** Finds, among the sums that a left and a right half make together, the best set and whether there is another. */
export class SubsetJoin {
  readonly #problem: SubsetProblem;
  readonly #left: SubsetHalf;
  readonly #right: SubsetHalf;
  readonly #maxSteps: number;
  readonly #walk: SubsetWalk;
  readonly #best: number[] = [];
  #distance = Number.POSITIVE_INFINITY;
  #count = 0;
  #steps = 0;

  constructor(problem: SubsetProblem, left: SubsetHalf, right: SubsetHalf, maxSteps: number) {
    this.#problem = problem;
    this.#left = left;
    this.#right = right;
    this.#maxSteps = maxSteps;
    this.#walk = new SubsetWalk(problem, left, right);
  }

  get steps(): number {
    return this.#steps;
  }

  /** Undefined when the steps did not suffice. */
  get answer(): Omit<SubsetAnswer, "isComplete"> | undefined {
    if (this.#isCut) return undefined;
    return { best: this.#count === 0 ? null : this.#best, count: Math.min(2, this.#count) as 0 | 1 | 2 };
  }

  get #isCut(): boolean {
    return this.#steps > this.#maxSteps;
  }

  /** Looks at every sum of a window that may matter. */
  search(window: SubsetWindow): void {
    const { sums, size } = this.#right;
    const open = { ...window };
    const [least, most] = [sums[0] as number, sums[size - 1] as number];
    let start = size;
    for (let left = 0; left < this.#left.size && !this.#isCut; left++) {
      const sum = this.#left.sums[left] as number;
      if (open.min > open.max || sum + least > open.max) return;
      this.#steps++;
      if (sum + most < open.min) continue;
      const before = start;
      while (start > 0 && sum + (sums[start - 1] as number) >= open.near) start--;
      // Moving on is cheap, and never more than the right half's sums in all: two moves are a step.
      this.#steps += (before - start) >> 1;
      this.#searchFrom(left, start, 1, open);
      this.#searchFrom(left, start - 1, -1, open);
    }
  }

  #searchFrom(left: number, start: number, way: 1 | -1, open: SubsetWindow): void {
    const { sums, size } = this.#right;
    const base = this.#left.sums[left] as number;
    for (let right = start; right >= 0 && right < size && !this.#isCut; right += way) {
      const sum = base + (sums[right] as number);
      if (sum < open.min || sum > open.max) return;
      const distance = this.#visit(left, right, sum);
      if (!open.isOrdered || distance === undefined || distance <= this.#distance || this.#count < 2) continue;
      // Whatever lies farther out is no better, and that there are two is known.
      if (way === 1) open.max = sum - 1;
      else open.min = sum + 1;
    }
  }

  #visit(left: number, right: number, sum: number): number | undefined {
    this.#steps++;
    const distance = this.#problem.distanceOf(sum);
    if (distance === undefined) return undefined;
    const sets = this.#countSets(left, right);
    this.#count += sets;
    if (sets > 0 && distance <= this.#distance) this.#keepBetter(left, right, distance);
    return distance;
  }

  #countSets(left: number, right: number): number {
    const sets = (this.#left.counts[left] as number) * (this.#right.counts[right] as number);
    const hasEmpty = this.#left.sums[left] === 0 && this.#right.sums[right] === 0;
    return hasEmpty && this.#problem.required.length === 0 ? sets - 1 : sets;
  }

  #keepBetter(left: number, right: number, distance: number): void {
    this.#walk.start(left, right);
    let length = 0;
    let place = this.#walk.next();
    if (distance === this.#distance) {
      while (place !== END && place === this.#best[length]) {
        length++;
        place = this.#walk.next();
      }
      this.#steps += Math.floor(Math.max(0, length - PLACES_FREE) / PLACES_A_STEP);
      if (place >= (this.#best[length] ?? END)) return;
    }
    this.#distance = distance;
    for (; place !== END; place = this.#walk.next()) this.#best[length++] = place;
    this.#best.length = length;
  }
}
