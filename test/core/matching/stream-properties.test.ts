import { describe, expect, it } from "vitest";
import { MemoryIndex } from "../../../src/core/matching/memory-index.ts";
import { type OracleWorld, type OracleWorldOptions, worldArbitrary } from "../../oracle/arbitraries.ts";
import { arriveOracle } from "../../oracle/brute-force-run.ts";
import { type Candidate, candidatesOf } from "../../oracle/candidates.ts";
import { applyMatch, type OracleMatch, type OracleRule, type OracleState } from "../../oracle/model.ts";
import { explainViolation } from "../../oracle/satisfies.ts";
import fc from "../../support/fast-check.ts";
import { crowdedWorlds } from "./crowded-world.ts";
import { EngineWorld, inOrderOfArrival, SMALL_SLICES, streamEngine } from "./engine-world.ts";

const NUM_RUNS = 1_500;
const PAIRS: OracleWorldOptions = { cardinalities: ["one_to_one"] };
const WHOLE_GROUPS: OracleWorldOptions = { subset: false };

/** Half of them crowded, so that much is ambiguous. */
function worlds(options: OracleWorldOptions): fc.Arbitrary<OracleWorld> {
  return fc.oneof(worldArbitrary(options), crowdedWorlds(options));
}

/** What happens to a stream after each arrival: now and then a record is deleted, or gets the content of another one. */
const changes = fc.array(
  fc.option(fc.record({ place: fc.nat(20), content: fc.option(fc.nat(20), { nil: null }) }), { nil: null, freq: 4 }),
  { minLength: 16, maxLength: 16 },
);
type Changes = typeof changes extends fc.Arbitrary<infer T> ? T : never;

interface Stream {
  world: EngineWorld;
  /** Each match, and what was open before it. */
  made: { match: OracleMatch; before: OracleState }[];
}

function play({ records, rules }: OracleWorld, changes: Changes): Stream {
  const world = new EngineWorld(rules, new MemoryIndex());
  const made: Stream["made"] = [];
  const settle = (again: number[], before: OracleState) => {
    world.drain(again, SMALL_SLICES);
    let state = before;
    for (const match of world.outcome.matches.slice(made.length)) {
      made.push({ match, before: state });
      state = applyMatch(state, match);
    }
    expect(new Set(world.state)).toEqual(new Set(state));
  };
  for (const [place, record] of inOrderOfArrival(records).entries()) {
    const before = [...world.state, { record, open: record.amount }];
    settle(world.arrive(record), before);
    const change = changes[place];
    const untouched = world.state.filter(({ record, open }) => record.amount === open);
    const changed = change && untouched[change.place % untouched.length]?.record;
    if (!changed) continue;
    const others = records.filter(({ side }) => side === changed.side);
    const other = change.content === null ? undefined : others[change.content % others.length];
    const content = other ? { ...other, id: changed.id, arrival: changed.arrival } : null;
    const again = world.change(changed.arrival + 1, content);
    settle(again, world.state);
  }
  return { world, made };
}

const idsOf = ({ match }: Candidate) => match.allocations.map(({ record_id }) => record_id);

describe("an arrival under one-to-one rules", () => {
  it("makes what the oracle makes of what is open then", () => {
    let made = 0;
    fc.assert(
      fc.property(worlds(PAIRS), ({ records, rules }) => {
        const world = new EngineWorld(rules, new MemoryIndex());
        for (const record of inOrderOfArrival(records)) {
          const [before, count] = [world.state, world.decisions.length];
          // The oracle looks at nothing but the arrival; the items that this makes the engine look at again come after.
          const again = world.arrive(record);
          const expected = arriveOracle(before, record, rules);
          expect(world.outcome.matches.slice(count)).toEqual(expected.matches);
          expect(new Set(world.state)).toEqual(new Set(expected.state));
          const noted = world.notes.filter(({ record_id }) => record_id === record.id).map(({ rule_id }) => rule_id);
          const ambiguous = expected.ambiguous.filter(({ record_id }) => record_id === record.id);
          expect(noted).toEqual(ambiguous.map(({ rule_id }) => rule_id));
          made += expected.matches.length;
          world.drain(again, SMALL_SLICES);
        }
      }),
      { numRuns: NUM_RUNS },
    );
    expect(made).toBeGreaterThan(NUM_RUNS / 10);
  });
});

describe("a stream of arrivals, edits and deletions", () => {
  it("makes only matches that satisfy their rule, each in the state that the one before it left", () => {
    let count = 0;
    fc.assert(
      fc.property(worlds({ maxPerSide: 4 }), changes, (world, changes) => {
        for (const { match, before } of play(world, changes).made) {
          const rule = world.rules.find(({ id }) => id === match.rule_id) as OracleRule;
          expect(explainViolation(match, rule, before)).toBeUndefined();
          count += 1;
        }
      }),
      { numRuns: NUM_RUNS },
    );
    expect(count).toBeGreaterThan(NUM_RUNS / 10);
  });

  describe.each<[string, OracleWorldOptions]>([
    ["one to one", PAIRS],
    ["whole groups", { cardinalities: ["many_to_one", "one_to_many", "many_to_many"], ...WHOLE_GROUPS }],
    ["rules of every kind, whole groups", WHOLE_GROUPS],
    ["rules of every kind, subsets too", { maxPerSide: 4 }],
  ])("in the end, %s", (_name, options) => {
    it("leaves nothing open that a rule would match", () => {
      fc.assert(
        fc.property(worlds(options), changes, (drawn, changes) => {
          const { state } = play(drawn, changes).world;
          for (const rule of drawn.rules) {
            const left = candidatesOf(state, rule);
            const alone = left.filter((one) => !left.some((other) => other !== one && meet(one, other)));
            expect(rule.on_ambiguous === "earliest" ? left : alone).toEqual([]);
          }
        }),
        { numRuns: NUM_RUNS },
      );
    });

    it("has noted what is ambiguous, and nothing else", () => {
      fc.assert(
        fc.property(worlds(options), changes, (drawn, changes) => {
          const { world } = play(drawn, changes);
          for (const rule of drawn.rules) {
            const noted = world.notes.filter(({ rule_id }) => rule_id === rule.id).map(({ record_id }) => record_id);
            expect(new Set(noted)).toEqual(new Set(candidatesOf(world.state, rule).flatMap(idsOf)));
          }
        }),
        { numRuns: NUM_RUNS },
      );
    });
  });
});

function meet(one: Candidate, other: Candidate): boolean {
  return idsOf(one).some((id) => idsOf(other).includes(id));
}

describe("a stream of arrivals", () => {
  it("makes the same when it is played again, however it is sliced", () => {
    const limits = fc.record({ items: fc.constantFrom(1, 2, 3, 200), steps: fc.constantFrom(1, 60, 400, 1e9) });
    fc.assert(
      fc.property(worlds({ maxPerSide: 4 }), limits, ({ records, rules }, limit) => {
        const first = streamEngine(records, rules, new MemoryIndex());
        const second = streamEngine(records, rules, new MemoryIndex(), limit);
        expect(second.matches).toEqual(first.matches);
        expect(second.notes).toEqual(first.notes);
        expect(second.state).toEqual(first.state);
      }),
      { numRuns: NUM_RUNS },
    );
  });

  it("goes on as it would have when its index is made anew from what is open, under rules that do not skip", () => {
    fc.assert(
      fc.property(worlds({ maxPerSide: 4 }), fc.nat(10), ({ records, rules }, place) => {
        const earliest = rules.map((rule) => ({ ...rule, on_ambiguous: "earliest" as const }));
        expect(rebuild(records, earliest, place, false)).toEqual(rebuild(records, earliest, null, false));
      }),
      { numRuns: NUM_RUNS },
    );
  });

  // What was skipped, and because of what, is learnt again by a pass over everything open.
  it("goes on as it would have when its index is made anew and a pass is made over it", () => {
    fc.assert(
      fc.property(worlds({ maxPerSide: 4 }), fc.nat(10), ({ records, rules }, place) => {
        expect(rebuild(records, rules, place, true)).toEqual(rebuild(records, rules, null, true));
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

/** What a stream makes whose index is lost after so many arrivals, as the matches and what is open in the end. */
function rebuild(records: OracleWorld["records"], rules: OracleWorld["rules"], after: number | null, passes: boolean) {
  const matches: OracleMatch[] = [];
  let world = new EngineWorld(rules, new MemoryIndex());
  for (const [place, record] of inOrderOfArrival(records).entries()) {
    if (place === after) {
      matches.push(...world.outcome.matches);
      const { state } = world;
      world = new EngineWorld(rules, new MemoryIndex());
      for (const item of state) world.put(item);
      if (passes) world.run(SMALL_SLICES);
    }
    world.drain(world.arrive(record), SMALL_SLICES);
  }
  const { state, notes } = world;
  return { matches: [...matches, ...world.outcome.matches], state, notes };
}
