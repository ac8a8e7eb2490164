import type { CsvRow, RowFault } from "./csv-rows.ts";
import { trimName } from "./dialect.ts";
import { COLUMN_MAX_CHARS, CSV_ROW_MAX_BYTES, HEADER_MAX_PROBLEMS } from "./limits.ts";

/** What is wrong with a line of a file, counted from 1; `column` is null where it is none in particular. */
export interface ImportProblem {
  line: number;
  column: string | null;
  code: string;
  message: string;
  /** Of a row that is not the record that it was taken for: what is not the same, and which record that is. */
  fields?: string[];
  record_id?: string;
}

const FAULTS: Record<RowFault, string> = {
  misplaced_quote: "A quote must stand at the beginning and at the end of a cell; within it, it is doubled.",
  unclosed_quote: "A quote is opened and not closed.",
  row_too_long: `The row is longer than ${CSV_ROW_MAX_BYTES / 1_024} KB; most likely a quote is not closed.`,
};

/** What makes a row no row of the file; undefined if nothing does. */
export function findFault({ line, cells, fault }: CsvRow, columnCount: number): ImportProblem | undefined {
  if (fault !== null) return { line, column: null, code: fault, message: FAULTS[fault] };
  const count = cells.findLastIndex((cell) => cell.trim() !== "") + 1;
  if (cells.length >= columnCount && count <= columnCount) return undefined;
  const message = `Has ${cells.length} cells, the header ${columnCount}.`;
  return { line, column: null, code: "cell_count", message };
}

interface Header {
  header: readonly string[];
  headerLine: number;
}

/** Columns without a name, and names that several have. They can be in no mapping and are ignored. */
export function listHeaderProblems({ header, headerLine: line }: Header): ImportProblem[] {
  const names = header.slice(0, countColumns(header)).map(trimName);
  const [seen, repeated] = [new Set<string>(), new Set<string>()];
  for (const name of names) (seen.has(name) ? repeated : seen).add(name);
  repeated.delete("");
  const describe = (name: string, code: string, what: string): ImportProblem => {
    return { line, column: name.slice(0, COLUMN_MAX_CHARS), code, message: `${what}; what is there is ignored.` };
  };
  const unnamed = seen.has("") ? [describe("", "unnamed_column", "A column has no name")] : [];
  const others = [...repeated].map((name) => describe(name, "repeated_column", "Several columns have this name"));
  return [...unnamed, ...others].slice(0, HEADER_MAX_PROBLEMS);
}

/** How many columns a file has: delimiters behind the last name are none. */
export function countColumns(header: readonly string[]): number {
  return header.findLastIndex((cell) => trimName(cell) !== "") + 1;
}
