import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { ItemIndex } from "../../src/core/matching/item-index.ts";
import { MemoryIndex } from "../../src/core/matching/memory-index.ts";
import { SqliteStore } from "../../src/runtime/sqlite-store.ts";
import { PaymentWorld } from "../core/matching/payment-world.ts";
import { paymentGroupWorlds } from "../oracle/payment-group-worlds.ts";
import { type PaymentWorldDraw, paymentWorlds } from "../oracle/payment-worlds.ts";
import fc from "../support/fast-check.ts";
import { bindings } from "../support/scene.ts";

const NUM_RUNS = 1_000;
const TIMEOUT_MS = 120_000;

/** Runs with a store of its own in a Durable Object's SQLite. */
function inObject(work: (store: SqliteStore) => void): Promise<void> {
  const stub = bindings.RECONCILER.getByName(crypto.randomUUID());
  return runInDurableObject(stub, (_, state) => work(new SqliteStore(state.storage)));
}

function stream({ rules, records, events }: PaymentWorldDraw, index: ItemIndex) {
  const world = new PaymentWorld(rules, index);
  for (const [place, record] of records.entries()) {
    world.arrive(record);
    const event = events[place];
    if (event) world.happen(event);
  }
  return describeWorld(world);
}

function pass({ rules, records }: PaymentWorldDraw, index: ItemIndex) {
  const world = new PaymentWorld(rules, index);
  for (const record of records) world.put(record);
  world.pass();
  return describeWorld(world);
}

function describeWorld({ links, notes, tentative, decisions }: PaymentWorld) {
  return { links, notes, tentative, explanations: decisions.map(({ explanation }) => explanation) };
}

describe("payment rules over SQLite", () => {
  it.each([
    ["a stream", stream],
    ["a pass", pass],
  ])("make of %s what they make over an index in memory", { timeout: TIMEOUT_MS }, async (_, play) => {
    let made = 0;
    await inObject((store) => {
      fc.assert(
        fc.property(fc.oneof(paymentWorlds(), paymentGroupWorlds()), (draw) => {
          store.clear();
          const sqlite = store.transaction(() => play(draw, store.index));
          expect(sqlite).toEqual(play(draw, new MemoryIndex()));
          made += sqlite.links.length;
        }),
        { numRuns: NUM_RUNS },
      );
    });
    expect(made).toBeGreaterThan(NUM_RUNS / 10);
  });
});
