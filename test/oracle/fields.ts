// Choices:
// - null, the empty string and the empty list are missing.
// - A date is read from `YYYY-MM-DD` or from a full RFC 3339 time, of which the UTC date is taken.

import type { OracleItem, OracleRecord, OracleScalar } from "./model.ts";

/** What stands in a field; a list only in metadata. */
export type Content = OracleScalar | readonly OracleScalar[];

/** The plain content of a field other than `amount`, or nothing when it is missing. */
export function contentOf(record: OracleRecord, field: string): Content | undefined {
  const content = field.startsWith("metadata.")
    ? record.metadata[field.slice("metadata.".length)]
    : record[field as "date" | "direction" | "currency" | "description" | "external_id" | "type_key" | "amount"];
  return isMissing(content) ? undefined : content;
}

/** Whether a content counts as missing. */
export function isMissing(content: Content | undefined): boolean {
  return (
    content === undefined || content === null || content === "" || (Array.isArray(content) && content.length === 0)
  );
}

/** A content as the text that is compared. */
export function textOf(content: Content): string {
  return typeof content === "object" ? JSON.stringify(content) : String(content);
}

/** The number of a day since 1970, or nothing when the text is not a date. */
export function dayNumber(text: string): number | undefined {
  const milliseconds = /^\d{4}-\d{2}-\d{2}($|T)/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 86_400_000);
}

/** The signed sum of what is open, in minor units: credit +, debit −. */
export function signedSum(items: readonly OracleItem[]): bigint {
  return items.reduce((sum, { record, open }) => sum + BigInt(record.direction === "credit" ? open : -open), 0n);
}

/** The absolute value. */
export function magnitude(x: bigint): bigint {
  return x < 0n ? -x : x;
}
