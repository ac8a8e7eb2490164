import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { type IndexedItem, type ItemIndex, walkPositionOf } from "../../src/core/matching/item-index.ts";
import { SqliteStore } from "../../src/runtime/sqlite-store.ts";
import { bindings } from "../support/scene.ts";
import { sampleOf } from "./index-questions.ts";

const PAGE = 3;
const RANKS = 5;

/** What tells one item from another: nothing but its id, or everything there is. */
const CROWDS = {
  "items that are all alike": () => ({ date: "2026-01-01", amount: 500, open: 500, externalId: null }),
  "items that are all different": (n: number) => ({
    date: `2026-01-${10 + (n % 20)}`,
    amount: n,
    open: n,
    externalId: `e${n}`,
  }),
};

type Crowd = keyof typeof CROWDS;

const PLAN = "1.1.single.0";

/** Items 1 … `count`, each under one key by amount, under one by day with sums, and under one with a bucket of its own. */
function fill(index: ItemIndex, crowd: Crowd, count: number): void {
  for (let id = 1; id <= count; id++) {
    const item = sampleOf(id, CROWDS[crowd](id));
    index.put(item, [
      { plan: PLAN, key: "USD\u001ex", rank: item.open, isTallied: false },
      { plan: "bucket", key: "USD", rank: id % RANKS, isTallied: true },
      { plan: "member", key: `USD\u001e${id % RANKS}`, rank: 0, isTallied: false },
    ]);
    index.wake([id]);
    index.note(id, 1, "ambiguous");
    index.watch(id, [1 + (id % 7)]);
  }
}

/** Calls around the item in the middle; what each of them finds, since a call that finds nothing is cheap. */
const CALLS: Record<string, (index: ItemIndex, middle: number) => { found: number }> = {
  find: (index, middle) => ({ found: index.find(middle) ? 1 : 0 }),
  "nextRank up": (index) => ({ found: index.nextRank(PLAN, "a", "USD\u001ex", 0, "up") === undefined ? 0 : 1 }),
  "nextRank down": (index) => ({
    found: index.nextRank(PLAN, "a", "USD\u001ex", 1_000_000, "down") === undefined ? 0 : 1,
  }),
  listAt: (index, middle) => {
    const item = index.find(middle) as IndexedItem;
    return { found: index.listAt("bucket", "a", "USD", middle % RANKS, item, PAGE).length };
  },
  listBetween: (index) => ({ found: index.listBetween("bucket", "a", "USD", 1, RANKS, PAGE).length }),
  nextKey: (index) => ({ found: index.nextKey("member", "a", "USD\u001e", "USD\u001e1") === "USD\u001e2" ? 1 : 0 }),
  "nextKey, of none": (index) => ({ found: index.nextKey("member", "a", "A", "") === undefined ? 1 : 0 }),
  tally: (index) => ({ found: index.tally("bucket", "a", "USD", 0, RANKS).length }),
  listNearest: (index, middle) => ({ found: index.listNearest("a", "USD", middle, PAGE).length }),
  "listNearest, of those below": (index) => ({ found: index.listNearest("a", "USD", 1_000_000, PAGE).length }),
  walk: (index, middle) => {
    const item = index.find(middle) as IndexedItem;
    return { found: index.walk(walkPositionOf(item), PAGE).length };
  },
  walkWoken: (index, middle) => {
    const item = index.find(middle) as IndexedItem;
    return { found: index.walkWoken(walkPositionOf(item), PAGE).length };
  },
  "walkWoken, from the start": (index) => ({ found: index.walkWoken(null, PAGE).length }),
  wake: (index, middle) => {
    index.unwake(middle);
    index.wake([middle, 1_000_000]);
    return { found: 1 };
  },
  "put, of an item that is there": (index, middle) => {
    const key = { plan: "bucket", key: "USD", rank: 1, isTallied: true };
    index.put(sampleOf(middle, { open: 1 }), [key, { ...key, plan: "other" }]);
    return { found: 1 };
  },
  remove: (index, middle) => {
    index.remove(middle);
    return { found: index.find(middle) ? 0 : 1 };
  },
  listNotes: (index, middle) => ({ found: index.listNotes({ itemId: middle, ruleId: 1 }, PAGE).length }),
};

interface Scene {
  store: SqliteStore;
  /** The plans of all statements so far that are not schema, by statement. */
  readPlans: () => Map<string, string[]>;
}

/** Runs with a store of its own, whose statements are remembered. */
function inObject(work: (scene: Scene) => void): Promise<void> {
  const stub = bindings.RECONCILER.getByName(crypto.randomUUID());
  return runInDurableObject(stub, (_, { storage }) => {
    const executed = new Map<string, SqlStorageValue[]>();
    const exec: SqlStorage["exec"] = (query, ...values) => {
      if (/^(select|insert|update|delete)\b/.test(query)) executed.set(query, values);
      return storage.sql.exec(query, ...values);
    };
    const transactionSync = <T>(call: () => T) => storage.transactionSync(call);
    const recorded = { sql: { exec }, transactionSync } as unknown as DurableObjectStorage;
    const explain = (query: string, values: SqlStorageValue[]) =>
      [...storage.sql.exec<{ detail: string }>(`explain query plan ${query}`, ...values)].map(({ detail }) => detail);
    const readPlans = () => new Map([...executed].map(([query, values]) => [query, explain(query, values)]));
    work({ store: new SqliteStore(recorded), readPlans });
  });
}

/** Rows that each call reads, with `count` items in the index. */
function measure(store: SqliteStore, which: "index" | "scratch", crowd: Crowd, count: number) {
  store.clear();
  fill(store[which], crowd, count);
  const middle = Math.floor(count / 2);
  return Object.entries(CALLS).map(([name, call]) => {
    const before = store.rowsRead;
    const { found } = call(store[which], middle);
    return { name, found, rows: store.rowsRead - before };
  });
}

describe("the index in SQLite", () => {
  for (const which of ["index", "scratch"] as const) {
    for (const crowd of Object.keys(CROWDS) as Crowd[]) {
      it(`reads as much of 5,000 as of 100 ${crowd}, in ${which}`, { timeout: 120_000 }, async () => {
        await inObject(({ store }) => {
          const few = measure(store, which, crowd, 100);
          const many = measure(store, which, crowd, 5_000);
          for (const [place, { name, found, rows }] of many.entries()) {
            const before = few[place] as (typeof few)[number];
            expect([name, found > 0, before.found > 0]).toEqual([name, true, true]);
            expect([name, rows <= before.rows + 3 || rows]).toEqual([name, true]);
            expect([name, before.rows <= 40 || before.rows]).toEqual([name, true]);
          }
        });
      });
    }
  }

  it("is emptied without a look at what is in it", async () => {
    await inObject(({ store }) => {
      const clear = () => {
        const before = store.rowsRead;
        store.clearScratch();
        return store.rowsRead - before;
      };
      const empty = clear();
      fill(store.scratch, "items that are all different", 2_000);
      expect(clear()).toBeLessThanOrEqual(empty);
      expect(store.scratch.walk(null, 1)).toEqual([]);
    });
  });

  it("answers everything by an index, in its order", async () => {
    await inObject(({ store, readPlans }) => {
      for (const which of ["index", "scratch"] as const) {
        fill(store[which], "items that are all different", 20);
        for (const call of Object.values(CALLS)) call(store[which], 5);
        store[which].takeWatchers(1);
        store[which].addVoidedSets(["x"]);
        store[which].isVoidedSet("x");
      }
      store.removeSource(2);
      store.listIds(0, 10);
      store.listNewest("b", 10, 10);
      store.listDue("2026-01-01", 10);
      store.nextDue();
      const plans = [...readPlans()].filter(([query]) => /\b(live|scratch)_|voided_sets/.test(query));
      expect(plans.length).toBeGreaterThan(40);
      const slow = plans.flatMap(([query, details]) => {
        // Lists from the caller are read whole.
        const isList = (detail: string) => /^SCAN (json_each|j) VIRTUAL/.test(detail);
        return details
          .filter((detail) => /SCAN|TEMP B-TREE/.test(detail) && !isList(detail))
          .map((detail) => `${query}: ${detail}`);
      });
      expect(slow).toEqual([]);
    });
  });
});
