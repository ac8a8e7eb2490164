import { describe, expect, it } from "vitest";
import { MemoryIndex } from "../../../src/core/matching/memory-index.ts";
import { type OracleWorld, type OracleWorldOptions, worldArbitrary } from "../../oracle/arbitraries.ts";
import { runOracle } from "../../oracle/brute-force-run.ts";
import { applyMatch, type OracleRule, type OracleState } from "../../oracle/model.ts";
import { explainViolation } from "../../oracle/satisfies.ts";
import fc from "../../support/fast-check.ts";
import { crowdedWorlds } from "./crowded-world.ts";
import { EngineWorld, runEngine } from "./engine-world.ts";
import { describeIndex } from "./index-content.ts";

const NUM_RUNS = 1_500;

/** A world, and what is open of its records before anything is matched. */
interface OpenWorld extends OracleWorld {
  before: OracleState;
}

const WHOLE_GROUPS = { subset: false, maxPerSide: 7 };

/** Worlds of which some records have been matched in part or in full. */
function openWorlds(options: OracleWorldOptions): fc.Arbitrary<OpenWorld> {
  const shares = fc.array(fc.constantFrom(1, 1, 1, 1, 1, 1, 0.5, 0), { minLength: 16, maxLength: 16 });
  return fc.tuple(fc.oneof(worldArbitrary(options), crowdedWorlds(options)), shares).map(([world, shares]) => ({
    ...world,
    before: world.records.flatMap((record, place) => {
      const open = Math.ceil(record.amount * (shares[place] ?? 1));
      return open > 0 || record.amount === 0 ? [{ record, open }] : [];
    }),
  }));
}

function run(
  { records, rules, before }: OpenWorld,
  index = new MemoryIndex("run"),
  limit = { items: 3, steps: 2_000 },
) {
  return runEngine(records, rules, index, limit, before);
}

function expectSameAsOracle(world: OpenWorld): number {
  const { matches, notes, state } = run(world);
  const expected = runOracle(world.records, world.rules, world.before);
  expect(matches).toEqual(expected.matches);
  expect(notes).toEqual(expected.ambiguous.map(({ rule_id, record_id }) => ({ rule_id, record_id })));
  expect(new Set(state)).toEqual(new Set(expected.state));
  return matches.length;
}

describe("a run makes exactly what the oracle makes", () => {
  it.each<[string, OracleWorldOptions]>([
    ["one to one", { cardinalities: ["one_to_one"], maxPerSide: 7 }],
    ["many to one", { cardinalities: ["many_to_one"], ...WHOLE_GROUPS }],
    ["one to many", { cardinalities: ["one_to_many"], ...WHOLE_GROUPS }],
    ["many to many", { cardinalities: ["many_to_many"], ...WHOLE_GROUPS }],
    ["rules of every kind, whole groups", WHOLE_GROUPS],
    ["many to one, subsets too", { cardinalities: ["many_to_one"] }],
    ["one to many, subsets too", { cardinalities: ["one_to_many"] }],
    ["many to many, subsets too", { cardinalities: ["many_to_many"], maxPerSide: 4 }],
    ["rules of every kind, subsets too", { maxPerSide: 4 }],
  ])("%s", (_name, options) => {
    let made = 0;
    fc.assert(
      fc.property(openWorlds(options), (world) => {
        made += expectSameAsOracle(world);
      }),
      { numRuns: NUM_RUNS },
    );
    expect(made).toBeGreaterThan(NUM_RUNS / 10);
  });
});

describe("a run", () => {
  it("makes only matches that satisfy their rule, each in the state that the one before it left", () => {
    fc.assert(
      fc.property(openWorlds({ maxPerSide: 4 }), (world) => {
        let state = world.before;
        const outcome = run(world);
        for (const match of outcome.matches) {
          const rule = world.rules.find(({ id }) => id === match.rule_id) as OracleRule;
          expect(explainViolation(match, rule, state)).toBeUndefined();
          state = applyMatch(state, match);
        }
        expect(new Set(outcome.state)).toEqual(new Set(state));
      }),
      { numRuns: NUM_RUNS },
    );
  });

  it("makes the same whatever the order of arrival", () => {
    const places = fc.shuffledSubarray([...Array(16).keys()], { minLength: 16 });
    fc.assert(
      fc.property(openWorlds({ maxPerSide: 4 }), places, (world, places) => {
        const arrival = (record: { arrival: number }) => ({ ...record, arrival: places[record.arrival] as number });
        const other = {
          ...world,
          records: world.records.map((record) => ({ ...record, ...arrival(record) })),
          before: world.before.map(({ record, open }) => ({ record: { ...record, ...arrival(record) }, open })),
        };
        const [first, second] = [run(world), run(other)];
        expect(second.matches).toEqual(first.matches);
        expect(new Set(second.notes.map(tell))).toEqual(new Set(first.notes.map(tell)));
      }),
      { numRuns: NUM_RUNS },
    );
  });

  it("makes the same however it is sliced", () => {
    const limits = fc.record({ items: fc.constantFrom(1, 2, 3, 200), steps: fc.constantFrom(1, 60, 400, 1e9) });
    fc.assert(
      fc.property(openWorlds({ maxPerSide: 4 }), limits, (world, limit) => {
        const [whole, sliced] = [
          run(world, new MemoryIndex("run"), { items: 200, steps: 1e9 }),
          run(world, new MemoryIndex("run"), limit),
        ];
        expect(sliced.matches).toEqual(whole.matches);
        expect(sliced.notes).toEqual(whole.notes);
        expect(sliced.decisions.map(({ explanation }) => explanation)).toEqual(
          whole.decisions.map(({ explanation }) => explanation),
        );
      }),
      { numRuns: NUM_RUNS },
    );
  });

  it("makes the same under the stronger rules when a weaker one is added", () => {
    fc.assert(
      fc.property(openWorlds({ maxRules: 2, maxPerSide: 4 }), worldArbitrary({ maxRules: 1 }), (world, other) => {
        const weaker = other.rules.map((rule) => ({ ...rule, id: "weaker", priority: 9 }));
        const alone = run(world).matches;
        const more = run({ ...world, rules: [...weaker, ...world.rules] }).matches;
        expect(more.slice(0, alone.length)).toEqual(alone);
        expect(more.slice(alone.length).every(({ rule_id }) => rule_id === "weaker")).toBe(true);
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

describe("a match that is voided", () => {
  it("leaves the index as it was before the match", () => {
    fc.assert(
      fc.property(openWorlds({ maxPerSide: 4 }), ({ rules, before }) => {
        const world = new EngineWorld(rules, new MemoryIndex("run"));
        for (const item of before) world.put(item);
        world.run({ items: 200, steps: 1e9 });
        const states = [before];
        for (const match of world.outcome.matches) states.push(applyMatch(states.at(-1) as OracleState, match));
        const items = states.flat();
        for (const [place, { allocations }] of [...world.decisions.entries()].reverse()) {
          for (const { item } of allocations) world.restore(item);
          const fresh = new EngineWorld(rules, new MemoryIndex("run"));
          for (const item of states[place] as OracleState) fresh.put(item);
          expect(describeIndex(world, items)).toEqual(describeIndex(fresh, items));
        }
      }),
      { numRuns: NUM_RUNS },
    );
  });

  // Of two sets that a search finds, one of which is voided, a rule that skips makes none: it does not tell them apart.
  // And the next best set of both sides is not searched for; a person is to decide.
  it.each<[string, OracleWorldOptions, boolean]>([
    ["whole groups", WHOLE_GROUPS, true],
    ["subsets too", { cardinalities: ["many_to_one", "one_to_many"] }, false],
  ])("is not made again: a run makes what the oracle makes of all other sets, %s", (_name, options, skips) => {
    let made = 0;
    fc.assert(
      fc.property(openWorlds(options), fc.nat(), (drawn, place) => {
        const world = skips ? drawn : { ...drawn, rules: withoutSkipping(drawn.rules) };
        const { matches, decisions } = run(world);
        const [match, decision] = [matches[place % matches.length], decisions[place % matches.length]];
        if (!match || !decision) return;
        const index = new MemoryIndex("run");
        index.addVoidedSets([decision.setKey]);
        const again = run(world, index);
        expect(again.decisions.map(({ setKey }) => setKey)).not.toContain(decision.setKey);
        const voided = match.allocations.map(({ record_id }) => record_id);
        const expected = runOracle(world.records, world.rules, world.before, [voided]);
        expect(again.matches).toEqual(expected.matches);
        expect(again.notes).toEqual(expected.ambiguous.map(({ rule_id, record_id }) => ({ rule_id, record_id })));
        made += 1;
      }),
      { numRuns: NUM_RUNS },
    );
    expect(made).toBeGreaterThan(NUM_RUNS / 10);
  });
});

function withoutSkipping(rules: readonly OracleRule[]): OracleRule[] {
  return rules.map((rule) => ({ ...rule, on_ambiguous: "earliest" }));
}

function tell(note: { rule_id: string; record_id: string }): string {
  return `${note.rule_id} ${note.record_id}`;
}
