import type { CsvRow, RowFault } from "./csv-rows.ts";
import { trimName } from "./dialect.ts";

/** What is wrong with a line of a file, the header being line 1; `column` is null where it is none in particular. */
export interface ImportProblem {
  line: number;
  column: string | null;
  code: string;
  message: string;
}

const FAULTS: Record<RowFault, string> = {
  misplaced_quote: "A quote must stand at the beginning and at the end of a cell; within it, it is doubled.",
  unclosed_quote: "A quote is opened and not closed.",
  row_too_long: "The row is longer than 128 KB; most likely a quote is not closed.",
};

/** What makes a row no row of the file; undefined if nothing does. */
export function findFault({ line, cells, fault }: CsvRow, columnCount: number): ImportProblem | undefined {
  if (fault !== null) return { line, column: null, code: fault, message: FAULTS[fault] };
  const count = cells.findLastIndex((cell) => cell.trim() !== "") + 1;
  if (cells.length >= columnCount && count <= columnCount) return undefined;
  const message = `Has ${cells.length} cells, the header ${columnCount}.`;
  return { line, column: null, code: "cell_count", message };
}

const NAME_MAX_CHARS = 255;
const HEADER_MAX_PROBLEMS = 20;

/** Columns without a name, and names that several have. They can be in no mapping and are ignored. */
export function listHeaderProblems(header: readonly string[]): ImportProblem[] {
  const names = header.slice(0, countColumns(header)).map(trimName);
  const isRepeated = (name: string, place: number) => names.indexOf(name) < place;
  const repeated = new Set(names.filter((name, place) => name !== "" && isRepeated(name, place)));
  const unnamed = names.includes("") ? [describeHeader("", "unnamed_column", "A column has no name")] : [];
  const others = [...repeated].map((name) => describeHeader(name, "repeated_column", "Several columns have this name"));
  return [...unnamed, ...others].slice(0, HEADER_MAX_PROBLEMS);
}

function describeHeader(name: string, code: string, what: string): ImportProblem {
  return { line: 1, column: name.slice(0, NAME_MAX_CHARS), code, message: `${what}; what is there is ignored.` };
}

/** How many columns a file has: delimiters behind the last name are none. */
export function countColumns(header: readonly string[]): number {
  return header.findLastIndex((cell) => trimName(cell) !== "") + 1;
}
