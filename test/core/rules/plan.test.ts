import { describe, expect, it } from "vitest";
import type { Item } from "../../../src/core/matching/item.ts";
import { MAX_KEYS, type PlanBranch, presentPlan } from "../../../src/core/rules/plan.ts";
import { all, any, item, withMeta } from "./items.ts";

const AMOUNT = { key: "amount", operand: "eq", value: "amount" };
const REFERENCE = { key: "external_id", operand: "eq", value: "metadata.x" };
const DATE = { key: "date", operand: "eq", value: "date", tolerance_amount: 2, tolerance_unit: "day" };
const MONTH = { key: "date", operand: "eq", value: "metadata.x", tolerance_unit: "month" };
const IN_LIST = { key: "external_id", operand: "in", value: "metadata.x" };
const CONTAINS = { key: "description", operand: "contains", value: "external_id" };
const CREDIT = { key: "direction", operand: "eq", constant: "credit" };
const and = (...rules: unknown[]) => ({ operand: "and", rules });
const or = (...rules: unknown[]) => ({ operand: "or", rules });

function onlyBranch(...conditions: unknown[]): PlanBranch {
  const { branches } = all(...conditions).plan;
  if (branches.length !== 1) throw new Error(`${branches.length} branches`);
  return branches[0] as PlanBranch;
}

function meets(branch: PlanBranch, a: Item, b: Item): [fromA: boolean, fromB: boolean] {
  const [storedA, storedB] = [branch.storedKeys(a), branch.storedKeys(b)];
  return [
    branch.lookupKeys(a).some((key) => storedB.includes(key)),
    branch.lookupKeys(b).some((key) => storedA.includes(key)),
  ];
}

describe("a plan's kind", () => {
  it.each([
    ["key", all(REFERENCE), 1],
    ["key", all(REFERENCE, AMOUNT, CONTAINS), 1],
    ["key", all(DATE), 1],
    ["key", all(MONTH), 1],
    ["key", all(IN_LIST), 1],
    ["key", all({ key: "amount", operand: "eq", value: "metadata.x" }), 1],
    ["range", all(AMOUNT), 1],
    ["range", all({ ...AMOUNT, tolerance_amount: 5, tolerance_unit: "percent" }, CONTAINS), 1],
    ["key", all(or(and(REFERENCE))), 1],
    ["key", all(CONTAINS, and(and(REFERENCE))), 1],
    ["range", any(AMOUNT), 1],
    ["union", any(AMOUNT, REFERENCE, or(DATE, and(IN_LIST, CONTAINS))), 4],
    ["union", all(CREDIT, or(CONTAINS, REFERENCE), or(AMOUNT, REFERENCE)), 2],
    ["key", all(REFERENCE, or(CONTAINS, AMOUNT)), 1],
    ["scan", all(CONTAINS), 1],
    ["scan", any(AMOUNT, CONTAINS), 1],
    ["scan", any(AMOUNT, and(REFERENCE, CONTAINS), and(CREDIT)), 1],
    ["scan", all({ ...AMOUNT, operand: "lte" }), 1],
    ["scan", all({ ...AMOUNT, tolerance_amount: 1e15, tolerance_unit: "dollar" }), 1],
    ["scan", all({ key: "currency", operand: "eq", value: "currency" }), 1],
    ["scan", all({ key: "direction", operand: "eq", value: "metadata.x" }), 1],
    ["scan", all({ ...REFERENCE, operand: "neq" }, { ...IN_LIST, operand: "not_in" }, CREDIT), 1],
    [
      "scan",
      all({ key: "metadata.x", operand: "eq", value: "metadata.x", tolerance_amount: 1, tolerance_unit: "dollar" }),
      1,
    ],
  ] as const)("is %s for case %#", (kind, compiled, branches) => {
    expect(compiled.plan.kind).toBe(kind);
    expect(compiled.plan.branches).toHaveLength(branches);
    expect(compiled.plan.why === null).toBe(kind !== "scan");
  });

  it("is shown with what would help a scan", () => {
    expect(presentPlan(all(REFERENCE).plan)).toEqual({ kind: "key" });
    expect(presentPlan(all(CONTAINS).plan)).toEqual({
      kind: "scan",
      why:
        "The rule has nothing to look up by, so every open record is read. Add an eq between a field of each side " +
        "(without a tolerance, or with day or month), an in against a metadata list, or an eq between the two amounts.",
    });
    expect(presentPlan(any(AMOUNT, CONTAINS).plan).why).toContain("Alternative 2 of an or");
  });
});

describe("keys", () => {
  it("of a scan are the currency alone, without bounds", () => {
    const branch = onlyBranch(CONTAINS, CREDIT);
    for (const one of [item("a", { sign: -1 }), item("b", { currency: "EUR" })]) {
      expect(branch.storedKeys(one)).toEqual([one.currency]);
      expect(branch.lookupKeys(one)).toEqual([one.currency]);
      expect(branch.amountWindow(one)).toBeNull();
    }
  });

  it.each<[string, unknown]>([
    ["7", 7],
    ["7.00", 7],
    ["7.0", "7"],
    ["1e2", 100],
    ["-0", 0],
    ["true", true],
    ["INV-1", "INV-1"],
    ["😀".repeat(90), "😀".repeat(90)],
  ])("of equal values are equal: %j and %j", (externalId, x) => {
    expect(meets(onlyBranch(REFERENCE), item("a", { externalId }), withMeta("b", x))).toEqual([true, true]);
  });

  it("of different values differ, of different currencies too", () => {
    const branch = onlyBranch(REFERENCE);
    const a = item("a", { externalId: "INV-1" });
    expect(meets(branch, a, withMeta("b", "INV-2"))).toEqual([false, false]);
    expect(meets(branch, a, item("b", { currency: "EUR", metadata: { x: "INV-1" } }))).toEqual([false, false]);
  });

  it("stay short and well-formed however long the value", () => {
    const [key] = onlyBranch(REFERENCE).storedKeys(withMeta("b", `a${"😀".repeat(500)}`));
    expect(key?.length).toBe("USD".length + 1 + 96);
    expect(key?.isWellFormed()).toBe(true);
  });

  it("are none where the field is missing, a list or an object", () => {
    for (const x of [undefined, null, "", ["INV-1"], {}]) {
      expect(onlyBranch(REFERENCE).storedKeys(withMeta("b", x))).toEqual([]);
      expect(onlyBranch(REFERENCE).lookupKeys(withMeta("b", x))).toEqual([]);
      expect(onlyBranch(MONTH).storedKeys(withMeta("b", x))).toEqual([]);
    }
  });

  it("are none for an item that a one-sided condition excludes", () => {
    const branch = onlyBranch(REFERENCE, CREDIT, { constant: 50, operand: "lte", value: "amount" });
    const debit = item("a", { externalId: "1", sign: -1 });
    const small = item("b", { amount: 4_999, metadata: { x: "1" } });
    for (const excluded of [debit, small]) {
      expect(branch.storedKeys(excluded)).toEqual([]);
      expect(branch.lookupKeys(excluded)).toEqual([]);
    }
    expect(meets(branch, item("a", { externalId: "1" }), item("b", { metadata: { x: "1" }, sign: -1 }))).toEqual([
      true,
      true,
    ]);
  });

  it("of an or carry the one-sided conditions beside it", () => {
    const { branches } = all(CREDIT, or(REFERENCE, AMOUNT)).plan;
    expect(branches.map((branch) => branch.storedKeys(item("a", { externalId: "1", sign: -1 })))).toEqual([[], []]);
    expect(branches.map((branch) => branch.storedKeys(item("a", { externalId: "1" })).length)).toEqual([1, 1]);
  });

  it("of days are one stored and three looked up", () => {
    const branch = onlyBranch(DATE);
    const a = item("a", { date: "2024-03-01" });
    expect(branch.storedKeys(a)).toHaveLength(1);
    expect(branch.lookupKeys(a)).toHaveLength(3);
    for (const date of ["2024-02-28", "2024-02-29", "2024-03-03"]) {
      expect(meets(branch, a, item("b", { date }))).toEqual([true, true]);
    }
    expect(meets(branch, a, item("b", { date: "2024-03-09" }))).toEqual([false, false]);
  });

  it("of a list are one for each distinct element", () => {
    const branch = onlyBranch(IN_LIST);
    expect(branch.storedKeys(withMeta("b", "a|b||a"))).toHaveLength(2);
    expect(meets(branch, item("a", { externalId: "b" }), withMeta("b", ["a", "b"]))).toEqual([true, true]);
    expect(meets(branch, item("a", { externalId: "c" }), withMeta("b", ["a", "b"]))).toEqual([false, false]);
  });

  it("of a list longer than the limit are few, and still found", () => {
    const branch = onlyBranch(IN_LIST, DATE);
    const long = withMeta(
      "b",
      Array.from({ length: MAX_KEYS + 1 }, (_, index) => `o${index}`),
    );
    const longest = withMeta(
      "b",
      Array.from({ length: MAX_KEYS }, (_, index) => `o${index}`),
    );
    expect(branch.storedKeys(long)).toHaveLength(1);
    expect(branch.lookupKeys(long)).toHaveLength(1);
    expect(branch.storedKeys(longest)).toHaveLength(MAX_KEYS);
    expect(branch.lookupKeys(longest)).toHaveLength(MAX_KEYS);
    const order = item("a", { externalId: `o${MAX_KEYS - 1}` });
    expect(meets(branch, order, long)).toEqual([true, true]);
    expect(meets(branch, order, longest)).toEqual([true, true]);
  });

  it("never exceed the limit, whatever is combined", () => {
    const dates = ["metadata.d", "metadata.e", "metadata.f"].map((value) => ({ ...DATE, value }));
    const branch = onlyBranch(IN_LIST, { ...IN_LIST, value: "metadata.y" }, ...dates, REFERENCE);
    const list = Array.from({ length: MAX_KEYS }, (_, index) => `o${index}`);
    const day = "2024-01-15";
    const b = item("b", { metadata: { x: list.join("|"), y: list, d: day, e: day, f: day } });
    expect(branch.storedKeys(b)).toHaveLength(MAX_KEYS);
    expect(branch.lookupKeys(b)).toHaveLength(MAX_KEYS);
    expect(branch.lookupKeys(item("a", { externalId: "o1" })).length).toBeLessThanOrEqual(MAX_KEYS);
  });
});

describe("the amount window", () => {
  const window = (side: "a" | "b", open: number, tolerance: object, currency = "USD") =>
    onlyBranch({ ...AMOUNT, ...tolerance }).amountWindow(item(side, { open, currency }));
  const dollars = (tolerance_amount: number) => ({ tolerance_amount, tolerance_unit: "dollar" });
  const percent = (tolerance_amount: number) => ({ tolerance_amount, tolerance_unit: "percent" });

  it.each([
    ["exact", "a", 100, {}, "USD", 100, 100],
    ["dollars", "a", 10_000, dollars(0.5), "USD", 9_950, 10_050],
    ["dollars below zero", "b", 30, dollars(0.5), "USD", 0, 80],
    ["dollars in JPY", "a", 1_000, dollars(2), "JPY", 998, 1_002],
    ["dollars in BHD", "b", 1_000, dollars(0.002), "BHD", 998, 1_002],
    ["dollars beyond every amount", "a", 5, dollars(1e14), "USD", 0, null],
    ["percent of a", "a", 1_000, percent(2.5), "USD", 975, 1_025],
    ["percent seen from b", "b", 1_000, percent(25), "USD", 800, 1_334],
    ["100 percent of a", "a", 1_000, percent(100), "USD", 0, 2_000],
    ["100 percent seen from b", "b", 1_000, percent(100), "USD", 500, null],
    ["1000 percent of zero", "a", 0, percent(1000), "USD", 0, 0],
  ] as const)("of %s is as wide as it must be", (_name, side, open, tolerance, currency, min, max) => {
    expect(window(side, open, tolerance, currency)).toEqual({ min, max });
  });

  it("is the common part of several amount conditions", () => {
    const branch = onlyBranch({ ...AMOUNT, ...dollars(1) }, { ...AMOUNT, ...percent(50) });
    expect(branch.amountWindow(item("a", { open: 100 }))).toEqual({ min: 50, max: 150 });
    expect(branch.amountWindow(item("b", { open: 1_000 }))).toEqual({ min: 900, max: 1_100 });
  });

  it("is absent without an amount condition", () => {
    expect(onlyBranch(REFERENCE).amountWindow(item("a"))).toBeNull();
  });
});

describe("the plan for groups", () => {
  it("looks up by nothing that belongs to the group as a whole", () => {
    expect(all(AMOUNT).groupPlan.kind).toBe("scan");
    expect(all({ key: "amount", operand: "eq", value: "metadata.x" }).groupPlan.kind).toBe("scan");
    expect(any(AMOUNT, REFERENCE).groupPlan.kind).toBe("scan");
    const { groupPlan } = all(AMOUNT, REFERENCE, CREDIT);
    expect(groupPlan.kind).toBe("key");
    const [branch] = groupPlan.branches;
    const debit = item("a", { externalId: "1", sign: -1, open: 5 });
    expect(branch?.amountWindow(debit)).toBeNull();
    expect(meets(branch as PlanBranch, debit, withMeta("b", 1))).toEqual([true, true]);
  });
});
