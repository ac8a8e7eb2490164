import { describe, expect, it } from "vitest";
import { all, any, item, rule } from "./items.ts";

const AMOUNT = { key: "amount", operand: "eq", value: "amount" };
const REFERENCE = { key: "external_id", operand: "eq", value: "external_id" };
const OPPOSITE = { key: "direction", operand: "neq", value: "direction" };
const and = (...rules: unknown[]) => ({ operand: "and", rules });
const or = (...rules: unknown[]) => ({ operand: "or", rules });

const credit = item("a", { externalId: "E-1" });
const creditB = item("b", { externalId: "E-1" });
const debitB = item("b", { externalId: "E-1", sign: -1 });
const debit = item("a", { externalId: "E-1", sign: -1 });

describe("evaluate", () => {
  it("needs every child of an and, one child of an or", () => {
    const other = item("b", { externalId: "E-1", open: 1 });
    expect(all(AMOUNT, REFERENCE).evaluate(credit, creditB).holds).toBe(true);
    expect(all(AMOUNT, REFERENCE).evaluate(credit, other).holds).toBe(false);
    expect(any(AMOUNT, REFERENCE).evaluate(credit, other).holds).toBe(true);
    expect(any(AMOUNT, { ...REFERENCE, operand: "neq" }).evaluate(credit, other).holds).toBe(false);
    expect(all(or(AMOUNT, REFERENCE), or(REFERENCE)).evaluate(credit, other).holds).toBe(true);
  });

  it("never joins two currencies", () => {
    const euro = item("b", { externalId: "E-1", currency: "EUR" });
    expect(all(REFERENCE).evaluate(credit, euro)).toEqual({ holds: false });
    expect(all({ key: "currency", operand: "neq", value: "currency" }).evaluate(credit, euro)).toEqual({
      holds: false,
    });
  });
});

describe("the direction rule", () => {
  const fixed = (place: "key" | "value", operand: string, constant: string) => ({
    [place]: "direction",
    operand,
    constant,
  });

  it("refuses a credit against a debit", () => {
    expect(all(REFERENCE).evaluate(credit, debitB).holds).toBe(false);
    expect(all(REFERENCE).evaluate(debit, creditB).holds).toBe(false);
    expect(all(REFERENCE).evaluate(debit, debitB).holds).toBe(true);
  });

  it("gives way to a branch that compares the two directions", () => {
    expect(all(REFERENCE, OPPOSITE).evaluate(credit, debitB).holds).toBe(true);
    expect(all(REFERENCE, OPPOSITE).evaluate(credit, creditB).holds).toBe(false);
    expect(all(REFERENCE, { ...OPPOSITE, operand: "eq" }).evaluate(credit, debitB).holds).toBe(false);
    expect(all(REFERENCE, { ...OPPOSITE, operand: "eq" }).evaluate(credit, creditB).holds).toBe(true);
  });

  it.each([
    ["eq and eq", fixed("key", "eq", "credit"), fixed("value", "eq", "debit"), true],
    ["eq and neq", fixed("key", "eq", "credit"), fixed("value", "neq", "credit"), true],
    ["neq and neq", fixed("key", "neq", "debit"), fixed("value", "neq", "credit"), true],
    ["the other way round", fixed("key", "eq", "debit"), fixed("value", "eq", "credit"), false],
  ])("gives way to a branch that fixes both sides: %s", (_name, a, b, holds) => {
    expect(all(REFERENCE, a, b).evaluate(credit, debitB).holds).toBe(holds);
    expect(all(REFERENCE, and(a), or(b)).evaluate(credit, debitB).holds).toBe(holds);
  });

  it.each([
    ["one side fixed", [fixed("key", "eq", "credit")]],
    ["the other side fixed", [fixed("value", "eq", "debit")]],
    ["one side fixed twice", [fixed("key", "eq", "credit"), fixed("key", "neq", "debit")]],
    ["a list of constants", [{ key: "direction", operand: "in", constant: ["credit"] }, fixed("value", "eq", "debit")]],
    ["a direction compared with metadata", [{ key: "direction", operand: "neq", value: "metadata.x" }]],
    ["directions searched", [{ key: "direction", operand: "gte", constant: "credit" }, fixed("value", "eq", "debit")]],
  ])("stays with %s", (_name, conditions) => {
    const b = item("b", { externalId: "E-1", sign: -1, metadata: { x: "none" } });
    const compiled = all(REFERENCE, ...conditions);
    expect(compiled.explain(credit, b).every(({ passed }) => passed)).toBe(true);
    expect(compiled.evaluate(credit, b).holds).toBe(false);
  });

  it("stays where a transform makes every direction differ from the constant", () => {
    const loose = { ...fixed("key", "neq", "credit"), transforms: { key: "uppercase" } };
    expect(all(REFERENCE, loose, fixed("value", "eq", "debit")).evaluate(credit, debitB).holds).toBe(false);
  });

  it("is asked of each branch apart", () => {
    const split = any(and(AMOUNT, fixed("key", "eq", "credit")), and(REFERENCE, fixed("value", "eq", "debit")));
    expect(split.evaluate(credit, debitB).holds).toBe(false);
    const joined = all(or(AMOUNT, fixed("key", "eq", "credit")), or(REFERENCE, fixed("value", "eq", "debit")));
    expect(joined.evaluate(credit, debitB).holds).toBe(true);
    const oneOfTwo = any(REFERENCE, and(AMOUNT, OPPOSITE));
    expect(oneOfTwo.evaluate(credit, debitB).holds).toBe(true);
    expect(oneOfTwo.evaluate(credit, item("b", { externalId: "E-1", sign: -1, open: 5 })).holds).toBe(false);
  });

  it("takes no help from a condition that did not hold", () => {
    const helped = any(REFERENCE, and(OPPOSITE, { key: "description", operand: "is_present" }));
    expect(helped.evaluate(credit, debitB).holds).toBe(false);
  });
});

describe("comparesAmount", () => {
  it.each([
    ["amount eq amount", AMOUNT, true],
    ["with a tolerance", { ...AMOUNT, tolerance_amount: 5, tolerance_unit: "percent" }, true],
    ["amount against a constant", { key: "amount", operand: "eq", constant: 100 }, false],
    ["another operand", { ...AMOUNT, operand: "lte" }, false],
    ["amount against metadata", { key: "amount", operand: "eq", value: "metadata.x" }, false],
  ])("of %s: %j", (_name, condition, comparesAmount) => {
    const b = item("b", { externalId: "E-1", metadata: { x: 100 } });
    expect(all(REFERENCE, condition).evaluate(credit, b)).toEqual({ holds: true, comparesAmount });
  });

  it("is that of the first branch in document order that holds", () => {
    expect(any(REFERENCE, AMOUNT).evaluate(credit, creditB)).toEqual({ holds: true, comparesAmount: false });
    expect(any(AMOUNT, REFERENCE).evaluate(credit, creditB)).toEqual({ holds: true, comparesAmount: true });
    const nested = all(or(and(REFERENCE), AMOUNT), or(AMOUNT, REFERENCE));
    expect(nested.evaluate(credit, creditB)).toEqual({ holds: true, comparesAmount: true });
  });

  it("passes over a branch that the direction rule refuses", () => {
    const compiled = any(AMOUNT, and(REFERENCE, OPPOSITE));
    expect(compiled.evaluate(credit, debitB)).toEqual({ holds: true, comparesAmount: false });
    expect(compiled.evaluate(credit, creditB)).toEqual({ holds: true, comparesAmount: true });
  });

  it("is found at once among more branches than could be listed", () => {
    const level = or(REFERENCE, AMOUNT);
    const compiled = rule(and(...Array(24).fill(level)));
    expect(compiled.evaluate(credit, creditB)).toEqual({ holds: true, comparesAmount: false });
  });
});
