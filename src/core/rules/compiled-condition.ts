import type { Item } from "../matching/item.ts";
import {
  compareValues,
  compileTolerance,
  contains,
  isDifferent,
  isEqual,
  isIn,
  isNotIn,
  type ToleranceTest,
} from "./comparison.ts";
import { type Condition, isTwoSided, listPlaceOf, type Place, type Scalar } from "./condition.ts";
import { compileTransforms } from "./transform.ts";
import { asList, readField, readRaw, showValue, transformValue, type Value } from "./value.ts";

/** Both values of a condition after transforms, missing ones null, amounts in major units. */
export interface ConditionOutcome {
  a: Scalar | null | Scalar[];
  b: Scalar | null | Scalar[];
  passed: boolean;
}

/** Reads one place of a condition: the field of an item of that side, or the constant whatever the item. */
export type Reader = (item: Item) => Value | undefined;

export interface CompiledCondition {
  condition: Condition;
  readKey: Reader;
  readValue: Reader;
  /** The condition for values that `readKey` and `readValue` gave. */
  test(left: Value | undefined, right: Value | undefined): boolean;
  holds(a: Item, b: Item): boolean;
  explain(a: Item, b: Item): ConditionOutcome;
}

/** Compiles one condition; transforms and their patterns are built here, once. */
export function compileCondition(condition: Condition): CompiledCondition {
  const readKey = compileReader(condition, "key");
  const readValue = compileReader(condition, "value");
  const test = compileTest(condition);
  // A zero sum has no direction, and fits either.
  const fitsEither = comparesDirections(condition) ? (a: Item, b: Item) => a.open === 0 || b.open === 0 : () => false;
  const holds = (a: Item, b: Item) => fitsEither(a, b) || test(readKey(a), readValue(b));
  return {
    condition,
    readKey,
    readValue,
    test,
    holds,
    explain: (a, b) => ({ a: showValue(readKey(a)), b: showValue(readValue(b)), passed: holds(a, b) }),
  };
}

/** True for an `eq` or `neq` between A's direction and B's. */
export function comparesDirections({ operand, key, value }: Condition): boolean {
  return (operand === "eq" || operand === "neq") && key === "direction" && value === "direction";
}

function compileReader(condition: Condition, place: Place): Reader {
  const field = condition[place];
  const isList = isMembership(condition) && listPlaceOf(condition) === place;
  if (field === undefined) {
    const constant = readRaw(condition.constant);
    return () => constant;
  }
  const transform = compileTransforms(condition.transforms?.[place]);
  const amountKind = isTwoSided(condition) ? "open" : "own";
  return (item) => {
    const value = readField(item, field, amountKind);
    return transformValue(isList ? asList(value) : value, transform);
  };
}

function isMembership({ operand }: Condition): boolean {
  return operand === "in" || operand === "not_in";
}

type Test = (left: Value | undefined, right: Value | undefined) => boolean;

function compileTest(condition: Condition): Test {
  const { operand } = condition;
  if (operand === "is_missing" || operand === "is_present") {
    const wanted = operand === "is_present";
    return condition.key === undefined
      ? (_left, right) => (right !== undefined) === wanted
      : (left) => (left !== undefined) === wanted;
  }
  const compare = compileComparison(condition);
  return (left, right) => left !== undefined && right !== undefined && compare(left, right);
}

function compileComparison(condition: Condition): ToleranceTest {
  const { operand, toleranceUnit, toleranceAmount } = condition;
  const isListFirst = listPlaceOf(condition) === "key";
  switch (operand) {
    case "eq":
      return toleranceUnit === undefined ? isEqual : compileTolerance(toleranceUnit, toleranceAmount);
    case "neq":
      return isDifferent;
    case "gt":
      return ordered((order) => order > 0);
    case "gte":
      return ordered((order) => order >= 0);
    case "lt":
      return ordered((order) => order < 0);
    case "lte":
      return ordered((order) => order <= 0);
    case "contains":
      return contains;
    case "is_contained":
      return (a, b) => contains(b, a);
    case "in":
      return isListFirst ? (list, member) => isIn(member, list) : isIn;
    case "not_in":
      return isListFirst ? (list, member) => isNotIn(member, list) : isNotIn;
    default:
      throw new Error(`${operand} does not compare`);
  }
}

function ordered(accepts: (order: number) => boolean): ToleranceTest {
  return (a, b) => {
    const order = compareValues(a, b);
    return order !== undefined && accepts(order);
  };
}
