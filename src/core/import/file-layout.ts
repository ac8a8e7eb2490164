import { type FieldError, fail, ok, type Result } from "../result.ts";
import { type Delimiter, type RowPlace, readRows } from "./csv-rows.ts";
import { detectDelimiter } from "./dialect.ts";
import { findStart } from "./file-start.ts";
import { type BoundColumn, bindColumns, type Mapping } from "./mapping.ts";
import { countColumns } from "./problem.ts";

/** What the beginning of a file says about all of it. */
export interface FileLayout {
  delimiter: Delimiter;
  header: string[];
  /** The line at which it begins. */
  headerLine: number;
  columns: BoundColumn[];
  columnCount: number;
  /** Where the first row behind the header begins. */
  firstRow: RowPlace;
}

/** Reads the beginning of a file, in UTF-8, and finds a mapping's columns in it. */
export function readLayout(head: Uint8Array, isWhole: boolean, mapping: Mapping): Result<FileLayout, FieldError[]> {
  const start = findStart(head, isWhole);
  const { place } = start;
  if (isWhole && place.offset === head.length) return refuseFile("empty_file", "The file is empty.");
  const delimiter =
    start.delimiter ?? detectDelimiter(head.subarray(place.offset), isWhole, Object.keys(mapping.columns));
  const [first] = readRows(head, place, { delimiter, isLast: isWhole, maxRows: 1 }).rows;
  if (!first || first.fault !== null)
    return refuseFile("invalid_header", "The file's first row cannot be read as CSV.");
  const columns = bindColumns(first.cells, mapping);
  if (!columns.ok) return columns;
  const { cells: header, line: headerLine, next: firstRow } = first;
  return ok({ delimiter, header, headerLine, columns: columns.value, columnCount: countColumns(header), firstRow });
}

function refuseFile(code: string, message: string): Result<never, FieldError[]> {
  return fail([{ path: "/file", code, message }]);
}
