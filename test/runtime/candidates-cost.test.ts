import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import type { Result } from "../../src/core/result.ts";
import { SqliteStore } from "../../src/runtime/sqlite-store.ts";
import { searchCandidates } from "../../src/services/search-candidates.ts";
import { workOff } from "../../src/services/work-off.ts";
import { addSilently, countRowsRead } from "../support/bulk.ts";
import { bindings, newScene } from "../support/scene.ts";

const and = (...rules: unknown[]) => ({ operand: "and", rules });
const equal = (key: string, value = key, more = {}) => ({ key, operand: "eq", value, ...more });
const CENTS = { tolerance_amount: 0.5, tolerance_unit: "dollar" };
const DAYS = { tolerance_amount: 2, tolerance_unit: "day" };
const GROUP = { cardinality: "many_to_one", group_by: ["metadata.batch"] };

const RULES = [
  { filters: and(equal("metadata.ref"), equal("amount", "amount", CENTS)) },
  { filters: and(equal("amount"), equal("date", "date", DAYS)), on_ambiguous: "skip" },
  { filters: and(equal("metadata.batch", "external_id"), equal("amount")), ...GROUP },
  { filters: and(equal("metadata.batch", "external_id"), equal("amount")), ...GROUP, rollup: { lookback_days: 9 } },
  { filters: and(equal("metadata.batch"), equal("amount")), cardinality: "many_to_many", group_by: ["metadata.batch"] },
  // Everything of a currency may be in such a set: the search is cut.
  { filters: and(equal("currency")), cardinality: "many_to_one", subset: true, on_ambiguous: "skip" },
];

/** Rows that it takes to find the candidates of a record of each side, with `open` open records on each side. */
async function measure(open: number) {
  const scene = await newScene({ runType: "batch", rules: RULES });
  const rows = (side: string) =>
    Array.from({ length: open }, (_, n) => ({
      date: side === "left" ? "2026-03-10" : "2026-07-10",
      amount: 1_000 + (n % 100),
      externalId: `${side}-${n}`,
      metadata: { ref: `${side}-${n}`, batch: `${side}-${n}` },
    }));
  const lefts = await addSilently(scene, "left", rows("left"));
  const rights = await addSilently(scene, "right", rows("right"));
  // One of each side that several look-ups of the other lead to.
  const linked = { date: "2026-03-10", amount: 5_000, metadata: { ref: "right-50", batch: "right-50" } };
  const [left] = await addSilently(scene, "left", [linked]);
  const stub = bindings.RECONCILER.getByName(`cost-${scene.reconciliation}`);
  return runInDurableObject(stub, async (_, state) => {
    const store = new SqliteStore(state.storage);
    for (;;) if ((await workOff(scene.dependencies(), store)) === "settled") break;
    const read: { inObject: number; inD1: number }[] = [];
    for (const uid of [left, lefts[7], rights[50]] as string[]) {
      const before = store.rowsRead;
      const counted = countRowsRead(scene.db);
      const deps = { ...scene.dependencies(), db: counted.db };
      const found = must(await searchCandidates(deps, store, "settled", uid, 50));
      expect(found.candidates).toHaveLength(50);
      read.push({ inObject: store.rowsRead - before, inD1: counted.rowsRead() });
    }
    return read;
  });
}

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return result.value;
}

it("reads no more rows for candidates with the number of open records", { timeout: 120_000 }, async () => {
  const few = await measure(1_000);
  const many = await measure(20_000);
  console.log(`rows read for the candidates of a record: ${JSON.stringify({ "1000": few, "20000": many })}`);
  for (const [place, read] of many.entries()) {
    expect(read.inObject).toBeLessThanOrEqual((few[place]?.inObject ?? 0) + 20);
    expect(read.inObject).toBeLessThan(6_000);
    expect(read.inD1).toBeLessThan(20);
  }
});
