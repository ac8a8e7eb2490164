import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { SqliteStore } from "../../src/runtime/sqlite-store.ts";
import { workOff } from "../../src/services/work-off.ts";
import { addSilently, countRowsRead } from "../support/bulk.ts";
import { bindings, newScene } from "../support/scene.ts";

// Reference equal, amount within 50 cents: a key and a range, the plan of most rules there are.
const FILTERS = {
  operand: "and",
  rules: [
    { key: "metadata.ref", operand: "eq", value: "metadata.ref" },
    { key: "amount", operand: "eq", value: "amount", tolerance_amount: 0.5, tolerance_unit: "dollar" },
  ],
};

// Amount and day alone, and hundreds of open records of every amount: no key but what the values give.
const WITHOUT_REFERENCE = {
  operand: "and",
  rules: [
    { key: "amount", operand: "eq", value: "amount" },
    { key: "date", operand: "eq", value: "date", tolerance_amount: 2, tolerance_unit: "day" },
  ],
};

/** Rows that one matched arrival reads, in the object's SQLite and in D1, with `open` open records on each side. */
async function measureArrival(filters: unknown, open: number): Promise<{ inObject: number; inD1: number }> {
  const scene = await newScene({ filters });
  const rows = (side: string) =>
    Array.from({ length: open }, (_, n) => ({
      date: side === "left" ? "2026-03-10" : "2026-07-10",
      amount: 1_000 + (n % 100),
      metadata: { ref: `${side}-${n}` },
    }));
  await addSilently(scene, "left", rows("left"));
  await addSilently(scene, "right", rows("right"));
  // A store of its own over the same database: what is measured is what the Reconciler does, without its noise.
  const stub = bindings.RECONCILER.getByName(`cost-${scene.reconciliation}`);
  return runInDurableObject(stub, async (_, state) => {
    const store = new SqliteStore(state.storage);
    const settle = async (db = scene.db) => {
      for (;;) {
        if ((await workOff({ ...scene.dependencies(), db }, store)) === "settled") return;
      }
    };
    await settle();
    await addSilently(scene, "left", [{ date: "2026-07-11", amount: 1_050, metadata: { ref: "right-50" } }]);
    const before = store.rowsRead;
    const counted = countRowsRead(scene.db);
    await settle(counted.db);
    expect(await scene.matches()).toHaveLength(1);
    return { inObject: store.rowsRead - before, inD1: counted.rowsRead() };
  });
}

describe("the rows that one arrival reads", () => {
  const cases: [string, unknown][] = [
    ["a reference", FILTERS],
    ["amount and day only", WITHOUT_REFERENCE],
  ];
  for (const [name, filters] of cases) {
    it(`do not grow with the number of open records, by ${name}`, { timeout: 120_000 }, async () => {
      const few = await measureArrival(filters, 1_000);
      const many = await measureArrival(filters, 20_000);
      console.log(`rows read by one arrival, by ${name}: ${JSON.stringify({ "1000": few, "20000": many })}`);
      expect(many.inObject).toBeLessThanOrEqual(few.inObject + 10);
      expect(many.inD1).toBeLessThanOrEqual(few.inD1 + 10);
      expect(many.inObject).toBeLessThan(200);
      expect(many.inD1).toBeLessThan(400);
    });
  }
});
