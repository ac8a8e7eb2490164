import { trimName } from "./dialect.ts";
import { FOUND_COLUMN_MAX_CHARS, FOUND_COLUMNS_MAX } from "./limits.ts";

/** What is said of a column that a file does not have: which ones it has, the first few. */
export function describeFoundColumns(header: readonly string[]): string {
  const names = header.map(trimName).filter((name) => name !== "");
  if (names.length === 0) return "The file has no such column: its first row names none.";
  const shown = names.slice(0, FOUND_COLUMNS_MAX).map((name) => `"${cut(name)}"`);
  const others = names.length > shown.length ? ` and ${names.length - shown.length} more` : "";
  return `The file has no such column; it has ${shown.join(", ")}${others}.`;
}

function cut(name: string): string {
  return name.length <= FOUND_COLUMN_MAX_CHARS ? name : `${name.slice(0, FOUND_COLUMN_MAX_CHARS).toWellFormed()}…`;
}
