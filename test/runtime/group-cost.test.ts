import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { GROUP_MAX_RIVALS } from "../../src/core/matching/limits.ts";
import { SqliteStore } from "../../src/runtime/sqlite-store.ts";
import { workOff } from "../../src/services/work-off.ts";
import { addSilently, countRowsRead } from "../support/bulk.ts";
import { bindings, newScene, type Scene } from "../support/scene.ts";

const PAYOUTS = {
  cardinality: "many_to_one",
  group_by: ["metadata.payout"],
  filters: {
    operand: "and",
    rules: [
      { key: "metadata.payout", operand: "eq", value: "external_id" },
      { key: "amount", operand: "eq", value: "amount" },
    ],
  },
};

interface Rows {
  inObject: number;
  inD1: number;
}

/** Rows that the next member of a payout reads which is not complete with it, nor with those before it. */
async function measureMember(members: number, payouts: number): Promise<Rows> {
  const scene = await newScene({ rules: [PAYOUTS] });
  await addSilently(
    scene,
    "left",
    Array.from({ length: members }, (_, n) => ({ amount: 100 + n, metadata: { payout: "po_1" } })),
  );
  await addSilently(
    scene,
    "right",
    Array.from({ length: payouts }, (_, n) => ({ amount: 1_000_000_000 + n, externalId: `po_${n + 1}` })),
  );
  return withStore(scene, async (store, settle) => {
    await settle();
    await addSilently(scene, "left", [{ amount: 77, metadata: { payout: "po_1" } }]);
    const before = store.rowsRead;
    const counted = countRowsRead(scene.db);
    await settle(counted.db);
    return { inObject: store.rowsRead - before, inD1: counted.rowsRead() };
  });
}

function withStore<T>(
  scene: Scene,
  work: (store: SqliteStore, settle: (db?: Scene["db"]) => Promise<void>) => Promise<T>,
): Promise<T> {
  const stub = bindings.RECONCILER.getByName(`cost-${scene.reconciliation}`);
  return runInDurableObject(stub, (_, state) => {
    const store = new SqliteStore(state.storage);
    return work(store, async (db = scene.db) => {
      for (;;) {
        if ((await workOff({ ...scene.dependencies(), db }, store)) === "settled") return;
      }
    });
  });
}

describe("a member that arrives in a group which it does not complete", () => {
  it("reads no more rows in a large group among many", { timeout: 120_000 }, async () => {
    const few = await measureMember(20, 20);
    const many = await measureMember(4_000, 4_000);
    console.log(`rows read by one member: ${JSON.stringify({ few, many })}`);
    expect(many.inObject).toBeLessThanOrEqual(few.inObject + 5);
    expect(many.inD1).toBeLessThanOrEqual(few.inD1 + 5);
    expect(many.inObject).toBeLessThan(100);
  });
});

describe("a bucket of which every day is part of a lookback", () => {
  const dayAt = (day: number) => new Date(Date.UTC(2023, 0, 1 + day)).toISOString().slice(0, 10);

  /** Rows that a further member reads, and then the payout that takes what the last half of the days hold. */
  async function measureDays(days: number): Promise<{ byMember: number; byPayout: number }> {
    const rollup = { group_by_kind: "identifier", lookback_days: days };
    const scene = await newScene({ rules: [{ ...PAYOUTS, rollup }] });
    const payout = { metadata: { payout: "po_1" } };
    const rows = Array.from({ length: 2 * days }, (_, n) => ({ amount: 100, date: dayAt(n), ...payout }));
    await addSilently(scene, "left", rows);
    return withStore(scene, async (store, settle) => {
      const measure = async (key: string, fields: Parameters<typeof addSilently>[2][number]) => {
        await addSilently(scene, key, [fields]);
        const before = store.rowsRead;
        await settle();
        return store.rowsRead - before;
      };
      await settle();
      const last = dayAt(2 * days - 1);
      const byMember = await measure("left", { amount: 100, date: last, ...payout });
      const amount = 100 * (days + 2);
      const byPayout = await measure("right", { amount, date: last, externalId: "po_1" });
      expect((await scene.matches()).map((match) => match.records.length)).toEqual([days + 3]);
      return { byMember, byPayout };
    });
  }

  it("costs a member nothing for its days, and a group no more than each of them once", {
    timeout: 120_000,
  }, async () => {
    const few = await measureDays(10);
    const many = await measureDays(300);
    console.log(`rows read where days are told apart: ${JSON.stringify({ few, many })}`);
    expect(many.byMember).toBeLessThanOrEqual(few.byMember + 5);
    expect(many.byPayout).toBeLessThan(35 * few.byPayout);
  });
});

describe("a group whose sum very many records have", () => {
  it("is compared with a bounded number of them, and is reported", { timeout: 120_000 }, async () => {
    const contains = { key: "description", operand: "contains", value: "description" };
    const filters = { operand: "and", rules: [contains, { key: "amount", operand: "eq", value: "amount" }] };
    const scene = await newScene({ rules: [{ cardinality: "many_to_one", group_by: ["metadata.payout"], filters }] });
    const others = Array.from({ length: GROUP_MAX_RIVALS + 1 }, (_, n) => ({ amount: 200, description: `no. ${n}` }));
    await addSilently(scene, "right", others);
    const member = { amount: 100, description: "a", metadata: { payout: "po_1" } };
    await addSilently(scene, "left", [member, member]);
    const notes = await withStore(scene, async (store, settle) => {
      await settle();
      return store.index.listNotes(null, 10);
    });
    expect(notes).toMatchObject([{ finding: "cut" }, { finding: "cut" }]);
    expect(await scene.matches()).toEqual([]);
  });
});

describe("a group of 5,000 records", () => {
  it("is matched in one commit, and voided in one", { timeout: 120_000 }, async () => {
    const scene = await newScene({ rules: [PAYOUTS] });
    const amounts = Array.from({ length: 5_000 }, (_, n) => (n % 10 === 0 ? -50 : 100 + (n % 7)));
    await addSilently(
      scene,
      "left",
      amounts.map((amount) => ({
        amount: Math.abs(amount),
        direction: amount < 0 ? ("debit" as const) : ("credit" as const),
        metadata: { payout: "po_1" },
      })),
    );
    const total = amounts.reduce((sum, amount) => sum + amount, 0);
    await addSilently(scene, "right", [{ amount: total, externalId: "po_1" }]);
    const counted = countRowsRead(scene.db);
    const started = performance.now();
    await withStore(scene, (_, settle) => settle(counted.db));
    console.log(
      `5,001 records in one match: ${Math.round(performance.now() - started)} ms, ${counted.rowsRead()} rows`,
    );
    const [match, ...others] = await scene.matches();
    expect(others).toEqual([]);
    expect(match?.records).toHaveLength(5_001);
    expect(match?.variance).toBe(0);
    expect(match?.explanation[1]).toMatchObject({ a: total / 100, b: total / 100, outcome: "passed" });
    const voided = await scene.api.delete(`/v1/reconciliation_matches/${match?.id}`);
    expect(voided.status).toBe(200);
    const { body } = await scene.api.get(`/v1/reconciliations/${scene.reconciliation}`);
    expect(body.counts.side_a).toEqual({ unreconciled: 5_000, partially_reconciled: 0, reconciled: 0 });
    expect(await scene.matches("&status=matched")).toEqual([]);
  });

  it("is left alone when it has one more, and is reported", { timeout: 120_000 }, async () => {
    const scene = await newScene({ rules: [PAYOUTS] });
    await addSilently(
      scene,
      "left",
      Array.from({ length: 5_001 }, () => ({ amount: 100, metadata: { payout: "po_1" } })),
    );
    await addSilently(scene, "right", [{ amount: 500_100, externalId: "po_1" }]);
    const notes = await withStore(scene, async (store, settle) => {
      await settle();
      return store.index.listNotes(null, 1);
    });
    expect(notes).toMatchObject([{ finding: "cut" }]);
    expect(await scene.matches()).toEqual([]);
  });
});
