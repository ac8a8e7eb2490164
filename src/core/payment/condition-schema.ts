import { upperCurrencySchema } from "../currency.ts";
import { PAYMENT_TYPES } from "../payment-type.ts";
import { DIRECTIONS } from "../record.ts";
import { MAX_CONSTANT_CHARACTERS } from "../rules/constant-schema.ts";
import type { Report } from "../rules/report.ts";
import {
  type Comparison,
  type ConstantKind,
  findPaymentField,
  listFieldNames,
  otherPaymentSide,
  PAYMENT_SIDES,
  type PaymentField,
} from "./payment-field.ts";
import { PAYMENT_OPERATORS, type PaymentCondition, type PaymentOperator } from "./payment-rule.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Checks one condition (`{"field", "operator", "value" | "value_field"}`) against the table of fields, and reports
 * every problem in it; undefined after that. Currencies come out in upper case, ids in lower case.
 */
export function parsePaymentCondition(
  input: Record<string, unknown>,
  path: string,
  report: Report,
): PaymentCondition | undefined {
  const before = report.errors.length;
  report.unknownKeys(input, ["field", "operator", "value", "value_field"], path);
  const field = parseField(input.field, path, report);
  const operator = parseOperator(input.operator, field, path, report);
  checkOperands(input, path, report);
  const comparison = field?.comparisons.find(({ operators }) => operators.some((known) => known === operator));
  const operand =
    field && operator && comparison ? parseOperand(input, { field, operator, comparison }, path, report) : undefined;
  if (!field || !operator || !operand || report.errors.length > before) return undefined;
  return { field: `${field.side}.${field.path}`, operator, ...operand };
}

function parseField(input: unknown, path: string, report: Report): PaymentField | undefined {
  const field = typeof input === "string" ? findPaymentField(input) : undefined;
  if (field) return field;
  const names = PAYMENT_SIDES.flatMap(listFieldNames);
  report.add(`${path}/field`, codeOf(input, "unknown_payment_field"), `Must be one of ${names.join(", ")}.`);
  return undefined;
}

function parseOperator(
  input: unknown,
  field: PaymentField | undefined,
  path: string,
  report: Report,
): PaymentOperator | undefined {
  const known = PAYMENT_OPERATORS.find((operator) => operator === input);
  if (known && !field) return known;
  const allowed = field ? field.comparisons.flatMap(({ operators }) => operators) : PAYMENT_OPERATORS;
  if (known && allowed.includes(known)) return known;
  const what = field ? `${field.side}.${field.name} takes` : "Must be one of";
  report.add(`${path}/operator`, codeOf(input, "unknown_operator"), `${what} ${allowed.join(", ")}.`);
  return undefined;
}

function checkOperands({ value, value_field }: Record<string, unknown>, path: string, report: Report): void {
  if (value === undefined && value_field === undefined) {
    report.add(`${path}/value`, "required", "Give a value, or a value_field of the other side.");
  } else if (value !== undefined && value_field !== undefined) {
    report.add(`${path}/value_field`, "too_many_operands", "Give either a value or a value_field.");
  }
}

interface Allowed {
  field: PaymentField;
  operator: PaymentOperator;
  comparison: Comparison;
}

type Operand = { value: string | number | boolean } | { value_field: string };

function parseOperand(
  { value, value_field }: Record<string, unknown>,
  allowed: Allowed,
  path: string,
  report: Report,
): Operand | undefined {
  if (value_field !== undefined) return parseValueField(value_field, allowed, path, report);
  return value === undefined ? undefined : parseValue(value, allowed, path, report);
}

function parseValueField(input: unknown, allowed: Allowed, path: string, report: Report): Operand | undefined {
  const { field, comparison } = allowed;
  const named = typeof input === "string" ? findPaymentField(input) : undefined;
  if (named && named.side !== field.side && comparison.fields.includes(named.name)) {
    return { value_field: `${named.side}.${named.path}` };
  }
  report.add(`${path}/value_field`, codeOf(input, "field_does_not_fit"), describeOperands(allowed));
  return undefined;
}

function parseValue(input: unknown, allowed: Allowed, path: string, report: Report): Operand | undefined {
  const { constant } = allowed.comparison;
  const isFitting = constant !== null && fits(input, constant, allowed.operator);
  if (isFitting) return { value: normalise(input as string | number | boolean, constant) };
  report.add(`${path}/value`, "invalid_value", describeOperands(allowed));
  return undefined;
}

const TRANSACTION_TYPES: readonly string[] = [...PAYMENT_TYPES, "other"];

function fits(input: unknown, kind: ConstantKind, operator: PaymentOperator): boolean {
  if (kind === "scalar" && operator === "equals" && typeof input !== "string") {
    return typeof input === "boolean" || (typeof input === "number" && Number.isFinite(input));
  }
  if (typeof input !== "string" || input === "" || input.length > MAX_CONSTANT_CHARACTERS) return false;
  switch (kind) {
    case "currency":
      return upperCurrencySchema.safeParse(input).success;
    case "direction":
      return DIRECTIONS.some((direction) => direction === input);
    case "account":
      return UUID.test(input);
    case "transaction_type":
      return TRANSACTION_TYPES.includes(input);
    case "payment_type":
      return PAYMENT_TYPES.some((type) => type === input);
    case "text":
    case "scalar":
      return true;
  }
}

function normalise(input: string | number | boolean, kind: ConstantKind): string | number | boolean {
  if (typeof input !== "string") return input;
  if (kind === "currency") return input.toUpperCase();
  return kind === "account" ? input.toLowerCase() : input;
}

function describeOperands({ field, operator, comparison }: Allowed): string {
  const side = otherPaymentSide(field.side);
  const fields = comparison.fields.map((name) => `${side}.${name}`);
  const operands = [
    ...(comparison.constant === null ? [] : [`as value ${describeConstant(comparison.constant, operator)}`]),
    ...(fields.length === 0 ? [] : [`as value_field ${fields.join(", ")}`]),
  ];
  return `${field.side}.${field.name} ${operator} takes ${operands.join(", or ")}.`;
}

function describeConstant(kind: ConstantKind, operator: PaymentOperator): string {
  switch (kind) {
    case "currency":
      return "an ISO 4217 currency code";
    case "direction":
      return DIRECTIONS.join(" or ");
    case "account":
      return "the id of an internal account";
    case "transaction_type":
      return `one of ${TRANSACTION_TYPES.join(", ")}`;
    case "payment_type":
      return `one of ${PAYMENT_TYPES.join(", ")}`;
    default: {
      const text = `a text of 1 to ${MAX_CONSTANT_CHARACTERS} characters`;
      return kind === "scalar" && operator === "equals" ? `${text}, a number, true or false` : text;
    }
  }
}

function codeOf(input: unknown, otherwise: string): string {
  if (input === undefined) return "required";
  return typeof input === "string" ? otherwise : "invalid_type";
}
