import { data as currencies, code as findCurrency } from "currency-codes";
import { type Decimal, decimalFromNumber, formatDecimal, parseDecimal } from "./decimal.ts";

/** The largest amount, in minor units: below 2^53, so that it is exact as a JSON number in both directions. */
export const MAX_MINOR_UNITS = 999_999_999_999_999;

export const DEFAULT_CURRENCY = "USD";

/** Number of decimals of an ISO 4217 currency (JPY 0, USD 2, BHD 3); undefined for a code that is not in the table. */
export function findExponent(currency: string): number | undefined {
  return findCurrency(currency)?.digits;
}

/** As `findExponent`, for a currency that has been checked before. Throws on an unknown code. */
export function getExponent(currency: string): number {
  const exponent = findExponent(currency);
  if (exponent === undefined) throw new Error(`unknown currency ${currency}`);
  return exponent;
}

export type AmountProblem = "not_a_number" | "negative" | "too_many_decimals" | "too_large";

/**
 * Turns major units, as a JSON number or a decimal string (`"250.00"`), into minor units of a currency with
 * `exponent` decimals. The decimals of a string are counted as written: `"1.500"` is refused for USD.
 */
export function parseAmount(input: unknown, exponent: number): { minor: number } | { problem: AmountProblem } {
  const decimal = readDecimal(input);
  if (!decimal) return { problem: "not_a_number" };
  if (decimal.units < 0n) return { problem: "negative" };
  if (decimal.scale > exponent) return { problem: "too_many_decimals" };
  const minor = decimal.units * 10n ** BigInt(exponent - decimal.scale);
  if (minor > BigInt(MAX_MINOR_UNITS)) return { problem: "too_large" };
  return { minor: Number(minor) };
}

function readDecimal(input: unknown): Decimal | undefined {
  if (typeof input === "number") return decimalFromNumber(input);
  if (typeof input === "string") return parseDecimal(input);
  return undefined;
}

/** Minor units as the decimal number of major units that they are. */
export function toDecimal(minor: number | bigint, exponent: number): Decimal {
  return { units: BigInt(minor), scale: exponent };
}

/**
 * Minor units as /v1 shows them: a JSON number of major units, exact up to `MAX_MINOR_UNITS`; a sum beyond it is
 * a decimal string.
 */
export function presentAmount(minor: number | bigint, exponent: number): number | string {
  const size = minor < 0 ? -minor : minor;
  if (size > MAX_MINOR_UNITS) return formatDecimal(toDecimal(minor, exponent));
  return Number(minor) / 10 ** exponent;
}

/**
 * A bound in major units, as minor units of every currency: for two decimals, and by code for those with another
 * number. A fraction of a minor unit is rounded up for a lower bound and down for an upper one.
 */
export function boundInMinorUnits(
  bound: Decimal,
  rounding: "up" | "down",
): { usual: number; byCurrency: Record<string, number> } {
  const byCurrency: Record<string, number> = {};
  for (const { code, digits } of currencies) {
    if (digits !== 2) byCurrency[code] = round(bound, digits, rounding);
  }
  return { usual: round(bound, 2, rounding), byCurrency };
}

function round({ units, scale }: Decimal, exponent: number, rounding: "up" | "down"): number {
  const scaled = units * 10n ** BigInt(exponent);
  const divisor = 10n ** BigInt(scale);
  const rest = ((scaled % divisor) + divisor) % divisor;
  const floor = (scaled - rest) / divisor;
  const rounded = rounding === "up" && rest > 0n ? floor + 1n : floor;
  const limit = BigInt(MAX_MINOR_UNITS) + 1n;
  return Number(rounded > limit ? limit : rounded < -limit ? -limit : rounded);
}
