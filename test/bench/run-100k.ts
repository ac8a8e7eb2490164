import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import type { RecordFields } from "../../src/core/record.ts";
import { first } from "../../src/db/client.ts";
import { addSilently } from "../support/bulk.ts";
import { newSilentRun } from "../support/runs.ts";
import { EQUAL_AMOUNTS, newScene, SAME_REFERENCE, type Scene } from "../support/scene.ts";
import { type SliceCost, SliceMeter, summarize } from "../support/slice-meter.ts";

const GROUP_SIZE = 20;

const RULES = [
  { priority: 1, filters: { operand: "and", rules: [...SAME_REFERENCE.rules, ...EQUAL_AMOUNTS.rules] } },
  {
    priority: 2,
    cardinality: "many_to_one",
    group_by: ["metadata.payout"],
    filters: {
      operand: "and",
      rules: [{ key: "metadata.payout", operand: "eq", value: "external_id" }, ...EQUAL_AMOUNTS.rules],
    },
  },
  {
    priority: 3,
    on_ambiguous: "skip",
    filters: {
      operand: "and",
      rules: [
        ...EQUAL_AMOUNTS.rules,
        { key: "date", operand: "eq", value: "date", tolerance_amount: 1, tolerance_unit: "day" },
      ],
    },
  },
];

type Rows = Partial<RecordFields>[];

/** Of each side 90 % by reference; of the left 5 % in payouts of 20; the rest has amount and day alone. */
function makeBooks(size: number): { left: Rows; right: Rows } {
  const [byReference, inPayouts] = [Math.round(size * 0.9), Math.round(size * 0.05)];
  const dayOf = (n: number) => `2026-0${1 + (n % 6)}-${10 + (n % 18)}`;
  const referenced = Array.from({ length: byReference }, (_, n) => {
    return { date: dayOf(n), amount: 1_000 + (n % 977), metadata: { ref: `ref-${n}` } };
  });
  const members = Array.from({ length: inPayouts }, (_, n) => {
    const payout = Math.floor(n / GROUP_SIZE);
    return { date: dayOf(payout), amount: 500 + (n % 31), metadata: { payout: `po-${payout}` } };
  });
  const payouts = Array.from({ length: inPayouts / GROUP_SIZE }, (_, payout) => {
    const own = members.slice(payout * GROUP_SIZE, (payout + 1) * GROUP_SIZE);
    return {
      date: dayOf(payout + 1),
      externalId: `po-${payout}`,
      amount: own.reduce((sum, { amount }) => sum + amount, 0),
    };
  });
  // Two in three have an amount of their own, the others share one with some of the same day.
  const loose = (count: number) =>
    Array.from({ length: count }, (_, n) => ({
      date: dayOf(n),
      amount: n % 3 === 0 ? 50_000 + (n % 90) : 1_000_000 + n,
    }));
  const named = (side: string, rows: Rows) => rows.map((row, n) => ({ externalId: `${side}-${n}`, ...row }));
  return {
    left: named("l", [...referenced, ...members, ...loose(size - byReference - inPayouts)]),
    right: named("r", [...referenced, ...payouts, ...loose(size - byReference - payouts.length)]).reverse(),
  };
}

const readRun = (scene: Scene, uid: string) =>
  first<{ status: string; matched_records: number; by_rule: string; problem_count: number; decided_count: number }>(
    scene.db,
    sql`select status, matched_records, by_rule, problem_count, decided_count from runs where uid = ${uid}`,
  );

describe("a preview and its commit", () => {
  it.each([1_000, 10_000, 100_000])("with %d records a side", { timeout: 3_600_000 }, async (size) => {
    const scene = await newScene({ runType: "batch", rules: RULES });
    const books = makeBooks(size);
    await addSilently(scene, "right", books.right);
    await addSilently(scene, "left", books.left);
    const meter = new SliceMeter(scene);
    const report = async (phase: string, work: () => Promise<SliceCost[]>) => {
      const { slices, total, worst } = summarize(await work());
      console.log(
        `${size} a side, ${phase}: ${slices} slices\n  ${JSON.stringify({ total })}\n  ${JSON.stringify({ worst })}`,
      );
    };
    await report("taking in", () => meter.workOff());
    const preview = await newSilentRun(scene, "preview");
    await report("preview", () => meter.workOff());
    const shown = await readRun(scene, preview);
    console.log(JSON.stringify(shown));
    expect(shown?.status).toBe("completed");
    const commit = await newSilentRun(scene, "commit", preview);
    await report("commit", () => meter.workOff());
    expect(await readRun(scene, commit)).toMatchObject({
      status: "completed",
      matched_records: shown?.matched_records,
    });
  });
});
