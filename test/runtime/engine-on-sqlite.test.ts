import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { MemoryIndex } from "../../src/core/matching/memory-index.ts";
import { SqliteStore } from "../../src/runtime/sqlite-store.ts";
import { crowdedWorlds } from "../core/matching/crowded-world.ts";
import { EngineWorld, inOrderOfArrival, runEngine, SMALL_SLICES, streamEngine } from "../core/matching/engine-world.ts";
import { type OracleWorld, worldArbitrary } from "../oracle/arbitraries.ts";
import { runOracle } from "../oracle/brute-force-run.ts";
import fc from "../support/fast-check.ts";
import { bindings } from "../support/scene.ts";

const NUM_RUNS = 1_000;
const TIMEOUT_MS = 120_000;

const worlds: fc.Arbitrary<OracleWorld> = fc.oneof(
  worldArbitrary({ maxPerSide: 4 }),
  crowdedWorlds({ maxPerSide: 4 }),
  worldArbitrary({ subset: false }),
  crowdedWorlds({ subset: false }),
);

/** Runs with a store of its own in a Durable Object's SQLite. */
function inObject(work: (store: SqliteStore) => void): Promise<void> {
  const stub = bindings.RECONCILER.getByName(crypto.randomUUID());
  return runInDurableObject(stub, (_, state) => work(new SqliteStore(state.storage)));
}

describe("the engine over SQLite", () => {
  it("makes in a run exactly what the oracle makes", { timeout: TIMEOUT_MS }, async () => {
    let made = 0;
    await inObject((store) => {
      fc.assert(
        fc.property(worlds, ({ records, rules }) => {
          store.clearScratch();
          const { matches, notes, state } = store.transaction(() => runEngine(records, rules, store.scratch));
          const expected = runOracle(records, rules);
          expect(matches).toEqual(expected.matches);
          expect(notes).toEqual(expected.ambiguous.map(({ rule_id, record_id }) => ({ rule_id, record_id })));
          expect(new Set(state)).toEqual(new Set(expected.state));
          made += matches.length;
        }),
        { numRuns: NUM_RUNS },
      );
    });
    expect(made).toBeGreaterThan(NUM_RUNS / 10);
  });

  it("makes of a stream what it makes over an index in memory", { timeout: TIMEOUT_MS }, async () => {
    await inObject((store) => {
      fc.assert(
        fc.property(worlds, ({ records, rules }) => {
          store.clear();
          const { decisions, ...sqlite } = store.transaction(() => streamEngine(records, rules, store.index));
          const { decisions: others, ...memory } = streamEngine(records, rules, new MemoryIndex());
          expect(sqlite).toEqual(memory);
          expect(decisions.map(({ explanation }) => explanation)).toEqual(others.map(({ explanation }) => explanation));
        }),
        { numRuns: NUM_RUNS },
      );
    });
  });

  it("goes on in a stream as it would have when its index is made anew", { timeout: TIMEOUT_MS }, async () => {
    await inObject((store) => {
      fc.assert(
        fc.property(worlds, fc.nat(10), ({ records, rules }, place) => {
          store.clear();
          const lost = store.transaction(() => rebuild(store, records, rules, place));
          expect(lost).toEqual(streamEngine(records, rules, new MemoryIndex()).state);
        }),
        { numRuns: NUM_RUNS },
      );
    });
  });
});

/** What is open after a stream in which the index is lost before an arrival, and learnt again by a pass. */
function rebuild(store: SqliteStore, records: OracleWorld["records"], rules: OracleWorld["rules"], before: number) {
  let world = new EngineWorld(rules, store.index);
  for (const [place, record] of inOrderOfArrival(records).entries()) {
    if (place === before) {
      const { state } = world;
      store.clear();
      world = new EngineWorld(rules, store.index);
      for (const item of state) world.put(item);
      world.run(SMALL_SLICES);
    }
    world.drain(world.arrive(record), SMALL_SLICES);
  }
  return world.state;
}
