import { runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Side } from "../../src/core/matching/item.ts";
import type { IndexKey, ItemIndex, WalkPosition } from "../../src/core/matching/item-index.ts";
import { walkPositionOf } from "../../src/core/matching/item-index.ts";
import { SqliteStore } from "../../src/runtime/sqlite-store.ts";
import type { ReconcilerStore } from "../../src/services/reconciler-store.ts";
import { type Fields, fields, itemOf } from "../core/matching/population.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { bindings } from "../support/scene.ts";

const RUNS = 150;
const PLANS = ["1.1.0", "1.1.1"];
const KEYS = ["USD", "USD\u001fx", "USD\u001f\u{1f4b3}"];
const SIDES: Side[] = ["a", "b"];
const AMOUNTS = [0, 50, 100, 150, 200, 300, 999_999_999_999_999];
const EXTERNAL_IDS = [null, "e1", "E1", "\uff5e", "\u{1f4b3}", "é"];

const id = fc.integer({ min: 1, max: 12 });
const ids = fc.array(id, { maxLength: 4 });
const keys: fc.Arbitrary<IndexKey[]> = fc.uniqueArray(
  fc.record({ plan: fc.constantFrom(...PLANS), key: fc.constantFrom(...KEYS) }),
  { selector: ({ plan, key }) => `${plan} ${key}` },
);

type Change = (store: ReconcilerStore) => unknown;

const item = fc
  .tuple(
    id,
    fields,
    fc.constantFrom(...AMOUNTS),
    fc.constantFrom(...EXTERNAL_IDS),
    fc.constantFrom(null, "2026-01-01", "2026-02-01"),
  )
  .map(([id, fields, open, externalId, due]) => ({
    ...itemOf(id, { ...(fields as Fields), externalId: null }),
    open,
    externalId,
    due,
  }));

/** Draws what a call is made with. */
function calling<T>(drawn: fc.Arbitrary<T>, call: (store: ReconcilerStore, drawn: T) => unknown): fc.Arbitrary<Change> {
  return drawn.map((value) => (store) => call(store, value));
}

const ascending = (ids: number[]) => [...new Set(ids)].sort((left, right) => left - right);

/** Every call that changes something; each answers what the call answers. */
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 6, arbitrary: calling(fc.tuple(item, keys), ({ index }, [item, keys]) => index.put(item, keys)) },
  calling(id, ({ index }, id) => index.remove(id)),
  calling(fc.tuple(id, ids), ({ index }, [id, others]) => index.watch(id, others)),
  calling(id, ({ index }, id) => index.takeWatchers(id)),
  calling(ids, ({ index }, ids) => index.addVoidedSets(ids.map(String))),
  calling(ids, (store, ids) => store.enqueue(ids)),
  calling(ids, (store, ids) => store.dequeue(ids)),
  calling(ids, (store, ids) => store.writeInFlight(ascending(ids))),
  calling(fc.constantFrom(1, 2), (store, source) => store.removeSource(source)),
  calling(fc.constant(null), (store) => store.clearKeys()),
  calling(fc.constant(null), (store) => store.clear()),
);

/** Everything that an index may be asked. */
function* askIndex(index: ItemIndex): Generator<[string, unknown]> {
  for (let id = 1; id <= 12; id++) {
    yield [`find ${id}`, index.find(id)];
    yield [`isVoidedSet ${id}`, index.isVoidedSet(String(id))];
  }
  for (const side of SIDES) {
    for (const plan of PLANS) {
      for (const key of KEYS) {
        for (const from of [-1, 49, 50, 51, 100, 301, 999_999_999_999_999]) {
          for (const direction of ["up", "down"] as const) {
            const name = `nextAmount ${plan} ${side} ${key} ${from} ${direction}`;
            yield [name, index.nextAmount(plan, side, key, from, direction)];
          }
        }
        for (const amount of AMOUNTS) yield* pageThrough(index, plan, side, key, amount);
      }
    }
    yield* walkThrough(index, side);
  }
}

function* pageThrough(
  index: ItemIndex,
  plan: string,
  side: Side,
  key: string,
  amount: number,
): Generator<[string, unknown]> {
  const name = `listAt ${plan} ${side} ${key} ${amount}`;
  const whole = index.listAt(plan, side, key, amount, null, 100);
  yield [name, whole];
  for (const after of whole) yield [`${name} after ${after.id}`, index.listAt(plan, side, key, amount, after, 2)];
}

function* walkThrough(index: ItemIndex, side: Side): Generator<[string, unknown]> {
  let after: WalkPosition | null = null;
  for (let page = 0; page < 20; page++) {
    const found = index.walk(side, after, 2);
    yield [`walk ${side} ${page}`, found];
    const last = found.at(-1);
    if (!last) return;
    after = walkPositionOf(last);
  }
}

function* askStore(store: ReconcilerStore): Generator<[string, unknown]> {
  yield ["peekQueue", store.peekQueue(100)];
  yield ["peekQueue 2", store.peekQueue(2)];
  yield ["readInFlight", store.readInFlight()];
  yield ["listIds", store.listIds(0, 100)];
  yield ["listIds after 3", store.listIds(3, 2)];
  // Days may be equal, and then the order is nobody's business.
  yield ["listDue", store.listDue("2026-02-01", 100).sort()];
  yield ["listDue", store.listDue("2026-03-01", 100).sort()];
  yield ["nextDue", store.nextDue()];
}

/** Runs with a store of its own in a Durable Object's SQLite. */
function inObject(work: (store: SqliteStore, state: DurableObjectState) => void): Promise<void> {
  const stub = bindings.RECONCILER.getByName(crypto.randomUUID());
  return runInDurableObject(stub, (_, state) => work(new SqliteStore(state.storage), state));
}

describe("the store in SQLite", () => {
  it("answers every question as the one in memory does", async () => {
    await inObject((sqlite) => {
      fc.assert(
        fc.property(fc.array(change, { maxLength: 40, size: "max" }), (changes) => {
          const memory = new MemoryStore();
          sqlite.clear();
          for (const apply of changes) expect(apply(sqlite)).toEqual(apply(memory));
          expect([...askIndex(sqlite.index)]).toEqual([...askIndex(memory.index)]);
          expect([...askStore(sqlite)]).toEqual([...askStore(memory)]);
        }),
        { numRuns: RUNS },
      );
    });
  });

  it("walks through texts of every script in the same order", async () => {
    const texts = EXTERNAL_IDS.filter((text) => text !== null);
    await inObject((sqlite) => {
      const memory = new MemoryStore();
      texts.forEach((externalId, place) => {
        for (const { index } of [sqlite, memory]) index.put({ ...itemOf(place + 1, SAMPLE), externalId }, []);
      });
      const walked = sqlite.walk("a", null, 100).map((item) => item.externalId);
      expect(walked).toEqual(["E1", "e1", "é", "\uff5e", "\u{1f4b3}"]);
      expect([...walkThrough(memory.index, "a")]).toEqual([...walkThrough(sqlite, "a")]);
    });
  });

  it("keeps everything when its object starts anew", async () => {
    await inObject((sqlite, state) => {
      fc.assert(
        fc.property(fc.array(change, { maxLength: 40, size: "max" }), (changes) => {
          sqlite.clear();
          for (const apply of changes) apply(sqlite);
          const again = new SqliteStore(state.storage);
          expect([...askIndex(again.index), ...askStore(again)]).toEqual([
            ...askIndex(sqlite.index),
            ...askStore(sqlite),
          ]);
        }),
        { numRuns: 20 },
      );
    });
  });

  it("keeps its configuration and progress, and forgets them when it is cleared", async () => {
    await inObject((sqlite, state) => {
      const configuration = {
        reconciliationId: 1,
        reconciliationUid: "r",
        environmentId: 1,
        generation: 3,
        runType: "continuous" as const,
        expectedWithinDays: null,
        sources: [{ id: 1, side: "a" as const }],
        rules: [],
      };
      const progress = {
        cursors: [{ sourceId: 1, no: 5, token: Number.MAX_SAFE_INTEGER }],
        head: { no: 2, hash: "h" },
        isLoading: false,
        reindexAfter: null,
        pass: { rule: 1, after: { date: "2026-01-01", amount: 1, externalId: "", uid: "u" } },
      };
      sqlite.writeConfiguration(configuration);
      sqlite.writeProgress(progress);
      const again = new SqliteStore(state.storage);
      expect([again.readConfiguration(), again.readProgress()]).toEqual([configuration, progress]);
      again.clear();
      expect([again.readConfiguration(), again.readProgress()]).toEqual([undefined, undefined]);
    });
  });

  it("takes back a transaction that fails, whole", async () => {
    await inObject((sqlite) => {
      const kept = itemOf(1, { ...SAMPLE, side: "a" });
      sqlite.put(kept, [{ plan: "1.1.0", key: "USD" }]);
      sqlite.enqueue([1]);
      const before = [...askIndex(sqlite), ...askStore(sqlite)];
      const work = () => {
        sqlite.remove(1);
        sqlite.put(itemOf(2, { ...SAMPLE, side: "b" }), []);
        sqlite.dequeue([1]);
        sqlite.watch(1, [2]);
        sqlite.addVoidedSets(["1"]);
        throw new Error("halfway");
      };
      expect(() => sqlite.transaction(work)).toThrow("halfway");
      expect([...askIndex(sqlite), ...askStore(sqlite)]).toEqual(before);
      expect(sqlite.takeWatchers(2)).toEqual([]);
    });
  });

  it("is built anew when it was written in another form", async () => {
    await inObject((sqlite, state) => {
      sqlite.put(itemOf(1, { ...SAMPLE, side: "a" }), []);
      state.storage.sql.exec("update documents set body = '0' where name = 'storage_version'");
      expect(new SqliteStore(state.storage).find(1)).toBeUndefined();
    });
  });
});

const SAMPLE: Fields = {
  side: "a",
  amount: 100,
  date: "2026-01-01",
  currency: "USD",
  sign: 1,
  description: null,
  externalId: null,
  ref: null,
  refs: null,
};
