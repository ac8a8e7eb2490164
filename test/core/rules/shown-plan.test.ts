import { describe, expect, it } from "vitest";
import type { Cardinality, RuleDefinition } from "../../../src/core/rule-definition.ts";
import { computeShownPlan } from "../../../src/core/rules/shown-plan.ts";

const AMOUNT = { key: "amount", operand: "eq", value: "amount" };
const REFERENCE = { key: "metadata.ref", operand: "eq", value: "external_id" };
const DATE = { key: "date", operand: "eq", value: "date", tolerance_amount: 2, tolerance_unit: "day" };
const CONTAINS = { key: "description", operand: "contains", value: "external_id" };
const and = (...rules: unknown[]) => ({ operand: "and", rules });
const or = (...rules: unknown[]) => ({ operand: "or", rules });

function planOf(cardinality: Cardinality, filters: unknown, more: Partial<RuleDefinition> = {}) {
  const definition: RuleDefinition = {
    filters,
    cardinality,
    group_by: null,
    rollup: null,
    subset: false,
    on_ambiguous: "earliest",
    ...more,
  };
  return computeShownPlan(definition);
}

const BY_BATCH = { group_by: ["metadata.batch"] };
const SUBSET = { subset: true };

describe("the plan that a rule shows", () => {
  it.each([
    ["one_to_one", and(AMOUNT), {}, "range"],
    ["one_to_one", or(AMOUNT, REFERENCE), {}, "union"],
    ["many_to_one", and(AMOUNT, REFERENCE), BY_BATCH, "key"],
    ["one_to_many", and(AMOUNT, DATE), BY_BATCH, "key"],
    ["many_to_many", and(AMOUNT, or(REFERENCE, DATE)), BY_BATCH, "union"],
    ["many_to_many", and(AMOUNT), BY_BATCH, "key"],
    ["many_to_many", and(CONTAINS), { ...BY_BATCH, ...SUBSET }, "key"],
    ["many_to_one", and(AMOUNT), { group_by: ["date", "direction", "currency", "type_key"] }, "key"],
    ["one_to_many", and(AMOUNT), { group_by: ["type_key"], ...SUBSET }, "key"],
    ["many_to_many", and(REFERENCE), SUBSET, "key"],
    ["many_to_one", or(REFERENCE, DATE), SUBSET, "union"],
  ] as const)("of %s, %j and %j is %4$s", (cardinality, filters, more, kind) => {
    expect(planOf(cardinality, filters, more as Partial<RuleDefinition>)).toEqual({ kind });
  });

  it.each([
    [
      "many_to_one",
      BY_BATCH,
      "Records of Side B that lack metadata.batch are compared with every open group of Side A. " +
        "Add an eq between metadata.batch and a field of Side B.",
    ],
    [
      "one_to_many",
      BY_BATCH,
      "Records of Side A that lack metadata.batch are compared with every open group of Side B. " +
        "Add an eq between metadata.batch and a field of Side A.",
    ],
    [
      "many_to_one",
      { group_by: ["date", "external_id", "metadata.batch"], ...SUBSET },
      "Records of Side B that lack external_id or metadata.batch are compared with every open group of Side A. " +
        "Add an eq between one of these fields and a field of Side B.",
    ],
  ] as const)("of %s and %j is a scan that says which records need it", (cardinality, more, why) => {
    const plan = planOf(cardinality, and(AMOUNT), more as unknown as Partial<RuleDefinition>);
    expect(plan).toEqual({ kind: "scan", why });
  });

  it("does not promise that amounts help to find the members of a group", () => {
    for (const filters of [and(AMOUNT), and(AMOUNT, or(REFERENCE, CONTAINS))]) {
      const { kind, why } = planOf("many_to_one", filters, SUBSET);
      expect(kind).toBe("scan");
      expect(why).toContain("an eq between a field of each side other than amount and direction");
      expect(why).not.toContain("between the two amounts");
    }
  });
});
