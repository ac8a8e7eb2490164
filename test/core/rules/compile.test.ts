import { describe, expect, it } from "vitest";
import { compileFilters } from "../../../src/core/rules/compile.ts";
import { item } from "./items.ts";

const FILTERS = { operand: "and", rules: [{ key: "external_id", operand: "eq", value: "external_id" }] };

describe("compileFilters", () => {
  it("compiles what is stored, with its plan", () => {
    const { compiled, plan } = compileFilters(FILTERS);
    const [a, b] = [item("a", { externalId: "1" }), item("b", { externalId: "1" })];
    expect(compiled.evaluate(a, b)).toEqual({ holds: true, comparesAmount: false });
    expect(plan.kind).toBe("key");
  });

  it("throws on filters that could not have been stored", () => {
    expect(() => compileFilters({ operand: "and", rules: [] })).toThrow("/filters/rules");
  });
});
