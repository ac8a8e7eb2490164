import { describe, expect, it } from "vitest";
import type { Item } from "../../../src/core/matching/item.ts";
import { amountOf, sumOpen } from "../../../src/core/matching/item-group.ts";
import { compileFilters } from "../../../src/core/rules/compile.ts";
import { recordsArbitrary } from "../../oracle/arbitraries.ts";
import { amountConditionsOf, branchesOf, conditionHolds, directionRuleHolds } from "../../oracle/conditions.ts";
import { signedSum } from "../../oracle/fields.ts";
import type { OracleCondition, OracleFilter, OracleItem, OracleState } from "../../oracle/model.ts";
import fc from "../../support/fast-check.ts";
import { toIndexedItem } from "../matching/engine-world.ts";

const NUM_RUNS = 4_000;

const sameAmount: OracleCondition = { key: "amount", operand: "eq", value: "amount" };

const conditions = fc.constantFrom<OracleCondition>(
  sameAmount,
  { ...sameAmount, tolerance_amount: 0.5, tolerance_unit: "dollar" },
  { ...sameAmount, tolerance_amount: 50, tolerance_unit: "percent" },
  { key: "amount", operand: "lte", value: "amount" },
  { key: "amount", operand: "neq", value: "amount" },
  { key: "amount", operand: "gt", value: "metadata.seq" },
  { key: "metadata.seq", operand: "lte", value: "amount" },
  { key: "amount", operand: "gt", constant: 0.5 },
  { value: "amount", operand: "lte", constant: 1 },
  { key: "direction", operand: "eq", value: "direction" },
  { key: "direction", operand: "neq", value: "direction" },
  { key: "direction", operand: "eq", constant: "credit" },
  { key: "direction", operand: "neq", constant: "credit" },
  { key: "direction", operand: "in", constant: ["debit"] },
  { key: "direction", operand: "is_present" },
  { key: "direction", operand: "is_missing" },
  { value: "direction", operand: "eq", constant: "debit" },
  { value: "direction", operand: "neq", constant: "debit" },
  { value: "direction", operand: "not_in", constant: ["credit", "debit"] },
  { key: "direction", operand: "eq", value: "metadata.store" },
  { key: "metadata.ref", operand: "neq", value: "direction" },
  { key: "currency", operand: "eq", value: "currency" },
  { key: "currency", operand: "eq", constant: "JPY" },
  { key: "metadata.batch", operand: "eq", value: "metadata.batch" },
  { key: "metadata.batch", operand: "neq", value: "metadata.batch" },
  { key: "metadata.batch", operand: "is_missing" },
  { value: "metadata.batch", operand: "is_present" },
  { key: "external_id", operand: "in", value: "metadata.orders" },
  { key: "external_id", operand: "not_in", value: "metadata.orders" },
  { key: "description", operand: "contains", value: "external_id" },
  { key: "date", operand: "eq", value: "date", tolerance_amount: 1, tolerance_unit: "day" },
  { key: "date", operand: "lte", value: "date" },
);

const { tree: trees } = fc.letrec<{ tree: OracleFilter; node: OracleFilter }>((tie) => ({
  tree: fc.record({
    operand: fc.constantFrom("and", "or"),
    rules: fc.array(tie("node"), { minLength: 1, maxLength: 3 }),
  }),
  node: fc.oneof({ maxDepth: 2, depthIdentifier: "tree" }, conditions, tie("tree")),
}));

/** One to three records of each side, of which some are open in part, and of which one may say a direction as text. */
const sets = fc
  .tuple(recordsArbitrary(3), fc.array(fc.constantFrom(1, 1, 1, 0.5), { minLength: 6, maxLength: 6 }), fc.boolean())
  .map(([records, shares, speaks]): OracleState => {
    const usual = records[0]?.currency ?? "USD";
    return records
      .filter(({ currency }, place) => currency === usual || place === 5)
      .map((record, place) => ({
        record: speaks ? { ...record, metadata: { ...record.metadata, store: "credit", ref: "debit" } } : record,
        open: Math.ceil(record.amount * (shares[place] ?? 1)),
      }));
  })
  .filter((state) => ["a", "b"].every((side) => state.some(({ record }) => record.side === side)));

function sidesOf(state: OracleState): { a: OracleState; b: OracleState } {
  return { a: state.filter(({ record }) => record.side === "a"), b: state.filter(({ record }) => record.side === "b") };
}

const toItem = ({ record, open }: OracleItem): Item => toIndexedItem(record, open);

describe("a rule over two sets", () => {
  it("holds when the oracle finds a branch that holds, and compares amounts when that branch does", () => {
    let held = 0;
    fc.assert(
      fc.property(sets, trees, (state, filters) => {
        const { a, b } = sidesOf(state);
        const isOneCurrency = new Set(state.map(({ record }) => record.currency)).size === 1;
        const holding = branchesOf(filters).filter(
          (branch) =>
            isOneCurrency &&
            directionRuleHolds(branch, a, b) &&
            branch.every((condition) => conditionHolds(condition, a, b)),
        );
        const isOfNothing = signedSum(a) === 0n || signedSum(b) === 0n;
        const comparing = holding.filter((branch) => amountConditionsOf(branch).length > 0);
        const comparesAmount = isOfNothing ? comparing.length > 0 : comparing.includes(holding[0] ?? []);
        const { compiled } = compileFilters(filters);
        const verdict = compiled.evaluateSets(a.map(toItem), b.map(toItem));
        expect(verdict).toEqual(holding.length > 0 ? { holds: true, comparesAmount } : { holds: false });
        if (verdict.holds) held += 1;
        if (verdict.holds) expect(compiled.amountsMayFit(wholeOf(a), wholeOf(b))).toBe(true);
      }),
      { numRuns: NUM_RUNS },
    );
    expect(held).toBeGreaterThan(NUM_RUNS / 10);
  });

  it("explains each condition as the oracle sees it", () => {
    fc.assert(
      fc.property(sets, fc.array(conditions, { minLength: 1, maxLength: 4 }), (state, chosen) => {
        const { currency } = state[0]?.record ?? { currency: "" };
        fc.pre(state.every(({ record }) => record.currency === currency));
        const { a, b } = sidesOf(state);
        const { compiled } = compileFilters({ operand: "or", rules: chosen });
        const passed = compiled.explainSets(a.map(toItem), b.map(toItem)).map((outcome) => outcome.passed);
        expect(passed).toEqual(chosen.map((condition) => conditionHolds(condition, a, b)));
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

function wholeOf(state: OracleState): Item {
  const items = state.map(toItem);
  return { ...(items[0] as Item), ...(items.length > 1 ? amountOf(sumOpen(items)) : {}) };
}
