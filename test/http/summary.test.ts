import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { decimalFromNumber, parseDecimal } from "../../src/core/decimal.ts";
import { getExponent } from "../../src/core/money.ts";
import { first, runBatch } from "../../src/db/client.ts";
import { readSummary } from "../../src/db/summaries.ts";
import { summaryEndpoints } from "../../src/http/v1/reconciliation-summaries.ts";
import { addSilently, countRowsRead } from "../support/bulk.ts";
import fc from "../support/fast-check.ts";
import { CHANGED_LATER, History, steps } from "../support/history.ts";
import { HistoryModel } from "../support/history-model.ts";
import { must, newScene, SAME_REFERENCE } from "../support/scene.ts";
import { itIsGuarded } from "../support/security.ts";
import { muteQueue } from "../support/webhooks.ts";

itIsGuarded({
  endpoints: summaryEndpoints,
  prepare: async (tenant) => ({ id: (await newScene({ tenant })).reconciliation }),
});

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at as the JSON that they are
type Json = any;

/** Major units as answered, in minor units. */
function minor(amount: number | string, currency: string): bigint {
  const decimal = typeof amount === "number" ? decimalFromNumber(amount) : parseDecimal(amount);
  if (!decimal) throw new Error(`not an amount: ${amount}`);
  return decimal.units * 10n ** BigInt(getExponent(currency) - decimal.scale);
}

function readSide({ records, totals, aging }: Json) {
  return {
    records,
    totals: Object.fromEntries(
      totals.map((row: Json) => [
        `${row.currency} ${row.status} ${row.direction}`,
        [row.count, minor(row.amount, row.currency), minor(row.reconciled_amount, row.currency)],
      ]),
    ),
    aging: aging.map((bucket: Json) => bucket.count),
    open: Object.fromEntries(
      aging.flatMap((bucket: Json, place: number) =>
        bucket.open.flatMap((open: Json) =>
          ["credit", "debit"].map((direction) => [
            `${place} ${open.currency} ${direction}`,
            minor(open[direction], open.currency),
          ]),
        ),
      ),
    ),
  };
}

/** The answer in the form of the model; amounts of open records that are 0 are left out on both sides. */
function readSummaryAnswer(body: Json) {
  return {
    side_a: readSide(body.side_a),
    side_b: readSide(body.side_b),
    difference: body.difference.map((row: Json) => [
      row.currency,
      minor(row.side_a, row.currency),
      minor(row.side_b, row.currency),
    ]),
    rules: body.match_rate.by_rule.map((rule: Json) => [rule.rule_id, rule.matches, rule.records]),
    reconciled: body.match_rate.reconciled,
  };
}

type Comparable = ReturnType<HistoryModel["summarize"]>;

function comparable(summary: Comparable) {
  const withoutNothing = (side: Comparable["side_a"]) => ({
    ...side,
    open: Object.fromEntries(Object.entries(side.open).filter(([, sum]) => sum !== 0n)),
  });
  const byRule = ([rule]: (typeof summary.rules)[number]) => `${rule}`;
  return {
    ...summary,
    side_a: withoutNothing(summary.side_a),
    side_b: withoutNothing(summary.side_b),
    rules: [...summary.rules].sort((left, right) => (byRule(left) < byRule(right) ? -1 : 1)),
  };
}

describe("the summary as of a day", () => {
  it("is what a model says that goes through all that has happened", { timeout: 180_000 }, async () => {
    muteQueue();
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const history = await History.begin();
        const places = history.places.map((place) => ({ place, model: new HistoryModel() }));
        const remember = async () => {
          for (const { place, model } of places) await model.remember(history, place);
        };
        await remember();
        for (const step of list) {
          await history.take(step);
          await remember();
        }
        for (const { place, model } of places) {
          for (const asOf of ["2025-12-20", "2026-03-09", ...model.days, "2026-12-31"]) {
            const path = `/v1/reconciliations/${place.uid}/summary?as_of=${asOf}`;
            const { body } = await must(history.scene.api.get(path), 200);
            expect(body.as_of).toBe(asOf);
            expect(comparable(readSummaryAnswer(body))).toEqual(comparable(model.summarize(asOf)));
            compared += 1;
          }
        }
      }),
      { numRuns: 15, examples: [[CHANGED_LATER]] },
    );
    console.log(`summaries compared with the model: ${compared}`);
    expect(compared).toBeGreaterThan(100);
  });

  it("shows a match from its day on, and both sides in full and in their differences", async () => {
    const scene = await newScene({ filters: SAME_REFERENCE });
    const today = new Date().toISOString().slice(0, 10);
    await scene.left({ date: "2026-01-02", amount: 100, metadata: { ref: "x" } });
    await scene.right({ date: "2026-01-02", amount: "60.50", metadata: { ref: "x" } });
    await scene.right({ date: "2026-01-03", amount: 7, direction: "debit" });
    const path = `/v1/reconciliations/${scene.reconciliation}/summary`;
    const { body } = await must(scene.api.get(path), 200);
    expect(body).toMatchObject({
      reconciliation_id: scene.reconciliation,
      as_of: today,
      side_a: {
        type_keys: ["left"],
        records: 1,
        counts: { unreconciled: 0, partially_reconciled: 1, reconciled: 0 },
        totals: [
          {
            currency: "USD",
            status: "partially_reconciled",
            direction: "credit",
            count: 1,
            amount: 100,
            reconciled_amount: 60.5,
          },
        ],
      },
      side_b: { type_keys: ["right"], records: 2, counts: { unreconciled: 1, partially_reconciled: 0, reconciled: 1 } },
      difference: [{ currency: "USD", side_a: 100, side_b: 53.5, difference: 46.5, open_difference: 46.5 }],
      match_rate: {
        records: 3,
        reconciled: 1,
        rate: 0.333333,
        by_rule: [{ rule_id: scene.rules[0], matches: 1, records: 2, rate: 1 }],
      },
    });
    expect(body.side_a.aging.at(-1)).toEqual({
      from_days: 91,
      to_days: null,
      count: 1,
      open: [{ currency: "USD", credit: 39.5, debit: 0 }],
    });
    const before = await must(scene.api.get(`${path}?as_of=2026-01-02T23:00:00Z`), 200);
    expect(before.body).toMatchObject({
      as_of: "2026-01-02",
      side_a: { counts: { unreconciled: 1, partially_reconciled: 0, reconciled: 0 } },
      side_b: { records: 1, counts: { unreconciled: 1, partially_reconciled: 0, reconciled: 0 } },
      match_rate: { rate: 0, by_rule: [] },
    });
    const empty = await must(scene.api.get(`${path}?as_of=2025-12-31`), 200);
    expect(empty.body).toMatchObject({
      side_a: { records: 0, totals: [] },
      difference: [],
      match_rate: { records: 0, rate: null },
    });
  });

  it("shares what is matched out among the rules and matches by hand, however often a record is matched", async () => {
    const scene = await newScene({ filters: SAME_REFERENCE });
    const ref = { metadata: { ref: "x" } };
    await must(scene.left({ amount: 100, ...ref }), 201);
    for (const amount of [1, 2, 3]) await must(scene.right({ amount, ...ref }), 201);
    const record_ids = [(await scene.left({ amount: 5 })).body.id, (await scene.right({ amount: 5 })).body.id];
    const manual = { reconciliation_id: scene.reconciliation, record_ids };
    await must(scene.api.post("/v1/reconciliation_matches", manual), 201);
    const { body } = await must(scene.api.get(`/v1/reconciliations/${scene.reconciliation}/summary`), 200);
    expect(body.match_rate).toEqual({
      records: 6,
      reconciled: 5,
      rate: 0.833333,
      by_rule: [
        { rule_id: scene.rules[0], matches: 3, records: 6, rate: 0.75 },
        { rule_id: null, matches: 1, records: 2, rate: 0.25 },
      ],
    });
  });

  it("answers sums beyond the limit of an amount as decimal strings", async () => {
    const scene = await newScene();
    for (let n = 0; n < 2; n++) await must(scene.left({ amount: 9_999_999_999_999.99 }), 201);
    const { body } = await must(scene.api.get(`/v1/reconciliations/${scene.reconciliation}/summary`), 200);
    expect(body.side_a.totals[0].amount).toBe("19999999999999.98");
    expect(body.side_a.aging.at(-1).open[0].credit).toBe("19999999999999.98");
    expect(body.difference[0].difference).toBe("19999999999999.98");
  });

  it("refuses what is no day, and other parameters", async () => {
    const scene = await newScene();
    const path = `/v1/reconciliations/${scene.reconciliation}/summary`;
    for (const query of ["as_of=2026-02-29", "as_of=yesterday", "as_of=", "day=2026-01-01"]) {
      const reply = await scene.api.get(`${path}?${query}`);
      expect([query, reply.status]).toEqual([query, 422]);
    }
  });

  it("reads rows by days, and not by records", { timeout: 120_000 }, async () => {
    const scene = await newScene({ runType: "batch" });
    const read = async (records: number) => {
      const rows = (n: number) => ({ date: `2026-03-${String(1 + (n % 20)).padStart(2, "0")}`, amount: n });
      for (const side of ["left", "right"]) {
        await addSilently(
          scene,
          side,
          Array.from({ length: records / 2 }, (_, n) => rows(n)),
        );
      }
      const place = await first<{ id: number }>(
        scene.db,
        sql`select id from reconciliations where uid = ${scene.reconciliation}`,
      );
      const id = place?.id as number;
      await runBatch(scene.db, [
        sql`insert into entries (reconciliation_id, record_id, amount, matched, match_count, status, changed_at)
          select ${id}, r.id, r.amount, r.amount, 1, 2, 1773144000000 + r.id % 10 * 86400000
          from reconciliation_sources rs join records r on r.source_id = rs.source_id
          where rs.reconciliation_id = ${id} and r.id % 3 > 0
          on conflict do nothing`,
      ]);
      const counted = countRowsRead(scene.db);
      const { rows: found } = await readSummary(counted.db, id, "2026-12-31");
      const all = found.filter(({ status }) => status === null).reduce((sum, { count }) => sum + count, 0);
      return { all, rowsRead: counted.rowsRead() };
    };
    const few = await read(2_000);
    const many = await read(18_000);
    console.log(`rows read by a summary: ${JSON.stringify({ few, many })}`);
    expect([few.all, many.all]).toEqual([2_000, 20_000]);
    expect(many.rowsRead).toBeLessThanOrEqual(few.rowsRead + 50);
    expect(many.rowsRead).toBeLessThan(3_000);
  });
});
