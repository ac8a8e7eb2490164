import { describe, expect, it } from "vitest";
import type { Item } from "../../../src/core/matching/item.ts";
import { type CompiledRule, compileRule } from "../../../src/core/rules/evaluate.ts";
import type { Plan } from "../../../src/core/rules/plan.ts";
import { parseFilters } from "../../../src/core/rules/schema.ts";
import fc from "../../support/fast-check.ts";
import { item } from "./items.ts";

const scalar = fc.constantFrom<unknown>(
  "1",
  "1.0",
  1,
  "A1",
  "a1",
  "01",
  true,
  "true",
  "2024-02-28",
  "2024-02-29",
  "2024-03-01T00:30:00+01:00",
  100,
  "100",
  "99.5",
  "1|A1",
);
const value = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, "", {}) },
);
const minor = fc.constantFrom(0, 1, 99, 100, 101, 9_950, 10_000, 10_001);

function anItem(side: "a" | "b"): fc.Arbitrary<Item> {
  return fc
    .record({
      date: fc.constantFrom("2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01", "2024-03-05"),
      amount: minor,
      currency: fc.constantFrom("USD", "USD", "USD", "JPY", "BHD"),
      sign: fc.constantFrom<1 | -1>(1, 1, 1, -1),
      externalId: fc.constantFrom(null, "1", "A1", "a1"),
      description: fc.constantFrom(null, "1", "pay A1 now"),
      metadata: fc.record({ x: value, y: value }, { requiredKeys: [] }),
    })
    .chain((fields) => minor.map((open) => item(side, { ...fields, open: Math.min(open, fields.amount) })));
}

const COPIED = ["date", "amount", "open", "currency", "sign", "externalId", "description", "metadata"] as const;

/** Two items that often agree, so that rules often hold. */
const pair: fc.Arbitrary<[Item, Item]> = fc
  .tuple(anItem("a"), anItem("b"), fc.subarray([...COPIED]), fc.boolean())
  .map(([a, b, copied, agree]) => {
    const fields = agree ? ["currency", "sign", ...copied] : [];
    const shared = Object.fromEntries(COPIED.filter((name) => fields.includes(name)).map((name) => [name, a[name]]));
    return [a, { ...b, ...shared }];
  });

const DATE_FIELDS = ["date", "metadata.x", "metadata.y"];
const NUMBER_FIELDS = ["amount", "metadata.x", "metadata.y"];
const field = fc.constantFrom("amount", "date", "direction", "external_id", "description", "metadata.x", "metadata.y");
const transforms = fc.constantFrom<unknown>(
  undefined,
  undefined,
  "lowercase",
  "digits_only",
  ["strip_leading_zeros", { name: "first_n_chars", args: { n: 2 } }],
  { name: "regex_extract", args: { pattern: "\\d+" } },
);
const transformSides = fc.record({ key: transforms, value: transforms }).map(({ key, value: other }) => ({
  ...(key === undefined ? {} : { key }),
  ...(other === undefined ? {} : { value: other }),
}));

function twoFields(fields: string[], more: fc.Arbitrary<object>): fc.Arbitrary<unknown> {
  const one = fc.constantFrom(...fields);
  return fc.record({ key: one, value: one, more }).map(({ more: rest, ...places }) => ({ ...places, ...rest }));
}

const dayTolerance = fc.record({
  operand: fc.constant("eq"),
  tolerance_amount: fc.constantFrom(0, 1, 2, 30),
  tolerance_unit: fc.constantFrom("day", "month"),
});
const amountTolerance = fc.record({
  operand: fc.constant("eq"),
  tolerance_amount: fc.constantFrom(0, 0.01, 0.5, 1, 33.3, 100, 250),
  tolerance_unit: fc.constantFrom("dollar", "percent"),
});
const sameText = fc.constantFrom("external_id", "metadata.x", "metadata.y");

const condition: fc.Arbitrary<unknown> = fc.oneof(
  twoFields(NUMBER_FIELDS, fc.constant({ operand: "eq" })),
  amountTolerance.map((tolerance) => ({ key: "amount", value: "amount", ...tolerance })),
  twoFields(NUMBER_FIELDS, amountTolerance),
  dayTolerance.map((tolerance) => ({ key: "date", value: "date", ...tolerance })),
  twoFields(DATE_FIELDS, dayTolerance),
  fc
    .record({ same: sameText, one: transforms })
    .map(({ same, one }) => ({ key: same, value: same, operand: "eq", ...bothSides(one) })),
  fc
    .record({ key: field, value: field, operand: fc.constantFrom("eq", "neq", "contains"), sides: transformSides })
    .map(({ sides, ...rest }) => ({ ...rest, transforms: sides })),
  fc.record({
    key: field,
    value: fc.constantFrom("metadata.x", "metadata.y"),
    operand: fc.constantFrom("in", "in", "not_in"),
  }),
  fc.constantFrom<unknown>(
    { key: "amount", operand: "gte", constant: 0.99 },
    { constant: "100", operand: "gte", value: "amount" },
    { key: "direction", operand: "eq", constant: "credit" },
    { value: "direction", operand: "neq", constant: "credit" },
    { key: "direction", operand: "neq", value: "direction" },
    { key: "metadata.x", operand: "is_missing" },
    { value: "metadata.y", operand: "is_present" },
    { constant: ["1", "A1"], operand: "in", value: "metadata.x" },
  ),
);

function bothSides(one: unknown): object {
  return one === undefined ? {} : { transforms: { key: one, value: one } };
}

const { tree } = fc.letrec((tie) => ({
  tree: fc.record({
    operand: fc.constantFrom("and", "or"),
    rules: fc.array(fc.oneof({ maxDepth: 3, withCrossShrink: true }, condition, tie("tree")), {
      minLength: 1,
      maxLength: 3,
    }),
  }),
}));

function isFound(plan: Plan, seeker: Item, sought: Item): boolean {
  return plan.branches.some((branch) => {
    const stored = branch.storedKeys(sought);
    const window = branch.amountWindow(seeker);
    const isInWindow =
      window === null || (window.min <= sought.open && (window.max === null || sought.open <= window.max));
    return isInWindow && branch.lookupKeys(seeker).some((key) => stored.includes(key));
  });
}

function compile(filters: unknown): CompiledRule | undefined {
  const parsed = parseFilters(filters, "/filters");
  return parsed.ok ? compileRule(parsed.value) : undefined;
}

describe("a plan", () => {
  it("finds every pair for which its rule holds, from either side", () => {
    const seen = { held: 0, key: 0, range: 0, union: 0, scan: 0 };
    fc.assert(
      fc.property(tree, pair, (filters, [a, b]) => {
        const compiled = compile(filters);
        fc.pre(compiled !== undefined);
        if (!compiled.evaluate(a, b).holds) return;
        seen.held += 1;
        seen[compiled.plan.kind] += 1;
        expect(isFound(compiled.plan, a, b)).toBe(true);
        expect(isFound(compiled.plan, b, a)).toBe(true);
      }),
      { numRuns: 20_000 },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(100);
  });

  it("finds members by what they are, whatever the amount and direction of their group", () => {
    let held = 0;
    const sums = fc.record({ open: minor, sign: fc.constantFrom<1 | -1>(1, -1) });
    fc.assert(
      fc.property(tree, pair, sums, sums, (filters, [a, b], groupA, groupB) => {
        const compiled = compile(filters);
        fc.pre(compiled !== undefined);
        if (!compiled.evaluate({ ...a, ...groupA }, { ...b, ...groupB }).holds) return;
        if (compiled.groupPlan.kind !== "scan") held += 1;
        expect(isFound(compiled.groupPlan, a, b)).toBe(true);
        expect(isFound(compiled.groupPlan, b, a)).toBe(true);
      }),
      { numRuns: 10_000 },
    );
    expect(held).toBeGreaterThan(100);
  });

  it("finds every pair of amounts within a tolerance", () => {
    const anAmount = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 999_999_999_999_999 }));
    const tolerance = fc.oneof(fc.double({ min: 0, max: 1000, noNaN: true }), fc.integer({ min: 0, max: 1000 }));
    const unit = fc.constantFrom("dollar", "percent");
    const currency = fc.constantFrom("USD", "JPY", "BHD");
    const near = fc.integer({ min: -200, max: 200 });
    let held = 0;
    fc.assert(
      fc.property(anAmount, near, tolerance, unit, currency, (open, step, amount, tolerance_unit, code) => {
        const amounts = { key: "amount", operand: "eq", value: "amount", tolerance_amount: amount, tolerance_unit };
        const compiled = compile({ operand: "and", rules: [amounts] }) as CompiledRule;
        const [a, b] = [
          item("a", { open, currency: code }),
          item("b", { open: Math.max(0, open + step), currency: code }),
        ];
        if (!compiled.evaluate(a, b).holds) return;
        held += 1;
        expect(isFound(compiled.plan, a, b)).toBe(true);
        expect(isFound(compiled.plan, b, a)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
    expect(held).toBeGreaterThan(500);
  });
});
