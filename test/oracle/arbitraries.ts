// Small worlds in which collisions, ties and near misses are the rule and not the exception.
//
// What the contract leaves open is drawn rarely or not at all: constants in place of `key` only with `eq`, `neq` and
// `in`, every branch of a group rule has an amount condition unless the rule is a subset rule, metadata compared as text
// holds text only.

import fc from "../support/fast-check.ts";
import type {
  OracleCardinality,
  OracleCondition,
  OracleFilter,
  OracleRecord,
  OracleRollup,
  OracleRule,
  OracleSide,
} from "./model.ts";

/** Records of both sides and rules for them, the older rule first. */
export interface OracleWorld {
  readonly records: readonly OracleRecord[];
  readonly rules: readonly OracleRule[];
}

/** What a world may hold; every cardinality, 5 records a side and 3 rules by default. */
export interface OracleWorldOptions {
  readonly cardinalities?: readonly OracleCardinality[];
  readonly subset?: boolean;
  readonly maxPerSide?: number;
  readonly maxRules?: number;
}

const CARDINALITIES: readonly OracleCardinality[] = ["one_to_one", "many_to_one", "one_to_many", "many_to_many"];
const AMOUNTS_MINOR = [0, 1, 50, 99, 100, 100, 101, 150, 199, 200, 200, 201, 250, 300, 10_000, 10_050];
const CURRENCIES = [
  { weight: 8, arbitrary: fc.constant({ currency: "USD", exponent: 2 }) },
  { weight: 1, arbitrary: fc.constant({ currency: "JPY", exponent: 0 }) },
  { weight: 1, arbitrary: fc.constant({ currency: "BHD", exponent: 3 }) },
];
const dates = fc.constantFrom("2024-01-30", "2024-01-31", "2024-01-31", "2024-02-01", "2024-03-01");

const rarelyAbsent = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined, freq: 6 });
const metadata = fc
  .record({
    ref: rarelyAbsent(fc.constantFrom("R1", "R1", "R1", "R2", "r1", " R1 ", "", null)),
    batch: rarelyAbsent(fc.constantFrom("P1", "P1", "P1", "P2", "P2", null)),
    payout: rarelyAbsent(fc.constantFrom("P1", "P1", "P2")),
    store: rarelyAbsent(fc.constantFrom("S1", "S1", "S1", "S2")),
    orders: rarelyAbsent(fc.constantFrom<string | string[]>("X1|X2", "X3", ["X1", "X3"], [])),
    settled_on: rarelyAbsent(dates),
    seq: rarelyAbsent(fc.constantFrom(1, 2, 10)),
  })
  .map((values): OracleRecord["metadata"] =>
    Object.fromEntries(Object.entries(values).flatMap(([key, v]) => (v === undefined ? [] : [[key, v] as const]))),
  );

// How a record of one side is made the counterpart of records of the other, so that sums meet or just miss.
const plans = fc.option(
  fc.record({
    of: fc.constantFrom("one" as const, "bucket" as const, "bucket" as const, "set" as const),
    first: fc.nat({ max: 7 }),
    mask: fc.nat({ max: 255 }),
    offBy: fc.constantFrom(0, 0, 0, 1, -1, 50),
    isLate: fc.boolean(),
  }),
  { nil: null, freq: 2 },
);

const money = fc.oneof(...CURRENCIES);
const seeds = fc.record({
  otherMoney: fc.oneof({ weight: 11, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: money }),
  amount: fc.constantFrom(...AMOUNTS_MINOR),
  date: dates,
  direction: fc.oneof(
    { weight: 5, arbitrary: fc.constant("credit" as const) },
    { weight: 1, arbitrary: fc.constant("debit" as const) },
  ),
  reference: fc.constantFrom(null, "X1", "X2", "X3", "X4"),
  description: fc.constantFrom(null, "", "payment X1", "payment X2 R1", "fee"),
  source: fc.constantFrom("1", "1", "2"),
  metadata,
  plan: plans,
  idOrder: fc.nat({ max: 999 }),
  arrivalOrder: fc.nat({ max: 999 }),
});

/** Records of both sides, in no order, with arrival numbers 0, 1, 2 … that have nothing to do with their ids. */
export function recordsArbitrary(maxPerSide = 5): fc.Arbitrary<readonly OracleRecord[]> {
  const side = fc.array(seeds, { minLength: 1, maxLength: maxPerSide });
  return fc.tuple(side, side, money, fc.boolean()).map(([a, b, usual, flip]) => {
    const parts = (flip ? b : a).map((seed) => drawn(seed, flip ? "b" : "a", usual));
    const totals = (flip ? a : b).map((seed) => planned(drawn(seed, flip ? "a" : "b", usual), seed.plan, parts));
    return numbered([...parts, ...totals], flip ? [...b, ...a] : [...a, ...b]);
  });
}

type Seed = typeof seeds extends fc.Arbitrary<infer T> ? T : never;
type Plan = Seed["plan"];
type Drawn = Omit<OracleRecord, "id" | "arrival">;

function drawn(seed: Seed, side: OracleSide, usual: { currency: string; exponent: number }): Drawn {
  const { currency, exponent } = seed.otherMoney ?? usual;
  return {
    external_id: seed.reference,
    side,
    type_key: `source_${side}${seed.source}`,
    date: seed.date,
    amount: seed.amount,
    currency,
    exponent,
    direction: seed.direction,
    description: seed.description,
    metadata: seed.metadata,
  };
}

function planned(total: Drawn, plan: Plan, parts: readonly Drawn[]): Drawn {
  const first = plan && parts[plan.first % parts.length];
  if (!plan || !first) return total;
  const members = parts.filter((part, index) => {
    if (part === first || part.currency !== first.currency) return part === first;
    if (plan.of === "bucket") return part.metadata.batch === first.metadata.batch;
    return plan.of === "set" && (plan.mask & (1 << index)) !== 0;
  });
  const sum = members.reduce(
    (signed, { direction, amount }) => signed + (direction === "credit" ? amount : -amount),
    0,
  );
  const shared = ["batch", "payout", "store", "ref"].flatMap((key) => {
    const content = first.metadata[key === "payout" ? "batch" : key];
    return content === undefined ? [] : [[key, content] as const];
  });
  return {
    ...total,
    amount: Math.max(0, Math.abs(sum) + plan.offBy),
    direction: sum < 0 ? "debit" : "credit",
    currency: first.currency,
    exponent: first.exponent,
    date: plan.isLate ? members.reduce((latest, { date }) => (date > latest ? date : latest), "") : total.date,
    metadata: { ...total.metadata, ...Object.fromEntries(shared) },
  };
}

function numbered(records: readonly Drawn[], from: readonly Seed[]): readonly OracleRecord[] {
  const ranks = (order: "idOrder" | "arrivalOrder") =>
    from.map((_, index) => index).sort((x, y) => (from[x]?.[order] ?? 0) - (from[y]?.[order] ?? 0) || x - y);
  const [byId, byArrival] = [ranks("idOrder"), ranks("arrivalOrder")];
  const taken = new Set<string>();
  return records.map((record, index) => {
    const identity = `${record.type_key}/${record.external_id}`;
    const external_id = taken.has(identity) ? null : record.external_id;
    taken.add(identity);
    const id = `record-${String(byId.indexOf(index)).padStart(2, "0")}`;
    return { ...record, id, external_id, arrival: byArrival.indexOf(index) };
  });
}

const sameAmount: OracleCondition = { key: "amount", operand: "eq", value: "amount" };
const amountConditions = fc.oneof(
  fc.constant(sameAmount),
  fc
    .constantFrom(0.01, 0.5, 1)
    .map((n): OracleCondition => ({ ...sameAmount, tolerance_amount: n, tolerance_unit: "dollar" })),
  fc
    .constantFrom(1, 50)
    .map((n): OracleCondition => ({ ...sameAmount, tolerance_amount: n, tolerance_unit: "percent" })),
);

const sameDate: OracleCondition = { key: "date", operand: "eq", value: "date" };
const sameRef: OracleCondition = { key: "metadata.ref", operand: "eq", value: "metadata.ref" };
const looseConditions: readonly OracleCondition[] = [
  { ...sameDate, tolerance_amount: 1, tolerance_unit: "day" },
  { ...sameDate, tolerance_amount: 30, tolerance_unit: "day" },
  { ...sameDate, tolerance_amount: 1, tolerance_unit: "month" },
  { key: "date", operand: "lte", value: "date" },
  { key: "direction", operand: "eq", value: "direction" },
  { key: "direction", operand: "neq", value: "direction" },
  { key: "direction", operand: "eq", constant: "credit" },
  { value: "direction", operand: "neq", constant: "credit" },
  { key: "amount", operand: "gte", value: "amount" },
  { key: "type_key", operand: "eq", constant: "source_a1" },
  { value: "type_key", operand: "eq", constant: "source_b1" },
  { key: "metadata.ref", operand: "is_missing" },
  { value: "metadata.ref", operand: "is_present" },
  { key: "metadata.ref", operand: "not_in", constant: ["R2", "R3"] },
];
const linkingConditions: readonly OracleCondition[] = [
  sameDate,
  sameRef,
  { ...sameRef, transforms: { key: ["trim", "uppercase"], value: ["trim", "uppercase"] } },
  { ...sameRef, operand: "neq" },
  { key: "external_id", operand: "eq", value: "external_id" },
  { key: "description", operand: "contains", value: "external_id" },
  { key: "external_id", operand: "in", value: "metadata.orders" },
  { key: "external_id", operand: "not_in", value: "metadata.orders" },
  { key: "metadata.seq", operand: "eq", value: "metadata.seq", tolerance_amount: 1, tolerance_unit: "dollar" },
  { key: "metadata.seq", operand: "gt", value: "metadata.seq" },
  {
    key: "description",
    operand: "eq",
    value: "external_id",
    transforms: { key: { name: "regex_extract", args: { pattern: "payment (X\\d)", group: 1 } } },
  },
];
const ownAmountConditions: readonly OracleCondition[] = [
  { key: "amount", operand: "gt", constant: 0.5 },
  { value: "amount", operand: "eq", constant: 1 },
];

function branchArbitrary(cardinality: OracleCardinality, subset: boolean): fc.Arbitrary<OracleFilter> {
  const grouped = cardinality !== "one_to_one";
  const others = grouped
    ? [...looseConditions, ...linkingConditions, ...ownAmountConditions]
    : [...looseConditions, ...linkingConditions, ...linkingConditions, ...ownAmountConditions];
  const amount = grouped && !subset ? amountConditions : fc.option(amountConditions, { nil: null, freq: 3 });
  return fc
    .tuple(
      amount,
      fc.uniqueArray(fc.constantFrom(...others), { minLength: grouped ? 0 : 1, maxLength: grouped ? 1 : 2 }),
    )
    .map(
      ([condition, more]): OracleFilter => ({
        operand: "and",
        rules: condition === null && more.length > 0 ? more : [condition ?? sameAmount, ...more],
      }),
    );
}

function linked(cardinality: OracleCardinality): OracleCondition {
  return cardinality === "many_to_one"
    ? { key: "metadata.batch", operand: "eq", value: "metadata.payout" }
    : { key: "metadata.payout", operand: "eq", value: "metadata.batch" };
}

const rollups: fc.Arbitrary<OracleRollup | null> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(null) },
  {
    weight: 4,
    arbitrary: fc.record({
      group_by_kind: fc.constantFrom("identifier" as const, "date" as const),
      lookback_days: fc.constantFrom(0, 1, 2, 31),
      date_field: fc.constantFrom("date", "date", "metadata.settled_on"),
    }),
  },
);

/** A valid rule of one cardinality; a subset rule if asked for, else a group rule has a group_by. */
export function ruleArbitrary(cardinality: OracleCardinality, subset = false): fc.Arbitrary<OracleRule> {
  const grouped = cardinality !== "one_to_one";
  const branch = branchArbitrary(cardinality, subset);
  const tree = fc.oneof(
    { weight: 4, arbitrary: branch },
    {
      weight: 1,
      arbitrary: fc.tuple(branch, branch).map(([x, y]): OracleFilter => ({ operand: "or", rules: [x, y] })),
    },
  );
  const fields = fc.constantFrom(
    ["metadata.batch"],
    ["metadata.batch"],
    ["metadata.batch", "metadata.store"],
    ["date"],
  );
  return fc
    .record({
      filters: tree,
      priority: fc.constantFrom(1, 1, 2),
      on_ambiguous: fc.constantFrom("earliest" as const, "skip" as const),
      group_by: subset ? fc.option(fields, { nil: null, freq: 2 }) : fields,
      rollup: rollups,
      isLinked: fc.boolean(),
    })
    .map(({ filters, priority, on_ambiguous, group_by, rollup, isLinked }): OracleRule => {
      const byBatch = grouped && cardinality !== "many_to_many" && group_by?.[0] === "metadata.batch";
      return {
        id: "rule",
        priority,
        filters: isLinked && byBatch ? { operand: "and", rules: [linked(cardinality), filters] } : filters,
        cardinality,
        group_by: grouped ? group_by : null,
        rollup: grouped && group_by !== null ? rollup : null,
        subset: grouped && subset,
        on_ambiguous,
      };
    });
}

/** A small world; above 6 records a side, many_to_many subset rules take a tenth of a second and more each. */
export function worldArbitrary(options: OracleWorldOptions = {}): fc.Arbitrary<OracleWorld> {
  const shapes = (options.cardinalities ?? CARDINALITIES).flatMap((cardinality) => {
    const subset = cardinality !== "one_to_one" && options.subset !== false;
    return subset ? [ruleArbitrary(cardinality), ruleArbitrary(cardinality, true)] : [ruleArbitrary(cardinality)];
  });
  return fc.record({
    records: recordsArbitrary(options.maxPerSide ?? 5),
    rules: fc
      .array(fc.oneof(...shapes), { minLength: 1, maxLength: options.maxRules ?? 3 })
      .map((rules) => rules.map((rule, index) => ({ ...rule, id: `rule-${index}` }))),
  });
}
