import type { RecordFields } from "../record.ts";
import { type CsvRow, type Delimiter, type RowPlace, readRows } from "./csv-rows.ts";
import { isBlank } from "./dialect.ts";
import { TRIAL_READ_ROWS } from "./limits.ts";
import type { ImportProblem } from "./problem.ts";
import { type RowReader, readRow } from "./read-row.ts";
import { addToTotals, type ImportTotals, NO_TOTALS } from "./totals.ts";

/** How many rows a trial reads, and how many of them and of their problems it lists. */
export interface TrialLimits {
  shownRows: number;
  maxRows: number;
  maxProblems: number;
}

/** A row of a file as it is read; null if it is wrong. */
export interface TrialRow {
  line: number;
  fields: RecordFields | null;
}

/** Reads the rows of a file without keeping them, and counts and shows what an import would come to. */
export class Trial {
  readonly #reader: RowReader;
  readonly #delimiter: Delimiter;
  readonly #limits: TrialLimits;
  #place: RowPlace;
  readonly rows: TrialRow[] = [];
  readonly problems: ImportProblem[];
  rowCount = 0;
  failed = 0;
  totals: ImportTotals = NO_TOTALS;
  /** Whether it looks no further, though there is more. */
  isCut = false;

  constructor(
    reader: RowReader,
    delimiter: Delimiter,
    firstRow: RowPlace,
    known: ImportProblem[],
    limits: TrialLimits,
  ) {
    this.#reader = reader;
    this.#delimiter = delimiter;
    this.#place = firstRow;
    this.problems = [...known];
    this.#limits = limits;
  }

  /** Reads what is whole of these bytes, and answers with the rest, which is to come first the next time. */
  read(bytes: Uint8Array, isLast: boolean): Uint8Array {
    const options = { delimiter: this.#delimiter, isLast, maxRows: TRIAL_READ_ROWS };
    for (;;) {
      const { rows, next } = readRows(bytes, this.#place, options);
      this.#place = next;
      this.#take(rows.filter(({ cells, fault }) => fault !== null || !isBlank(cells)));
      if (this.isCut || rows.length < TRIAL_READ_ROWS) break;
    }
    const rest = bytes.subarray(this.#place.offset);
    this.#place = { ...this.#place, offset: 0 };
    return rest;
  }

  #take(rows: readonly CsvRow[]): void {
    const good: RecordFields[] = [];
    for (const row of rows) {
      if (this.rowCount >= this.#limits.maxRows) {
        this.isCut = true;
        break;
      }
      const read = readRow(this.#reader, row);
      this.rowCount += 1;
      if (read.ok) good.push(read.value.fields);
      else this.#refuse(read.failure);
      if (this.rows.length < this.#limits.shownRows) {
        this.rows.push({ line: row.line, fields: read.ok ? read.value.fields : null });
      }
    }
    this.totals = addToTotals(this.totals, good);
  }

  #refuse(problems: readonly ImportProblem[]): void {
    this.failed += 1;
    const left = this.#limits.maxProblems - this.problems.length;
    this.problems.push(...problems.slice(0, left));
  }
}
