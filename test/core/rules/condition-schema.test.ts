import { describe, expect, it } from "vitest";
import { InexactNumber } from "../../../src/core/json.ts";
import { refusals } from "./items.ts";

const EQ = { key: "external_id", operand: "eq", value: "external_id" };
const META = "metadata.x";
const DATES = { key: "date", operand: "eq", value: "date" };
const AMOUNTS = { key: "amount", operand: "eq", value: "amount" };
const CONSTANT = { key: META, operand: "eq", constant: "1" };

/** Refusals of one condition; pointers below it. */
const CONDITION_REFUSALS: [string, Record<string, unknown>, [string, string][]][] = [
  ["an unknown key", { ...EQ, valeu: "x" }, [["/valeu", "unknown_field"]]],
  ["no operand", { key: "date", value: "date" }, [["/operand", "required"]]],
  ["an unknown operand", { ...EQ, operand: "equals" }, [["/operand", "unknown_operand"]]],
  ["an operand of the other door", { ...EQ, operand: "is_contained" }, [["/operand", "unknown_operand"]]],
  ["an operand that is no string", { ...EQ, operand: 1 }, [["/operand", "unknown_operand"]]],
  ["an unknown field as key", { ...EQ, key: "id" }, [["/key", "unknown_record_field"]]],
  ["an unknown field as value", { ...EQ, value: "Date" }, [["/value", "unknown_record_field"]]],
  ["metadata without a key", { ...EQ, key: "metadata." }, [["/key", "unknown_record_field"]]],
  ["metadata alone", { ...EQ, key: "metadata" }, [["/key", "unknown_record_field"]]],
  ["a field that is no string", { ...EQ, value: 7 }, [["/value", "invalid_type"]]],
  ["a field that is null", { ...EQ, value: null }, [["/value", "invalid_type"]]],
  ["key alone", { key: "date", operand: "eq" }, [["", "missing_operand"]]],
  ["value alone", { value: "date", operand: "neq" }, [["", "missing_operand"]]],
  ["a constant alone", { constant: "x", operand: "eq" }, [["", "missing_operand"]]],
  ["neither key, value nor constant", { operand: "eq" }, [["", "missing_operand"]]],
  ["key, value and constant", { ...EQ, constant: "x" }, [["/constant", "too_many_operands"]]],
  ["is_missing of nothing", { operand: "is_missing" }, [["", "missing_operand"]]],
  ["is_missing of two fields", { ...EQ, operand: "is_missing" }, [["/value", "too_many_operands"]]],
  [
    "is_present against a constant",
    { key: "date", operand: "is_present", constant: "x" },
    [["/constant", "too_many_operands"]],
  ],

  [
    "a tolerance beside another operand",
    { ...AMOUNTS, operand: "lte", tolerance_amount: 1, tolerance_unit: "dollar" },
    [["/tolerance_unit", "tolerance_needs_eq"]],
  ],
  ["a tolerance amount without unit", { ...AMOUNTS, tolerance_amount: 1 }, [["/tolerance_unit", "required"]]],
  ["a unit without amount", { ...AMOUNTS, tolerance_unit: "dollar" }, [["/tolerance_amount", "required"]]],
  ["a percentage without number", { ...AMOUNTS, tolerance_unit: "percent" }, [["/tolerance_amount", "required"]]],
  ["days without number", { ...DATES, tolerance_unit: "day" }, [["/tolerance_amount", "required"]]],
  [
    "an unknown unit",
    { ...AMOUNTS, tolerance_amount: 1, tolerance_unit: "euro" },
    [["/tolerance_unit", "invalid_value"]],
  ],
  [
    "a tolerance amount that is no number",
    { ...AMOUNTS, tolerance_amount: "1", tolerance_unit: "dollar" },
    [["/tolerance_amount", "invalid_type"]],
  ],
  [
    "a tolerance amount that is no exact JSON number",
    { ...AMOUNTS, tolerance_amount: new InexactNumber("1e400"), tolerance_unit: "dollar" },
    [["/tolerance_amount", "invalid_type"]],
  ],
  ...[-0.01, Number.NaN, Number.POSITIVE_INFINITY].map((amount): (typeof CONDITION_REFUSALS)[number] => [
    `a tolerance of ${amount}`,
    { ...AMOUNTS, tolerance_amount: amount, tolerance_unit: "dollar" },
    [["/tolerance_amount", "invalid_tolerance"]],
  ]),
  [
    "half a day",
    { ...DATES, tolerance_amount: 0.5, tolerance_unit: "day" },
    [["/tolerance_amount", "invalid_tolerance"]],
  ],
  [
    "3651 days",
    { ...DATES, tolerance_amount: 3651, tolerance_unit: "day" },
    [["/tolerance_amount", "invalid_tolerance"]],
  ],
  [
    "more than 1000 percent",
    { ...AMOUNTS, tolerance_amount: 1000.01, tolerance_unit: "percent" },
    [["/tolerance_amount", "invalid_tolerance"]],
  ],
  [
    "dollars between dates",
    { ...DATES, tolerance_amount: 1, tolerance_unit: "dollar" },
    [["/tolerance_unit", "tolerance_does_not_fit"]],
  ],
  [
    "a percentage of a description",
    { key: "amount", operand: "eq", value: "description", tolerance_amount: 1, tolerance_unit: "percent" },
    [["/tolerance_unit", "tolerance_does_not_fit"]],
  ],
  [
    "days between an amount and metadata",
    { key: "amount", operand: "eq", value: META, tolerance_amount: 1, tolerance_unit: "day" },
    [["/tolerance_unit", "tolerance_does_not_fit"]],
  ],
  [
    "the month of an external_id",
    { key: META, operand: "eq", value: "external_id", tolerance_unit: "month" },
    [["/tolerance_unit", "tolerance_does_not_fit"]],
  ],
  [
    "dollars from a constant that is no number",
    { ...CONSTANT, constant: "ten", tolerance_amount: 1, tolerance_unit: "dollar" },
    [["/constant", "invalid_constant"]],
  ],
  [
    "days from a constant that is no date",
    { ...CONSTANT, constant: 20240115, tolerance_amount: 1, tolerance_unit: "day" },
    [["/constant", "invalid_constant"]],
  ],

  ["a constant that is null", { ...CONSTANT, constant: null }, [["/constant", "invalid_type"]]],
  ["a constant that is an object", { ...CONSTANT, constant: {} }, [["/constant", "invalid_type"]]],
  ["a constant that is not finite", { ...CONSTANT, constant: Number.NaN }, [["/constant", "invalid_type"]]],
  [
    "a constant that no number can hold",
    { ...CONSTANT, constant: new InexactNumber("1e400") },
    [["/constant", "invalid_type"]],
  ],
  ["a list under eq", { ...CONSTANT, constant: ["1"] }, [["/constant", "invalid_type"]]],
  ["an empty constant", { ...CONSTANT, operand: "contains", constant: "" }, [["/constant", "empty_constant"]]],
  ["a constant of 1001 characters", { ...CONSTANT, constant: "x".repeat(1001) }, [["/constant", "too_long"]]],
  ...["gt", "gte", "lt", "lte"].map((operand): (typeof CONDITION_REFUSALS)[number] => [
    `a boolean under ${operand}`,
    { ...CONSTANT, operand, constant: true },
    [["/constant", "invalid_constant"]],
  ]),
  ["a sideways direction", { key: "direction", operand: "eq", constant: "up" }, [["/constant", "invalid_constant"]]],
  [
    "a capital direction",
    { value: "direction", operand: "neq", constant: "CREDIT" },
    [["/constant", "invalid_constant"]],
  ],
  [
    "a direction in a list that is none",
    { key: "direction", operand: "in", constant: ["credit", "both"] },
    [["/constant/1", "invalid_constant"]],
  ],
  ["a currency as number", { key: "currency", operand: "eq", constant: 840 }, [["/constant", "invalid_constant"]]],
  ["a negative amount", { key: "amount", operand: "gt", constant: -1 }, [["/constant", "invalid_constant"]]],
  ["an amount in words", { key: "amount", operand: "gt", constant: "1,000" }, [["/constant", "invalid_constant"]]],
  ["a boolean amount", { key: "amount", operand: "eq", constant: true }, [["/constant", "invalid_constant"]]],
  [
    "a day that does not exist",
    { key: "date", operand: "gte", constant: "2025-02-29" },
    [["/constant", "invalid_constant"]],
  ],
  ["a date as number", { value: "date", operand: "gte", constant: 20250228 }, [["/constant", "invalid_constant"]]],

  ["a single constant under in", { ...CONSTANT, operand: "in" }, [["/constant", "invalid_type"]]],
  ["an empty list", { ...CONSTANT, operand: "not_in", constant: [] }, [["/constant", "invalid_list"]]],
  ["a list of 1001", { ...CONSTANT, operand: "in", constant: Array(1001).fill("x") }, [["/constant", "invalid_list"]]],
  [
    "null, objects, lists and empty texts in a list",
    { ...CONSTANT, operand: "in", constant: ["a", null, {}, ["b"], ""] },
    [
      ["/constant/1", "invalid_type"],
      ["/constant/2", "invalid_type"],
      ["/constant/3", "invalid_type"],
      ["/constant/4", "empty_constant"],
    ],
  ],
  [
    "membership in a field that holds no list",
    { key: "external_id", operand: "in", value: "description" },
    [["/value", "invalid_list"]],
  ],
  [
    "a constant looked for in a field that holds no list",
    { constant: "x", operand: "not_in", value: "external_id" },
    [["/value", "invalid_list"]],
  ],

  ["transforms that are no object", { ...EQ, transforms: ["trim"] }, [["/transforms", "invalid_type"]]],
  ["transforms of another side", { ...EQ, transforms: { a: "trim" } }, [["/transforms/a", "unknown_field"]]],
  [
    "transforms for an absent key",
    { value: META, operand: "eq", constant: "x", transforms: { key: "trim" } },
    [["/transforms/key", "transform_without_field"]],
  ],
  [
    "transforms for an absent value",
    { ...CONSTANT, transforms: { value: [] } },
    [["/transforms/value", "transform_without_field"]],
  ],
  [
    "transforms of an amount",
    { key: META, operand: "eq", value: "amount", transforms: { value: "trim" } },
    [["/transforms/value", "transform_of_amount"]],
  ],
];

describe("a condition", () => {
  it.each(CONDITION_REFUSALS)("refuses %s", (_name, condition, expected) => {
    const below = expected.map(([path, code]) => [`/filters/rules/1${path}`, code]);
    expect(refusals({ operand: "and", rules: [EQ, condition] })).toEqual(below);
  });
});
