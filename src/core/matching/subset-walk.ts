import { firstOf, NO_LIST, restOf, type SubsetHalf } from "./subset-half.ts";
import type { SubsetValues } from "./subset-problem.ts";

/** After the last place; before every place there is, as a set comes before those that it begins. */
export const END = -1;

/** Goes through the first set that a left and a right sum make: a list of each half, up to where their sum is reached. */
export class SubsetWalk {
  readonly #values: readonly number[];
  /** A set reaches this place at the least. */
  readonly #least: number;
  readonly #left: SubsetHalf;
  readonly #right: SubsetHalf;
  #half: SubsetHalf;
  #list = NO_LIST;
  #rightList = NO_LIST;
  #rest = 0;
  #reached = END;

  constructor({ values, required }: SubsetValues, left: SubsetHalf, right: SubsetHalf) {
    this.#values = values;
    this.#least = required.at(-1) ?? 0;
    this.#left = left;
    this.#right = right;
    this.#half = left;
  }

  start(left: number, right: number): void {
    this.#half = this.#left;
    this.#list = this.#left.lists[left] as number;
    this.#rightList = this.#right.lists[right] as number;
    this.#rest = (this.#left.sums[left] as number) + (this.#right.sums[right] as number);
    this.#reached = END;
  }

  /** The next place of the set, ascending. */
  next(): number {
    // Lists run on through values that sum to nothing; the set ends before those.
    if (this.#rest === 0 && this.#reached >= this.#least) return END;
    if (this.#list === NO_LIST) {
      this.#half = this.#right;
      this.#list = this.#rightList;
      this.#rightList = NO_LIST;
      if (this.#list === NO_LIST) return END;
    }
    const place = firstOf(this.#half, this.#list);
    this.#list = restOf(this.#half, this.#list);
    this.#rest -= this.#values[place] as number;
    this.#reached = place;
    return place;
  }
}
