/** An exact decimal number: `units` × 10^−`scale`, with `scale` ≥ 0. */
export interface Decimal {
  units: bigint;
  scale: number;
}

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/;
const MAX_SCALE = 400;

/**
 * Reads `12`, `-0.50`, `1e-7`. Answers undefined for anything else (`NaN`, `Infinity`, `1,000`, blanks, an
 * exponent that would need more than 400 digits on either side of the point).
 */
export function parseDecimal(text: string): Decimal | undefined {
  const parts = DECIMAL.exec(text);
  if (!parts) return undefined;
  const [, sign, whole, fraction = "", exponentText = "0"] = parts;
  const exponent = Number(exponentText);
  if (Math.abs(exponent) > MAX_SCALE || text.length > MAX_SCALE) return undefined;
  const digits = BigInt(`${whole}${fraction}`);
  const units = sign === "-" ? -digits : digits;
  const scale = fraction.length - exponent;
  return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 };
}

/** The decimal that a finite JavaScript number prints as; undefined for NaN and the infinities. */
export function decimalFromNumber(value: number): Decimal | undefined {
  return parseDecimal(String(value));
}

/** Negative, zero or positive as `a` is smaller than, equal to or larger than `b`. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const [left, right] = align(a, b);
  return left < right ? -1 : left > right ? 1 : 0;
}

export function subtractDecimals(a: Decimal, b: Decimal): Decimal {
  const [left, right] = align(a, b);
  return { units: left - right, scale: Math.max(a.scale, b.scale) };
}

export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  return { units: a.units * b.units, scale: a.scale + b.scale };
}

export function absoluteDecimal(a: Decimal): Decimal {
  return a.units < 0n ? { units: -a.units, scale: a.scale } : a;
}

/** The shortest plain notation: `97.1`, `-3`, `0`; equal decimals print alike. */
export function formatDecimal({ units, scale }: Decimal): string {
  const sign = units < 0n ? "-" : "";
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const fraction = scale === 0 ? "" : digits.slice(digits.length - scale).replace(/0+$/, "");
  return `${sign}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

function align(a: Decimal, b: Decimal): [bigint, bigint] {
  const scale = Math.max(a.scale, b.scale);
  return [a.units * 10n ** BigInt(scale - a.scale), b.units * 10n ** BigInt(scale - b.scale)];
}
