import {
  type Reach,
  reachOfValue,
  type SubsetProblem,
  type SubsetValues,
  spend,
  type WorkBudget,
} from "./subset-problem.ts";

/** No more sums than a list's place in a layer can name, and no more values than its layer can. */
const SUM_BITS = 20;
const MAX_SUMS = 2 ** SUM_BITS;
const MAX_VALUES = 2 ** 12 - 1;
const MAX_BYTES = 43_000_000;
const BYTES_OF_SUM = 8 + 1 + 4;
const BYTES_OF_KEPT_LIST = 4;
/** Counts stop here: one more than two, since the empty set may have to be taken off. */
const MANY = 3;

export const NO_LIST = 0xffff_ffff;

/** The distinct sums, ascending, of the sets of some last values of a half, and of each how many sets have it, and the first of these. */
interface Layer {
  sums: Float64Array;
  counts: Uint8Array;
  lists: Uint32Array;
  size: number;
}

/**
 * All distinct sums of neighbouring values. Of the sets with one sum, `lists` names the first when two are compared
 * item by item and a longer one comes before its own beginning: so that what follows in another half may follow.
 */
export interface SubsetHalf extends Layer {
  /** The place of the first value after the half. */
  end: number;
  /** The lists of the layer to which each value, from the last one on, was added: what follows that value in a list. */
  kept: Uint32Array[];
}

/**
 * Sums the sets of the values from `start` to before `end`, without the sums that what is `outside` cannot bring into an
 * interval. Undefined when the budget, or the memory beside the bytes `inUse`, does not suffice.
 */
export function sumHalf(
  problem: SubsetValues & Pick<SubsetProblem, "intervals">,
  [start, end]: readonly [start: number, end: number],
  outside: Reach,
  inUse: number,
  budget: WorkBudget,
): SubsetHalf | undefined {
  if (end - start > MAX_VALUES) return undefined;
  const reaches = listReaches(problem, start, end, outside);
  const kept: Uint32Array[] = [];
  let layer = emptySetOnly();
  let spare = makeLayer(0);
  for (let place = end - 1; place >= start && layer.size > 0; place--) {
    if (problem.excluded.includes(place)) {
      kept.push(NOTHING_KEPT);
      continue;
    }
    const room = Math.min(2 * layer.size, MAX_SUMS);
    kept.push(layer.lists.slice(0, layer.size));
    if (spare.sums.length < room) spare = makeLayer(room);
    if (inUse + bytesOf(kept) + (layer.sums.length + spare.sums.length) * BYTES_OF_SUM > MAX_BYTES) return undefined;
    if (budget.steps < 2 * layer.size) return undefined;
    const steps = addValue(layer, spare, place, end - 1 - place, problem, reaches[place - start] as Reach);
    if (steps === undefined) return undefined;
    spend(budget, steps);
    [layer, spare] = [spare, layer];
  }
  return { ...layer, end, kept };
}

const NOTHING_KEPT = new Uint32Array(0);

/** The memory that a half holds, in bytes. */
export function bytesOfHalf(half: SubsetHalf): number {
  return bytesOf(half.kept) + half.sums.length * BYTES_OF_SUM;
}

function bytesOf(kept: readonly Uint32Array[]): number {
  return kept.reduce((bytes, lists) => bytes + lists.length * BYTES_OF_KEPT_LIST, 0);
}

/** The place of the first value of a list. */
export function firstOf(half: SubsetHalf, list: number): number {
  return half.end - 1 - (list >>> SUM_BITS);
}

/** A list without its first value. */
export function restOf(half: SubsetHalf, list: number): number {
  return (half.kept[list >>> SUM_BITS] as Uint32Array)[list & (MAX_SUMS - 1)] as number;
}

/** For each value: what those before it, and those outside, add at the least and at the most. */
function listReaches(problem: SubsetValues, start: number, end: number, outside: Reach): Reach[] {
  const reaches: Reach[] = [];
  let { least, most } = outside;
  for (let place = start; place < end; place++) {
    reaches.push({ least, most });
    const own = reachOfValue(problem, place);
    least += own.least;
    most += own.most;
  }
  return reaches;
}

function makeLayer(room: number): Layer {
  return { sums: new Float64Array(room), counts: new Uint8Array(room), lists: new Uint32Array(room), size: 0 };
}

function emptySetOnly(): Layer {
  const layer = makeLayer(1);
  layer.counts[0] = 1;
  layer.lists[0] = NO_LIST;
  layer.size = 1;
  return layer;
}

/** Merges the sums without a value and those with it; answers the steps it took, or undefined when there is no room. */
function addValue(
  from: Layer,
  into: Layer,
  place: number,
  ordinal: number,
  { values, required, intervals }: SubsetValues & Pick<SubsetProblem, "intervals">,
  { least, most }: Reach,
): number | undefined {
  const { sums, counts, lists, size } = from;
  const value = values[place] as number;
  const room = into.sums.length;
  let [raised, made, steps, near] = [0, 0, 0, 0];
  let without = required.includes(place) ? size : 0;
  while (without < size || raised < size) {
    steps++;
    const low = without < size ? (sums[without] as number) : Number.POSITIVE_INFINITY;
    const high = raised < size ? (sums[raised] as number) + value : Number.POSITIVE_INFINITY;
    const sum = low < high ? low : high;
    while (near < intervals.length && (intervals[near] as { max: number }).max < sum + least) near++;
    const interval = intervals[near];
    if (interval === undefined) break;
    if (interval.min <= sum + most) {
      if (made === room) return undefined;
      const count = (low === sum ? (counts[without] as number) : 0) + (high === sum ? (counts[raised] as number) : 0);
      into.sums[made] = sum;
      into.counts[made] = count < MANY ? count : MANY;
      // A set with this value comes before every set of later ones, so nothing has to be compared.
      into.lists[made] = high === sum ? ordinal * MAX_SUMS + raised : (lists[without] as number);
      made++;
    }
    if (low === sum) without++;
    if (high === sum) raised++;
  }
  into.size = made;
  return steps;
}
