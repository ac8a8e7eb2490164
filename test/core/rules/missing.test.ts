import { describe, expect, it } from "vitest";
import { item, passes, withMeta } from "./items.ts";

describe("missing values", () => {
  const MISSING: [string, Record<string, unknown>][] = [
    ["an absent key", {}],
    ["null", { x: null }],
    ["an empty text", { x: "" }],
    ["an empty list", { x: [] }],
    ["a list of nothing but empty values", { x: [null, "", []] }],
  ];
  const COMPARING = ["eq", "neq", "gt", "gte", "lt", "lte", "contains", "in", "not_in"];

  describe.each(MISSING)("%s", (_name, metadata) => {
    it.each(COMPARING)("makes %s false on either side", (operand) => {
      const condition = { key: "metadata.x", operand, value: "metadata.x" };
      expect(passes(condition, item("a", { metadata }), withMeta("b", "1"))).toBe(false);
      expect(passes(condition, withMeta("a", "1"), item("b", { metadata }))).toBe(false);
      expect(passes(condition, item("a", { metadata }), item("b", { metadata }))).toBe(false);
    });

    it.each(COMPARING)("makes %s false against a constant", (operand) => {
      const constant = operand === "in" || operand === "not_in" ? ["1"] : "1";
      expect(passes({ key: "metadata.x", operand, constant }, item("a", { metadata }))).toBe(false);
      expect(passes({ constant, operand, value: "metadata.x" }, item("a"), item("b", { metadata }))).toBe(false);
    });

    it("is missing and not present", () => {
      for (const place of ["key", "value"]) {
        const [a, b] = [item("a", { metadata }), item("b", { metadata })];
        expect(passes({ [place]: "metadata.x", operand: "is_missing" }, a, b)).toBe(true);
        expect(passes({ [place]: "metadata.x", operand: "is_present" }, a, b)).toBe(false);
      }
    });
  });

  it.each([0, false, "x", ["x"], {}])("are not %j", (x) => {
    expect(passes({ key: "metadata.x", operand: "is_missing" }, withMeta("a", x))).toBe(false);
    expect(passes({ key: "metadata.x", operand: "is_present" }, withMeta("a", x))).toBe(true);
  });

  it("are what a transform empties", () => {
    const digits = { key: "metadata.x", transforms: { key: "digits_only" } };
    expect(passes({ ...digits, operand: "is_missing" }, withMeta("a", "abc"))).toBe(true);
    expect(passes({ ...digits, operand: "is_present" }, withMeta("a", "abc"))).toBe(false);
    expect(passes({ ...digits, operand: "neq", constant: "1" }, withMeta("a", "abc"))).toBe(false);
    expect(passes({ ...digits, operand: "not_in", constant: ["1"] }, withMeta("a", "abc"))).toBe(false);
  });

  it("look at the side that the condition names", () => {
    const [a, b] = [item("a", { description: "x" }), item("b")];
    expect(passes({ key: "description", operand: "is_present" }, a, b)).toBe(true);
    expect(passes({ value: "description", operand: "is_present" }, a, b)).toBe(false);
  });

  it("are not read from the prototype", () => {
    expect(passes({ key: "metadata.__proto__", operand: "is_present" })).toBe(false);
  });
});
