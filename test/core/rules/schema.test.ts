import { describe, expect, it } from "vitest";
import { listConditions, parseFilters, presentFilters } from "../../../src/core/rules/schema.ts";
import { refusals } from "./items.ts";

const EQ = { key: "external_id", operand: "eq", value: "external_id" };

function nest(depth: number): unknown {
  return { operand: "and", rules: [depth === 1 ? EQ : nest(depth - 1)] };
}

const at = (place: string) => `/filters${place}`;

const GROUP_REFUSALS: [string, unknown, [string, string][]][] = [
  ["filters that are not an object", [EQ], [["/filters", "invalid_type"]]],
  ["filters that are null", null, [["/filters", "invalid_type"]]],
  [
    "a condition in place of the root group",
    EQ,
    [
      [at("/key"), "unknown_field"],
      [at("/value"), "unknown_field"],
      [at("/operand"), "unknown_operand"],
      [at("/rules"), "required"],
    ],
  ],
  ["a group without operand", { rules: [EQ] }, [[at("/operand"), "required"]]],
  ["a group with another operand", { operand: "xor", rules: [EQ] }, [[at("/operand"), "unknown_operand"]]],
  ["a group without rules", { operand: "and" }, [[at("/rules"), "required"]]],
  ["rules that are no array", { operand: "and", rules: EQ }, [[at("/rules"), "invalid_type"]]],
  ["an empty root", { operand: "and", rules: [] }, [[at("/rules"), "empty_rules"]]],
  [
    "an empty group further down",
    { operand: "and", rules: [EQ, { operand: "or", rules: [] }] },
    [[at("/rules/1/rules"), "empty_rules"]],
  ],
  ["a node that is no object", { operand: "and", rules: [EQ, "eq"] }, [[at("/rules/1"), "invalid_type"]]],
  [
    "an unknown key of a group, escaped in the pointer",
    { operand: "and", rules: [EQ], "a/b~c": 1 },
    [[at("/a~1b~0c"), "unknown_field"]],
  ],
  ["a sixth level of groups", nest(6), [[at("/rules/0/rules/0/rules/0/rules/0/rules/0"), "too_deep"]]],
  ["51 conditions", { operand: "and", rules: Array(51).fill(EQ) }, [["/filters", "too_many_conditions"]]],
  [
    "51 conditions spread over groups",
    {
      operand: "or",
      rules: [
        { operand: "and", rules: Array(25).fill(EQ) },
        { operand: "and", rules: Array(26).fill(EQ) },
      ],
    },
    [["/filters", "too_many_conditions"]],
  ],
];

const DATES = { key: "date", operand: "eq", value: "date" };
const AMOUNTS = { key: "amount", operand: "eq", value: "amount" };
const CONSTANT = { key: "metadata.x", operand: "eq", constant: "1" };

describe("parseFilters", () => {
  it.each(GROUP_REFUSALS)("refuses %s", (_name, filters, expected) => {
    expect(refusals(filters)).toEqual(expected);
  });

  it("lists every problem of every condition", () => {
    const filters = {
      operand: "and",
      extra: true,
      rules: [
        { key: "id", operand: "eq", value: "date", tolerance_amount: -1, tolerance_unit: "euro" },
        {
          operand: "or",
          rules: [{ key: "date", operand: "like", constant: "x", transforms: { key: ["nope", "trim", 1] } }],
        },
      ],
    };
    expect(refusals(filters)).toEqual([
      [at("/extra"), "unknown_field"],
      [at("/rules/0/key"), "unknown_record_field"],
      [at("/rules/0/tolerance_unit"), "invalid_value"],
      [at("/rules/0/tolerance_amount"), "invalid_tolerance"],
      [at("/rules/1/rules/0/operand"), "unknown_operand"],
      [at("/rules/1/rules/0/transforms/key/0"), "unknown_transform"],
      [at("/rules/1/rules/0/transforms/key/2"), "invalid_type"],
    ]);
  });

  it("says in words what would be right", () => {
    const parsed = parseFilters({ operand: "and", rules: [{ ...AMOUNTS, tolerance_amount: 1 }] }, "/filters");
    expect(parsed).toEqual({
      ok: false,
      failure: [
        {
          path: "/filters/rules/0/tolerance_unit",
          code: "required",
          message: "Must say the unit: dollar, percent, day, month.",
        },
      ],
    });
  });

  it("keeps its answer short however long the input", () => {
    const empty = { operand: "or", rules: [] };
    expect(refusals({ operand: "and", rules: Array(100_000).fill(empty) }).length).toBeLessThan(300);
    expect(refusals({ operand: "and", rules: Array(100_000).fill({ operand: "eq" }) }).length).toBeLessThan(300);
  });

  it("accepts 50 conditions, five levels of groups, and the largest limits", () => {
    expect(refusals({ operand: "and", rules: Array(50).fill(EQ) })).toEqual([]);
    expect(refusals(nest(5))).toEqual([]);
    const largest = [
      { ...DATES, tolerance_amount: 3650, tolerance_unit: "day" },
      { ...AMOUNTS, tolerance_amount: 1000, tolerance_unit: "percent" },
      { ...CONSTANT, constant: "x".repeat(1000) },
      { ...CONSTANT, operand: "in", constant: Array(1000).fill("x") },
      { ...EQ, transforms: { key: Array(10).fill("trim"), value: { name: "first_n_chars", args: { n: 1000 } } } },
      { ...EQ, transforms: { key: { name: "regex_extract", args: { pattern: "a".repeat(500), group: 0 } } } },
    ];
    expect(refusals({ operand: "and", rules: largest })).toEqual([]);
  });

  it("reads a currency in any case and a time as its day", () => {
    const rules = [
      { key: "currency", operand: "in", constant: ["usd", "Eur"] },
      { key: "date", operand: "gte", constant: "2024-01-15T23:30:00-02:00" },
    ];
    const parsed = parseFilters({ operand: "and", rules }, "/filters");
    expect(parsed.ok && listConditions(parsed.value).map(({ constant }) => constant)).toEqual([
      ["USD", "EUR"],
      "2024-01-16",
    ]);
  });

  it("takes part of a date as constant where the date is searched or transformed", () => {
    const rules = [
      { key: "date", operand: "contains", constant: "2024-01" },
      { key: "date", operand: "eq", constant: "2024", transforms: { key: { name: "first_n_chars", args: { n: 4 } } } },
    ];
    expect(refusals({ operand: "and", rules })).toEqual([]);
  });
});

describe("presentFilters", () => {
  const filters = {
    operand: "and",
    rules: [
      { key: "amount", operand: "eq", value: "amount", tolerance_amount: 0.5, tolerance_unit: "dollar" },
      {
        operand: "or",
        rules: [
          { key: "date", operand: "eq", value: "date", tolerance_unit: "month" },
          { constant: ["a", 1, true], operand: "in", value: "metadata.a.b" },
          { key: "description", operand: "is_missing" },
          {
            key: "external_id",
            operand: "eq",
            value: "description",
            transforms: {
              key: "trim",
              value: ["lowercase", { name: "regex_extract", args: { pattern: "INV-(\\d+)" } }, { name: "digits_only" }],
            },
          },
        ],
      },
    ],
  };

  it("gives back what was written", () => {
    const parsed = parseFilters(filters, "/filters");
    expect(parsed.ok && presentFilters(parsed.value)).toEqual(filters);
  });

  it("lists conditions in document order", () => {
    const parsed = parseFilters(filters, "/filters");
    const fields = parsed.ok ? listConditions(parsed.value).map(({ key, value }) => key ?? value) : [];
    expect(fields).toEqual(["amount", "date", "metadata.a.b", "description", "external_id"]);
  });
});
