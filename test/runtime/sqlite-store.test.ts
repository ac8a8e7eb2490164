import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { FIRST_ROUND } from "../../src/core/matching/decide.ts";
import type { ItemIndex, Tally } from "../../src/core/matching/item-index.ts";
import { SqliteStore } from "../../src/runtime/sqlite-store.ts";
import type { Configuration, Progress, ReconcilerStore } from "../../src/services/reconciler-store.ts";
import type { RunProgress } from "../../src/services/run-progress.ts";
import fc from "../support/fast-check.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { bindings } from "../support/scene.ts";
import { askIndex, exhaustIndex, type IndexChange, indexChange, sampleOf } from "./index-questions.ts";

const RUNS = 100;
const ORDERS = ["index", "scratch"] as const;

const KEY = { plan: "1.1.bucket.0", key: "USD", rank: 100, isTallied: true };

const CONFIGURATION: Configuration = {
  reconciliationId: 1,
  reconciliationUid: "r",
  environmentId: 1,
  generation: 3,
  runType: "continuous",
  expectedWithinDays: null,
  dueGeneration: 0,
  accountUid: null,
  sources: [{ id: 1, side: "a" }],
  rules: [],
  paymentRules: [],
};

const PROGRESS: Progress = {
  cursors: [{ sourceId: 1, no: 5, token: Number.MAX_SAFE_INTEGER }],
  head: { no: 2, hash: "h" },
  isLoading: false,
  reindexAfter: null,
  pass: null,
};

const RUN = { runId: 7, attempt: 1, revision: 2, lastId: 9, loaded: 3, pending: null } as const;
const LOADING: RunProgress = { ...RUN, stage: { kind: "loading", after: 5 } };
const MATCHING: RunProgress = { ...RUN, stage: { kind: "matching", rule: 1, position: FIRST_ROUND } };

type Change = (store: ReconcilerStore) => unknown;

/** Draws what a call is made with. */
function calling<T>(drawn: fc.Arbitrary<T>, call: (store: ReconcilerStore, drawn: T) => unknown): fc.Arbitrary<Change> {
  return drawn.map((value) => (store) => call(store, value));
}

const ids = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 4 });
const ascending = (ids: number[]) => [...new Set(ids)].sort((left, right) => left - right);

const run = fc.constantFrom(1, 2);
const itemId = fc.integer({ min: 1, max: 12 });
const marks = fc.array(fc.record({ itemId, isUncertain: fc.boolean() }), { maxLength: 4 });
const notes = fc.uniqueArray(
  fc.record({ itemId, ruleId: fc.constantFrom(1, 2), finding: fc.constantFrom("ambiguous" as const, "cut" as const) }),
  { maxLength: 4, selector: ({ itemId, ruleId }) => `${itemId} ${ruleId}` },
);

/** Every call that changes something; each answers what the call answers. */
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 30,
    arbitrary: calling(fc.tuple(fc.constantFrom(...ORDERS), indexChange), (store, [which, apply]) =>
      apply(store[which]),
    ),
  },
  calling(ids, (store, ids) => store.enqueue(ids)),
  calling(ids, (store, ids) => store.dequeue(ids)),
  calling(ids, (store, ids) => store.writeInFlight(ascending(ids))),
  calling(fc.constantFrom(1, 2), (store, source) => store.removeSource(source)),
  calling(fc.constantFrom(LOADING, MATCHING, null), (store, run) => store.writeRun(run)),
  calling(ids, (store, ids) => store.clearDue(ids)),
  calling(marks, (store, marks) => store.settleMarks(marks)),
  calling(fc.tuple(run, notes, fc.boolean()), (store, [run, notes, isFirst]) => {
    store.keepFindings(run, notes, isFirst);
  }),
  calling(run, (store, run) => store.takeFindings(run)),
  calling(fc.constant(null), (store) => store.clearKeys()),
  calling(fc.constant(null), (store) => store.clearScratch()),
  calling(fc.constant(null), (store) => store.clear()),
);

const changes = fc.array(change, { maxLength: 80, size: "max" });

function* askStore(store: ReconcilerStore): Generator<[string, unknown]> {
  yield ["peekQueue", store.peekQueue(100)];
  yield ["peekQueue 2", store.peekQueue(2)];
  yield ["readInFlight", store.readInFlight()];
  yield ["readRun", store.readRun()];
  yield ["listIds", store.listIds(0, 100)];
  yield ["listIds after 3", store.listIds(3, 2)];
  for (const side of ["a", "b"] as const) yield [`listNewest ${side}`, store.listNewest(side, 5, 3)];
  // Days may be equal, and then the order is nobody's business.
  yield ["listDue", store.listDue("2026-02-01", 100).sort()];
  yield ["listDue", store.listDue("2026-03-01", 100).sort()];
  yield ["nextDue", store.nextDue()];
  yield ["listMarks", store.listMarks(100)];
  yield ["listMarks 2", store.listMarks(2)];
}

function askAll(store: ReconcilerStore): [string, unknown][] {
  return [...askIndex(store.index), ...askIndex(store.scratch), ...askStore(store)];
}

/** Runs with a store of its own in a Durable Object's SQLite. */
function inObject(work: (store: SqliteStore, state: DurableObjectState) => void): Promise<void> {
  const stub = bindings.RECONCILER.getByName(crypto.randomUUID());
  return runInDurableObject(stub, (_, state) => work(new SqliteStore(state.storage), state));
}

describe("the store in SQLite", () => {
  it("answers every question as the one in memory does", { timeout: 120_000 }, async () => {
    await inObject((sqlite) => {
      fc.assert(
        fc.property(changes, (changes) => {
          const memory = new MemoryStore();
          sqlite.clear();
          for (const apply of changes) expect(apply(sqlite)).toEqual(apply(memory));
          expect([...askStore(sqlite)]).toEqual([...askStore(memory)]);
          for (const which of ORDERS)
            expect([...exhaustIndex(sqlite[which])]).toEqual([...exhaustIndex(memory[which])]);
        }),
        { numRuns: RUNS },
      );
    });
  });

  it("orders texts of every script by code points", async () => {
    const arrived = ["e1", "E1", "\u{1f4b3}", "\uff5e", null, "\ue000", "é"];
    const ordered = [null, "E1", "e1", "é", "\ue000", "\uff5e", "\u{1f4b3}"];
    await inObject((sqlite) => {
      for (const { index, scratch } of [sqlite, new MemoryStore()]) {
        for (const each of [index, scratch]) {
          for (const [place, externalId] of arrived.entries()) each.put(sampleOf(place + 1, { externalId }), [KEY]);
          each.wake(arrived.map((_, place) => place + 1));
          expect(each.walk(null, 100).map(({ externalId }) => externalId)).toEqual(ordered);
          expect(each.walkWoken(null, 100).map(({ externalId }) => externalId)).toEqual(ordered);
        }
        const listAll = (each: ItemIndex) => each.listAt(KEY.plan, "a", KEY.key, KEY.rank, null, 100);
        expect(listAll(index).map(({ externalId }) => externalId)).toEqual(arrived);
        expect(listAll(scratch).map(({ externalId }) => externalId)).toEqual(ordered);
      }
    });
  });

  it("keeps sums that no integer of SQLite could hold, and comes back from them", async () => {
    await inObject((sqlite) => {
      const key = { plan: "p", key: "k", rank: -3, isTallied: true };
      const read = (): Tally[] => sqlite.index.tally("p", "a", "k", -3, -3);
      const open = Number.MAX_SAFE_INTEGER;
      for (let id = 1; id <= 1_100; id++) sqlite.index.put(sampleOf(id, { open, sign: -1 }), [key]);
      expect(read()).toEqual([{ rank: -3, count: 1_100, sum: -1_100n * BigInt(open) }]);
      for (let id = 4; id <= 1_100; id++) sqlite.index.remove(id);
      sqlite.index.put(sampleOf(3, { open: 1, sign: 1 }), [key]);
      expect(read()).toEqual([{ rank: -3, count: 3, sum: 1n - 2n * BigInt(open) }]);
      for (let id = 1; id <= 3; id++) sqlite.index.remove(id);
      expect(read()).toEqual([]);
    });
  });

  it("lets both indexes know the same voided sets, also after the scratch was cleared", async () => {
    await inObject((sqlite) => {
      sqlite.index.addVoidedSets(["one"]);
      sqlite.scratch.addVoidedSets(["two"]);
      sqlite.clearScratch();
      const known = [sqlite.index, sqlite.scratch].map((index) => ["one", "two"].map((key) => index.isVoidedSet(key)));
      expect(known).toEqual([
        [true, true],
        [true, true],
      ]);
    });
  });

  it("keeps everything when its object starts anew", async () => {
    await inObject((sqlite, state) => {
      fc.assert(
        fc.property(changes, (changes) => {
          sqlite.clear();
          for (const apply of changes) apply(sqlite);
          expect(askAll(new SqliteStore(state.storage))).toEqual(askAll(sqlite));
        }),
        { numRuns: 20 },
      );
    });
  });

  it("keeps its documents, and forgets them when it is cleared", async () => {
    await inObject((sqlite, state) => {
      sqlite.writeConfiguration(CONFIGURATION);
      sqlite.writeProgress(PROGRESS);
      sqlite.writeRun(MATCHING);
      const again = new SqliteStore(state.storage);
      const read = () => [again.readConfiguration(), again.readProgress(), again.readRun()];
      expect(read()).toEqual([CONFIGURATION, PROGRESS, MATCHING]);
      again.writeRun(null);
      expect(read()).toEqual([CONFIGURATION, PROGRESS, undefined]);
      again.writeRun(LOADING);
      again.clear();
      expect(read()).toEqual([undefined, undefined, undefined]);
    });
  });

  it("takes back a transaction that fails, whole", async () => {
    await inObject((sqlite) => {
      for (const index of [sqlite.index, sqlite.scratch]) {
        index.put(sampleOf(1), [KEY]);
        index.wake([1]);
        index.note(1, 1, "cut");
      }
      sqlite.enqueue([1]);
      sqlite.writeRun(LOADING);
      const before = askAll(sqlite);
      const changeOne: IndexChange = (index) => {
        index.remove(1);
        index.put(sampleOf(2, { side: "b" }), [KEY]);
        index.watch(1, [2]);
        index.addVoidedSets(["1"]);
      };
      const work = () => {
        changeOne(sqlite.index);
        changeOne(sqlite.scratch);
        sqlite.dequeue([1]);
        sqlite.writeRun(MATCHING);
        sqlite.clearScratch();
        sqlite.clearKeys();
        throw new Error("halfway");
      };
      expect(() => sqlite.transaction(work)).toThrow("halfway");
      expect(askAll(sqlite)).toEqual(before);
      expect([sqlite.index.takeWatchers(2), sqlite.scratch.takeWatchers(2)]).toEqual([[], []]);
    });
  });

  it("is built anew when it was written in another form", async () => {
    await inObject((sqlite, state) => {
      sqlite.index.put(sampleOf(1), []);
      state.storage.sql.exec("update documents set body = '1' where name = 'storage_version'");
      state.storage.sql.exec("create table keys (key text)");
      const again = new SqliteStore(state.storage);
      expect(again.index.find(1)).toBeUndefined();
      expect(again.index.walk(null, 10)).toEqual([]);
      expect([...state.storage.sql.exec("select 1 from sqlite_master where name = 'keys'")]).toEqual([]);
    });
  });
});
