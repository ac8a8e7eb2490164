/** Where an interval of whole amounts is found: under a text, by one of its bounds. */
export interface IntervalKey {
  text: string;
  rank: number;
}

/** Where all intervals of one level stand that have an amount in them: under a text, with a rank from `min` to `max`. */
export interface IntervalCell {
  text: string;
  min: number;
  max: number;
}

const MAX_LEVEL = 50;

/**
 * The places of an interval of minor units, bounds included: one for a single amount, else two. Its cell is the smallest
 * one of a power of two that holds it, so that its bounds lie on either side of that cell's middle.
 */
export function listIntervalKeys(lower: number, upper: number): IntervalKey[] {
  let level = 0;
  while (cellOf(lower, level) !== cellOf(upper, level)) level += 1;
  const text = textOf(level, cellOf(lower, level));
  if (level === 0) return [{ text, rank: lower }];
  return [
    { text: `${text}l`, rank: lower },
    { text: `${text}u`, rank: upper },
  ];
}

/** The intervals of a level, 0 … 50, that hold an amount, and no others. */
export function findIntervalCell(level: number, amount: number): IntervalCell {
  const cell = cellOf(amount, level);
  const text = textOf(level, cell);
  if (level === 0) return { text, min: amount, max: amount };
  const middle = (cell + 0.5) * 2 ** level;
  // Every interval there begins before the middle and reaches it: one of its bounds tells whether it holds the amount.
  return amount < middle
    ? { text: `${text}l`, min: 0, max: amount }
    : { text: `${text}u`, min: amount, max: Number.MAX_SAFE_INTEGER };
}

/** The level that a place's text names; undefined for a text of another kind. */
export function levelOf(text: string): number | undefined {
  const level = /^(\d\d):/.exec(text)?.[1];
  return level === undefined || Number(level) > MAX_LEVEL ? undefined : Number(level);
}

/** A text that comes after every place of a level, and before those of the next one. */
export function endOfLevel(level: number): string {
  return `${nameOf(level)};`;
}

function cellOf(amount: number, level: number): number {
  return Math.floor(amount / 2 ** level);
}

function textOf(level: number, cell: number): string {
  return `${nameOf(level)}:${cell}:`;
}

function nameOf(level: number): string {
  return String(level).padStart(2, "0");
}
