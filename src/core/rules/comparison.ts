import { dayNumber } from "../calendar.ts";
import {
  absoluteDecimal,
  compareDecimals,
  type Decimal,
  decimalFromNumber,
  multiplyDecimals,
  subtractDecimals,
} from "../decimal.ts";
import type { ToleranceUnit } from "./condition.ts";
import { isScalarValue, type Moment, momentOf, numberOf, type ScalarValue, textOf, type Value } from "./value.ts";

/**
 * Equal as the operand `eq` means it: by number when either is one, booleans also with `"true"` and `"false"`, texts
 * exactly. Lists and objects are equal to nothing.
 */
export function isEqual(a: Value, b: Value): boolean {
  if (!isScalarValue(a) || !isScalarValue(b)) return false;
  if (a.kind === "number" || b.kind === "number") {
    const [left, right] = [numberOf(a), numberOf(b)];
    return left !== undefined && right !== undefined && compareDecimals(left, right) === 0;
  }
  return textOf(a) === textOf(b);
}

/** True for two values that could be equal and are not; lists and objects cannot. */
export function isDifferent(a: Value, b: Value): boolean {
  return isScalarValue(a) && isScalarValue(b) && !isEqual(a, b);
}

/** Negative, zero or positive; undefined when the two have no common order. */
export function compareValues(a: Value, b: Value): number | undefined {
  if (!isScalarValue(a) || !isScalarValue(b)) return undefined;
  if (a.kind === "number" || b.kind === "number") {
    const [left, right] = [numberOf(a), numberOf(b)];
    return left && right && compareDecimals(left, right);
  }
  if (a.kind === "boolean" || b.kind === "boolean") return undefined;
  const [left, right] = [momentOf(a), momentOf(b)];
  return left && right ? compareMoments(left, right) : compareCodePoints(a.text, b.text);
}

function compareMoments(a: Moment, b: Moment): number {
  if (a.instant !== undefined && b.instant !== undefined) return a.instant - b.instant;
  return dayNumber(a.day) - dayNumber(b.day);
}

// `<` on strings goes by UTF-16 units, which puts emoji before the private use area and full-width forms.
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let index = 0;
  while (index < length && a.charCodeAt(index) === b.charCodeAt(index)) index += 1;
  if (index === length) return a.length - b.length;
  return rankUnit(a.charCodeAt(index)) - rankUnit(b.charCodeAt(index));
}

function rankUnit(unit: number): number {
  const isSurrogate = unit >= 0xd800 && unit <= 0xdfff;
  return isSurrogate ? unit + 0x10000 : unit;
}

/** True when the text of `a` contains the text of `b`, case-sensitive. */
export function contains(a: Value, b: Value): boolean {
  return isScalarValue(a) && isScalarValue(b) && textOf(a).includes(textOf(b));
}

/** True when `member` equals an element of the list. */
export function isIn(member: Value, list: Value): boolean {
  return list.kind === "list" && list.elements.some((element) => isEqual(member, element));
}

/** True when the member could be in the list and is not. */
export function isNotIn(member: Value, list: Value): boolean {
  return list.kind === "list" && isScalarValue(member) && !isIn(member, list);
}

/** How far apart two values may be under `eq`. `a` is the value in the key's place, of which a percentage is taken. */
export type ToleranceTest = (a: Value, b: Value) => boolean;

/** The test for a tolerance, bounds included: `amount` in major units, percent or days, exact to its last decimal. */
export function compileTolerance(unit: ToleranceUnit, amount: number | undefined): ToleranceTest {
  switch (unit) {
    case "dollar":
      return isWithinDollars(getDecimal(amount));
    case "percent":
      return isWithinPercent(getDecimal(amount));
    case "day":
      return isWithinDays(Number(amount));
    case "month":
      return isSameMonth;
  }
}

/** The decimal that a tolerance's shortest notation spells. Throws when there is none, which parsing has excluded. */
export function getDecimal(amount: number | undefined): Decimal {
  const decimal = amount === undefined ? undefined : decimalFromNumber(amount);
  if (decimal === undefined) throw new Error(`no tolerance of ${amount}`);
  return decimal;
}

function isWithinDollars(limit: Decimal): ToleranceTest {
  return onScalars((a, b) => {
    const [left, right] = [numberOf(a), numberOf(b)];
    return left !== undefined && right !== undefined && compareDecimals(distance(left, right), limit) <= 0;
  });
}

const HUNDRED: Decimal = { units: 100n, scale: 0 };

function isWithinPercent(percent: Decimal): ToleranceTest {
  return onScalars((a, b) => {
    const [left, right] = [numberOf(a), numberOf(b)];
    if (left === undefined || right === undefined) return false;
    const scaled = multiplyDecimals(distance(left, right), HUNDRED);
    return compareDecimals(scaled, multiplyDecimals(absoluteDecimal(left), percent)) <= 0;
  });
}

function isWithinDays(days: number): ToleranceTest {
  return onScalars((a, b) => {
    const [left, right] = [momentOf(a), momentOf(b)];
    return left !== undefined && right !== undefined && Math.abs(dayNumber(left.day) - dayNumber(right.day)) <= days;
  });
}

const isSameMonth: ToleranceTest = onScalars((a, b) => {
  const [left, right] = [momentOf(a), momentOf(b)];
  return left !== undefined && right !== undefined && left.day.slice(0, 7) === right.day.slice(0, 7);
});

function onScalars(test: (a: ScalarValue, b: ScalarValue) => boolean): ToleranceTest {
  return (a, b) => isScalarValue(a) && isScalarValue(b) && test(a, b);
}

function distance(a: Decimal, b: Decimal): Decimal {
  return absoluteDecimal(subtractDecimals(a, b));
}
