import { formatJson, parseJson } from "./json.ts";
import type { FieldError } from "./result.ts";

export interface RowLimits {
  maxChars: number;
  maxDepth: number;
}

/** A row of a bulk request as it is kept until it is worked off; null if it exceeds the limits, and so is not kept. */
export function formatBulkRow(row: unknown, { maxChars, maxDepth }: RowLimits): string | null {
  if (isDeeper(row, maxDepth)) return null;
  const text = formatJson(row);
  return text.length > maxChars ? null : text;
}

/** What `formatBulkRow` has kept. */
export function parseBulkRow(payload: string): unknown {
  return parseJson(payload);
}

/** Why a row is wrong that was not kept. */
export function describeUnkeptRow({ maxChars, maxDepth }: RowLimits): FieldError {
  const message = `A row may have ${maxChars} characters as JSON, and ${maxDepth} levels.`;
  return { path: "", code: "too_large", message };
}

/** The first errors of a row: at most so many, and no more than come to so many characters but for the first one. */
export function cutErrors(errors: readonly FieldError[], maxErrors: number, maxChars: number): FieldError[] {
  let chars = 0;
  const end = errors.findIndex((error, place) => {
    chars += JSON.stringify(error).length;
    return place === maxErrors || (place > 0 && chars > maxChars);
  });
  return errors.slice(0, end === -1 ? errors.length : end);
}

function isDeeper(value: unknown, maxDepth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return maxDepth === 0 || Object.values(value).some((member) => isDeeper(member, maxDepth - 1));
}
