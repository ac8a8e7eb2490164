import type { IndexedItem } from "../../../src/core/matching/item-index.ts";
import { type EngineRule, ON_AMBIGUOUS, type OnAmbiguous } from "../../../src/core/matching/rule.ts";
import { compileFilters } from "../../../src/core/rules/compile.ts";
import fc from "../../support/fast-check.ts";

const and = (...rules: object[]) => ({ operand: "and", rules });

const REFERENCE = { key: "metadata.ref", operand: "eq", value: "metadata.ref" };
const AMOUNT = { key: "amount", operand: "eq", value: "amount" };

/** Rules of every kind of plan, with and without an amount condition. */
export const FILTERS = {
  reference: and(REFERENCE),
  amount: and(AMOUNT),
  "reference and amount": and(REFERENCE, AMOUNT),
  dollars: and({ ...AMOUNT, tolerance_amount: 1, tolerance_unit: "dollar" }),
  percent: and({ ...AMOUNT, tolerance_amount: 50, tolerance_unit: "percent" }),
  days: and({ key: "date", operand: "eq", value: "date", tolerance_amount: 1, tolerance_unit: "day" }, AMOUNT),
  either: { operand: "or", rules: [REFERENCE, AMOUNT] },
  list: and({ key: "metadata.ref", operand: "in", value: "metadata.refs" }),
  contains: and({ key: "description", operand: "contains", value: "description" }),
  "other direction": and(AMOUNT, { key: "direction", operand: "neq", value: "direction" }),
} as const;

export type FilterName = keyof typeof FILTERS;

export function ruleOf(id: number, name: FilterName, onAmbiguous: OnAmbiguous): EngineRule {
  return {
    ...{ id, uid: `rule ${id}`, version: 1, cardinality: "one_to_one", groupBy: [], rollup: null, isSubset: false },
    onAmbiguous,
    payment: null,
    compiled: compileFilters(FILTERS[name]).compiled,
  };
}

export const filterNames = fc.constantFrom(...(Object.keys(FILTERS) as FilterName[]));
export const onAmbiguous = fc.constantFrom(...ON_AMBIGUOUS);

const amount = fc.constantFrom(0, 100, 150, 200, 300);
const text = fc.constantFrom(null, "", "x", "xy", "y");

/** What is drawn of an item; few values each, so that items meet. */
export const fields = fc.record({
  side: fc.constantFrom("a" as const, "b" as const),
  amount,
  date: fc.constantFrom("2026-01-01", "2026-01-02", "2026-01-04"),
  currency: fc.constantFrom("USD", "USD", "USD", "JPY"),
  sign: fc.constantFrom(1 as const, 1 as const, -1 as const),
  description: text,
  externalId: fc.constantFrom(null, "e1", "e2"),
  ref: fc.constantFrom(null, "x", "y", "1", 1),
  refs: fc.constantFrom(null, "x|y", "1"),
});

export type Fields = typeof fields extends fc.Arbitrary<infer F> ? F : never;

export function itemOf(id: number, { ref, refs, ...drawn }: Fields, version = 1): IndexedItem {
  return {
    ...drawn,
    id,
    uid: `uid ${id}`,
    sourceId: drawn.side === "a" ? 1 : 2,
    typeKey: drawn.side === "a" ? "left" : "right",
    version,
    open: drawn.amount,
    matches: 0,
    metadata: { ref, refs },
    due: null,
  };
}
