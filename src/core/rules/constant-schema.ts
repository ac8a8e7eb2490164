import { parseDay } from "../calendar.ts";
import { type Decimal, decimalFromNumber, parseDecimal } from "../decimal.ts";
import type { Operand, Scalar } from "./condition.ts";
import type { Report } from "./report.ts";

export const MAX_CONSTANT_CHARACTERS = 1_000;
const MAX_LIST_CONSTANTS = 1_000;

/** What a constant is compared with: the field of the other place, and whether transforms change that field first. */
export interface Counterpart {
  operand: Operand;
  field: string;
  isTransformed: boolean;
}

/** Checks a list constant of `in`, `not_in`: 1 to 1000 scalars. Undefined once a problem was reported. */
export function parseListConstant(
  input: unknown,
  counterpart: Counterpart,
  path: string,
  report: Report,
): Scalar[] | undefined {
  if (!Array.isArray(input)) {
    const message = `"${counterpart.operand}" needs a list: an array of strings, numbers or booleans.`;
    report.add(path, "invalid_type", message);
    return undefined;
  }
  if (input.length === 0 || input.length > MAX_LIST_CONSTANTS) {
    report.add(path, "invalid_list", `Must hold 1 to ${MAX_LIST_CONSTANTS} values.`);
    return undefined;
  }
  const parsed = input.map((entry, index) => parseScalarConstant(entry, counterpart, `${path}/${index}`, report));
  const list = parsed.filter((entry) => entry !== undefined);
  return list.length === input.length ? list : undefined;
}

/** Checks one constant against the field it is compared with; currencies come out in upper case, dates as days. */
export function parseScalarConstant(
  input: unknown,
  counterpart: Counterpart,
  path: string,
  report: Report,
): Scalar | undefined {
  if (!isScalar(input)) {
    report.add(path, "invalid_type", "Must be a string, a finite number or a boolean.");
    return undefined;
  }
  if (typeof input === "string" && input.length > MAX_CONSTANT_CHARACTERS) {
    report.add(path, "too_long", `Must be at most ${MAX_CONSTANT_CHARACTERS} characters.`);
    return undefined;
  }
  if (input === "") {
    report.add(path, "empty_constant", "An empty text counts as missing; test with is_missing or is_present instead.");
    return undefined;
  }
  return fitField(input, counterpart, path, report);
}

function fitField(input: Scalar, counterpart: Counterpart, path: string, report: Report): Scalar | undefined {
  const { field, operand, isTransformed } = counterpart;
  const refuse = (message: string): undefined => {
    report.add(path, "invalid_constant", message);
  };
  switch (field) {
    case "amount":
      return isNonNegativeDecimal(input)
        ? input
        : refuse("Must be an amount of major units that is not negative, as a number or a decimal string.");
    case "direction":
      return input === "credit" || input === "debit" ? input : refuse("Must be credit or debit.");
    case "currency":
      if (typeof input !== "string") return refuse("Must be a currency code, for instance USD.");
      return isTransformed ? input : input.toUpperCase();
    case "date":
      // Part of a date may be searched for, and a transformed date need not look like one.
      if (typeof input === "string" && (isTransformed || operand === "contains")) return input;
      return (typeof input === "string" ? parseDay(input) : undefined) ?? refuse("Must be a date, YYYY-MM-DD.");
    default:
      return input;
  }
}

function isScalar(input: unknown): input is Scalar {
  if (typeof input === "number") return Number.isFinite(input);
  return typeof input === "string" || typeof input === "boolean";
}

/** The exact value of a number or decimal string; undefined for any other scalar. */
export function decimalOf(input: Scalar): Decimal | undefined {
  if (typeof input === "number") return decimalFromNumber(input);
  return typeof input === "string" ? parseDecimal(input) : undefined;
}

function isNonNegativeDecimal(input: Scalar): boolean {
  const decimal = decimalOf(input);
  return decimal !== undefined && decimal.units >= 0n;
}
