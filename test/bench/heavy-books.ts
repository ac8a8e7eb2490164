import { describe, expect, it } from "vitest";
import type { RecordFields } from "../../src/core/record.ts";
import { addSilently } from "../support/bulk.ts";
import { newSilentRun } from "../support/runs.ts";
import { EQUAL_AMOUNTS, newScene } from "../support/scene.ts";
import { type SliceCost, SliceMeter, summarize } from "../support/slice-meter.ts";

type Rows = Partial<RecordFields>[];

interface Books {
  rule: Record<string, unknown>;
  left: Rows;
  right: Rows;
  /** One more record, which arrives when everything else has been looked at. */
  late: Partial<RecordFields>;
}

const AMOUNT_AND_DAY = {
  operand: "and",
  rules: [
    ...EQUAL_AMOUNTS.rules,
    { key: "date", operand: "eq", value: "date", tolerance_amount: 1, tolerance_unit: "day" },
  ],
};

const PAYOUT = {
  cardinality: "many_to_one",
  group_by: ["metadata.payout"],
  filters: {
    operand: "and",
    rules: [{ key: "metadata.payout", operand: "eq", value: "external_id" }, ...EQUAL_AMOUNTS.rules],
  },
};

const list = (count: number, make: (n: number) => Partial<RecordFields>): Rows =>
  Array.from({ length: count }, (_, n) => make(n));

const subscriptions = (size: number, onAmbiguous: string): Books => ({
  rule: { filters: AMOUNT_AND_DAY, on_ambiguous: onAmbiguous },
  left: list(size, (n) => ({ externalId: `l-${n}` })),
  right: list(size + 1, (n) => ({ externalId: `r-${n}` })),
  late: { externalId: "late" },
});

const bucket = (members: number, isOneWrong: boolean, onAmbiguous: string): Books => ({
  rule: {
    ...PAYOUT,
    on_ambiguous: onAmbiguous,
    filters: {
      operand: "and",
      rules: [...PAYOUT.filters.rules, { key: "description", operand: "eq", value: "description" }],
    },
  },
  left: list(members, (n) => ({
    amount: 100,
    description: isOneWrong && n === members - 1 ? "other" : "card",
    metadata: { payout: "po" },
  })),
  right: [{ amount: members * 100, externalId: "po", description: "card" }],
  late: { amount: 100, description: "card", metadata: { payout: "po" } },
});

const lookback = (members: number, anchors: number): Books => ({
  rule: {
    cardinality: "many_to_one",
    group_by: ["metadata.shop"],
    rollup: { group_by_kind: "date", lookback_days: 30 },
    filters: EQUAL_AMOUNTS,
  },
  left: list(members, (n) => ({ amount: 1_000, date: dayOf(n), metadata: { shop: "s" } })),
  right: list(anchors, (n) => ({ amount: 777, date: dayOf(n) })),
  late: { amount: 1_000, date: "2026-03-10", metadata: { shop: "s" } },
});

const scan = (size: number): Books => ({
  rule: { filters: { operand: "and", rules: [{ key: "description", operand: "contains", value: "description" }] } },
  left: list(size, (n) => ({ externalId: `l-${n}`, description: `payment ${n} thanks` })),
  right: list(size, (n) => ({ externalId: `r-${n}`, description: `invoice ${n}` })),
  late: { description: "late" },
});

const dayOf = (n: number) => `2026-03-${10 + (n % 20)}`;

/** Deposits that are sums of some receipts, all within each other's lookback; `spread` makes amounts hard to search. */
const deposits = (count: number, receipts: number, onAmbiguous: string, cardinality = "many_to_one"): Books => {
  const left = list(receipts, (n) => ({ amount: 10_007 + (scatter(n) % 900_001), date: dayOf(n) }));
  const each = Math.max(2, Math.floor(receipts / Math.max(1, count)));
  return {
    rule: {
      cardinality,
      subset: true,
      on_ambiguous: onAmbiguous,
      rollup: { group_by_kind: "identifier", lookback_days: 30 },
      filters: EQUAL_AMOUNTS,
    },
    left,
    right: list(count, (n) => ({
      amount: list(each, (k) => left[(n * each + k) % receipts] ?? {}).reduce((sum, { amount = 0 }) => sum + amount, 0),
      date: dayOf(19),
    })),
    late: { amount: 12_345, date: dayOf(3) },
  };
};

/** On each of some days one deposit of 20 receipts among 39: one set fits, and only a whole search tells. */
const dailyDeposits = (days: number): Books => {
  const receipts = list(39 * days, (n) => ({
    amount: 100_000_000_000 + 8_192 * scatter(n) + (scatter(n + 1_000_000) % 8_192),
    date: laterDay(Math.floor(n / 39)),
  }));
  const sumOf = (rows: Rows) => rows.reduce((sum, { amount = 0 }) => sum + amount, 0);
  return {
    rule: {
      cardinality: "many_to_one",
      subset: true,
      on_ambiguous: "skip",
      rollup: { group_by_kind: "identifier", lookback_days: 0 },
      filters: EQUAL_AMOUNTS,
    },
    left: receipts,
    right: list(days, (n) => ({
      amount: sumOf(receipts.slice(39 * n, 39 * (n + 1)).filter((_, place) => place % 2 === 0)),
      date: laterDay(n),
    })),
    late: { amount: 12_345, date: laterDay(0) },
  };
};

/** A number of 32 bits, the same for the same one, without a pattern that sums would share. */
const scatter = (n: number) => {
  const mix = (bits: number) => Math.imul(bits ^ (bits >>> 16), 0x45d9f3b);
  return (mix(mix(n + 1)) ^ (mix(mix(n + 1)) >>> 16)) >>> 0;
};

const laterDay = (n: number) => `2026-0${1 + Math.floor(n / 28)}-${String(1 + (n % 28)).padStart(2, "0")}`;

const CASES: [name: string, books: () => Books][] = [
  ["subscriptions, earliest, 1000", () => subscriptions(1_000, "earliest")],
  ["subscriptions, earliest, 10000", () => subscriptions(10_000, "earliest")],
  ["subscriptions, skip, 1000", () => subscriptions(1_000, "skip")],
  ["subscriptions, skip, 10000", () => subscriptions(10_000, "skip")],
  ["bucket of 5000", () => bucket(5_000, false, "earliest")],
  ["bucket of 5000, skip", () => bucket(5_000, false, "skip")],
  ["bucket of 1250, one wrong", () => bucket(1_250, true, "earliest")],
  ["bucket of 5000, one wrong", () => bucket(5_000, true, "earliest")],
  ["lookback, 2000 members and 100 anchors", () => lookback(2_000, 100)],
  ["lookback, 2000 members and 1000 anchors", () => lookback(2_000, 1_000)],
  ["scan, 1000", () => scan(1_000)],
  ["scan, 5000", () => scan(5_000)],
  ["deposits, 1 and 39", () => deposits(1, 39, "skip")],
  ["deposits, 4 and 36", () => deposits(4, 36, "skip")],
  ["deposits, 20 and 60", () => deposits(20, 60, "skip")],
  ["deposits, 100 and 300", () => deposits(100, 300, "skip")],
  ["deposits, 300 and 2000", () => deposits(300, 2_000, "skip")],
  ["daily deposits of 20 among 39, 10 days", () => dailyDeposits(10)],
  ["deposits of both, 10 and 20", () => deposits(10, 20, "skip", "many_to_many")],
];

function report(name: string, costs: readonly SliceCost[]): void {
  const { slices, total, worst } = summarize(costs);
  console.log(`${name}: ${slices} slices\n  ${JSON.stringify({ total })}\n  ${JSON.stringify({ worst })}`);
}

describe("books that are hard to match", () => {
  it.each(CASES)("in a run: %s", { timeout: 1_200_000 }, async (name, make) => {
    const { rule, left, right } = make();
    const scene = await newScene({ runType: "batch", rules: [rule] });
    await addSilently(scene, "right", right);
    await addSilently(scene, "left", left);
    const meter = new SliceMeter(scene);
    await meter.workOff();
    await newSilentRun(scene, "commit");
    const costs = await meter.workOff();
    report(`run, ${name}`, costs);
    const run = await scene.api.get(`/v1/reconciliations/${scene.reconciliation}/runs`);
    console.log(JSON.stringify(run.body.data[0].by_rule));
    expect(run.body.data[0].status).toBe("completed");
  });

  it.each(CASES)("as they arrive: %s", { timeout: 1_200_000 }, async (name, make) => {
    const { rule, left, right, late } = make();
    const scene = await newScene({ runType: "continuous", rules: [rule] });
    await addSilently(scene, "right", right);
    await addSilently(scene, "left", left);
    const meter = new SliceMeter(scene);
    report(`pass, ${name}`, await meter.workOff());
    await addSilently(scene, "left", [late]);
    report(`late arrival, ${name}`, await meter.workOff());
  });
});
