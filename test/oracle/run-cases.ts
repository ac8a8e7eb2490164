import { batchOf, manyToOne, rec, ruleOf, sameAmount, sameRef, subset, tolerance } from "./builders.ts";
import type { OracleRecord, OracleRule } from "./model.ts";

/** A sentence of the contract (or of peers.md, section 6) as records, rules and the matches a run makes of them. */
export interface RunCase {
  readonly sentence: string;
  readonly records: readonly OracleRecord[];
  readonly rules: readonly OracleRule[];
  readonly makes: readonly string[];
}

/** Matches stand in the order in which the run makes them. */
export const RUN_CASES: readonly RunCase[] = [
  {
    sentence: "Always required, rule or no rule: the same currency.",
    records: [rec("a", "a1", 100), rec("b", "b1", 100, { currency: "JPY", exponent: 0 })],
    rules: [ruleOf([sameAmount])],
    makes: [],
  },
  {
    sentence: "Per branch of the tree the same direction too",
    records: [rec("a", "a1", 100), rec("b", "b1", 100, { direction: "debit" })],
    rules: [ruleOf([sameAmount])],
    makes: [],
  },
  {
    sentence: "unless that branch compares A's direction with B's (`eq`, `neq`)",
    records: [rec("a", "a1", 100), rec("b", "b1", 100, { direction: "debit" }), rec("b", "b2", 100)],
    rules: [ruleOf([sameAmount, { key: "direction", operand: "neq", value: "direction" }])],
    makes: ["a1:100 = b1:100"],
  },
  {
    sentence: "or fixes both by constants",
    records: [rec("a", "a1", 100), rec("b", "b1", 100, { direction: "debit" })],
    rules: [
      ruleOf([
        sameAmount,
        { key: "direction", operand: "eq", constant: "credit" },
        { value: "direction", operand: "eq", constant: "debit" },
      ]),
    ],
    makes: ["a1:100 = b1:100"],
  },
  {
    sentence: "Per branch: a branch without a direction condition keeps the rule that its neighbour gave up",
    records: [rec("a", "a1", 100), rec("b", "b1", 100, { direction: "debit", metadata: { ref: "R1" } })],
    rules: [
      ruleOf([
        {
          operand: "or",
          rules: [
            sameAmount,
            { operand: "and", rules: [sameRef, { key: "direction", operand: "neq", value: "direction" }] },
          ],
        },
      ]),
    ],
    makes: [],
  },
  {
    sentence: "Tolerances, for `eq`, bounds included: `dollar` (major units)",
    records: [rec("a", "a1", 1050), rec("b", "b1", 1000), rec("a", "a2", 3051), rec("b", "b2", 3000)],
    rules: [ruleOf([tolerance(0.5, "dollar")])],
    makes: ["a1:1050 = b1:1000 variance 50"],
  },
  {
    sentence: "major units: half a unit of a currency without decimals is not a whole one",
    records: [
      rec("a", "a1", 101, { currency: "JPY", exponent: 0 }),
      rec("b", "b1", 100, { currency: "JPY", exponent: 0 }),
    ],
    rules: [ruleOf([tolerance(0.5, "dollar")])],
    makes: [],
  },
  {
    sentence: "`percent` (of Side A, compared exactly)",
    records: [rec("a", "a1", 100), rec("b", "b1", 99), rec("a", "a2", 9900), rec("b", "b2", 10000)],
    rules: [ruleOf([tolerance(1, "percent")])],
    makes: ["a1:100 = b1:99 variance 1"],
  },
  {
    sentence: "With one, what is left over within the tolerance is the match's `variance` (|A| − |B|)",
    records: [
      rec("a", "a1", 990, { direction: "debit" }),
      rec("b", "b1", 1000, { direction: "debit" }),
      rec("b", "b2", 10, { direction: "debit" }),
    ],
    rules: [ruleOf([tolerance(1, "dollar")])],
    makes: ["a1:990 = b1:1000 variance -10"],
  },
  {
    sentence:
      "With none, the match takes the smaller open amount: that side is reconciled, the other partially, and it stays a candidate with what remains.",
    records: [
      rec("a", "a1", 100, { metadata: { ref: "R" } }),
      rec("b", "b1", 60, { metadata: { ref: "R" } }),
      rec("b", "b2", 60, { metadata: { ref: "R" }, date: "2024-02-01" }),
    ],
    rules: [ruleOf([sameRef])],
    makes: ["a1:60 = b1:60", "a1:40 = b2:40"],
  },
  {
    sentence: "`amount` against the other side means the amount open in this reconciliation",
    records: [
      rec("a", "a1", 100, { metadata: { ref: "R" } }),
      rec("b", "b1", 60, { metadata: { ref: "R" } }),
      rec("b", "b2", 40),
    ],
    rules: [ruleOf([sameRef]), ruleOf([sameAmount], { id: "weak", priority: 2 })],
    makes: ["a1:60 = b1:60", "a1:40 = b2:40"],
  },
  {
    sentence: "against a constant, the record's own",
    records: [
      rec("a", "a1", 100, { metadata: { ref: "R" } }),
      rec("b", "b1", 60, { metadata: { ref: "R" } }),
      rec("b", "b2", 40),
    ],
    rules: [
      ruleOf([sameRef]),
      ruleOf([sameAmount, { key: "amount", operand: "eq", constant: "0.40" }], { id: "weak", priority: 2 }),
    ],
    makes: ["a1:60 = b1:60"],
  },
  {
    sentence: "`amount` against a constant, or under another operand, only filters.",
    records: [rec("a", "a1", 100), rec("b", "b1", 60)],
    rules: [
      ruleOf([
        { key: "amount", operand: "gt", value: "amount" },
        { key: "amount", operand: "gte", constant: 1 },
      ]),
    ],
    makes: ["a1:60 = b1:60"],
  },
  {
    sentence: "A record of amount 0 […] matches only by an amount condition or by hand.",
    records: [rec("a", "a1", 0, { metadata: { ref: "R" } }), rec("b", "b1", 0, { metadata: { ref: "R" } })],
    rules: [ruleOf([sameRef])],
    makes: [],
  },
  {
    sentence: "A zero sum fits either direction.",
    records: [rec("a", "a1", 0), rec("b", "b1", 0, { direction: "debit" })],
    rules: [ruleOf([sameAmount])],
    makes: ["a1:0 = b1:0"],
  },
  {
    sentence: "Lower priority first, then the older rule",
    records: [rec("a", "a1", 100), rec("b", "b1", 100), rec("b", "b2", 100, { type_key: "other" })],
    rules: [
      ruleOf([sameAmount], { id: "second", priority: 2 }),
      ruleOf([sameAmount, { value: "type_key", operand: "eq", constant: "other" }], { id: "first", priority: 1 }),
    ],
    makes: ["a1:100 = b2:100"],
  },
  {
    sentence: "Strong rules finish before weak ones see the rows",
    records: [
      rec("a", "a1", 100, { date: "2024-01-01" }),
      rec("a", "a2", 100, { metadata: { ref: "R" } }),
      rec("b", "b1", 100, { metadata: { ref: "R" } }),
    ],
    rules: [ruleOf([sameAmount, sameRef]), ruleOf([sameAmount], { id: "weak", priority: 2 })],
    makes: ["a2:100 = b1:100"],
  },
  {
    sentence: "`earliest` (default: smallest amount difference,",
    records: [
      rec("a", "a1", 100),
      rec("b", "b1", 101, { date: "2024-01-31" }),
      rec("b", "b2", 100, { date: "2024-02-01" }),
    ],
    rules: [ruleOf([tolerance(1, "dollar")])],
    makes: ["a1:100 = b2:100"],
  },
  {
    sentence: "then earliest date,",
    records: [
      rec("a", "a1", 100, { date: "2024-01-01" }),
      rec("b", "b1", 100, { date: "2024-02-02" }),
      rec("b", "b2", 100, { date: "2024-02-01" }),
    ],
    rules: [ruleOf([sameAmount])],
    makes: ["a1:100 = b2:100"],
  },
  {
    sentence: "in a run, where arrival does not count, then smallest external_id,",
    records: [
      rec("a", "a1", 100, { date: "2024-01-01" }),
      rec("b", "b1", 100, { external_id: "X2", arrival: 1 }),
      rec("b", "b2", 100, { external_id: "X1", arrival: 2 }),
    ],
    rules: [ruleOf([sameAmount])],
    makes: ["a1:100 = b2:100"],
  },
  {
    sentence: "then id)",
    records: [
      rec("a", "a1", 100, { date: "2024-01-01" }),
      rec("b", "b2", 100, { external_id: "X1", type_key: "s" }),
      rec("b", "b1", 100, { external_id: "X1" }),
    ],
    rules: [ruleOf([sameAmount])],
    makes: ["a1:100 = b1:100"],
  },
  {
    sentence: "In a run, records are taken in the order (date, amount, external_id, id).",
    records: [
      rec("a", "a1", 105, { date: "2024-01-01" }),
      rec("a", "a2", 104, { date: "2024-01-01" }),
      rec("b", "b1", 104, { date: "2024-01-02" }),
      rec("b", "b2", 100, { date: "2024-01-02" }),
      rec("b", "b3", 200, { date: "2024-01-02" }),
    ],
    rules: [ruleOf([tolerance(0.5, "dollar")])],
    makes: ["a2:104 = b1:104", "a1:105 = b2:100 variance 5"],
  },
  {
    sentence: "`skip` (match only a unique candidate",
    records: [rec("a", "a1", 100), rec("b", "b1", 100), rec("a", "a2", 200), rec("b", "b2", 200), rec("b", "b3", 200)],
    rules: [ruleOf([sameAmount], { on_ambiguous: "skip" })],
    makes: ["a1:100 = b1:100"],
  },
  {
    sentence: "group_by: Records of the grouped side […] are bucketed by their values",
    records: [
      rec("a", "a1", 100, batchOf("P1")),
      rec("a", "a2", 50, batchOf("P1")),
      rec("a", "a3", 50, batchOf("P2")),
      rec("a", "a4", 50),
      rec("b", "b1", 150, batchOf("P1")),
    ],
    rules: [ruleOf([sameAmount], manyToOne)],
    makes: ["a2:50 a1:100 = b1:150"],
  },
  {
    sentence: "a record of the other side must have the same values in the fields it has of these",
    records: [
      rec("a", "a1", 100, batchOf("P1", { metadata: { store: "S1" } })),
      rec("b", "b1", 100, { metadata: { store: "S2" } }),
      rec("b", "b2", 100, { metadata: { store: "S1" }, date: "2024-02-01" }),
    ],
    rules: [ruleOf([sameAmount], { ...manyToOne, group_by: ["metadata.batch", "metadata.store"] })],
    makes: ["a1:100 = b2:100"],
  },
  {
    sentence: "differently named fields are linked by an `eq` condition",
    records: [
      rec("a", "a1", 100, batchOf("P1")),
      rec("a", "a2", 100, batchOf("P2")),
      rec("b", "b1", 100, { metadata: { payout: "P2" } }),
    ],
    rules: [ruleOf([sameAmount, { key: "metadata.batch", operand: "eq", value: "metadata.payout" }], manyToOne)],
    makes: ["a2:100 = b1:100"],
  },
  {
    sentence: "A group's amount is the signed sum (credit +, debit −) […]; members may have either direction",
    records: [
      rec("a", "a1", 100, batchOf("P1")),
      rec("a", "a2", 30, batchOf("P1", { direction: "debit" })),
      rec("b", "b1", 70),
    ],
    rules: [ruleOf([sameAmount], manyToOne)],
    makes: ["a2:30 a1:100 = b1:70"],
  },
  {
    sentence: "its direction the sign of that sum",
    records: [
      rec("a", "a1", 100, batchOf("P1", { direction: "debit" })),
      rec("a", "a2", 30, batchOf("P1")),
      rec("b", "b1", 70),
      rec("b", "b2", 70, { direction: "debit", date: "2024-03-01" }),
    ],
    rules: [ruleOf([sameAmount], manyToOne)],
    makes: ["a2:30 a1:100 = b2:70"],
  },
  {
    sentence: "a group is taken whole",
    records: [
      rec("a", "a1", 100, batchOf("P1")),
      rec("a", "a2", 50, batchOf("P1")),
      rec("b", "b1", 100, batchOf("P1")),
    ],
    rules: [ruleOf([sameAmount], manyToOne)],
    makes: [],
  },
  {
    sentence: "every other condition must hold for each member against each record of the other side",
    records: [
      rec("a", "a1", 100, batchOf("P1", { date: "2024-01-30" })),
      rec("a", "a2", 50, batchOf("P1", { date: "2024-01-20" })),
      rec("b", "b1", 150),
    ],
    rules: [
      ruleOf(
        [sameAmount, { key: "date", operand: "eq", value: "date", tolerance_amount: 2, tolerance_unit: "day" }],
        manyToOne,
      ),
    ],
    makes: [],
  },
  {
    sentence: "A condition on `amount` compares the groups' sums",
    records: [rec("a", "a1", 99, batchOf("P1")), rec("a", "a2", 99, batchOf("P1")), rec("b", "b1", 200)],
    rules: [ruleOf([tolerance(0.02, "dollar")], manyToOne)],
    makes: ["a1:99 a2:99 = b1:200 variance -2"],
  },
  {
    sentence: "the lookback covers anchor − n … anchor, both included",
    records: [
      rec("a", "a1", 7, batchOf("P1", { date: "2024-01-28" })),
      rec("a", "a2", 50, batchOf("P1", { date: "2024-01-29" })),
      rec("a", "a3", 50, batchOf("P1", { date: "2024-01-31" })),
      rec("a", "a4", 9, batchOf("P1", { date: "2024-02-01" })),
      rec("b", "b1", 100),
    ],
    rules: [ruleOf([sameAmount], { ...manyToOne, rollup: { lookback_days: 2 } })],
    makes: ["a2:50 a3:50 = b1:100"],
  },
  {
    sentence: "`date_field` the grouped side's",
    records: [
      rec("a", "a1", 100, batchOf("P1", { date: "2020-01-01", metadata: { settled_on: "2024-01-31" } })),
      rec("a", "a2", 50, batchOf("P1", { date: "2024-01-31", metadata: { settled_on: "2020-01-01" } })),
      rec("b", "b1", 100),
    ],
    rules: [ruleOf([sameAmount], { ...manyToOne, rollup: { lookback_days: 0, date_field: "metadata.settled_on" } })],
    makes: ["a1:100 = b1:100"],
  },
  {
    sentence:
      "`date` needs `lookback_days`: from the anchor back, day by day, whole days, to the first day at which the sum is within tolerance.",
    records: [
      rec("a", "a1", 100, batchOf("P1", { date: "2024-01-27" })),
      rec("a", "a2", 40, batchOf("P1", { date: "2024-01-29" })),
      rec("a", "a3", 60, batchOf("P1", { date: "2024-01-31" })),
      rec("a", "a4", 100, batchOf("P1", { date: "2024-01-30" })),
      rec("a", "a5", 100, batchOf("P1", { date: "2024-01-30", direction: "debit" })),
      rec("b", "b1", 100),
    ],
    rules: [ruleOf([sameAmount], { ...manyToOne, rollup: { group_by_kind: "date", lookback_days: 5 } })],
    makes: ["a2:40 a4:100 a5:100 a3:60 = b1:100"],
  },
  {
    sentence: "to the first day at which the sum is within tolerance, though further days would fit as well",
    records: [
      rec("a", "a1", 100, batchOf("P1")),
      rec("a", "a2", 50, batchOf("P1", { date: "2024-01-30" })),
      rec("a", "a3", 50, batchOf("P1", { date: "2024-01-30", direction: "debit" })),
      rec("b", "b1", 100),
    ],
    rules: [ruleOf([sameAmount], { ...manyToOne, rollup: { group_by_kind: "date", lookback_days: 5 } })],
    makes: ["a1:100 = b1:100"],
  },
  {
    sentence: "one_to_many: the anchor is the single side's date",
    records: [
      rec("a", "a1", 100, { date: "2024-01-31" }),
      rec("b", "b1", 60, batchOf("P1", { date: "2024-01-30" })),
      rec("b", "b2", 40, batchOf("P1", { date: "2024-01-31" })),
      rec("b", "b3", 40, batchOf("P1", { date: "2024-02-01" })),
    ],
    rules: [ruleOf([sameAmount], { ...manyToOne, cardinality: "one_to_many", rollup: { lookback_days: 1 } })],
    makes: ["a1:100 = b1:60 b2:40"],
  },
  {
    sentence: "Records of the grouped side (both sides in `many_to_many`)",
    records: [
      rec("a", "a1", 100, batchOf("P1")),
      rec("a", "a2", 50, batchOf("P1")),
      rec("b", "b1", 120, batchOf("P1")),
      rec("b", "b2", 30, batchOf("P1")),
      rec("b", "b3", 30, batchOf("P2")),
    ],
    rules: [ruleOf([sameAmount], { ...manyToOne, cardinality: "many_to_many" })],
    makes: ["a2:50 a1:100 = b2:30 b1:120"],
  },
  {
    sentence: "The anchor is […] (`many_to_many`: the latest date of B's bucket)",
    records: [
      rec("a", "a1", 100, batchOf("P1", { date: "2024-02-01" })),
      rec("a", "a2", 50, batchOf("P1", { date: "2024-01-30" })),
      rec("b", "b1", 60, batchOf("P1", { date: "2024-01-01" })),
      rec("b", "b2", 40, batchOf("P1", { date: "2024-02-02" })),
    ],
    rules: [ruleOf([sameAmount], { ...manyToOne, cardinality: "many_to_many", rollup: { lookback_days: 1 } })],
    makes: ["a1:100 = b1:60 b2:40"],
  },
  {
    sentence: "choose a non-empty set (on each many-side) whose signed sums are equal […] without any identifier",
    records: [rec("a", "a1", 60), rec("a", "a2", 50), rec("a", "a3", 40), rec("b", "b1", 100)],
    rules: [ruleOf([sameAmount], subset)],
    makes: ["a3:40 a1:60 = b1:100"],
  },
  {
    sentence: "1:n and n:m by key first, bounded subset-sum second, negatives allowed (refunds)",
    records: [rec("a", "a1", 70), rec("a", "a2", 50), rec("a", "a3", 20, { direction: "debit" }), rec("b", "b1", 100)],
    rules: [ruleOf([sameAmount], subset)],
    makes: ["a3:20 a2:50 a1:70 = b1:100"],
  },
  {
    sentence: "within the amount condition's tolerance if there is one",
    records: [rec("a", "a1", 60), rec("a", "a2", 39), rec("b", "b1", 100)],
    rules: [ruleOf([tolerance(0.01, "dollar")], subset)],
    makes: ["a2:39 a1:60 = b1:100 variance -1"],
  },
  {
    sentence: "among the records that satisfy the conditions",
    records: [
      rec("a", "a1", 60),
      rec("a", "a2", 40, { metadata: { ref: "R" } }),
      rec("b", "b1", 100, { metadata: { ref: "R" } }),
    ],
    rules: [ruleOf([sameRef], subset)],
    makes: [],
  },
  {
    sentence: "More than one set that fits: ambiguous.",
    records: [rec("a", "a1", 60), rec("a", "a2", 40), rec("a", "a3", 40), rec("b", "b1", 100)],
    rules: [ruleOf([sameAmount], { ...subset, on_ambiguous: "skip" })],
    makes: [],
  },
  {
    sentence: "More than one set that fits: ambiguous, on both many-sides (a1 = b1, a2 = b2, and all of them)",
    records: [rec("a", "a1", 60), rec("a", "a2", 40), rec("b", "b1", 60), rec("b", "b2", 40)],
    rules: [ruleOf([sameAmount], { ...subset, cardinality: "many_to_many", on_ambiguous: "skip" })],
    makes: [],
  },
  {
    sentence: "CHOICE (order.ts): of sets that tie, the one with the smallest first record, not the smaller set",
    records: [rec("a", "a1", 60), rec("a", "a2", 40), rec("b", "b1", 60), rec("b", "b2", 40)],
    rules: [ruleOf([sameAmount], { ...subset, cardinality: "many_to_many" })],
    makes: ["a2:40 a1:60 = b2:40 b1:60"],
  },
];
