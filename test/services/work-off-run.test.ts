import { runInDurableObject } from "cloudflare:test";
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { COMMIT_MAX_MATCHES, RUN_LOAD_PAGE_ITEMS, RUN_MAX_ATTEMPTS, RUN_SLICE_MAX_CHARS } from "../../src/config.ts";
import type { ItemIndex } from "../../src/core/matching/item-index.ts";
import type { RecordFields } from "../../src/core/record.ts";
import { all, type Db, runBatch } from "../../src/db/client.ts";
import { SqliteStore } from "../../src/runtime/sqlite-store.ts";
import { deleteRecord } from "../../src/services/delete-record.ts";
import { matchByHand } from "../../src/services/match-by-hand.ts";
import type { ReconcilerStore } from "../../src/services/reconciler-store.ts";
import type { RunProgress } from "../../src/services/run-progress.ts";
import { updateRecord } from "../../src/services/update-record.ts";
import { voidMatches } from "../../src/services/void-matches.ts";
import { addSilently } from "../support/bulk.ts";
import { MemoryStore } from "../support/memory-store.ts";
import {
  describeMatches,
  matchesOfRun,
  newSilentRun,
  runsPath,
  withSqliteStore,
  workOffAll,
  workOffSlice,
} from "../support/runs.ts";
import { bindings, EQUAL_AMOUNTS, newScene, SAME_REFERENCE, type Scene, silentContext } from "../support/scene.ts";

const inMemory = (_: Scene, work: (store: ReconcilerStore) => Promise<void>) => work(new MemoryStore());

const rowsOf = (refs: readonly string[], fields: Partial<RecordFields> = {}) =>
  refs.map((ref) => ({ externalId: ref, metadata: { ref }, ...fields }));

async function newPairs(refs: string[], options: Parameters<typeof newScene>[0] = {}) {
  const scene = await newScene({ runType: "batch", ...options });
  const lefts = await addSilently(scene, "left", rowsOf(refs));
  const rights = await addSilently(scene, "right", rowsOf(refs));
  return { scene, lefts, rights };
}

const runOf = async (scene: Scene, uid: string) => (await scene.api.get(`${runsPath(scene)}/${uid}`)).body;

/** Slices until the run is in a phase. */
async function workOffTo(scene: Scene, store: ReconcilerStore, uid: string, phase: string) {
  for (let slices = 0; slices < 200; slices++) {
    const run = await runOf(scene, uid);
    if (run.status === "running" && run.progress.phase === phase) return;
    await workOffSlice(scene, store);
  }
  throw new Error(`the run does not come to ${phase}`);
}

async function expectAuditOf(scene: Scene, links: number) {
  const audit = await scene.api.get(`/v1/reconciliations/${scene.reconciliation}/audit?limit=200`);
  expect(audit.body).toMatchObject({ valid: true, checked: links });
}

/** The database, losing the connection before or after the batches that `isMeant` points out by their number. */
function loseConnection(db: Db, moment: "before" | "after", isMeant: (batch: number) => boolean): Db {
  let batches = 0;
  const d1 = new Proxy(db.d1, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (name !== "batch") return typeof value === "function" ? value.bind(target) : value;
      return async (statements: D1PreparedStatement[]) => {
        batches += 1;
        if (!isMeant(batches)) return target.batch(statements);
        if (moment === "after") await target.batch(statements);
        throw new Error("Network connection lost.");
      };
    },
  });
  return { ...db, d1 };
}

describe.each([
  ["in memory", inMemory],
  ["in the object's SQLite", withSqliteStore],
] as const)("a run with its index %s", (_, withStore) => {
  it("matches what is there, in the order of date, amount, external id", async () => {
    const scene = await newScene({ runType: "batch", filters: EQUAL_AMOUNTS });
    await addSilently(scene, "left", [
      { externalId: "late", date: "2026-03-12" },
      { externalId: "b" },
      { externalId: "a" },
      { externalId: "small", amount: 5 },
    ]);
    await addSilently(scene, "right", [{ externalId: "r2" }, { externalId: "r1" }, { externalId: "r", amount: 5 }]);
    await withStore(scene, async (store) => {
      const uid = await newSilentRun(scene, "commit");
      await workOffAll(scene, store);
      const described = await describeMatches(scene, await matchesOfRun(scene, uid));
      expect(described).toEqual(["r:0.05 small:0.05", "a:100 r1:100", "b:100 r2:100"]);
      expect((await runOf(scene, uid)).open.side_a).toEqual({ records: 1, sums: [{ currency: "USD", amount: 100 }] });
      expect(store.readRun()).toBeUndefined();
    });
  });

  it("starts again when the memory is lost while it decides, and comes to the same", async () => {
    const { scene } = await newPairs(["x", "y", "z"]);
    await withStore(scene, async (store) => {
      const uid = await newSilentRun(scene, "preview");
      for (let lost = 0; lost < 12; lost++) {
        for (let slices = 0; slices < lost; slices++) await workOffSlice(scene, store);
        if ((await runOf(scene, uid)).status === "completed") break;
        store.clear();
      }
      await workOffAll(scene, store);
      expect(await runOf(scene, uid)).toMatchObject({
        status: "completed",
        matched_records: 6,
        by_rule: [{ matches: 3, matched_records: 6 }],
      });
      expect(await describeMatches(scene, await matchesOfRun(scene, uid))).toEqual(
        ["x", "y", "z"].map((ref) => `${ref}:100 ${ref}:100`),
      );
    });
  });

  it("goes on where it was when the memory is lost while it commits", { timeout: 60_000 }, async () => {
    const refs = Array.from({ length: 2 * COMMIT_MAX_MATCHES + 1 }, (_, n) => `${1_000 + n}`);
    const { scene } = await newPairs(refs);
    await withStore(scene, async (store) => {
      const uid = await newSilentRun(scene, "commit");
      await workOffTo(scene, store, uid, "committing");
      await workOffSlice(scene, store);
      expect((await runOf(scene, uid)).progress).toEqual({
        phase: "committing",
        done: COMMIT_MAX_MATCHES,
        total: refs.length,
      });
      store.clear();
      await workOffAll(scene, store);
      expect(await runOf(scene, uid)).toMatchObject({
        status: "completed",
        matched_records: 2 * refs.length,
        by_rule: [{ matches: refs.length, matched_records: 2 * refs.length }],
        problems: [],
      });
      const made = await matchesOfRun(scene, uid);
      expect(made.map((match) => match.explanation[0].a)).toEqual(refs);
    });
  });

  it("notices after a page of matches that the index has to forget their records", async () => {
    const { scene } = await newPairs(Array.from({ length: COMMIT_MAX_MATCHES }, (_, n) => `${n}`));
    await addSilently(scene, "left", rowsOf(["open"]));
    await withStore(scene, async (store) => {
      await newSilentRun(scene, "commit");
      await workOffAll(scene, store);
      expect(store.listIds(0, 10)).toHaveLength(1);
      await expectAuditOf(scene, COMMIT_MAX_MATCHES);
    });
  });

  it("leaves no trace of a run that cannot go on", async () => {
    const { scene } = await newPairs(["x"]);
    await withStore(scene, async (store) => {
      const uid = await newSilentRun(scene, "preview");
      await workOffTo(scene, store, uid, "matching");
      await scene.api.delete(`/v1/reconciliations/${scene.reconciliation}`);
      await workOffSlice(scene, store);
      expect((await runOf(scene, uid)).status).toBe("failed");
      expect(store.readRun()).toBeUndefined();
    });
  });
});

describe("a run whose connection is lost", () => {
  const commits = [
    ["a preview", "preview"],
    ["a commit", "commit"],
  ] as const;
  for (const moment of ["before", "after"] as const) {
    it.each(commits)(`${moment} any of its batches comes to the same: %s`, { timeout: 60_000 }, async (_, mode) => {
      const { scene } = await newPairs(["a", "b", "c"], { filters: SAME_REFERENCE });
      await addSilently(scene, "right", rowsOf(["a"], { externalId: "a2" }));
      const store = new MemoryStore();
      const uid = await newSilentRun(scene, mode);
      let losses = 0;
      // A third of them, in an order that has no period: each kind of batch is lost now and then.
      const db = loseConnection(scene.db, moment, (batch) => batch.toString(2).replaceAll("0", "").length % 3 === 0);
      for (let more = true; more; ) {
        more = await workOffSlice(scene, store, db).catch((error: Error) => {
          expect(error.message).toBe("Network connection lost.");
          losses += 1;
          return true;
        });
        expect(losses).toBeLessThan(100);
      }
      expect(losses).toBeGreaterThan(3);
      const run = await runOf(scene, uid);
      expect(run).toMatchObject({
        status: "completed",
        matched_records: 6,
        by_rule: [{ matches: 3, matched_records: 6 }],
        problems: [],
      });
      expect(run.open.side_b.records).toBe(1);
      const found = await matchesOfRun(scene, uid);
      expect(found.map((match) => match.explanation[0].a)).toEqual(["a", "b", "c"]);
      await expectAuditOf(scene, mode === "commit" ? 3 : 0);
    });
  }
});

describe("two instances that work on one run", () => {
  it("make each match once", async () => {
    const { scene } = await newPairs(["x", "y", "z"]);
    const uid = await newSilentRun(scene, "commit");
    const stores = [new MemoryStore(), new MemoryStore()];
    await workOffTo(scene, stores[0] as MemoryStore, uid, "committing");
    for (let turn = 0; (await runOf(scene, uid)).status !== "completed"; turn++) {
      expect(turn).toBeLessThan(50);
      await Promise.all(stores.map((store) => workOffSlice(scene, store)));
    }
    expect((await runOf(scene, uid)).matched_records).toBe(6);
    await expectAuditOf(scene, 3);
  });
});

describe("a slice of a run", () => {
  it("copies a bounded number of items", { timeout: 60_000 }, async () => {
    const scene = await newScene({ runType: "batch" });
    const refs = Array.from({ length: 2 * RUN_LOAD_PAGE_ITEMS + 1 }, (_, n) => `${n}`);
    await addSilently(scene, "left", rowsOf(refs));
    const store = new MemoryStore();
    await workOffAll(scene, store);
    const uid = await newSilentRun(scene, "preview");
    const loaded: number[] = [];
    for (let slices = 0; (await runOf(scene, uid)).status !== "completed"; slices++) {
      await workOffSlice(scene, store);
      const { phase, done, total } = (await runOf(scene, uid)).progress;
      if (phase === "loading") loaded.push(done);
      if (phase === "loading") expect(total).toBe(refs.length);
      expect(slices).toBeLessThan(50);
    }
    expect(loaded).toEqual([0, RUN_LOAD_PAGE_ITEMS, 2 * RUN_LOAD_PAGE_ITEMS]);
    expect((await runOf(scene, uid)).open.side_a.records).toBe(refs.length);
  });

  it("commits a bounded number of matches, and deletes what it has committed", { timeout: 60_000 }, async () => {
    const refs = Array.from({ length: COMMIT_MAX_MATCHES + 50 }, (_, n) => `${n}`);
    const { scene } = await newPairs(refs);
    const store = new MemoryStore();
    const uid = await newSilentRun(scene, "commit");
    await workOffTo(scene, store, uid, "committing");
    const waiting = () =>
      all<{ n: number }>(
        scene.db,
        sql`select count(*) as n from run_matches where run_id = (select id from runs where uid = ${uid})`,
      );
    expect(await waiting()).toEqual([{ n: refs.length }]);
    await workOffSlice(scene, store);
    expect(await waiting()).toEqual([{ n: 50 }]);
    expect(await scene.matches()).toHaveLength(COMMIT_MAX_MATCHES);
    await workOffAll(scene, store);
    expect(await waiting()).toEqual([{ n: 0 }]);
  });

  it("ends between the matches of one record that has very many", { timeout: 60_000 }, async () => {
    const scene = await newScene({ runType: "batch", filters: SAME_REFERENCE });
    const count = 1_500;
    const x = { metadata: { ref: "x" } };
    await addSilently(scene, "left", [{ amount: count, date: "2026-03-01", ...x }]);
    await addSilently(
      scene,
      "right",
      Array.from({ length: count }, () => ({ amount: 1, ...x })),
    );
    const store = new MeasuringStore();
    const uid = await newSilentRun(scene, "commit");
    await workOffAll(scene, store);
    expect(await runOf(scene, uid)).toMatchObject({ status: "completed", matched_records: count + 1 });
    expect(store.largest).toBeLessThan(1.5 * RUN_SLICE_MAX_CHARS);
  });

  it("ends early when explanations are long, and goes on", { timeout: 60_000 }, async () => {
    const rules = Array.from({ length: 40 }, () => ({ key: "metadata.text", operand: "eq", value: "metadata.text" }));
    const scene = await newScene({ runType: "batch", filters: { operand: "and", rules } });
    const count = 60;
    const rows = Array.from({ length: count }, (_, n) => ({ metadata: { text: `${n} ${"漢".repeat(1_000)}` } }));
    await addSilently(scene, "left", rows);
    await addSilently(scene, "right", rows);
    const store = new MemoryStore();
    const uid = await newSilentRun(scene, "commit");
    await workOffAll(scene, store);
    expect(await runOf(scene, uid)).toMatchObject({ status: "completed", matched_records: 2 * count });
    await expectAuditOf(scene, count);
  });
});

class MeasuringStore extends MemoryStore {
  /** The most characters of JSON that it was to keep of a run at once. */
  largest = 0;

  override writeRun(run: RunProgress | null): void {
    this.largest = Math.max(this.largest, JSON.stringify(run).length);
    super.writeRun(run);
  }
}

describe("a record that changes while a commit is under way", () => {
  const changes: [string, (scene: Scene, uid: string) => Promise<unknown>][] = [
    ["is edited", (scene, uid) => updateRecord(silentContext(scene), uid, { description: "new" })],
    ["is deleted", (scene, uid) => deleteRecord(silentContext(scene), uid)],
    [
      "is matched by hand",
      async (scene, uid) => {
        const [other] = await addSilently(scene, "right", [{ externalId: "other" }]);
        const recordUids = [uid, other as string];
        const choice = { createAdjustment: false, adjustmentReason: null, allowPartial: false };
        await matchByHand(scene.dependencies(), { recordUids, ...choice }, []);
      },
    ],
  ];
  it.each(changes)("and %s is left out with its match, and named", async (_, change) => {
    const { scene, lefts } = await newPairs(["x", "y", "z"]);
    const store = new MemoryStore();
    const preview = await newSilentRun(scene, "preview");
    await workOffAll(scene, store);
    const proposals = await matchesOfRun(scene, preview);
    const uid = await newSilentRun(scene, "commit", preview);
    await change(scene, lefts[1] as string);
    await workOffAll(scene, store);
    const run = await runOf(scene, uid);
    expect(run).toMatchObject({
      status: "completed",
      matched_records: 4,
      by_rule: [{ matches: 2, matched_records: 4 }],
      problem_count: 1,
      problems: [{ code: "record_changed", rule_id: scene.rules[0], record_id: lefts[1], match_id: proposals[1]?.id }],
    });
    // Its partner stays open.
    expect(run.open.side_b).toEqual({ records: 1, sums: [{ currency: "USD", amount: 100 }] });
    expect(await matchesOfRun(scene, uid)).toEqual([proposals[0], proposals[2]]);
  });

  it("takes what was decided after it over the same record with it", async () => {
    const scene = await newScene({ runType: "batch", filters: SAME_REFERENCE });
    await addSilently(scene, "left", rowsOf(["x"], { amount: 100 }));
    const [first] = await addSilently(scene, "right", [
      { externalId: "30", amount: 30, metadata: { ref: "x" } },
      { externalId: "40", amount: 40, metadata: { ref: "x" } },
    ]);
    const store = new MemoryStore();
    const uid = await newSilentRun(scene, "commit");
    await workOffTo(scene, store, uid, "committing");
    await updateRecord(silentContext(scene), first as string, { description: "new" });
    await workOffAll(scene, store);
    const run = await runOf(scene, uid);
    expect(run).toMatchObject({
      status: "completed",
      matched_records: 0,
      problems: [
        { code: "record_changed", record_id: first, message: expect.stringContaining("record changed") },
        { code: "record_changed", message: expect.stringContaining("rests on another") },
      ],
      open: {
        side_a: { records: 1, sums: [{ currency: "USD", amount: 1 }] },
        side_b: { records: 1, sums: [{ currency: "USD", amount: 0.4 }] },
      },
    });
    expect(await scene.matches()).toEqual([]);
  });

  it("leaves out a set that a person has made and taken apart meanwhile", async () => {
    const { scene, lefts, rights } = await newPairs(["x", "y"]);
    const store = new MemoryStore();
    const uid = await newSilentRun(scene, "commit");
    await workOffTo(scene, store, uid, "committing");
    const recordUids = [lefts[0] as string, rights[0] as string];
    const choice = { createAdjustment: false, adjustmentReason: null, allowPartial: false };
    const made = await matchByHand(scene.dependencies(), { recordUids, ...choice }, []);
    if (!made.ok) throw new Error("the match was not made");
    await voidMatches(scene.dependencies(), [made.value.matchUid], null);
    await workOffAll(scene, store);
    const run = await runOf(scene, uid);
    expect(run).toMatchObject({ status: "completed", matched_records: 2, problem_count: 1 });
    expect((await matchesOfRun(scene, uid)).map((match) => match.explanation[0].a)).toEqual(["y"]);
  });
});

describe("a rule that fails", () => {
  it("is reported, and the others go on", async () => {
    const { scene } = await newPairs(["x"], {
      rules: [
        { filters: EQUAL_AMOUNTS, priority: 1 },
        { filters: SAME_REFERENCE, priority: 2 },
      ],
    });
    // As a version of this program that no longer knows what an older one has let in.
    await runBatch(scene.db, [
      sql`update rule_versions set definition = json_set(definition, '$.filters', json('{"operand": "xor"}'))
        where rule_id = (select id from reconciliation_rules where uid = ${scene.rules[0]})`,
    ]);
    const uid = await newSilentRun(scene, "commit");
    await workOffAll(scene, new MemoryStore());
    expect(await runOf(scene, uid)).toMatchObject({
      status: "completed",
      matched_records: 2,
      by_rule: [{ matches: 0 }, { matches: 1 }],
      problems: [{ code: "rule_failed", rule_id: scene.rules[0] }],
    });
  });
});

describe("a rule that fails for records", () => {
  it("is reported once, and the others go on", async () => {
    const { scene } = await newPairs(["x", "y"], {
      rules: [
        { filters: EQUAL_AMOUNTS, priority: 1 },
        { filters: SAME_REFERENCE, priority: 2 },
      ],
    });
    const [rule] = await all<{ id: number }>(
      scene.db,
      sql`select id from reconciliation_rules where uid = ${scene.rules[0]}`,
    );
    const store = new MemoryStore();
    const nextRank = store.scratch.nextRank.bind(store.scratch);
    store.scratch.nextRank = (plan, ...place) => {
      if (plan.startsWith(`${rule?.id}.`)) throw new Error("out of luck");
      return nextRank(plan, ...place);
    };
    const uid = await newSilentRun(scene, "commit");
    await workOffAll(scene, store);
    expect(await runOf(scene, uid)).toMatchObject({
      status: "completed",
      matched_records: 4,
      by_rule: [{ matches: 0 }, { matches: 2 }],
      problem_count: 1,
      problems: [{ code: "rule_failed", rule_id: scene.rules[0], message: expect.stringContaining("out of luck") }],
    });
  });
});

describe("a rule that fails in the middle", () => {
  it("keeps what it has decided before, takes back what it had half done, and lets the others go on", async () => {
    const refs = Array.from({ length: 40 }, (_, n) => `${10 + n}`);
    const { scene } = await newPairs(refs, {
      rules: [
        { filters: { operand: "and", rules: [...EQUAL_AMOUNTS.rules, ...SAME_REFERENCE.rules] }, priority: 1 },
        { filters: SAME_REFERENCE, priority: 2 },
      ],
    });
    const [first] = await all<{ id: number }>(
      scene.db,
      sql`select id from reconciliation_rules where uid = ${scene.rules[0]}`,
    );
    const stub = bindings.RECONCILER.getByName(`failing-${scene.reconciliation}`);
    await runInDurableObject(stub, async (_, state) => {
      const store = new FailingStore(state.storage, first?.id ?? 0);
      const uid = await newSilentRun(scene, "commit");
      await workOffAll(scene, store);
      const run = await runOf(scene, uid);
      expect(run).toMatchObject({
        status: "completed",
        matched_records: 2 * refs.length,
        problems: [{ code: "rule_failed", rule_id: scene.rules[0], message: expect.stringContaining("out of luck") }],
      });
      const [failed, other] = run.by_rule.map((tally: { matches: number }) => tally.matches);
      expect([failed > 0, other > 0, failed + other]).toEqual([true, true, refs.length]);
      await expectAuditOf(scene, refs.length);
    });
  });
});

/** Throws when a rule looks at its twenty-fifth record. */
class FailingStore extends SqliteStore {
  readonly #ruleId: number;
  #looks = 0;

  constructor(storage: DurableObjectStorage, ruleId: number) {
    super(storage);
    this.#ruleId = ruleId;
  }

  override get scratch(): ItemIndex {
    const index = super.scratch;
    const note: ItemIndex["note"] = (itemId, ruleId, finding) => {
      if (ruleId === this.#ruleId && ++this.#looks === 25) throw new Error("out of luck");
      index.note(itemId, ruleId, finding);
    };
    return new Proxy(index, {
      get(target, name) {
        if (name === "note") return note;
        const value = Reflect.get(target, name) as unknown;
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }
}

describe("a reconciliation that changes while a run is under way", () => {
  for (const phase of ["loading", "matching", "committing"]) {
    it(`fails the run: ${phase}`, async () => {
      const { scene } = await newPairs(["x"]);
      const store = new MemoryStore();
      const uid = await newSilentRun(scene, "commit");
      await workOffTo(scene, store, uid, phase);
      const raise = sql`update reconciliations set generation = generation + 1 where uid = ${scene.reconciliation}`;
      await runBatch(scene.db, [raise]);
      await workOffAll(scene, store);
      expect(await runOf(scene, uid)).toMatchObject({
        status: "failed",
        open: null,
        problems: [{ code: "reconciliation_changed" }],
        completed_at: expect.any(String),
      });
      expect(await scene.matches()).toEqual([]);
      // The next one is free to start.
      const next = await newSilentRun(scene, "commit");
      await workOffAll(scene, store);
      expect((await runOf(scene, next)).matched_records).toBe(2);
    });
  }

  it("fails the commit of a preview though the change came after it was asked for", async () => {
    const { scene } = await newPairs(["x"]);
    const store = new MemoryStore();
    const preview = await newSilentRun(scene, "preview");
    await workOffAll(scene, store);
    const uid = await newSilentRun(scene, "commit", preview);
    const raise = sql`update reconciliations set generation = generation + 1 where uid = ${scene.reconciliation}`;
    await runBatch(scene.db, [raise]);
    await workOffAll(scene, store);
    expect((await runOf(scene, uid)).status).toBe("failed");
    expect(await scene.matches()).toEqual([]);
  });
});

describe("a run that fails at the same place again and again", () => {
  it("is given up, and lets the next one begin", async () => {
    const { scene } = await newPairs(["x"]);
    const uid = await newSilentRun(scene, "commit");
    const store = new MemoryStore();
    const copy = store.scratch.put.bind(store.scratch);
    store.scratch.put = () => {
      throw new Error("out of luck");
    };
    let failures = 0;
    for (let slices = 0; slices < 100 && (await runOf(scene, uid)).status !== "failed"; slices++) {
      await workOffSlice(scene, store).catch(() => {
        failures += 1;
      });
    }
    expect(failures).toBe(RUN_MAX_ATTEMPTS);
    expect((await runOf(scene, uid)).problems).toMatchObject([{ code: "run_abandoned" }]);
    store.scratch.put = copy;
    const next = await newSilentRun(scene, "commit");
    await workOffAll(scene, store);
    expect(await runOf(scene, next)).toMatchObject({ status: "completed", matched_records: 2 });
  });
});

describe("the problems of a run", () => {
  it("stand in the order of the records, whoever came first", async () => {
    const rules = [{ filters: EQUAL_AMOUNTS, on_ambiguous: "skip" }];
    const order: string[][] = [];
    for (const refs of [
      ["a", "b", "c"],
      ["c", "a", "b"],
    ]) {
      const { scene } = await newPairs(refs, { rules });
      const uid = await newSilentRun(scene, "preview");
      await workOffAll(scene, new MemoryStore());
      const { problems } = await runOf(scene, uid);
      const records = await Promise.all(
        problems.map((problem: { record_id: string }) => scene.record(problem.record_id)),
      );
      order.push(records.map(({ body }) => body.external_id));
    }
    expect(order).toEqual([
      ["a", "a", "b", "b", "c", "c"],
      ["a", "a", "b", "b", "c", "c"],
    ]);
  });
});
