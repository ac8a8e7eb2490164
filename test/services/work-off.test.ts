import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { all, type Db, runBatch } from "../../src/db/client.ts";
import { listVoidedSets } from "../../src/db/news.ts";
import { matchByHand } from "../../src/services/match-by-hand.ts";
import { updateRecord } from "../../src/services/update-record.ts";
import { workOff } from "../../src/services/work-off.ts";
import { addSilently } from "../support/bulk.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { EQUAL_AMOUNTS, newScene, SAME_REFERENCE, type Scene, silentContext } from "../support/scene.ts";

/** The database, with something happening in place of the first batch that writes matches. */
function replaceCommit(db: Db, happen: (run: () => Promise<D1Result[]>) => Promise<D1Result[]>): Db {
  let hasHappened = false;
  const d1 = new Proxy(db.d1, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (name !== "batch") return typeof value === "function" ? value.bind(target) : value;
      return async (statements: D1PreparedStatement[]) => {
        // A commit is the only batch of this size here.
        if (hasHappened || statements.length < 10) return target.batch(statements);
        hasHappened = true;
        return happen(() => target.batch(statements));
      };
    },
  });
  return { ...db, d1 };
}

function loseConnection(db: Db, moment: "before" | "after"): Db {
  return replaceCommit(db, async (run) => {
    if (moment === "after") await run();
    throw new Error("Network connection lost.");
  });
}

function intervene(db: Db, act: () => Promise<unknown>): Db {
  return replaceCommit(db, async (run) => {
    await act();
    return run();
  });
}

async function settle(scene: Scene, store: MemoryStore, db = scene.db) {
  for (let slices = 0; slices < 50; slices++) {
    if ((await workOff({ ...scene.dependencies(), db }, store)) === "settled") return;
  }
  throw new Error("it does not settle");
}

describe("a commit whose outcome is unknown", () => {
  for (const moment of ["before", "after"] as const) {
    it(`is found out when the connection was lost ${moment} the batch`, async () => {
      const scene = await newScene();
      const store = new MemoryStore();
      await settle(scene, store);
      await addSilently(scene, "left", [{ metadata: { ref: "x" } }, { metadata: { ref: "y" } }]);
      await addSilently(scene, "right", [{ metadata: { ref: "x" } }]);
      const db = loseConnection(scene.db, moment);
      await expect(settle(scene, store, db)).rejects.toThrow("Network connection lost.");
      expect(await scene.matches()).toHaveLength(moment === "after" ? 1 : 0);
      await settle(scene, store, db);
      expect(await scene.matches()).toHaveLength(1);
      expect(store.index.walk(null, 10).map((item) => item.metadata.ref)).toEqual(["y"]);
      const audit = await scene.api.get(`/v1/reconciliations/${scene.reconciliation}/audit`);
      expect(audit.body).toMatchObject({ valid: true, checked: 1 });
    });
  }
});

describe("a commit that rests on one stale record", () => {
  it("writes the others at once, and looks at that record again", async () => {
    const scene = await newScene();
    const store = new MemoryStore();
    await settle(scene, store);
    const refs = ["a", "b", "c"].map((ref) => ({ metadata: { ref } }));
    const lefts = await addSilently(scene, "left", refs);
    await addSilently(scene, "right", [...refs, { metadata: { ref: "d" } }]);
    const edit = () => updateRecord(silentContext(scene), lefts[1] as string, { metadata: { ref: "d" } });
    await workOff({ ...scene.dependencies(), db: intervene(scene.db, edit) }, store);
    expect((await scene.matches()).map((match) => match.explanation[0].a)).toEqual(["c", "a"]);
    await settle(scene, store);
    expect((await scene.matches()).map((match) => match.explanation[0].a)).toEqual(["d", "c", "a"]);
    expect(store.index.walk(null, 10).map((item) => item.metadata.ref)).toEqual(["b"]);
  });
});

describe("a commit with long explanations", () => {
  it("goes through in several batches, and keeps texts in part", async () => {
    const conditions = Array.from({ length: 40 }, () => ({
      key: "metadata.text",
      operand: "eq",
      value: "metadata.text",
    }));
    const scene = await newScene({ filters: { operand: "and", rules: conditions } });
    const store = new MemoryStore();
    await settle(scene, store);
    const pairs = 60;
    const rows = Array.from({ length: pairs }, (_, n) => ({ metadata: { text: `${n} ${"😀".repeat(15_000)}` } }));
    await addSilently(scene, "left", rows);
    await addSilently(scene, "right", rows);
    await settle(scene, store);
    const matches = await scene.matches();
    expect(matches).toHaveLength(pairs);
    expect(matches[0].explanation[0].a).toBe(`59 ${"😀".repeat(197)}…`);
    const audit = await scene.api.get(`/v1/reconciliations/${scene.reconciliation}/audit?limit=200`);
    expect(audit.body).toMatchObject({ valid: true, checked: pairs });
  });
});

describe("a record that is matched by hand", () => {
  const PAYOUTS = {
    cardinality: "many_to_one",
    group_by: ["metadata.ref"],
    filters: { operand: "and", rules: [...SAME_REFERENCE.rules, ...EQUAL_AMOUNTS.rules] },
  };

  it("leaves a group behind that is complete without it", async () => {
    const scene = await newScene({ rules: [PAYOUTS] });
    const store = new MemoryStore();
    const payout = { metadata: { ref: "po_1" } };
    const amounts = [60, 15, 40];
    const lefts = await addSilently(
      scene,
      "left",
      amounts.map((amount) => ({ amount, ...payout })),
    );
    const [other] = await addSilently(scene, "right", [{ amount: 15 }, { amount: 100, ...payout }]);
    await settle(scene, store);
    expect(await scene.matches()).toEqual([]);
    const recordUids = [lefts[1] as string, other as string];
    const command = { recordUids, createAdjustment: false, adjustmentReason: null, allowPartial: false };
    await matchByHand(scene.dependencies(), command, []);
    await settle(scene, store);
    expect((await scene.matches()).map(({ method, records }) => [method, records.length])).toEqual([
      ["automatic", 3],
      ["manual", 2],
    ]);
  });
});

describe("a pass over what is there", () => {
  it("matches under a stronger rule what a weaker one has left of a record", async () => {
    const scene = await newScene({
      rules: [
        { filters: EQUAL_AMOUNTS, priority: 1 },
        { filters: SAME_REFERENCE, priority: 2 },
      ],
    });
    await addSilently(scene, "left", [{ amount: 100, metadata: { ref: "x" } }]);
    await addSilently(scene, "right", [{ amount: 60, metadata: { ref: "x" } }, { amount: 40 }]);
    const store = new MemoryStore();
    await settle(scene, store);
    expect((await scene.matches()).map((match) => match.rule_id)).toEqual([scene.rules[0], scene.rules[1]]);
    expect(store.index.walk(null, 10)).toEqual([]);
  });
});

describe("a record that is matched in very many parts", () => {
  const PARTS = 1_500;

  it.each([
    ["arrives last", false],
    ["is there at the start", true],
  ])("and %s is worked off in several slices", { timeout: 60_000 }, async (_, isThere) => {
    const scene = await newScene({ filters: SAME_REFERENCE });
    const store = new MemoryStore();
    const x = { metadata: { ref: "x" } };
    const addWhole = () => addSilently(scene, "left", [{ amount: PARTS, date: "2026-03-01", ...x }]);
    if (isThere) await addWhole();
    await addSilently(
      scene,
      "right",
      Array.from({ length: PARTS }, () => ({ amount: 1, ...x })),
    );
    if (!isThere) {
      await settle(scene, store);
      await addWhole();
    }
    const made: number[] = [];
    for (let state = "more"; state !== "settled"; ) {
      state = await workOff(scene.dependencies(), store);
      const [row] = await all<{ n: number }>(
        scene.db,
        sql`select chain_no as n from reconciliations where uid = ${scene.reconciliation}`,
      );
      made.push((row?.n ?? 0) - made.reduce((sum, n) => sum + n, 0));
    }
    expect(made.reduce((sum, n) => sum + n, 0)).toBe(PARTS);
    expect(Math.max(...made)).toBeLessThan(PARTS);
    expect(store.index.walk(null, 10)).toEqual([]);
  });
});

describe("voided sets of very many records", () => {
  it("are read in pages that one value can hold", async () => {
    const scene = await newScene();
    const store = new MemoryStore();
    await addSilently(scene, "left", [{ metadata: { ref: "x" } }]);
    await addSilently(scene, "right", [{ metadata: { ref: "x" } }]);
    await settle(scene, store);
    const [{ id, reconciliation_id } = { id: 0, reconciliation_id: 0 }] = await all<Record<string, number>>(
      scene.db,
      sql`select m.id, m.reconciliation_id from matches m join reconciliations c on c.id = m.reconciliation_id
        where c.uid = ${scene.reconciliation}`,
    );
    const keys = Array.from({ length: 50 }, (_, n) => `${100 + n}${".1,".repeat(20_000)}`);
    for (const key of keys) {
      await runBatch(scene.db, [
        sql`insert into voided_sets (reconciliation_id, set_key, match_id) values (${reconciliation_id}, ${key}, ${id})`,
      ]);
    }
    const pages: string[][] = [];
    for (let after = ""; ; after = pages.at(-1)?.at(-1) ?? "") {
      const page = await listVoidedSets(scene.db, reconciliation_id as number, after);
      if (page.length === 0) break;
      pages.push(page);
    }
    expect(pages.flat()).toEqual(keys);
    expect(Math.max(...pages.map((page) => JSON.stringify(page).length))).toBeLessThan(1_000_000);
    const rebuilt = new MemoryStore();
    await settle(scene, rebuilt);
    expect(keys.every((key) => rebuilt.index.isVoidedSet(key))).toBe(true);
  });
});
