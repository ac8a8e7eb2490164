import { describe, expect, it } from "vitest";
import { explainCandidates } from "../../../src/core/matching/explain-candidates.ts";
import type { IndexedItem } from "../../../src/core/matching/item-index.ts";
import { listIndexKeys } from "../../../src/core/matching/keys.ts";
import { MemoryIndex } from "../../../src/core/matching/memory-index.ts";
import { findOutcome } from "../../../src/core/matching/outcome.ts";
import type { EngineRule } from "../../../src/core/matching/rule.ts";
import { newMeter } from "../../../src/core/matching/search.ts";
import { setKeyOf } from "../../../src/core/matching/set-key.ts";
import { compileFilters } from "../../../src/core/rules/compile.ts";
import { worldArbitrary } from "../../oracle/arbitraries.ts";
import fc from "../../support/fast-check.ts";
import { item } from "../rules/items.ts";
import { EngineWorld } from "./engine-world.ts";

const EVERYTHING = { items: 50, steps: 20_000_000 };

const SAME_AMOUNT = { key: "amount", operand: "eq", value: "amount" };
const SAME_REFERENCE = { key: "metadata.ref", operand: "eq", value: "metadata.ref" };
const IN_BATCH = { key: "metadata.batch", operand: "eq", value: "external_id" };
const SAME_DESCRIPTION = { key: "description", operand: "eq", value: "description" };

function ruleOf(conditions: unknown[], fields: Partial<EngineRule> = {}): EngineRule {
  return {
    id: 1,
    uid: "rule",
    version: 1,
    cardinality: "one_to_one",
    groupBy: [],
    rollup: null,
    isSubset: false,
    onAmbiguous: "earliest",
    payment: null,
    compiled: compileFilters({ operand: "and", rules: conditions }).compiled,
    ...fields,
  };
}

const BATCHES = { cardinality: "many_to_one", groupBy: ["metadata.batch"] } as const;

/** Ids count from 1 on in the order in which the records are given. */
class Scene {
  readonly index = new MemoryIndex();
  readonly rules: EngineRule[];
  readonly items: IndexedItem[] = [];

  constructor(...rules: EngineRule[]) {
    this.rules = rules;
  }

  add(side: "a" | "b", open: number, fields: Partial<IndexedItem> = {}): IndexedItem {
    const added = this.make(side, open, fields);
    this.index.put(added, listIndexKeys(this.rules, added));
    return added;
  }

  make(side: "a" | "b", open: number, fields: Partial<IndexedItem> = {}): IndexedItem {
    const id = this.items.length + 1;
    const made = { ...item(side, { open, id, uid: `${side}${id}` }), due: null, ...fields };
    this.items.push(made);
    return made;
  }

  explain(asked: IndexedItem, limit = EVERYTHING) {
    return explainCandidates(this.rules, this.index, asked, limit);
  }

  /** The candidates' public ids, in their order. */
  uids(asked: IndexedItem, items = 50): string[] {
    return this.explain(asked, { ...EVERYTHING, items }).candidates.map((candidate) => candidate.item.uid);
  }

  /** What the first rule says of a pair: whether it allows a match, its conditions' outcomes, and the groups. */
  say(asked: IndexedItem, other: IndexedItem) {
    const pair = this.explain(asked).candidates.find((candidate) => candidate.item.id === other.id)?.rules[0];
    if (!pair) throw new Error("it is no candidate");
    const groups = pair.groups.map(({ side, items, count, sum }) => [side, items.map(({ uid }) => uid), count, sum]);
    return { matched: pair.matched, outcomes: pair.outcomes, groups };
  }
}

describe("candidates", () => {
  it("are nearest first, by amount, then days, then arrival", () => {
    const scene = new Scene(ruleOf([SAME_REFERENCE, SAME_AMOUNT]));
    const asked = scene.add("a", 100, { date: "2024-02-28" });
    scene.add("b", 103);
    scene.add("b", 98);
    scene.add("b", 99, { date: "2024-03-01" });
    scene.add("b", 101, { date: "2024-02-27" });
    scene.add("b", 99, { date: "2024-02-29" });
    scene.add("a", 100);
    scene.add("b", 100, { currency: "EUR" });
    expect(scene.uids(asked)).toEqual(["b5", "b6", "b4", "b3", "b2"]);
    expect(scene.uids(asked, 2)).toEqual(["b5", "b6"]);
  });

  it("are first those that a rule would match, strong rules before weak ones", () => {
    const strong = ruleOf([SAME_REFERENCE]);
    const weak = ruleOf([SAME_DESCRIPTION], { id: 2, uid: "weak" });
    const scene = new Scene(strong, weak);
    const asked = scene.add("a", 100, { metadata: { ref: "r" }, description: "d" });
    scene.add("b", 100);
    scene.add("b", 150, { description: "d" });
    scene.add("b", 900, { metadata: { ref: "r" } });
    expect(scene.uids(asked)).toEqual(["b4", "b3", "b2"]);
    const { rules, candidates } = scene.explain(asked);
    expect(rules.map(({ rule }) => rule.uid)).toEqual(["rule", "weak"]);
    expect(candidates.map((candidate) => candidate.rules.map(({ matched }) => matched))).toEqual([
      [true, false],
      [false, true],
      [false, false],
    ]);
  });

  it("do not lose what has the same reference among many of the same amount", () => {
    const scene = new Scene(ruleOf([SAME_REFERENCE, SAME_AMOUNT]));
    const asked = scene.add("a", 100, { metadata: { ref: "r" } });
    for (let n = 0; n < 300; n++) scene.add("b", 100);
    const suspect = scene.add("b", 77, { metadata: { ref: "r" } });
    expect(scene.uids(asked, 10).at(-1)).toBe(suspect.uid);
    expect(scene.uids(asked, 10)).toHaveLength(10);
    expect(scene.uids(asked, 1)).toEqual(["b2"]);
  });

  it("are there without any rule, and none without the other side", () => {
    const scene = new Scene();
    const asked = scene.add("a", 100);
    expect(scene.explain(asked)).toEqual({ rules: [], candidates: [], failures: [] });
    scene.add("b", 5);
    expect(scene.explain(asked).candidates).toMatchObject([{ item: { uid: "b2" }, rules: [] }]);
  });

  it("are found for a record that is not open, of which nothing is noted", () => {
    const scene = new Scene(ruleOf([SAME_AMOUNT], { onAmbiguous: "skip" }));
    scene.add("b", 100);
    scene.add("b", 100);
    const reconciled = scene.make("a", 100);
    const { rules, candidates } = scene.explain(reconciled);
    expect(rules.map(({ finding }) => finding)).toEqual([null]);
    expect(candidates).toHaveLength(2);
    const open = scene.add("a", 100);
    expect(scene.explain(open).rules.map(({ finding }) => finding)).toEqual(["ambiguous"]);
  });

  it("leave the index as it is", () => {
    const scene = new Scene(ruleOf([SAME_AMOUNT], { onAmbiguous: "skip" }));
    const asked = scene.add("a", 100);
    const others = [scene.add("b", 100), scene.add("b", 100)];
    expect(scene.explain(asked).rules[0]?.finding).toBe("ambiguous");
    expect(scene.index.listNotes(null, 10)).toEqual([]);
    expect(others.flatMap(({ id }) => scene.index.takeWatchers(id))).toEqual([]);
    expect(scene.index.walkWoken(null, 10)).toEqual([]);
  });

  it("end early when the work comes to its limit, and say that rules were not followed", () => {
    const scene = new Scene(
      ruleOf([SAME_AMOUNT]),
      ruleOf([IN_BATCH, SAME_AMOUNT], { ...BATCHES, id: 2, uid: "group" }),
    );
    const asked = scene.add("b", 200, { externalId: "x" });
    for (let n = 0; n < 4; n++) scene.add("a", 100, { metadata: { batch: "x" } });
    const { rules, candidates } = scene.explain(asked, { items: 50, steps: 1 });
    expect(rules.map(({ finding }) => finding)).toEqual([null, null]);
    expect(candidates).toHaveLength(1);
    scene.add("a", 200, { metadata: { batch: "y" } });
    const cut = scene.explain(asked, { items: 50, steps: 1 });
    expect(cut.rules.map(({ finding }) => finding)).toEqual([null, "cut"]);
  });
});

describe("a rule that throws", () => {
  const failing = (name: "evaluate" | "explain") => {
    const rule = ruleOf([SAME_AMOUNT], { id: 2, uid: "failing" });
    return { ...rule, compiled: { ...rule.compiled, [name]: () => JSON.parse("{") } };
  };

  it.each(["evaluate", "explain"] as const)("to %s is left out and named, and the others go on", (name) => {
    const scene = new Scene(failing(name), ruleOf([SAME_AMOUNT]));
    const asked = scene.add("a", 100);
    scene.add("b", 100);
    const { rules, candidates, failures } = scene.explain(asked);
    expect(rules.map(({ rule }) => rule.uid)).toEqual(["rule"]);
    expect(candidates).toMatchObject([{ item: { uid: "b2" }, rules: [{ matched: true }] }]);
    expect(failures).toMatchObject([{ rule: { uid: "failing" }, message: expect.stringContaining("SyntaxError") }]);
  });
});

describe("what is said of candidates", () => {
  it("is what the engine does", () => {
    let made = 0;
    fc.assert(
      fc.property(worldArbitrary({ maxPerSide: 5 }), fc.boolean(), ({ records, rules }, hasRun) => {
        const world = new EngineWorld(rules, new MemoryIndex());
        for (const record of records) world.put({ record, open: record.amount });
        if (hasRun) world.run(EVERYTHING);
        const { index } = world;
        for (const asked of index.walk(null, 100)) {
          const explained = explainCandidates(world.rules, index, asked, EVERYTHING);
          for (const [place, rule] of world.rules.entries()) {
            const outcome = findOutcome({ rule, index, meter: newMeter() }, asked);
            const isLeft = outcome.kind === "ambiguous" || outcome.kind === "cut";
            expect(explained.rules[place]?.finding).toBe(isLeft ? outcome.kind : null);
            const allowed = explained.candidates.filter((candidate) => candidate.rules[place]?.matched);
            const uids = allowed.map((candidate) => candidate.item.uid);
            const partners =
              outcome.kind === "match" ? outcome.decision.allocations.filter(({ side }) => side !== asked.side) : [];
            expect(uids).toEqual(expect.arrayContaining(partners.map((partner) => partner.item.uid)));
            if (outcome.kind === "none" || outcome.kind === "cut") expect(uids).toEqual([]);
            made += uids.length;
          }
        }
      }),
      { numRuns: 1_000 },
    );
    expect(made).toBeGreaterThan(1_000);
  });
});

describe("a one-to-one rule", () => {
  it.each([
    ["passes", { metadata: { ref: "r" } }, 100, true, [true, true]],
    ["fails by a value", { metadata: { ref: "R" } }, 100, false, [false, true]],
    ["fails by a missing value", {}, 100, false, [false, true]],
    ["fails by the amount", { metadata: { ref: "r" } }, 101, false, [true, false]],
  ])("%s", (_, fields, open, matched, passed) => {
    const scene = new Scene(ruleOf([SAME_REFERENCE, SAME_AMOUNT]));
    const asked = scene.add("a", 100, { metadata: { ref: "r" } });
    const other = scene.add("b", open, fields);
    for (const [left, right] of [
      [asked, other],
      [other, asked],
    ] as const) {
      const said = scene.say(left, right);
      expect(said).toMatchObject({ matched, groups: [] });
      expect(said.outcomes.map((outcome) => outcome?.passed)).toEqual(passed);
      expect(said.outcomes[1]).toEqual({ a: 1, b: open / 100, passed: passed[1] });
    }
  });

  it("allows no match of a voided set, nor of nothing without an amount condition", () => {
    const scene = new Scene(ruleOf([SAME_REFERENCE]));
    const [asked, voided, empty] = [
      scene.add("a", 100, { metadata: { ref: "r" } }),
      scene.add("b", 100, { metadata: { ref: "r" } }),
      scene.add("b", 0, { metadata: { ref: "r" } }),
    ];
    expect(scene.say(asked, voided).matched).toBe(true);
    scene.index.addVoidedSets([setKeyOf([asked, voided])]);
    for (const other of [voided, empty]) {
      const { matched, outcomes } = scene.say(asked, other);
      expect([matched, outcomes.map((outcome) => outcome?.passed)]).toEqual([false, [true]]);
    }
  });

  it("that skips is ambiguous from each side", () => {
    const scene = new Scene(ruleOf([SAME_AMOUNT], { onAmbiguous: "skip" }));
    const one = scene.add("a", 100);
    const [left, right] = [scene.add("b", 100), scene.add("b", 100)];
    const lonely = scene.add("b", 7);
    const finding = (asked: IndexedItem) => scene.explain(asked).rules[0]?.finding;
    expect([one, left, right, lonely].map(finding)).toEqual(["ambiguous", "ambiguous", "ambiguous", null]);
    expect(scene.say(one, right).matched).toBe(true);
  });
});

describe("a rule of whole groups", () => {
  const rule = ruleOf([IN_BATCH, SAME_AMOUNT], BATCHES);

  it("shows the sums that are compared, from the single record as from each member", () => {
    const scene = new Scene(rule);
    const payout = scene.add("b", 10_000, { externalId: "p" });
    const [first, second] = [
      scene.add("a", 7_000, { metadata: { batch: "p" } }),
      scene.add("a", 2_000, { metadata: { batch: "p" } }),
    ];
    scene.add("a", 1_000, { metadata: { batch: "q" } });
    const expected = {
      matched: false,
      outcomes: [
        { a: "p", b: "p", passed: true },
        { a: 90, b: 100, passed: false },
      ],
      groups: [["a", ["a2", "a3"], 2, 9_000n]],
    };
    for (const member of [first, second]) {
      expect(scene.say(payout, member)).toEqual(expected);
      expect(scene.say(member, payout)).toEqual(expected);
    }
  });

  it("is matched when the sums are equal, refunds counted against", () => {
    const scene = new Scene(rule);
    const payout = scene.add("b", 10_000, { externalId: "p" });
    const order = scene.add("a", 12_000, { metadata: { batch: "p" } });
    const refund = scene.add("a", 2_000, { metadata: { batch: "p" }, sign: -1 });
    for (const member of [order, refund]) {
      expect(scene.say(payout, member)).toMatchObject({ matched: true, groups: [["a", ["a2", "a3"], 2, 10_000n]] });
      expect(scene.say(member, payout)).toMatchObject({ matched: true });
    }
  });

  it.each([
    ["lacks a field", {}],
    ["has another batch", { metadata: { batch: "q", own: "x" } }],
  ])("compares the records alone when one %s", (_, fields) => {
    const scene = new Scene(ruleOf([SAME_AMOUNT], { ...BATCHES, groupBy: ["metadata.batch"] }));
    const single = scene.add("b", 100, { metadata: { batch: "p" } });
    const other = scene.add("a", 100, fields);
    expect(scene.say(single, other)).toEqual({ matched: false, outcomes: [{ a: 1, b: 1, passed: true }], groups: [] });
  });

  it("allows no match of a voided set, though it shows that the sums are equal", () => {
    const scene = new Scene(rule);
    const items = [
      scene.add("b", 300, { externalId: "p" }),
      scene.add("a", 100, { metadata: { batch: "p" } }),
      scene.add("a", 200, { metadata: { batch: "p" } }),
    ] as const;
    scene.index.addVoidedSets([setKeyOf(items)]);
    const { matched, outcomes } = scene.say(items[0], items[1]);
    expect([matched, outcomes[1]]).toEqual([false, { a: 3, b: 3, passed: true }]);
  });

  it("compares what the lookback reaches, whether or not the record itself is in it", () => {
    const rollup = { group_by_kind: "identifier", lookback_days: 2, date_field: "date" } as const;
    const scene = new Scene(ruleOf([IN_BATCH, SAME_AMOUNT], { ...BATCHES, rollup }));
    const payout = scene.add("b", 300, { externalId: "p", date: "2024-01-10" });
    const within = scene.add("a", 300, { metadata: { batch: "p" }, date: "2024-01-08" });
    const earlier = scene.add("a", 50, { metadata: { batch: "p" }, date: "2024-01-07" });
    const groups = [["a", ["a2"], 1, 300n]];
    expect(scene.say(payout, within)).toMatchObject({ matched: true, groups });
    expect(scene.say(payout, earlier)).toMatchObject({ matched: false, groups });
    expect(scene.say(earlier, payout)).toMatchObject({ matched: false, groups });
  });

  it("compares by date the days that fit, else all of them", () => {
    const rollup = { group_by_kind: "date", lookback_days: 5, date_field: "date" } as const;
    const scene = new Scene(ruleOf([SAME_AMOUNT], { cardinality: "many_to_one", groupBy: ["currency"], rollup }));
    const deposit = scene.add("b", 300, { date: "2024-01-10" });
    const days = ["2024-01-10", "2024-01-09", "2024-01-08"].map((date) => scene.add("a", 150, { date }));
    expect(scene.say(deposit, days[1] as IndexedItem)).toMatchObject({
      matched: true,
      groups: [["a", ["a3", "a2"], 2, 300n]],
    });
    const later = scene.add("b", 1_000, { date: "2024-01-11" });
    expect(scene.say(later, days[0] as IndexedItem)).toMatchObject({
      matched: false,
      outcomes: [{ a: 4.5, b: 10, passed: false }],
      groups: [["a", ["a4", "a3", "a2"], 3, 450n]],
    });
  });

  it("of both sides shows both groups", () => {
    const scene = new Scene(ruleOf([SAME_AMOUNT], { cardinality: "many_to_many", groupBy: ["metadata.batch"] }));
    const batch = { metadata: { batch: "p" } };
    const left = [scene.add("a", 100, batch), scene.add("a", 250, batch)];
    const right = [scene.add("b", 300, batch), scene.add("b", 49, batch)];
    const groups = [
      ["a", ["a1", "a2"], 2, 350n],
      ["b", ["b3", "b4"], 2, 349n],
    ];
    expect(scene.say(left[0] as IndexedItem, right[1] as IndexedItem)).toEqual({
      matched: false,
      outcomes: [{ a: 3.5, b: 3.49, passed: false }],
      groups,
    });
    scene.add("b", 1, batch);
    expect(scene.say(right[0] as IndexedItem, left[1] as IndexedItem)).toMatchObject({ matched: true });
    const stranger = scene.add("b", 100, { metadata: { batch: "q" } });
    expect(scene.say(left[0] as IndexedItem, stranger)).toMatchObject({ matched: false, groups: [] });
  });

  it("leads to its records, however far their amounts are", () => {
    const scene = new Scene(rule);
    for (let n = 0; n < 60; n++) scene.add("b", 100);
    for (let n = 0; n < 60; n++) scene.add("a", 100_000);
    const member = scene.add("a", 100, { metadata: { batch: "p" } });
    const payout = scene.add("b", 100_000, { externalId: "p" });
    expect(scene.uids(member, 10)).toContain(payout.uid);
    expect(scene.uids(payout, 10)).toContain(member.uid);
  });

  it("says of a group that is too large how large it is, and leaves out what it cannot compare", () => {
    const scene = new Scene(rule);
    const payout = scene.add("b", 500_100, { externalId: "p" });
    for (let n = 0; n < 5_001; n++) scene.add("a", 100, { metadata: { batch: "p" } });
    const { rules, candidates } = scene.explain(payout, { ...EVERYTHING, items: 1 });
    expect(rules[0]?.finding).toBe("cut");
    const [pair] = candidates[0]?.rules ?? [];
    expect(pair).toMatchObject({ matched: false, outcomes: [{ a: "p", b: "p", passed: true }, null] });
    expect(pair?.groups).toMatchObject([{ side: "a", count: 5_001, sum: 500_100n }]);
    expect(pair?.groups[0]?.items).toHaveLength(50);
  });
});

describe("a subset rule", () => {
  const rule = (fields: Partial<EngineRule> = {}) =>
    ruleOf([SAME_DESCRIPTION, SAME_AMOUNT], { cardinality: "many_to_one", isSubset: true, ...fields });

  it("shows the set that it would match, and of others only what is not of sums", () => {
    const scene = new Scene(rule());
    const deposit = scene.add("b", 1_000, { description: "d" });
    const [first, second, spare, stranger] = [700, 300, 450, 300].map((open, place) =>
      scene.add("a", open, { description: place === 3 ? "e" : "d" }),
    ) as [IndexedItem, IndexedItem, IndexedItem, IndexedItem];
    const set = {
      matched: true,
      outcomes: [
        { a: "d", b: "d", passed: true },
        { a: 10, b: 10, passed: true },
      ],
      groups: [["a", ["a2", "a3"], 2, 1_000n]],
    };
    expect(scene.say(deposit, first)).toEqual(set);
    expect(scene.say(second, deposit)).toEqual(set);
    const alone = { matched: false, outcomes: [{ a: "d", b: "d", passed: true }, null], groups: [] };
    expect(scene.say(deposit, spare)).toEqual(alone);
    expect(scene.say(spare, deposit)).toEqual(alone);
    expect(scene.say(deposit, stranger).outcomes).toEqual([{ a: "e", b: "d", passed: false }, null]);
  });

  it("that skips is ambiguous when several sets fit, from each side", () => {
    const scene = new Scene(rule({ onAmbiguous: "skip" }));
    const deposit = scene.add("b", 1_000, { description: "d" });
    const members = [700, 300, 300].map((open) => scene.add("a", open, { description: "d" }));
    for (const asked of [deposit, ...members]) expect(scene.explain(asked).rules[0]?.finding).toBe("ambiguous");
  });

  it("says when its search was cut", () => {
    const scene = new Scene(rule());
    const deposit = scene.add("b", 1_000, { description: "d" });
    for (let n = 0; n < 401; n++) scene.add("a", 1_000 + n, { description: "d" });
    expect(scene.explain(deposit).rules[0]?.finding).toBe("cut");
  });
});
