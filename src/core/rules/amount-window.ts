import type { Decimal } from "../decimal.ts";
import type { Item } from "../matching/item.ts";
import { getExponent, MAX_MINOR_UNITS } from "../money.ts";
import { getDecimal } from "./comparison.ts";
import type { Condition } from "./condition.ts";

/** Inclusive bounds in minor units; `max` null is unbounded. */
export interface AmountWindow {
  min: number;
  max: number | null;
}

/** The other side's open amounts that may satisfy an amount condition with `item`; never too narrow. */
export type WindowReader = (item: Item) => AmountWindow;

/** The window of an `eq` between both amounts; undefined when its tolerance spans every amount there is. */
export function compileWindow({ toleranceUnit, toleranceAmount }: Condition): WindowReader | undefined {
  switch (toleranceUnit) {
    case undefined:
      return (item) => ({ min: item.open, max: item.open });
    case "dollar":
      return compileDollars(getDecimal(toleranceAmount));
    case "percent":
      return compilePercent(getDecimal(toleranceAmount));
    default:
      throw new Error(`amounts are not compared by ${toleranceUnit}`);
  }
}

function compileDollars(limit: Decimal): WindowReader | undefined {
  if (limit.units >= BigInt(MAX_MINOR_UNITS) * 10n ** BigInt(limit.scale)) return undefined;
  return (item) => {
    const open = BigInt(item.open);
    const reach = divideUp(limit.units * 10n ** BigInt(getExponent(item.currency)), 10n ** BigInt(limit.scale));
    return toWindow(open - reach, open + reach);
  };
}

// |a − b| · 100 ≤ a · p, for whole a and b that are not negative, solved for b and for a.
function compilePercent({ units, scale }: Decimal): WindowReader {
  const whole = 100n * 10n ** BigInt(scale);
  return (item) => {
    const open = BigInt(item.open);
    if (item.side === "a") {
      const max = divideUp(open * (whole + units), whole);
      return toWindow(units < whole ? (open * (whole - units)) / whole : 0n, max);
    }
    const min = (open * whole) / (whole + units);
    return toWindow(min, units < whole ? divideUp(open * whole, whole - units) : null);
  };
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}

function toWindow(min: bigint, max: bigint | null): AmountWindow {
  return {
    min: min < 0n ? 0 : Number(min),
    max: max === null || max > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(max),
  };
}

/** The amounts that lie in both windows. */
export function intersectWindows(a: AmountWindow, b: AmountWindow): AmountWindow {
  const maxima = [a.max, b.max].filter((max) => max !== null);
  return { min: Math.max(a.min, b.min), max: maxima.length === 0 ? null : Math.min(...maxima) };
}
