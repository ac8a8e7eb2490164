import { DELIMITERS, type Delimiter, readRows } from "./csv-rows.ts";
import { DELIMITER_SAMPLE_ROWS } from "./limits.ts";

export const FILE_START = { offset: 0, line: 1, isInLine: false };

/**
 * The delimiter of a CSV file, by its first bytes in UTF-8: the one under which most of the wanted columns are there,
 * then the one under which most rows have as many cells as the first, then the one that gives most cells.
 */
export function detectDelimiter(head: Uint8Array, isWhole: boolean, wanted: readonly string[]): Delimiter {
  const [best] = DELIMITERS.map((delimiter) => rate(head, isWhole, wanted, delimiter)).sort(compareRatings);
  return (best as Rating).delimiter;
}

interface Rating {
  delimiter: Delimiter;
  /** The larger the better, the first ones first. */
  points: [wanted: number, even: number, cells: number];
}

function rate(head: Uint8Array, isLast: boolean, wanted: readonly string[], delimiter: Delimiter): Rating {
  const { rows } = readRows(head, FILE_START, { delimiter, isLast, maxRows: DELIMITER_SAMPLE_ROWS + 1 });
  const [first, ...others] = rows.filter((row) => !isBlank(row.cells));
  const names = new Set(first?.cells.map(trimName));
  const cells = first?.cells.length ?? 0;
  // Where nothing is cut, all rows have the same number of cells: one.
  const even = cells < 2 ? 0 : others.filter((row) => row.cells.length === cells).length / Math.max(1, others.length);
  return { delimiter, points: [wanted.filter((name) => names.has(trimName(name))).length, even, cells] };
}

/** The best one first; among equals the order stays. */
function compareRatings(left: Rating, right: Rating): number {
  const place = left.points.findIndex((points, place) => points !== right.points[place]);
  return place === -1 ? 0 : (right.points[place] as number) - (left.points[place] as number);
}

/** A row of nothing but delimiters and blanks says nothing. */
export function isBlank(cells: readonly string[]): boolean {
  return cells.every((cell) => cell.trim() === "");
}

/** The name of a column; blanks around it do not count. */
export function trimName(cell: string): string {
  return cell.trim();
}
