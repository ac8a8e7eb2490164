import { describe, expect, it } from "vitest";
import { all, item, passes, withMeta } from "./items.ts";

/** Whether `metadata.x` of Side A stands in this relation to `metadata.x` of Side B. */
function relates(operand: string, a: unknown, b: unknown): boolean {
  return passes({ key: "metadata.x", operand, value: "metadata.x" }, withMeta("a", a), withMeta("b", b));
}

const EQUALITY: [unknown, unknown, boolean][] = [
  ["INV-1", "INV-1", true],
  ["INV-1", "inv-1", false],
  ["1.0", "1", false],
  [1, 1, true],
  [1, "1.00", true],
  ["1e2", 100, true],
  ["+5", 5, true],
  [1, "one", false],
  [1, " 1", false],
  [0.1, "0.1", true],
  [0.1, "0.10000000000000000001", false],
  [true, true, true],
  [true, false, false],
  [true, "true", true],
  ["false", false, true],
  [true, "TRUE", false],
  [true, 1, false],
  [0, false, false],
  ["2024-01-15", "2024-01-15T00:00:00Z", false],
];

describe("eq and neq", () => {
  it.each(EQUALITY)("%j against %j: equal is %j", (a, b, equal) => {
    expect(relates("eq", a, b)).toBe(equal);
    expect(relates("eq", b, a)).toBe(equal);
    expect(relates("neq", a, b)).toBe(!equal);
    expect(relates("neq", b, a)).toBe(!equal);
  });

  it("look at the whole of a long text, beyond what an explanation shows of it", () => {
    const long = "x".repeat(400);
    expect(relates("eq", `${long}1`, `${long}2`)).toBe(false);
    expect(relates("neq", `${long}1`, `${long}2`)).toBe(true);
    expect(relates("contains", `${long}1`, "x1")).toBe(true);
  });

  it("hold for no list and no object", () => {
    for (const operand of ["eq", "neq", "gt", "lte", "contains"]) {
      expect(relates(operand, ["a"], ["a"])).toBe(false);
      expect(relates(operand, "a", ["a"])).toBe(false);
      expect(relates(operand, { a: 1 }, { a: 1 })).toBe(false);
      expect(relates(operand, { a: 1 }, "a")).toBe(false);
    }
  });
});

/** `a` comes before `b`; undefined: they have no order. */
const ORDER: [unknown, unknown, "before" | "same" | "none"][] = [
  [9, 10, "before"],
  [9, "10", "before"],
  ["9.99", 10, "before"],
  [1, "1.000", "same"],
  ["10", "9", "before"],
  [9, "ten", "none"],
  [true, false, "none"],
  [true, "true", "none"],
  [true, 1, "none"],
  ["2024-02-01", "2024-10-01", "before"],
  ["2024-01-15", "2024-01-15T23:59:59Z", "same"],
  ["2024-01-15", "2024-01-15T23:30:00-01:00", "before"],
  ["2024-01-15T10:00:00Z", "2024-01-15T11:00:00+00:30", "before"],
  ["2024-01-15T10:00:00+01:00", "2024-01-15T09:00:00Z", "same"],
  ["2024-01-15 first", "2024-01-15T10:00:00Z", "same"],
  ["2023-02-29", "2023-03-01", "before"],
  ["Z", "a", "before"],
  ["ab", "abc", "before"],
  ["\uff5e", "😀", "before"],
  ["abc", "abc", "same"],
];

describe("gt, gte, lt and lte", () => {
  it.each(ORDER)("%j against %j: %s", (a, b, order) => {
    const results = ["lt", "lte", "gt", "gte"].map((operand) => relates(operand, a, b));
    const mirrored = ["gt", "gte", "lt", "lte"].map((operand) => relates(operand, b, a));
    const expected = {
      before: [true, true, false, false],
      same: [false, true, false, true],
      none: [false, false, false, false],
    }[order];
    expect(results).toEqual(expected);
    expect(mirrored).toEqual(expected);
  });
});

describe("contains", () => {
  it.each<[unknown, unknown, boolean]>([
    ["Payment INV-42 thanks", "INV-42", true],
    ["Payment inv-42", "INV-42", false],
    ["INV-42", "Payment INV-42", false],
    ["ref 42", 42, true],
    [1042.5, "42.5", true],
    ["1e21 is 1000000000000000000000", 1e21, true],
  ])("%j contains %j: %j", (a, b, expected) => {
    expect(relates("contains", a, b)).toBe(expected);
  });

  it("searches a constant when that stands in the key's place", () => {
    const condition = { constant: "bank,cash", operand: "contains", value: "type_key" };
    expect(passes(condition, item("a"), item("b", { typeKey: "cash" }))).toBe(true);
    expect(passes(condition, item("a"), item("b", { typeKey: "card" }))).toBe(false);
  });
});

describe("in and not_in", () => {
  const MEMBERSHIP: [unknown, unknown, boolean][] = [
    ["b", ["a", "b"], true],
    ["c", ["a", "b"], false],
    ["b", "a|b", true],
    [" b", "a| b", true],
    ["b", "a| b", false],
    [7, ["7.0"], true],
    ["7", [7], true],
    ["7.0", "7|8", false],
    [7, "7.0|8", true],
    ["a|b", ["a|b"], true],
    [true, ["true"], true],
    ["x", "x", true],
    [5, 5, true],
    ["a", [["a"], null, "", "b"], false],
  ];

  it.each(MEMBERSHIP)("%j in the field %j: %j", (member, list, expected) => {
    expect(relates("in", member, list)).toBe(expected);
    expect(relates("not_in", member, list)).toBe(!expected);
  });

  it("hold neither for an object in place of the list nor for a list in place of the member", () => {
    for (const operand of ["in", "not_in"]) {
      expect(relates(operand, "a", { a: 1 })).toBe(false);
      expect(relates(operand, ["a"], ["a"])).toBe(false);
      expect(relates(operand, { a: 1 }, ["a"])).toBe(false);
    }
  });

  it("test a field of either side against a constant list", () => {
    for (const [place, a, b] of [
      ["key", item("a", { typeKey: "cash" }), item("b")],
      ["value", item("a"), item("b", { typeKey: "cash" })],
    ] as const) {
      expect(passes({ [place]: "type_key", operand: "in", constant: ["card", "cash"] }, a, b)).toBe(true);
      expect(passes({ [place]: "type_key", operand: "not_in", constant: ["card", "cash"] }, a, b)).toBe(false);
      expect(passes({ [place]: "type_key", operand: "in", constant: ["card"] }, a, b)).toBe(false);
      expect(passes({ [place]: "type_key", operand: "not_in", constant: ["card"] }, a, b)).toBe(true);
    }
  });

  it("look for a single constant in the list that Side B holds", () => {
    const sought = (operand: string) => ({ constant: "eu", operand, value: "metadata.x" });
    expect(passes(sought("in"), item("a"), withMeta("b", "eu|us"))).toBe(true);
    expect(passes(sought("not_in"), item("a"), withMeta("b", "eu|us"))).toBe(false);
    expect(passes(sought("in"), item("a"), withMeta("b", ["us"]))).toBe(false);
    expect(passes(sought("not_in"), item("a"), withMeta("b", ["us"]))).toBe(true);
  });
});

describe("fields", () => {
  it.each<[string, string]>([
    ["date", "2024-01-15"],
    ["direction", "credit"],
    ["currency", "usd"],
    ["description", "rent"],
    ["external_id", "E-1"],
    ["type_key", "bank"],
    ["metadata.a.b", "dotted"],
  ])("%s is read", (field, constant) => {
    const a = item("a", { description: "rent", externalId: "E-1", metadata: { "a.b": "dotted" } });
    expect(passes({ key: field, operand: "eq", constant }, a)).toBe(true);
    expect(passes({ key: field, operand: "neq", constant }, a)).toBe(false);
  });

  it("amount is the open amount against the other side and the own amount against a constant", () => {
    const [a, b] = [item("a", { amount: 10_000, open: 2_500 }), withMeta("b", "25.00")];
    expect(all({ key: "amount", operand: "eq", value: "metadata.x" }).explain(a, b)).toEqual([
      { a: 25, b: "25.00", passed: true },
    ]);
    expect(all({ key: "amount", operand: "eq", constant: "100.00" }).explain(a, b)).toEqual([
      { a: 100, b: "100.00", passed: true },
    ]);
  });

  it("amount counts in major units of the currency", () => {
    for (const [currency, constant] of [
      ["JPY", 1500],
      ["USD", 15],
      ["BHD", 1.5],
    ] as const) {
      const [a, b] = [item("a", { currency, amount: 1500 }), item("b", { currency })];
      expect(passes({ key: "amount", operand: "eq", constant }, a, b)).toBe(true);
    }
  });
});

describe("explain", () => {
  it("shows every condition in document order, values after transforms, missing ones as null", () => {
    const compiled = all(
      { key: "description", operand: "eq", value: "external_id", transforms: { key: "lowercase" } },
      { operand: "or", rules: [{ constant: "credit", operand: "eq", value: "direction" }] },
      { key: "metadata.list", operand: "is_present" },
      { value: "metadata.object", operand: "is_missing" },
    );
    const a = item("a", { description: "ABC", metadata: { list: [1, "a", null] } });
    const b = item("b", { sign: -1, metadata: { object: { n: 1 } } });
    expect(compiled.explain(a, b)).toEqual([
      { a: "abc", b: null, passed: false },
      { a: "credit", b: "debit", passed: false },
      { a: [1, "a"], b: null, passed: true },
      { a: null, b: '{"n":1}', passed: false },
    ]);
  });
});
