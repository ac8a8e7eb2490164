import type { JobStatus } from "../job.ts";
import type { Delimiter } from "./csv-rows.ts";
import type { FileEncoding } from "./file-text.ts";
import type { ImportProblem } from "./problem.ts";
import { type ImportTotals, presentTotals } from "./totals.ts";

/** How a file is written, as it was found. */
export interface ImportDialect {
  encoding: FileEncoding;
  delimiter: Delimiter;
  /** The cells of the first row. */
  header: string[];
}

/** An import as one SELECT reads it; times in ms. */
export interface ImportSnapshot {
  uid: string;
  type_key: string;
  filename: string | null;
  status: JobStatus;
  encoding: FileEncoding;
  delimiter: Delimiter;
  /** Bytes of the file, as UTF-8, that are worked off, and all of them. */
  done: number;
  size: number;
  rows: number;
  created: number;
  skipped: number;
  failed: number;
  totals: ImportTotals;
  problems: ImportProblem[];
  created_at: number;
  completed_at: number | null;
}

/** An import as /v1 shows it. */
export function presentImport(row: ImportSnapshot) {
  return {
    id: row.uid,
    type_key: row.type_key,
    filename: row.filename,
    status: row.status,
    encoding: row.encoding,
    delimiter: row.delimiter,
    progress: { done: row.done, total: row.size },
    row_count: row.rows,
    created: row.created,
    skipped: row.skipped,
    failed: row.failed,
    ...presentTotals(row.totals),
    problems: row.problems,
    created_at: new Date(row.created_at).toISOString(),
    completed_at: row.completed_at === null ? null : new Date(row.completed_at).toISOString(),
  };
}
