import { CsvError, parse } from "csv-parse/sync";
import { CSV_ROW_MAX_BYTES } from "./limits.ts";

export const DELIMITERS = [",", ";", "\t", "|"] as const;
export type Delimiter = (typeof DELIMITERS)[number];

export type RowFault = "misplaced_quote" | "unclosed_quote" | "row_too_long";

/** A place between two rows. */
export interface RowPlace {
  /** Bytes before it. */
  offset: number;
  /** The physical line that begins there, counted from 1 on. */
  line: number;
  /** What comes next is still a line that was too long, up to its end. */
  isInLine: boolean;
}

/** A row, or what is wrong with it as CSV. */
export interface CsvRow {
  /** Where it begins. */
  line: number;
  /** What comes after it. */
  next: RowPlace;
  cells: string[];
  fault: RowFault | null;
}

export interface RowOptions {
  delimiter: Delimiter;
  /** Whether nothing comes after these bytes. */
  isLast: boolean;
  maxRows: number;
}

/**
 * The next rows of a CSV file in UTF-8, of which the bytes from `from` on are looked at; offsets count from the first of
 * `bytes`. A row that may go on after them is left for the next time. A row that is wrong ends with its first line, so
 * that those behind it are read.
 */
export function readRows(bytes: Uint8Array, from: RowPlace, options: RowOptions): { rows: CsvRow[]; next: RowPlace } {
  const rows: CsvRow[] = [];
  let place = from.isInLine ? skipLine(bytes, from, options.isLast) : from;
  while (rows.length < options.maxRows && place.offset < bytes.length && !place.isInLine) {
    const { found, fault: met } = parseFrom(bytes, place, { ...options, maxRows: options.maxRows - rows.length });
    for (const row of found) rows.push(row);
    place = found.at(-1)?.next ?? place;
    const isOpen = met === "unclosed_quote" || (met === null && rows.length < options.maxRows);
    const fault = isOpen && bytes.length - place.offset > CSV_ROW_MAX_BYTES ? "row_too_long" : met;
    if (fault === null) break;
    const next = endFaultyRow(bytes, place, fault, options.isLast);
    if (!next) break;
    rows.push({ line: place.line, next, cells: [], fault });
    place = next;
  }
  return { rows, next: place };
}

/** Rows up to the first faulty one, or the end. */
function parseFrom(
  bytes: Uint8Array,
  from: RowPlace,
  { delimiter, isLast, maxRows }: RowOptions,
): { found: CsvRow[]; fault: RowFault | null } {
  const found: CsvRow[] = [];
  let place = from;
  const takeRow = (cells: string[], length: number) => {
    const offset = from.offset + length;
    if (offset - place.offset > CSV_ROW_MAX_BYTES) throw new RowTooLong();
    // What touches the end may go on: its last character may be the first half of a line's end.
    if (offset === bytes.length && !isLast) return;
    const next = { offset, line: place.line + countLines(bytes, place.offset, offset), isInLine: false };
    found.push({ line: place.line, next, cells, fault: null });
    place = next;
  };
  try {
    parse(bytes.subarray(from.offset), {
      delimiter,
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      // Counts cells alone, neither delimiters nor quotes; it ends the reading of a row early that has a long one.
      max_record_size: CSV_ROW_MAX_BYTES,
      to: maxRows,
      on_record: (cells: string[], { bytes: length }) => {
        takeRow(cells, length);
        return null;
      },
    });
    return { found, fault: null };
  } catch (error) {
    if (error instanceof RowTooLong) return { found, fault: "row_too_long" };
    if (!(error instanceof CsvError)) throw error;
    return { found, fault: faultOf(error) };
  }
}

class RowTooLong extends Error {}

function faultOf({ code }: CsvError): RowFault {
  switch (code) {
    case "CSV_QUOTE_NOT_CLOSED":
      return "unclosed_quote";
    case "CSV_MAX_RECORD_SIZE":
      return "row_too_long";
    default:
      return "misplaced_quote";
  }
}

/** Where to go on behind a faulty row; undefined if it may turn out well with the bytes that come next. */
function endFaultyRow(bytes: Uint8Array, start: RowPlace, fault: RowFault, isLast: boolean): RowPlace | undefined {
  if (fault === "unclosed_quote" && !isLast) return undefined;
  const next = skipLine(bytes, start, isLast);
  if (!next.isInLine || isLast) return { ...next, isInLine: false };
  return bytes.length - start.offset > CSV_ROW_MAX_BYTES ? next : undefined;
}

/** Behind the end of the line; within it, if the bytes end before. */
export function skipLine(bytes: Uint8Array, { offset, line }: RowPlace, isLast: boolean): RowPlace {
  for (let at = offset; at < bytes.length; at++) {
    if (!endsLine(bytes, at)) continue;
    const mayGoOn = bytes[at] === CR && at === bytes.length - 1 && !isLast;
    return mayGoOn ? { offset: at, line, isInLine: true } : { offset: at + 1, line: line + 1, isInLine: false };
  }
  return { offset: bytes.length, line, isInLine: true };
}

const CR = 0x0d;
const LF = 0x0a;

function countLines(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) if (endsLine(bytes, at)) count += 1;
  return count;
}

/** Whether a line ends with this byte; of CR LF it is the second. */
function endsLine(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] !== LF);
}
