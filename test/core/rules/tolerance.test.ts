import { describe, expect, it } from "vitest";
import fc from "../../support/fast-check.ts";
import { item, passes, withMeta } from "./items.ts";

/** Minor units on both sides, and whether `amount` eq `amount` holds with this tolerance. */
type AmountCase = [currency: string, tolerance: number, a: number, b: number, holds: boolean];

function amountsWithin(unit: "dollar" | "percent", tolerance: number, currency: string, a: number, b: number): boolean {
  const condition = {
    key: "amount",
    operand: "eq",
    value: "amount",
    tolerance_amount: tolerance,
    tolerance_unit: unit,
  };
  return passes(condition, item("a", { currency, open: a }), item("b", { currency, open: b }));
}

const DOLLARS: AmountCase[] = [
  ["USD", 0.5, 10_000, 10_049, true],
  ["USD", 0.5, 10_000, 10_050, true],
  ["USD", 0.5, 10_000, 10_051, false],
  ["USD", 0.5, 10_000, 9_950, true],
  ["USD", 0.5, 10_000, 9_949, false],
  ["USD", 0, 10_000, 10_000, true],
  ["USD", 0, 10_000, 10_001, false],
  ["USD", 0.1, 30, 40, true],
  ["USD", 0.1, 30, 41, false],
  ["USD", 0.009, 100, 101, false],
  ["USD", 0.0101, 100, 101, true],
  ["JPY", 1, 1_000, 1_001, true],
  ["JPY", 1, 1_000, 1_002, false],
  ["JPY", 0.99, 1_000, 1_001, false],
  ["BHD", 0.005, 1_000, 1_005, true],
  ["BHD", 0.005, 1_000, 1_006, false],
  ["BHD", 0.005, 1_000, 994, false],
  ["USD", 1e-7, 999_999_999_999_999, 999_999_999_999_998, false],
  ["USD", 0.01, 999_999_999_999_999, 999_999_999_999_998, true],
  ["USD", 1e308, 0, 999_999_999_999_999, true],
];

const PERCENTS: AmountCase[] = [
  ["USD", 1, 10_000, 10_099, true],
  ["USD", 1, 10_000, 10_100, true],
  ["USD", 1, 10_000, 10_101, false],
  ["USD", 1, 10_000, 9_900, true],
  ["USD", 1, 10_000, 9_899, false],
  ["USD", 1, 9_900, 10_000, false],
  ["USD", 0.1, 1_000, 1_001, true],
  ["USD", 0.1, 999, 1_000, false],
  ["USD", 2.9, 10_000, 10_290, true],
  ["USD", 2.9, 10_000, 10_291, false],
  ["USD", 10, 0, 0, true],
  ["USD", 1000, 0, 1, false],
  ["USD", 100, 50, 0, true],
  ["USD", 100, 50, 100, true],
  ["USD", 100, 50, 101, false],
  ["USD", 99.99, 50, 0, false],
  ["USD", 0, 50, 50, true],
  ["USD", 0, 50, 51, false],
  ["JPY", 0.5, 200, 201, true],
  ["JPY", 0.5, 199, 200, false],
  ["BHD", 0.1, 1_000, 1_001, true],
  ["BHD", 0.1, 1_000, 1_002, false],
  ["USD", 1e-13, 999_999_999_999_999, 999_999_999_999_998, false],
  ["USD", 1e-12, 999_999_999_999_999, 999_999_999_999_998, true],
];

describe("a tolerance in dollars", () => {
  it.each(DOLLARS)("%s: ± %d around %d and %d: %j", (currency, tolerance, a, b, holds) => {
    expect(amountsWithin("dollar", tolerance, currency, a, b)).toBe(holds);
    expect(amountsWithin("dollar", tolerance, currency, b, a)).toBe(holds);
  });

  it.each<[unknown, unknown, boolean]>([
    [10, 10.25, true],
    ["10.00", "10.25", true],
    ["10.00", 10.26, false],
    ["-1", "-1.25", true],
    [0.3, 0.05, true],
    ["ten", 10, false],
    [true, 1, false],
    [["10"], 10, false],
  ])("reads metadata as numbers: %j and %j within 0.25: %j", (a, b, holds) => {
    const condition = {
      key: "metadata.x",
      operand: "eq",
      value: "metadata.x",
      tolerance_amount: 0.25,
      tolerance_unit: "dollar",
    };
    expect(passes(condition, withMeta("a", a), withMeta("b", b))).toBe(holds);
  });

  it("compares an amount with metadata in major units, whatever the currency's decimals", () => {
    const condition = {
      key: "amount",
      operand: "eq",
      value: "metadata.x",
      tolerance_amount: 0.01,
      tolerance_unit: "dollar",
    };
    const against = (currency: string, open: number, x: unknown) =>
      passes(condition, item("a", { currency, open }), item("b", { currency, metadata: { x } }));
    expect(against("BHD", 1_000, 1.01)).toBe(true);
    expect(against("BHD", 1_000, 1.011)).toBe(false);
    expect(against("JPY", 1_000, "1000.01")).toBe(true);
    expect(against("JPY", 1_000, "1000.011")).toBe(false);
  });

  it("works against a constant on either side", () => {
    const near = { operand: "eq", constant: 100, tolerance_amount: 1, tolerance_unit: "dollar" };
    expect(passes({ key: "amount", ...near }, item("a", { amount: 10_100 }))).toBe(true);
    expect(passes({ key: "amount", ...near }, item("a", { amount: 10_101 }))).toBe(false);
    expect(passes({ value: "amount", ...near }, item("a"), item("b", { amount: 9_900 }))).toBe(true);
    expect(passes({ value: "amount", ...near }, item("a"), item("b", { amount: 9_899 }))).toBe(false);
  });
});

describe("a tolerance in percent", () => {
  it.each(PERCENTS)("%s: %d percent of %d and %d: %j", (currency, tolerance, a, b, holds) => {
    expect(amountsWithin("percent", tolerance, currency, a, b)).toBe(holds);
  });

  it("is of the size of a negative value", () => {
    const condition = {
      key: "metadata.x",
      operand: "eq",
      value: "metadata.x",
      tolerance_amount: 10,
      tolerance_unit: "percent",
    };
    expect(passes(condition, withMeta("a", "-100"), withMeta("b", -110))).toBe(true);
    expect(passes(condition, withMeta("a", "-100"), withMeta("b", -110.001))).toBe(false);
  });

  it("is of what stands in the key's place, be it the constant", () => {
    const near = { operand: "eq", constant: 100, tolerance_amount: 10, tolerance_unit: "percent" };
    expect(passes({ key: "metadata.x", ...near }, withMeta("a", 111))).toBe(true);
    expect(passes({ key: "metadata.x", ...near }, withMeta("a", 90))).toBe(false);
    expect(passes({ value: "metadata.x", ...near }, item("a"), withMeta("b", 110))).toBe(true);
    expect(passes({ value: "metadata.x", ...near }, item("a"), withMeta("b", 111))).toBe(false);
    expect(passes({ value: "metadata.x", ...near }, item("a"), withMeta("b", 90))).toBe(true);
  });

  it("agrees with whole-number arithmetic", () => {
    const minor = fc.integer({ min: 0, max: 100_000 });
    fc.assert(
      fc.property(minor, minor, fc.integer({ min: 0, max: 100_000 }), (a, b, hundredths) => {
        const expected = BigInt(Math.abs(a - b)) * 10_000n <= BigInt(a) * BigInt(hundredths);
        expect(amountsWithin("percent", hundredths / 100, "USD", a, b)).toBe(expected);
      }),
    );
  });
});

describe("a tolerance in days", () => {
  const within = (days: number, a: unknown, b: unknown) =>
    passes(
      { key: "metadata.x", operand: "eq", value: "metadata.x", tolerance_amount: days, tolerance_unit: "day" },
      withMeta("a", a),
      withMeta("b", b),
    );

  it.each<[number, unknown, unknown, boolean]>([
    [2, "2024-02-28", "2024-03-01", true],
    [2, "2023-02-28", "2023-03-02", true],
    [1, "2024-02-28", "2024-03-01", false],
    [1, "2024-02-29", "2024-03-01", true],
    [0, "2024-02-29", "2024-02-29", true],
    [0, "2024-02-29", "2024-03-01", false],
    [3, "2023-12-30", "2024-01-02", true],
    [2, "2023-12-30", "2024-01-02", false],
    [1, "1969-12-31", "1970-01-01", true],
    [0, "2024-01-16", "2024-01-15T23:30:00-01:00", true],
    [0, "2024-01-15", "2024-01-15T23:30:00-01:00", false],
    [0, "2024-01-15T00:00:00Z", "2024-01-15T23:59:59Z", true],
    [0, "2024-01-15", "2024-01-15T23:59:59", true],
    [3650, "2023-02-29", "2023-02-28", false],
    [3650, "soon", "2023-02-28", false],
    [3650, 20230228, "2023-02-28", false],
    [3650, "2023-02-281", "2023-02-28", false],
  ])("of %d: %j and %j: %j", (days, a, b, holds) => {
    expect(within(days, a, b)).toBe(holds);
    expect(within(days, b, a)).toBe(holds);
  });

  it("works on dates, and against a constant", () => {
    const near = { operand: "eq", tolerance_amount: 1, tolerance_unit: "day" };
    const at = (side: "a" | "b", date: string) => item(side, { date });
    expect(passes({ key: "date", value: "date", ...near }, at("a", "2024-02-29"), at("b", "2024-03-01"))).toBe(true);
    expect(passes({ key: "date", value: "date", ...near }, at("a", "2024-02-29"), at("b", "2024-03-02"))).toBe(false);
    expect(passes({ key: "date", constant: "2024-03-01", ...near }, at("a", "2024-02-29"))).toBe(true);
    expect(passes({ key: "date", constant: "2024-03-01", ...near }, at("a", "2024-02-28"))).toBe(false);
  });
});

describe("the tolerance month", () => {
  it.each<[unknown, unknown, boolean]>([
    ["2024-02-01", "2024-02-29", true],
    ["2024-02-29", "2024-03-01", false],
    ["2024-02-29", "2023-02-28", false],
    ["2024-02-01", "2024-01-31T23:30:00-01:00", true],
    ["February", "2024-02-01", false],
  ])("%j and %j: %j", (a, b, holds) => {
    const condition = { key: "metadata.x", operand: "eq", value: "metadata.x", tolerance_unit: "month" };
    expect(passes(condition, withMeta("a", a), withMeta("b", b))).toBe(holds);
    expect(passes({ ...condition, tolerance_amount: 12 }, withMeta("b", b), withMeta("a", a))).toBe(holds);
  });
});
