import { parseDay } from "../calendar.ts";
import { type Condition, metadataKeyOf, TOLERANCE_UNITS, type ToleranceUnit } from "./condition.ts";
import { decimalOf } from "./constant-schema.ts";
import type { Report } from "./report.ts";

const MAX_TOLERANCE_DAYS = 3_650;
const MAX_TOLERANCE_PERCENT = 1_000;

export type Tolerance = Pick<Condition, "toleranceAmount" | "toleranceUnit">;

/** Checks `tolerance_amount` and `tolerance_unit` of a condition's input on their own and against each other. */
export function parseTolerance(input: Record<string, unknown>, path: string, report: Report): Tolerance {
  const unit = parseUnit(input.tolerance_unit, `${path}/tolerance_unit`, report);
  const amount = parseToleranceAmount(input.tolerance_amount, unit, `${path}/tolerance_amount`, report);
  if (input.tolerance_unit === undefined && input.tolerance_amount !== undefined) {
    report.add(`${path}/tolerance_unit`, "required", `Must say the unit: ${TOLERANCE_UNITS.join(", ")}.`);
  }
  if (unit !== undefined && unit !== "month" && input.tolerance_amount === undefined) {
    report.add(`${path}/tolerance_amount`, "required", "Must say how many; only the unit month needs no number.");
  }
  return {
    ...(amount === undefined ? {} : { toleranceAmount: amount }),
    ...(unit === undefined ? {} : { toleranceUnit: unit }),
  };
}

function parseUnit(input: unknown, path: string, report: Report): ToleranceUnit | undefined {
  if (input === undefined) return undefined;
  const unit = TOLERANCE_UNITS.find((known) => known === input);
  if (unit === undefined) report.add(path, "invalid_value", `Must be one of ${TOLERANCE_UNITS.join(", ")}.`);
  return unit;
}

function parseToleranceAmount(
  input: unknown,
  unit: ToleranceUnit | undefined,
  path: string,
  report: Report,
): number | undefined {
  if (input === undefined) return undefined;
  if (typeof input !== "number") {
    report.add(path, "invalid_type", "Must be a number.");
    return undefined;
  }
  const problem = describeProblem(input, unit);
  if (problem === undefined) return input;
  report.add(path, "invalid_tolerance", problem);
  return undefined;
}

function describeProblem(amount: number, unit: ToleranceUnit | undefined): string | undefined {
  if (!Number.isFinite(amount) || amount < 0) return "Must be a finite number that is not negative.";
  if (unit === "day" && (!Number.isInteger(amount) || amount > MAX_TOLERANCE_DAYS)) {
    return `Must be a whole number of days, at most ${MAX_TOLERANCE_DAYS}.`;
  }
  if (unit === "percent" && amount > MAX_TOLERANCE_PERCENT) return `Must be at most ${MAX_TOLERANCE_PERCENT} percent.`;
  return undefined;
}

/** Checks that a tolerance suits the operand, the fields and the constant it is written beside. */
export function checkTolerance(condition: Condition, path: string, report: Report): void {
  const { operand, toleranceUnit: unit } = condition;
  if (operand !== "eq" && (unit !== undefined || condition.toleranceAmount !== undefined)) {
    const place = unit === undefined ? "tolerance_amount" : "tolerance_unit";
    report.add(`${path}/${place}`, "tolerance_needs_eq", 'Only "eq" takes a tolerance.');
    return;
  }
  if (unit === undefined) return;
  const isOfAmounts = unit === "dollar" || unit === "percent";
  const suited = isOfAmounts ? "amount" : "date";
  const unsuited = [condition.key, condition.value].find(
    (field) => field !== undefined && field !== suited && metadataKeyOf(field) === undefined,
  );
  if (unsuited !== undefined) {
    const message = `The unit ${unit} suits ${suited} and metadata fields, not ${unsuited}.`;
    report.add(`${path}/tolerance_unit`, "tolerance_does_not_fit", message);
  }
  checkConstant(condition.constant, isOfAmounts, path, report);
}

function checkConstant(constant: Condition["constant"], isOfAmounts: boolean, path: string, report: Report): void {
  if (constant === undefined || typeof constant === "object") return;
  const fits = isOfAmounts ? decimalOf(constant) : parseDay(String(constant));
  if (fits !== undefined) return;
  const wanted = isOfAmounts ? "a number or a decimal string" : "a date, YYYY-MM-DD";
  report.add(`${path}/constant`, "invalid_constant", `Must be ${wanted} to be compared with this tolerance.`);
}
