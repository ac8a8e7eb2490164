/** The place that parts the values in two, so that the half that may have more distinct sums has few. */
export function findSplit(values: readonly number[]): number {
  const fromStart = listBounds(values);
  const fromEnd = listBounds(values.toReversed());
  const larger = fromStart.map((bound, place) => Math.max(bound, fromEnd[values.length - place] as number));
  return larger.indexOf(Math.min(...larger));
}

/** For the first 0, 1, 2 … values: how many distinct sums their sets have at most. */
function listBounds(values: readonly number[]): number[] {
  const copies = new Map<number, number>();
  let choices = 1;
  let reach = 0;
  let divisor = 0;
  const bounds = [1];
  for (const value of values) {
    const size = Math.abs(value);
    if (size > 0) {
      const count = copies.get(size) ?? 0;
      copies.set(size, count + 1);
      choices *= (count + 2) / (count + 1);
      reach += size;
      divisor = greatestDivisor(size, divisor);
    }
    bounds.push(reach === 0 ? 1 : Math.min(choices, reach / divisor + 1));
  }
  return bounds;
}

function greatestDivisor(left: number, right: number): number {
  return right === 0 ? left : greatestDivisor(right, left % right);
}
