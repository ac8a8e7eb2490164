import { type Condition, isField, metadataKeyOf, OPERANDS, type Operand, PLACES, type Place } from "./condition.ts";
import { type Counterpart, parseListConstant, parseScalarConstant } from "./constant-schema.ts";
import type { Report } from "./report.ts";
import { checkTolerance, parseTolerance } from "./tolerance-schema.ts";
import { listTransforms, type TransformSpec } from "./transform.ts";
import { parseTransformSpec } from "./transform-schema.ts";

const CONDITION_KEYS = ["key", "value", "constant", "operand", "tolerance_amount", "tolerance_unit", "transforms"];
const FIELDS_MESSAGE =
  "Must be amount, date, direction, currency, description, external_id, type_key or metadata.<key>.";

/** Checks one condition and reports every problem in it; the answer is only meaningful when none was reported. */
export function parseCondition(input: Record<string, unknown>, path: string, report: Report): Condition {
  report.unknownKeys(input, CONDITION_KEYS, path);
  const operand = parseOperand(input.operand, `${path}/operand`, report);
  checkPlaces(input, operand, path, report);
  const key = parseField(input.key, `${path}/key`, report);
  const value = parseField(input.value, `${path}/value`, report);
  const tolerance = parseTolerance(input, path, report);
  const transforms = parseTransforms(input, path, report);
  const condition: Condition = {
    operand: operand ?? "eq",
    ...(key === undefined ? {} : { key }),
    ...(value === undefined ? {} : { value }),
    ...tolerance,
    ...(transforms === undefined ? {} : { transforms }),
  };
  if (operand === undefined) return condition;
  if (input.constant !== undefined && !isPresence(operand)) {
    const constant = parseConstant(input, condition, `${path}/constant`, report);
    if (constant !== undefined) condition.constant = constant;
  }
  checkListField(input, condition, path, report);
  checkTolerance(condition, path, report);
  return condition;
}

function parseOperand(input: unknown, path: string, report: Report): Operand | undefined {
  const operand = OPERANDS.find((known) => known === input);
  if (operand !== undefined) return operand;
  report.add(path, input === undefined ? "required" : "unknown_operand", `Must be one of ${OPERANDS.join(", ")}.`);
  return undefined;
}

function parseField(input: unknown, path: string, report: Report): string | undefined {
  if (input === undefined) return undefined;
  if (typeof input === "string" && isField(input)) return input;
  report.add(path, typeof input === "string" ? "unknown_record_field" : "invalid_type", FIELDS_MESSAGE);
  return undefined;
}

function checkPlaces(input: Record<string, unknown>, operand: Operand | undefined, path: string, report: Report): void {
  const { key, value, constant } = input;
  const fields = (key === undefined ? 0 : 1) + (value === undefined ? 0 : 1);
  if (operand !== undefined && isPresence(operand)) {
    const message = `"${operand}" takes a key or a value alone.`;
    if (fields === 0) report.add(path, "missing_operand", message);
    if (fields === 2) report.add(`${path}/value`, "too_many_operands", message);
    if (constant !== undefined) report.add(`${path}/constant`, "too_many_operands", message);
    return;
  }
  const message = "Must compare two of key (Side A's field), value (Side B's field) and constant.";
  if (fields === 2 && constant !== undefined) report.add(`${path}/constant`, "too_many_operands", message);
  if (fields === 0 || (fields === 1 && constant === undefined)) report.add(path, "missing_operand", message);
}

function parseConstant(input: Record<string, unknown>, condition: Condition, path: string, report: Report) {
  const place: Place = input.key === undefined ? "value" : "key";
  const counterpart: Counterpart = {
    operand: condition.operand,
    field: condition[place] ?? "",
    isTransformed: listTransforms(condition.transforms?.[place]).length > 0,
  };
  // In place of `key` a single constant is looked for in the list that `value` holds.
  const isSought = place === "value" && !Array.isArray(input.constant);
  if (isMembership(condition.operand) && !isSought) return parseListConstant(input.constant, counterpart, path, report);
  const constant = parseScalarConstant(input.constant, counterpart, path, report);
  if (typeof constant === "boolean" && isOrdering(condition.operand)) {
    report.add(path, "invalid_constant", `"${condition.operand}" needs an order; booleans have none.`);
  }
  return constant;
}

function checkListField(input: Record<string, unknown>, condition: Condition, path: string, report: Report): void {
  const { operand, value } = condition;
  if (!isMembership(operand) || Array.isArray(input.constant) || value === undefined) return;
  if (metadataKeyOf(value) !== undefined) return;
  const message = `"${operand}" needs a list: name a metadata field that holds one, or give an array as constant.`;
  report.add(`${path}/value`, "invalid_list", message);
}

function parseTransforms(input: Record<string, unknown>, path: string, report: Report): Condition["transforms"] {
  if (input.transforms === undefined) return undefined;
  const pointer = `${path}/transforms`;
  const sides = report.object(input.transforms, pointer, 'Must be an object {"key": …, "value": …}.');
  if (sides === undefined) return undefined;
  report.unknownKeys(sides, PLACES, pointer);
  const parsed: Partial<Record<Place, TransformSpec>> = {};
  for (const place of PLACES) {
    if (sides[place] === undefined) continue;
    checkTransformable(input[place], `${pointer}/${place}`, place, report);
    const spec = parseTransformSpec(sides[place], `${pointer}/${place}`, report);
    if (spec !== undefined) parsed[place] = spec;
  }
  return parsed;
}

function checkTransformable(field: unknown, path: string, place: Place, report: Report): void {
  if (field === undefined) {
    report.add(path, "transform_without_field", `This condition has no ${place} to transform.`);
  } else if (field === "amount") {
    report.add(path, "transform_of_amount", "An amount is compared as a number; it takes no transforms.");
  }
}

function isPresence(operand: Operand): boolean {
  return operand === "is_missing" || operand === "is_present";
}

function isMembership(operand: Operand): boolean {
  return operand === "in" || operand === "not_in";
}

function isOrdering(operand: Operand): boolean {
  return operand === "gt" || operand === "gte" || operand === "lt" || operand === "lte";
}
