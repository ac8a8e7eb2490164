import { listFieldNames, PAYMENT_SIDES } from "../../src/core/payment/payment-field.ts";
import { PAYMENT_OPERATORS } from "../../src/core/payment/payment-rule.ts";
import { OPERANDS, TOLERANCE_UNITS } from "../../src/core/rules/condition.ts";
import { PLAIN_TRANSFORMS } from "../../src/core/rules/transform.ts";
import type { Dice } from "./dice.ts";
import type { Pool } from "./pool.ts";

const FIELDS = ["amount", "date", "direction", "currency", "description", "external_id", "type_key", "metadata.ref"];
const PATTERNS = [
  "(\\d+)",
  "^([A-Z]+)-(\\d+)$",
  "(a+)+$",
  "(?i)ref",
  "[",
  "(?<x>.)",
  "\\p{L}*",
  "(a|a)*b",
  "x{1,1000}",
];

/** The `filters` of a rule, right more often than not. */
export function drawFilters(dice: Dice, depth = 1): unknown {
  const size = dice.int(1, 3);
  const rules = Array.from({ length: size }, () =>
    depth < 3 && dice.percent(15) ? drawFilters(dice, depth + 1) : drawCondition(dice),
  );
  return { operand: dice.percent(80) ? "and" : "or", rules };
}

function drawCondition(dice: Dice): unknown {
  const field = dice.pick(FIELDS);
  if (dice.percent(45)) return { key: field, operand: "eq", value: field, ...drawTolerance(dice, field) };
  const operand = dice.pick(OPERANDS);
  if (operand === "is_missing" || operand === "is_present") return { operand, [dice.pick(["key", "value"])]: field };
  const isList = operand === "in" || operand === "not_in";
  const other = isList ? "metadata.list" : dice.percent(60) ? field : dice.pick(FIELDS);
  const isPlain = field === "amount" || other === "amount" || dice.percent(65);
  const withTransforms = (places: string[]) => (isPlain ? {} : { transforms: drawTransforms(dice, places) });
  if (dice.percent(50)) return { key: field, operand, value: other, ...withTransforms(["key", "value"]) };
  const constant = drawConstant(dice, field);
  const place = dice.pick(["key", "value"]);
  return { [place]: field, operand, constant: isList ? [constant] : constant, ...withTransforms([place]) };
}

function drawTolerance(dice: Dice, field: string): object {
  if (dice.percent(60)) return {};
  const unit = field === "amount" ? dice.pick(["dollar", "percent"]) : dice.pick(TOLERANCE_UNITS);
  return { tolerance_unit: unit, ...(unit === "month" ? {} : { tolerance_amount: dice.pick([0, 0.5, 1, 30, 1_000]) }) };
}

function drawTransforms(dice: Dice, places: string[]): object {
  const one = () =>
    dice.weigh([
      [4, dice.pick(PLAIN_TRANSFORMS)],
      [2, { name: dice.pick(["first_n_chars", "last_n_chars"]), args: { n: dice.pick([1, 4, 1_000]) } }],
      [2, { name: "regex_extract", args: { pattern: dice.pick(PATTERNS), group: dice.int(0, 1) } }],
    ]);
  return Object.fromEntries(places.map((place) => [place, dice.percent(50) ? one() : [one(), one()]]));
}

function drawConstant(dice: Dice, field: string): unknown {
  switch (field) {
    case "amount":
      return dice.pick([100, "100.00", 0]);
    case "date":
      return dice.pick(["2026-03-10", "2026-03-10T00:00:00Z"]);
    case "direction":
      return dice.pick(["credit", "debit"]);
    case "currency":
      return dice.pick(["USD", "eur"]);
    default:
      return dice.pick(["x", "INV-1", 1, true, "2026-03-10"]);
  }
}

/** The `conditions` of a rule of the payments door. */
export function drawPaymentConditions(dice: Dice, pool: Pool): unknown {
  const blocks = Array.from({ length: dice.int(1, 2) }, () => ({
    operator: dice.percent(80) ? "and" : "or",
    conditions: Array.from({ length: dice.int(1, 3) }, () => drawPaymentCondition(dice, pool)),
  }));
  return { operator: dice.percent(80) ? "and" : "or", blocks };
}

const SAME = ["currency", "direction", "internal_account_id", "type"];

function drawPaymentCondition(dice: Dice, pool: Pool): unknown {
  if (dice.percent(30)) {
    const name = dice.pick(SAME);
    return { field: `transaction.${name}`, operator: "equals", value_field: `expected_payment.${name}` };
  }
  if (dice.percent(40)) {
    const field = dice.pick(["transaction.vendor_description", "transaction.metadata.ref", "transaction.details.a.b"]);
    const operator = field.includes("details") ? "equals" : dice.pick(["equals", "contains"]);
    return { field, operator, value_field: "expected_payment.custom_identifiers.ref" };
  }
  const [field, other] = [drawPaymentField(dice), drawPaymentField(dice)];
  const operator = dice.pick(PAYMENT_OPERATORS);
  if (dice.percent(50)) return { field, operator, value_field: other };
  return { field, operator, value: pool.value(dice, field.split(".").at(-1) ?? "") ?? "x" };
}

function drawPaymentField(dice: Dice): string {
  return dice.pick(PAYMENT_SIDES.flatMap(listFieldNames)).replace(/<\w+>/, dice.pick(["ref", "a.b", "batch_id"]));
}
