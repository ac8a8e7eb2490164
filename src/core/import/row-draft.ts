import { isKeepable } from "../text.ts";
import type { CsvRow } from "./csv-rows.ts";
import { UNREADABLE } from "./file-text.ts";
import type { BoundColumn } from "./mapping.ts";
import type { ImportProblem } from "./problem.ts";

/** A row while it is read: its cells by their targets, and what is wrong with them, one problem a column. */
export class RowDraft {
  readonly #row: CsvRow;
  readonly #columns: ReadonlyMap<string, BoundColumn>;
  readonly #problems = new Map<BoundColumn | null, ImportProblem>();

  constructor(row: CsvRow, columns: ReadonlyMap<string, BoundColumn>) {
    this.#row = row;
    this.#columns = columns;
  }

  /** Undefined for an empty cell, which says nothing, for one that cannot be read, and where no column is the target. */
  read(target: string): string | undefined {
    const column = this.#columns.get(target);
    const text = column === undefined ? "" : (this.#row.cells[column.place] ?? "");
    if (text.trim() === "") return undefined;
    if (!text.includes(UNREADABLE) && isKeepable(text)) return text;
    this.refuse(target, "invalid_text", "Holds what is not of the file's encoding, or a NUL.");
    return undefined;
  }

  /** Notes what is wrong; of a column that is wrong already it is the first that counts. */
  refuse(target: string, code: string, message: string): void {
    const column = this.#columns.get(target) ?? null;
    if (this.#problems.has(column)) return;
    this.#problems.set(column, { line: this.#row.line, column: column?.name ?? null, code, message });
  }

  isWrong(target: string): boolean {
    const column = this.#columns.get(target);
    return column !== undefined && this.#problems.has(column);
  }

  /** In the order of the file's columns; what is wrong with none in particular comes last. */
  listProblems(): ImportProblem[] {
    const placeOf = (column: BoundColumn | null) => column?.place ?? this.#row.cells.length;
    return [...this.#problems].sort(([left], [right]) => placeOf(left) - placeOf(right)).map(([, problem]) => problem);
  }
}
