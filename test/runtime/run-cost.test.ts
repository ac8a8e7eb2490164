import { describe, expect, it } from "vitest";
import { SLICE_MAX_STEPS } from "../../src/config.ts";
import { EVALUATION_STEPS } from "../../src/core/matching/limits.ts";
import type { RecordFields } from "../../src/core/record.ts";
import { addSilently } from "../support/bulk.ts";
import { newSilentRun } from "../support/runs.ts";
import { EQUAL_AMOUNTS, newScene, SAME_REFERENCE } from "../support/scene.ts";
import { type SliceCost, SliceMeter, summarize } from "../support/slice-meter.ts";

type Rows = Partial<RecordFields>[];

const and = (...rules: unknown[]) => ({ operand: "and", rules });
const DAY = { key: "date", operand: "eq", value: "date", tolerance_amount: 1, tolerance_unit: "day" };
const DESCRIPTION = { key: "description", operand: "eq", value: "description" };
const PAYOUT = { key: "metadata.payout", operand: "eq", value: "external_id" };

const list = (count: number, make: (n: number) => Partial<RecordFields>): Rows =>
  Array.from({ length: count }, (_, n) => make(n));

async function measureRun(
  rules: Record<string, unknown>[],
  left: Rows,
  right: Rows,
  mode: "preview" | "commit" = "preview",
): Promise<SliceCost[]> {
  const scene = await newScene({ runType: "batch", rules });
  await addSilently(scene, "right", right);
  await addSilently(scene, "left", left);
  const meter = new SliceMeter(scene);
  await meter.workOff();
  await newSilentRun(scene, mode);
  return meter.workOff();
}

describe("a slice of a run", () => {
  it("costs no more among many records than among few", { timeout: 120_000 }, async () => {
    const rules = [
      { filters: and(...SAME_REFERENCE.rules, ...EQUAL_AMOUNTS.rules) },
      { filters: and(PAYOUT, ...EQUAL_AMOUNTS.rules), cardinality: "many_to_one", group_by: ["metadata.payout"] },
      { filters: and(...EQUAL_AMOUNTS.rules, DAY), on_ambiguous: "skip" },
    ];
    const measure = async (size: number) => {
      const pairs = list(size, (n) => ({ amount: 1_000 + n, metadata: { ref: `${n}` } }));
      const payouts = list(10, (n) => ({ amount: 2_000, externalId: `po-${n}` }));
      const members = list(200, (n) => ({ amount: 100, metadata: { payout: `po-${n % 10}` } }));
      const loose = list(400, (n) => ({ amount: 5_000_000 + (n >> 2), date: "2026-05-05" }));
      const costs = await measureRun(
        rules,
        [...pairs, ...members, ...loose],
        [...pairs, ...payouts, ...loose],
        "commit",
      );
      return summarize(costs);
    };
    const few = await measure(1_500);
    const many = await measure(3_000);
    console.log(`the worst slice of a run: ${JSON.stringify({ "1500": few.worst, "3000": many.worst })}`);
    expect(many.slices).toBeLessThan(2.1 * few.slices);
    expect(many.worst.rowsRead).toBeLessThan(1.2 * few.worst.rowsRead);
    expect(many.worst.rowsWritten).toBeLessThan(1.2 * few.worst.rowsWritten);
    expect(many.worst.d1RowsRead).toBeLessThan(1.2 * few.worst.d1RowsRead);
    expect(many.worst.d1Statements).toBeLessThanOrEqual(few.worst.d1Statements);
    expect(many.worst.largest).toBeLessThan(1.2 * few.worst.largest);
  });
});

describe("the rows that a run reads in its object", () => {
  it("are few for each of many records that are ambiguous with one another", { timeout: 60_000 }, async () => {
    const size = 400;
    const rules = [{ filters: and(...EQUAL_AMOUNTS.rules, DAY), on_ambiguous: "skip" }];
    const { total } = summarize(
      await measureRun(
        rules,
        list(size, () => ({})),
        list(size, () => ({})),
      ),
    );
    expect(total.rowsRead).toBeLessThan(2 * size * 50);
  });

  it("grow with the members of a group in which one is wrong, not with their square", { timeout: 60_000 }, async () => {
    const measure = async (size: number) => {
      const rule = {
        filters: and(PAYOUT, DESCRIPTION, ...EQUAL_AMOUNTS.rules),
        cardinality: "many_to_one",
        group_by: ["metadata.payout"],
      };
      const members = list(size, (n) => ({
        amount: 100,
        description: n === 0 ? "other" : "card",
        metadata: { payout: "po" },
      }));
      const payout = { amount: 100 * size, description: "card", externalId: "po" };
      return summarize(await measureRun([rule], members, [payout])).total.rowsRead;
    };
    const [few, many] = [await measure(500), await measure(2_000)];
    expect(many).toBeLessThan(6 * few);
  });

  it("come to no more than a slice may read, where only a scan helps", { timeout: 60_000 }, async () => {
    const { worst } = summarize(await measureScan(500, 500));
    // Of each candidate a key and the record itself.
    expect(worst.rowsRead).toBeLessThan((2.2 * SLICE_MAX_STEPS) / EVALUATION_STEPS);
  });

  it("come to as much as a slice may read before it ends", { timeout: 60_000 }, async () => {
    const { slices } = summarize(await measureScan(60, 1_000));
    const { slices: withoutWork } = summarize(await measureScan(60, 1_000, false));
    expect(slices).toBe(withoutWork);
  });
});

/** A run in which a rule compares everything, or, by a currency that only one side has, nothing. */
function measureScan(lefts: number, rights: number, isSameCurrency = true): Promise<SliceCost[]> {
  const rule = { filters: and({ key: "description", operand: "contains", value: "description" }) };
  const left = list(lefts, (n) => ({ description: `payment ${n} thanks` }));
  const right = list(rights, (n) => ({ description: `invoice ${n}`, currency: isSameCurrency ? "USD" : "EUR" }));
  return measureRun([rule], left, right);
}
