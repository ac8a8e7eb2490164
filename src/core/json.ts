import { compareDecimals, decimalFromNumber, parseDecimal } from "./decimal.ts";

/** A JSON number that JavaScript cannot hold as written (`1e400`, `12345678901234567890`); no schema accepts it. */
export class InexactNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/** JSON.parse, but a number that would silently become another one arrives as an `InexactNumber`. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  return JSON.parse(text, keepExact as (key: string, value: unknown) => unknown);
}

/** What `parseJson` has read as JSON again; numbers that JavaScript cannot hold are as they were written. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value, (_key, member) => (member instanceof InexactNumber ? rawJson(member.source) : member));
}

const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

function keepExact(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== "number" || source === undefined) return value;
  // A double holds any 15 significant digits.
  if (source.length <= 15 && !/[eE]/.test(source)) return value;
  const written = parseDecimal(source);
  const held = decimalFromNumber(value);
  return written && held && compareDecimals(written, held) === 0 ? value : new InexactNumber(source);
}
