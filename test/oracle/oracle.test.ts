import { describe, expect, it } from "vitest";
import fc from "../support/fast-check.ts";
import { worldArbitrary } from "./arbitraries.ts";
import { arriveOracle, runOracle } from "./brute-force-run.ts";
import { batchOf, lineOf, manyToOne, rec, ruleOf, sameAmount, sameRef, subset, tolerance } from "./builders.ts";
import { conditionHolds } from "./conditions.ts";
import {
  applyMatch,
  type OracleCondition,
  type OracleMatch,
  type OracleRecord,
  type OracleRule,
  type OracleState,
  untouched,
} from "./model.ts";
import { RUN_CASES } from "./run-cases.ts";
import { explainViolation } from "./satisfies.ts";

function lines(records: readonly OracleRecord[], ...rules: readonly OracleRule[]): string[] {
  return runOracle(records, rules).matches.map(lineOf);
}

describe("a run", () => {
  it.each(RUN_CASES)("$sentence", ({ records, rules, makes }) => {
    expect(lines(records, ...rules)).toEqual(makes);
    expect(lines([...records].reverse(), ...rules)).toEqual(makes);
  });

  it("report the rest as ambiguous: those with several candidates, and their candidates", () => {
    const records = [rec("a", "a1", 100), rec("b", "b1", 100), rec("b", "b2", 100), rec("b", "b3", 7)];
    expect(runOracle(records, [ruleOf([sameAmount], { on_ambiguous: "skip" })]).ambiguous).toEqual([
      { rule_id: "rule", record_id: "a1", candidates: 2 },
      { rule_id: "rule", record_id: "b1", candidates: 1 },
      { rule_id: "rule", record_id: "b2", candidates: 1 },
    ]);
  });
});

const holds = (condition: OracleCondition, a: OracleRecord["metadata"], b: OracleRecord["metadata"]) =>
  conditionHolds(
    condition,
    untouched([rec("a", "a1", 100, { metadata: a })]),
    untouched([rec("b", "b1", 100, { metadata: b })]),
  );
const m = (operand: OracleCondition["operand"], more: Partial<OracleCondition> = {}): OracleCondition => ({
  key: "metadata.x",
  operand,
  value: "metadata.x",
  ...more,
});
const onA = (operand: OracleCondition["operand"], more: Partial<OracleCondition> = {}): OracleCondition => ({
  key: "metadata.x",
  operand,
  ...more,
});

describe("a condition", () => {
  it.each<[string, OracleCondition, OracleRecord["metadata"], OracleRecord["metadata"], boolean]>([
    ["A missing or null field […] makes its condition false", m("eq"), {}, {}, false],
    ["`neq` […] included", m("neq"), { x: null }, { x: "1" }, false],
    ["`not_in` included", m("not_in"), { x: "" }, { x: "1" }, false],
    [
      "one that a transform leaves empty",
      m("neq", { transforms: { key: "digits_only" } }),
      { x: "ab" },
      { x: "1" },
      false,
    ],
    ["only `is_missing` is true for it", onA("is_missing"), { x: null }, {}, true],
    ["An empty string is missing.", onA("is_missing"), { x: "" }, {}, true],
    [
      "`is_missing` of what a transform leaves empty",
      onA("is_missing", { transforms: { key: "trim" } }),
      { x: " " },
      {},
      true,
    ],
    ["`is_present` takes a `value` alone", { value: "metadata.x", operand: "is_present" }, {}, { x: 0 }, true],
    ["with `constant` in place of `value` it tests one side only", onA("eq", { constant: "1" }), { x: "1" }, {}, true],
    ["or of `key`", { constant: "1", operand: "eq", value: "metadata.x" }, {}, { x: "1" }, true],
    [
      "`day` (either way), bounds included",
      m("eq", { tolerance_unit: "day", tolerance_amount: 1 }),
      { x: "2024-03-01" },
      { x: "2024-02-29" },
      true,
    ],
    [
      "`day`: two days are not one",
      m("eq", { tolerance_unit: "day", tolerance_amount: 1 }),
      { x: "2024-02-28" },
      { x: "2024-03-01" },
      false,
    ],
    ["`month` (same month", m("eq", { tolerance_unit: "month" }), { x: "2024-02-01" }, { x: "2024-02-29" }, true],
    ["of the same year)", m("eq", { tolerance_unit: "month" }), { x: "2024-02-01" }, { x: "2023-02-01" }, false],
    [
      "first applied first",
      m("eq", { transforms: { key: ["digits_only", { name: "last_n_chars", args: { n: 2 } }] } }),
      { x: "12-3x" },
      { x: "23" },
      true,
    ],
    [
      "`regex_extract` with a group",
      m("eq", { transforms: { key: { name: "regex_extract", args: { pattern: "INV-(\\d+)", group: 1 } } } }),
      { x: "of INV-77." },
      { x: "77" },
      true,
    ],
    [
      "`strip_leading_zeros`",
      m("eq", { transforms: { key: "strip_leading_zeros" } }),
      { x: "0070" },
      { x: "70" },
      true,
    ],
    ["`contains`: Side A's text contains Side B's", m("contains"), { x: "payment R1" }, { x: "R1" }, true],
    ["not the other way round", m("contains"), { x: "R1" }, { x: "payment R1" }, false],
    ["case-sensitive unless transformed", m("contains"), { x: "payment r1" }, { x: "R1" }, false],
    [
      "`contains` with an empty string always passes — in Blnk, not here",
      m("contains"),
      { x: "payment" },
      { x: "" },
      false,
    ],
    ["`in` […] an array as `constant`", onA("in", { constant: ["1", "2"] }), { x: "2" }, {}, true],
    ["a metadata field that holds an array", m("in"), { x: "2" }, { x: ["1", "2"] }, true],
    ["or a `|`-joined list", m("in"), { x: "2" }, { x: "1|2" }, true],
    ["an element of the list, not a part of it", m("in"), { x: "2" }, { x: "1|22" }, false],
    ["`not_in`", m("not_in"), { x: "3" }, { x: "1|2" }, true],
    [
      "compared exactly: 0.1 + 0.2 is 0.3",
      m("eq", { tolerance_unit: "dollar", tolerance_amount: 0.2 }),
      { x: 0.1 },
      { x: 0.3 },
      true,
    ],
    ["a number is ordered as a number", m("gt"), { x: 10 }, { x: 9 }, true],
  ])("%s", (_sentence, condition, a, b, expected) => {
    expect(holds(condition, a, b)).toBe(expected);
  });
});

function stream(records: readonly OracleRecord[], rules: readonly OracleRule[]) {
  let state: OracleState = [];
  const matches: OracleMatch[] = [];
  const ambiguous: string[] = [];
  for (const [arrival, record] of records.entries()) {
    const outcome = arriveOracle(state, { ...record, arrival }, rules);
    state = outcome.state;
    matches.push(...outcome.matches);
    ambiguous.push(...outcome.ambiguous.map(({ record_id }) => record_id));
  }
  return { matches: matches.map(lineOf), ambiguous };
}

describe("an arrival", () => {
  it("`earliest`: smallest amount difference, then earliest date, then first to arrive", () => {
    const late = rec("b", "b1", 100, { date: "2024-02-01" });
    const second = rec("b", "b2", 100);
    const first = rec("b", "b3", 100);
    const near = rec("b", "b4", 101, { date: "2024-01-01" });
    const one = (id: string) => rec("a", id, 100);
    const records = [late, near, first, second, one("a1"), one("a2"), one("a3"), one("a4")];
    expect(stream(records, [ruleOf([tolerance(0.05, "dollar")])]).matches).toEqual([
      "a1:100 = b3:100",
      "a2:100 = b2:100",
      "a3:100 = b1:100",
      "a4:100 = b4:101 variance -1",
    ]);
  });

  it("first to arrive: the record's arrival, not its place in the state, decides", () => {
    const state = untouched([rec("b", "b1", 100, { arrival: 2 }), rec("b", "b2", 100, { arrival: 1 })]);
    const outcome = arriveOracle(state, rec("a", "a1", 100, { arrival: 3 }), [ruleOf([sameAmount])]);
    expect(outcome.matches.map(lineOf)).toEqual(["a1:100 = b2:100"]);
  });

  it("`skip` matches only what is unique in both directions", () => {
    const skip = ruleOf([sameRef, tolerance(0.05, "dollar")], { on_ambiguous: "skip" });
    const at = (side: "a" | "b", id: string, amount: number) => rec(side, id, amount, { metadata: { ref: "R" } });
    const outcome = stream([at("b", "b1", 100), at("b", "b2", 104), at("a", "a1", 102), at("a", "a2", 97)], [skip]);
    expect(outcome.matches).toEqual([]);
    expect(outcome.ambiguous).toEqual(["b1", "a1", "b2", "a2", "b1"]);
  });

  it("goes to the weaker rule with what the stronger one left open", () => {
    const rules = [ruleOf([sameAmount], { id: "weak", priority: 2 }), ruleOf([sameRef])];
    const ref = { metadata: { ref: "R" } };
    expect(stream([rec("b", "b1", 60, ref), rec("b", "b2", 40), rec("a", "a1", 100, ref)], rules).matches).toEqual([
      "a1:60 = b1:60",
      "a1:40 = b2:40",
    ]);
  });
});

describe("a violation is explained when", () => {
  const match = (variance: number, ...allocations: [string, number][]): OracleMatch => ({
    rule_id: "rule",
    variance,
    allocations: allocations.map(([record_id, amount]) => ({
      record_id,
      side: record_id.startsWith("a") ? "a" : "b",
      amount,
    })),
  });
  const pair = untouched([rec("a", "a1", 100), rec("b", "b1", 100), rec("b", "b2", 90)]);
  const group = untouched([
    rec("a", "a1", 50, batchOf("P1", { date: "2024-01-30" })),
    rec("a", "a2", 50, batchOf("P1")),
    rec("a", "a3", 50, batchOf("P2")),
    rec("b", "b1", 100),
    rec("b", "b2", 50),
  ]);
  const days = ruleOf([sameAmount], { ...manyToOne, rollup: { group_by_kind: "date", lookback_days: 1 } });
  it.each<[string, OracleState, OracleRule, OracleMatch, RegExp | undefined]>([
    ["nothing is wrong", pair, ruleOf([sameAmount]), match(0, ["a1", 100], ["b1", 100]), undefined],
    ["more is taken than is open", pair, ruleOf([sameAmount]), match(0, ["a1", 101], ["b1", 100]), /gives 101 of 100/],
    ["a record is not open", pair, ruleOf([sameAmount]), match(0, ["a9", 100], ["b1", 100]), /not open/],
    ["a record stands twice", pair, ruleOf([sameAmount]), match(0, ["a1", 50], ["a1", 50], ["b1", 100]), /twice/],
    ["a side is empty", pair, ruleOf([sameAmount]), match(0, ["a1", 100]), /empty/],
    ["a condition fails", pair, ruleOf([sameAmount]), match(10, ["a1", 100], ["b2", 90]), /condition .* fails/],
    [
      "the variance is wrong",
      pair,
      ruleOf([tolerance(0.1, "dollar")]),
      match(0, ["a1", 100], ["b2", 90]),
      /variance is 0, not 10/,
    ],
    [
      "less is taken than the smaller side",
      pair,
      ruleOf([{ key: "date", operand: "eq", value: "date" }]),
      match(0, ["a1", 80], ["b2", 80]),
      /should give 90/,
    ],
    [
      "one side has too many",
      group,
      ruleOf([sameAmount]),
      match(0, ["a1", 50], ["a2", 50], ["b1", 100]),
      /more than one record of Side A/,
    ],
    [
      "a whole group is fine",
      group,
      ruleOf([sameAmount], manyToOne),
      match(0, ["a1", 50], ["a2", 50], ["b1", 100]),
      undefined,
    ],
    ["a group is cut", group, ruleOf([sameAmount], manyToOne), match(0, ["a1", 50], ["b2", 50]), /whole/],
    [
      "buckets are mixed",
      group,
      ruleOf([sameAmount], manyToOne),
      match(0, ["a2", 50], ["a3", 50], ["b1", 100]),
      /group_by/,
    ],
    ["days stop at the first that fits", group, days, match(0, ["a2", 50], ["b2", 50]), undefined],
    ["days do not skip one", group, days, match(0, ["a1", 50], ["b2", 50]), /whole/],
    [
      "a subset needs no identifier",
      group,
      ruleOf([sameAmount], subset),
      match(0, ["a2", 50], ["a3", 50], ["b1", 100]),
      undefined,
    ],
    [
      "a subset's sums differ",
      group,
      ruleOf([{ key: "currency", operand: "eq", value: "currency" }], subset),
      match(0, ["a2", 50], ["b1", 50]),
      /sums differ/,
    ],
  ])("%s", (_case, state, rule, made, reason) => {
    const violation = explainViolation(made, rule, state);
    if (reason === undefined) expect(violation).toBeUndefined();
    else expect(violation).toMatch(reason);
  });
});

describe("in any small world a run of the oracle", () => {
  const numRuns = 150;

  it("makes only matches that the contract allows, and nothing beyond an amount", () => {
    fc.assert(
      fc.property(worldArbitrary(), ({ records, rules }) => {
        let state = untouched(records);
        const taken = new Map<string, number>();
        const outcome = runOracle(records, rules);
        for (const match of outcome.matches) {
          const rule = rules.find(({ id }) => id === match.rule_id) as OracleRule;
          expect(explainViolation(match, rule, state)).toBeUndefined();
          state = applyMatch(state, match);
          for (const { record_id, amount } of match.allocations) {
            taken.set(record_id, (taken.get(record_id) ?? 0) + amount);
          }
        }
        expect(state).toEqual(outcome.state);
        for (const { id, amount } of records) expect(taken.get(id) ?? 0).toBeLessThanOrEqual(amount);
      }),
      { numRuns },
    );
  });

  it("is the same under every order of arrival", () => {
    const shuffled = worldArbitrary().chain(({ records, rules }) =>
      fc.tuple(
        fc.constant({ records, rules }),
        fc.shuffledSubarray([...records], { minLength: records.length, maxLength: records.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([{ records, rules }, others]) => {
        const again = others.map((record, arrival) => ({ ...record, arrival }));
        const [x, y] = [runOracle(records, rules), runOracle(again, rules)];
        expect(y.matches).toEqual(x.matches);
        expect(y.ambiguous).toEqual(x.ambiguous);
      }),
      { numRuns },
    );
  });

  it("is not changed by a weaker rule in what the stronger ones made", () => {
    fc.assert(
      fc.property(worldArbitrary({ maxRules: 2 }), worldArbitrary({ maxRules: 1 }), ({ records, rules }, other) => {
        const weaker = other.rules.map((rule) => ({ ...rule, id: "weaker", priority: 9 }));
        const alone = runOracle(records, rules).matches;
        expect(runOracle(records, [...weaker, ...rules]).matches.slice(0, alone.length)).toEqual(alone);
      }),
      { numRuns },
    );
  });
});
