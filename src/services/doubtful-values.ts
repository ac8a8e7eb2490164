const DOUBTFUL_MAX_VALUES = 10;

/**
 * What D1 may hold once a batch has been tried that replaces a value of which it is the only writer. The first of
 * `known` is what was written for certain, the others are of batches whose outcome is not known.
 */
export function withDoubtful<Value>(known: readonly Value[], next: Value): Value[] {
  return [...known.slice(0, 1), ...new Set([...known.slice(1), next].slice(-DOUBTFUL_MAX_VALUES))];
}
