import {
  IMPORT_MAX_PROBLEMS,
  IMPORT_SLICE_MAX_BYTES,
  IMPORT_SLICE_MAX_RECORD_BYTES,
  IMPORT_SLICE_MAX_ROWS,
} from "../config.ts";
import { type CsvRow, type RowPlace, readRows } from "../core/import/csv-rows.ts";
import { isBlank } from "../core/import/dialect.ts";
import type { ImportPosition } from "../core/import/position.ts";
import type { ImportProblem } from "../core/import/problem.ts";
import { type FileRow, type RowReader, readRow } from "../core/import/read-row.ts";
import { moveTo, openWindow, widen } from "../core/import/text-window.ts";
import type { Db } from "../db/client.ts";
import { findChunk } from "../db/import-chunks.ts";
import type { UnfinishedImport } from "../db/imports.ts";

/** The next rows of a file, read. */
export interface RowSlice {
  rows: FileRow[];
  /** How many are wrong, and what is wrong with them. */
  failed: number;
  problems: ImportProblem[];
  position: ImportPosition;
  /** Whether they are the last ones. */
  isLast: boolean;
}

/** Reads rows of a file from where its import has come to, as many as one batch takes. */
export async function readImportSlice(db: Db, row: UnfinishedImport, reader: RowReader): Promise<RowSlice> {
  const taken: TakenRows = { rows: [], failed: 0, problems: [], bytes: 0 };
  let window = openWindow(row.position, await getChunk(db, row, row.position.chunk));
  let place = window.start;
  const endAt = (place: RowPlace, isLast: boolean): RowSlice => {
    const { rows, failed, problems } = taken;
    return { rows, failed, problems, position: moveTo(row.position, window, place), isLast };
  };
  for (;;) {
    const options = { delimiter: row.dialect.delimiter, isLast: window.isWhole, maxRows: IMPORT_SLICE_MAX_ROWS };
    const { rows, next } = readRows(window.bytes, place, options);
    const full = rows.find((csvRow) => takeRow(taken, reader, csvRow));
    if (full) return endAt(full.next, false);
    place = next;
    const isExhausted = rows.length < IMPORT_SLICE_MAX_ROWS;
    if (isExhausted && window.isWhole) return endAt(place, true);
    if (place.offset - window.start.offset >= IMPORT_SLICE_MAX_BYTES) return endAt(place, false);
    if (isExhausted) window = widen(window, await getChunk(db, row, window.chunk + 1));
  }
}

interface TakenRows {
  rows: FileRow[];
  failed: number;
  problems: ImportProblem[];
  /** What the rows come to as JSON. */
  bytes: number;
}

/** Whether the slice is full with it. */
function takeRow(taken: TakenRows, reader: RowReader, csvRow: CsvRow): boolean {
  if (csvRow.fault === null && isBlank(csvRow.cells)) return false;
  const read = readRow(reader, csvRow);
  if (read.ok) {
    taken.rows.push(read.value);
    taken.bytes += new TextEncoder().encode(JSON.stringify(read.value.fields)).length;
  } else {
    taken.failed += 1;
    if (taken.problems.length < IMPORT_MAX_PROBLEMS) taken.problems.push(...read.failure);
  }
  return taken.rows.length + taken.failed >= IMPORT_SLICE_MAX_ROWS || taken.bytes >= IMPORT_SLICE_MAX_RECORD_BYTES;
}

async function getChunk(db: Db, { snapshot }: UnfinishedImport, no: number): Promise<Uint8Array> {
  const content = await findChunk(db, snapshot.uid, no);
  if (content === undefined) throw new Error("a piece of a file that is being imported is not there");
  return new TextEncoder().encode(content);
}
