import fc from "../support/fast-check.ts";

const SAMPLE_SIZE = 400;
const samples = new Map<string, readonly unknown[]>();

/** Draws that follow from a seed alone. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b1);
  }

  /** A whole number, bounds included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.#next() * (max - min + 1));
  }

  /** True this often, in percent. */
  percent(share: number): boolean {
    return this.#next() * 100 < share;
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new Error("there is nothing to pick");
    return list[this.int(0, list.length - 1)] as T;
  }

  /** One of the weighted choices. */
  weigh<const C extends readonly (readonly [weight: number, choice: unknown])[]>(choices: C): C[number][1] {
    let rest = this.int(0, choices.reduce((sum, [weight]) => sum + weight, 0) - 1);
    for (const [weight, choice] of choices) {
      rest -= weight;
      if (rest < 0) return choice;
    }
    throw new Error("the weights do not add up");
  }

  some<T>(list: readonly T[], share: number): T[] {
    return list.filter(() => this.percent(share));
  }

  /** One of many values that fast-check has made; making them is slow, so it is done once for each name. */
  sample<T>(name: string, describe: () => fc.Arbitrary<T>): T {
    let sample = samples.get(name) as T[] | undefined;
    sample ??= fc.sample(describe(), { seed: 1, numRuns: SAMPLE_SIZE });
    samples.set(name, sample);
    return this.pick(sample);
  }

  /** An id that nobody has. */
  uuid(): string {
    return this.sample("uuid", () => fc.uuid({ version: 7 }));
  }

  word(): string {
    return this.int(0, 2 ** 50).toString(36);
  }

  /** In [0, 1): splitmix32. */
  #next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  }
}
