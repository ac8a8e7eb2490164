import { describe, expect, it } from "vitest";
import type { IndexedItem } from "../../src/core/matching/item-index.ts";
import { setKeyOf } from "../../src/core/matching/set-key.ts";
import { all, findConstraint, runBatch } from "../../src/db/client.ts";
import { listItemsByUid, PLAIN_ITEMS, toItem } from "../../src/db/items.ts";
import {
  type CommitScope,
  type EntryChange,
  expectUnchanged,
  ITEM_VIOLATIONS,
  selectStaleItems,
} from "../../src/db/match-commit.ts";
import { readNews } from "../../src/db/news.ts";
import { commitMatches, type PlannedMatch } from "../../src/services/commit-matches.ts";
import { workOff } from "../../src/services/work-off.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { newScene, type Scene } from "../support/scene.ts";

// A batch reconciliation matches nothing by itself, so that the commit under test is the only one.
const quiet = () => newScene({ runType: "batch" });

async function scopeOf(scene: Scene): Promise<CommitScope> {
  const news = await readNews(scene.db, scene.reconciliation, []);
  if (!news) throw new Error("no reconciliation");
  const { reconciliation } = news;
  return {
    reconciliationId: reconciliation.id,
    reconciliationUid: scene.reconciliation,
    environmentId: reconciliation.environment_id,
    generation: reconciliation.generation,
    head: { no: reconciliation.chain_no, hash: reconciliation.chain_hash },
    now: Date.now(),
    isOfPayments: false,
  };
}

async function readItems(scene: Scene, scope: CommitScope, uids: string[]): Promise<IndexedItem[]> {
  const rows = await listItemsByUid(scene.db, scope.reconciliationId, scope.environmentId, uids);
  const byUid = new Map(rows.map((row) => [row.uid, toItem({ ...row, side: row.side ?? "a" }, PLAIN_ITEMS)]));
  return uids.map((uid) => byUid.get(uid) as IndexedItem);
}

function planOf(items: IndexedItem[], amount: number, rule: PlannedMatch["rule"] = null): PlannedMatch {
  return {
    uid: crypto.randomUUID(),
    rule,
    currency: "USD",
    variance: 0,
    allocations: items.map((item) => ({ item, side: item.side, amount })),
    explanation: [],
    setKey: setKeyOf(items),
  };
}

async function prepare(amounts: { left?: number; right?: number } = {}) {
  const scene = await quiet();
  const left = (await scene.left({ amount: amounts.left ?? 100 })).body.id as string;
  const right = (await scene.right({ amount: amounts.right ?? 100 })).body.id as string;
  const scope = await scopeOf(scene);
  const items = await readItems(scene, scope, [left, right]);
  return { scene, left, right, scope, items };
}

async function expectNothingWritten(scene: Scene, records: string[]) {
  expect(await scene.matches()).toEqual([]);
  for (const id of records) {
    const { body, status } = await scene.record(id);
    if (status === 200) expect(body.status).toBe("unreconciled");
  }
}

describe("the guard of a commit", () => {
  it("lets through a commit whose every expectation holds", async () => {
    const { scene, scope, items, left } = await prepare();
    const outcome = await commitMatches(scene.db, scope, [planOf(items, 10_000)]);
    expect(outcome.kind).toBe("committed");
    expect((await scene.record(left)).body.status).toBe("reconciled");
    expect(await all(scene.db, { sql: "select * from guard", params: [] })).toEqual([]);
  });

  it("refuses a record that was deleted meanwhile, and names it", async () => {
    const { scene, scope, items, left, right } = await prepare();
    await scene.api.delete(`/v1/records/${left}`);
    const outcome = await commitMatches(scene.db, scope, [planOf(items, 10_000)]);
    expect(outcome).toEqual({ kind: "stale", recordUids: [left] });
    await expectNothingWritten(scene, [right]);
  });

  it("refuses a record that was edited meanwhile, and names it", async () => {
    const { scene, scope, items, left, right } = await prepare();
    await scene.api.patch(`/v1/records/${right}`, { amount: 90 });
    const outcome = await commitMatches(scene.db, scope, [planOf(items, 10_000)]);
    expect(outcome).toEqual({ kind: "stale", recordUids: [right] });
    await expectNothingWritten(scene, [left, right]);
  });

  it("refuses a record of which more is matched than was seen", async () => {
    const { scene, scope, items, left } = await prepare({ left: 300 });
    const other = (await scene.right({ amount: 100 })).body.id as string;
    const [seen] = items as [IndexedItem];
    await commitMatches(scene.db, scope, [planOf([seen, ...(await readItems(scene, scope, [other]))], 10_000)]);
    // Twice 100 of 300 would fit the CHECK: only what was seen says that the second one is not the first.
    const later = await scopeOf(scene);
    const outcome = await commitMatches(scene.db, later, [planOf(items, 10_000)]);
    expect(outcome).toEqual({ kind: "stale", recordUids: [left] });
    expect((await scene.record(left)).body.reconciled_amount).toBe(100);
  });

  it("refuses a record of amount 0 that has been matched meanwhile", async () => {
    const { scene, scope, items, left, right } = await prepare({ left: 0, right: 0 });
    await commitMatches(scene.db, scope, [planOf(items, 0)]);
    const outcome = await commitMatches(scene.db, await scopeOf(scene), [planOf(items, 0)]);
    expect(outcome).toEqual({ kind: "stale", recordUids: expect.arrayContaining([left, right]) });
    expect(await scene.matches()).toHaveLength(1);
  });

  it("refuses rules that have changed meanwhile", async () => {
    const { scene, scope, items, left, right } = await prepare();
    await scene.api.patch(`/v1/reconciliation_rules/${scene.rules[0]}`, { status: "inactive" });
    const outcome = await commitMatches(scene.db, scope, [planOf(items, 10_000)]);
    expect(outcome).toEqual({ kind: "stale", recordUids: [] });
    await expectNothingWritten(scene, [left, right]);
  });

  it("refuses a reconciliation that was deleted meanwhile", async () => {
    const { scene, scope, items } = await prepare();
    expect((await scene.api.delete(`/v1/reconciliations/${scene.reconciliation}`)).status).toBe(204);
    expect(await commitMatches(scene.db, scope, [planOf(items, 10_000)])).toEqual({ kind: "stale", recordUids: [] });
  });

  it("refuses a head of the chain that has moved on", async () => {
    const { scene, scope, items, left, right } = await prepare();
    const others = [(await scene.left()).body.id, (await scene.right()).body.id] as string[];
    await commitMatches(scene.db, scope, [planOf(await readItems(scene, scope, others), 10_000)]);
    const outcome = await commitMatches(scene.db, scope, [planOf(items, 10_000)]);
    expect(outcome).toEqual({ kind: "stale", recordUids: [] });
    expect((await scene.record(left)).body.status).toBe("unreconciled");
    expect((await scene.record(right)).body.status).toBe("unreconciled");
  });

  it("refuses by itself a set that a person has voided, but not to a person", async () => {
    const { scene, scope, items } = await prepare();
    await commitMatches(scene.db, scope, [planOf(items, 10_000)]);
    const [match] = await scene.matches();
    await scene.api.delete(`/v1/reconciliation_matches/${match.id}`);
    const rule = { id: 1, uid: scene.rules[0] as string, version: 1 };
    const automatic = await commitMatches(scene.db, await scopeOf(scene), [planOf(items, 10_000, rule)]);
    expect(automatic).toEqual({ kind: "stale", recordUids: [] });
    expect((await commitMatches(scene.db, await scopeOf(scene), [planOf(items, 10_000)])).kind).toBe("committed");
  });

  it("writes two matches of the same record in one batch as their sum", async () => {
    const { scene, scope, items, left, right } = await prepare({ left: 300 });
    const other = (await scene.right({ amount: 100 })).body.id as string;
    const [a, b] = items as [IndexedItem, IndexedItem];
    const [c] = (await readItems(scene, scope, [other])) as [IndexedItem];
    const after = { ...a, open: a.open - 10_000, matches: 1 };
    await commitMatches(scene.db, scope, [planOf([a, b], 10_000), planOf([after, c], 10_000)]);
    expect((await scene.record(left)).body).toMatchObject({ status: "partially_reconciled", reconciled_amount: 200 });
    expect((await scene.record(right)).body.status).toBe("reconciled");
    expect((await scene.record(other)).body.status).toBe("reconciled");
  });
});

describe("each line of the guard", () => {
  const stale: Record<string, (scene: Scene, ids: { left: string; right: string }) => Promise<unknown>> = {
    gone: async (scene, { left }) => {
      // Soft deletion raises the version too; only the mark itself is under test here.
      await runBatch(scene.db, [{ sql: "update records set deleted_at = 1 where uid = ?", params: [left] }]);
    },
    edited: (scene, { left }) => scene.api.patch(`/v1/records/${left}`, { description: "other" }),
    matched: async (scene, { left, right }) => {
      const scope = await scopeOf(scene);
      const [a, b] = (await readItems(scene, scope, [left, right])) as [IndexedItem, IndexedItem];
      await commitMatches(scene.db, scope, [planOf([a, b], 2_500)]);
      // A second partial match leaves the status as the caller saw it.
    },
    status: async (scene, { left, right }) => {
      const scope = await scopeOf(scene);
      await commitMatches(scene.db, scope, [planOf(await readItems(scene, scope, [left, right]), 0)]);
    },
  };

  for (const [name, makeStale] of Object.entries(stale)) {
    it(`finds what only "${name}" finds`, async () => {
      const amount = name === "status" ? 0 : 100;
      const { scene, scope, items, left, right } = await prepare({ left: amount, right: amount });
      await makeStale(scene, { left, right });
      const [item] = items as [IndexedItem];
      const status = name === "matched" ? 1 : 0;
      const change: EntryChange = {
        recordUid: item.uid,
        version: item.version,
        matched: 0,
        status,
        addMatched: 1,
        addMatches: 1,
        eventUid: crypto.randomUUID(),
      };
      const others = Object.entries(ITEM_VIOLATIONS).flatMap(([key, violation]) => (key === name ? [] : [violation]));
      const find = (violations?: typeof others) => all(scene.db, selectStaleItems(scope, [change], violations));
      expect(await find()).toEqual([{ uid: item.uid }]);
      expect(await find(others)).toEqual([]);
    });
  }

  it("refuses for every statement on its own", async () => {
    const { scene, scope, items } = await prepare();
    const [item] = items as [IndexedItem];
    const change: EntryChange = {
      recordUid: item.uid,
      version: item.version + 1,
      matched: 0,
      status: 0,
      addMatched: 1,
      addMatches: 1,
      eventUid: crypto.randomUUID(),
    };
    await runBatch(scene.db, [
      { sql: "insert into voided_sets values (?, 'set', 1)", params: [scope.reconciliationId] },
    ]);
    const wrong = {
      items: expectUnchanged(scope, [change], []),
      generation: expectUnchanged({ ...scope, generation: scope.generation - 1 }, [], []),
      head: expectUnchanged({ ...scope, head: { no: scope.head.no + 1, hash: "x" } }, [], []),
      voided_sets: expectUnchanged(scope, [], ["set"]),
    };
    for (const [name, expectations] of Object.entries(wrong)) {
      for (const expectation of expectations) {
        const error = await runBatch(scene.db, [expectation.statement]).catch((caught: unknown) => caught);
        expect([name, expectation.name, findConstraint(error)?.kind === "guard"]).toEqual([
          name,
          expectation.name,
          expectation.name === name,
        ]);
      }
    }
  });
});

describe("two Reconcilers over one D1", () => {
  async function settle(scene: Scene, store: MemoryStore) {
    for (let slices = 0; slices < 50; slices++) {
      if ((await workOff(scene.dependencies(), store)) === "settled") return;
    }
    throw new Error("it does not settle");
  }

  it("make each match once, whichever of them comes first", async () => {
    const scene = await quiet();
    const pairs = 30;
    for (let n = 0; n < pairs; n++) {
      await scene.left({ metadata: { ref: `${n}` } });
      await scene.right({ metadata: { ref: `${n}` } });
    }
    const stores = [new MemoryStore(), new MemoryStore()];
    await Promise.all(stores.map((store) => settle(scene, store)));
    // Both have loaded everything, and neither knows of the other: now both may match.
    await runBatch(scene.db, [
      {
        sql: "update reconciliations set run_type = 'continuous', generation = generation + 1 where uid = ?",
        params: [scene.reconciliation],
      },
    ]);
    await Promise.all(stores.map((store) => settle(scene, store)));
    const matches = await scene.matches();
    expect(matches).toHaveLength(pairs);
    const ids = matches.flatMap((match) => match.records.map((record: { record_id: string }) => record.record_id));
    expect(new Set(ids).size).toBe(2 * pairs);
    const audit = await scene.api.get(`/v1/reconciliations/${scene.reconciliation}/audit?limit=200`);
    expect(audit.body).toMatchObject({ valid: true, checked: pairs });
    for (const store of stores) {
      await settle(scene, store);
      expect(store.index.walk(null, 1)).toEqual([]);
    }
  });
});
