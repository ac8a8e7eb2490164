import { describe, expect, it } from "vitest";
import { decideForItems } from "../../../src/core/matching/decide.ts";
import { RIVALS_MAX_STEPS, SUBSET_MAX_STEPS } from "../../../src/core/matching/limits.ts";
import { MemoryIndex } from "../../../src/core/matching/memory-index.ts";
import { findOutcome } from "../../../src/core/matching/outcome.ts";
import { newMeter } from "../../../src/core/matching/search.ts";
import { takeInItem } from "../../../src/core/matching/waking.ts";
import { rec, ruleOf, sameAmount, subset } from "../../oracle/builders.ts";
import { EngineWorld, toIndexedItem } from "./engine-world.ts";

/** Amounts of 45 bits, the same each time, of which no two sets have the same sum. */
function drawAmounts(count: number): number[] {
  let state = 1n;
  return Array.from({ length: count }, () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
    return Number(state >> 19n);
  });
}

/** Receipts, and deposits that are each the sum of a share of half of them. */
function newDeposits(deposits: number, receipts: number) {
  const world = new EngineWorld([ruleOf([sameAmount], { ...subset, on_ambiguous: "skip" })], new MemoryIndex());
  const amounts = drawAmounts(receipts);
  for (const [place, amount] of amounts.entries()) {
    world.put({ record: { ...rec("a", `a${place}`, amount), arrival: place }, open: amount });
  }
  for (let n = 0; n < deposits; n++) {
    const own = amounts.filter((_, place) => place % (2 * deposits) === n);
    const amount = own.reduce((sum, one) => sum + one, 0);
    world.put({ record: { ...rec("b", `b${n}`, amount), arrival: receipts + n }, open: amount });
  }
  return world;
}

function lookAt({ index, rules: [rule] }: EngineWorld, id: number) {
  const meter = newMeter();
  const item = index.find(id);
  if (!rule || !item) throw new Error("there is no such item");
  return { kind: findOutcome({ rule, index, meter }, item).kind, steps: meter.steps };
}

describe("one look at a record under a rule that chooses sets and skips", () => {
  it.each([
    ["the deposit", 40],
    ["a receipt", 1],
  ])("finds the only set of a deposit of 39 receipts in a few searches, from %s", (_, id) => {
    const { kind, steps } = lookAt(newDeposits(1, 39), id);
    expect(kind).toBe("match");
    expect(steps).toBeLessThan(2 * SUBSET_MAX_STEPS);
  });

  it.each([2, 3, 4])("is not cut among 40 records of which %d are deposits", (deposits) => {
    const world = newDeposits(deposits, 40 - deposits);
    for (const id of [1, 40]) {
      const { kind, steps } = lookAt(world, id);
      expect(kind).toBe("match");
      expect(steps).toBeLessThan(RIVALS_MAX_STEPS);
    }
  });
});

describe("a record for which very many others wait", () => {
  const WAITING = 200_000;
  const waiting = Array.from({ length: WAITING }, (_, place) => place + 10);

  function newWorld() {
    const world = new EngineWorld([ruleOf([sameAmount])], new MemoryIndex());
    world.put({ record: { ...rec("a", "a", 100), arrival: 0 }, open: 100 });
    for (const id of waiting) world.index.watch(id, [1]);
    return world;
  }

  it("wakes them when it changes", () => {
    const { index, rules } = newWorld();
    expect(takeInItem(1, toIndexedItem(rec("a", "a", 200), 200), rules, index)).toHaveLength(WAITING);
  });

  it("wakes them when it is matched", () => {
    const world = newWorld();
    world.put({ record: { ...rec("b", "b", 100), arrival: 1 }, open: 100 });
    const { decisions, again } = decideForItems([1], world.rules, world.index, { items: 1, steps: 1_000 });
    expect(decisions).toHaveLength(1);
    expect(again).toHaveLength(WAITING);
  });
});
