/** An exact fraction; the denominator is positive. */
export interface Rational {
  readonly n: bigint;
  readonly d: bigint;
}

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;

/** The fraction that a decimal text stands for, or nothing when it is not a number. */
export function fromDecimal(text: string): Rational | undefined {
  const found = DECIMAL.exec(text);
  if (found === null) return undefined;
  const [, sign = "", whole = "", part = "", exponent = "0"] = found;
  const digits = BigInt(whole + part) * (sign === "-" ? -1n : 1n);
  const shift = Number(exponent) - part.length;
  return shift >= 0 ? { n: digits * 10n ** BigInt(shift), d: 1n } : { n: digits, d: 10n ** BigInt(-shift) };
}

/** Minor units as a fraction of major units. */
export function fromMinor(minor: bigint, exponent: number): Rational {
  return { n: minor, d: 10n ** BigInt(exponent) };
}

/** Negative, zero or positive as x is less than, equal to or more than y. */
export function compareRationals(x: Rational, y: Rational): number {
  const difference = x.n * y.d - y.n * x.d;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** |x − y|. */
export function distance(x: Rational, y: Rational): Rational {
  const n = x.n * y.d - y.n * x.d;
  return { n: n < 0n ? -n : n, d: x.d * y.d };
}

/** |x| × y ÷ 100. */
export function percentOf(x: Rational, y: Rational): Rational {
  return { n: (x.n < 0n ? -x.n : x.n) * y.n, d: x.d * y.d * 100n };
}
