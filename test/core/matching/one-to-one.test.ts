import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listCandidates } from "../../../src/core/matching/candidates.ts";
import { decideForItems, decideForRule } from "../../../src/core/matching/decide.ts";
import type { IndexedItem, WalkPosition } from "../../../src/core/matching/item-index.ts";
import { MemoryIndex } from "../../../src/core/matching/memory-index.ts";
import { type Decision, findPartner } from "../../../src/core/matching/one-to-one.ts";
import { type EngineRule, listIndexKeys } from "../../../src/core/matching/rule.ts";
import { setKeyOf } from "../../../src/core/matching/set-key.ts";
import { choosePartner, listPartners } from "./oracle.ts";
import { FILTERS, type FilterName, fields, filterNames, itemOf, onAmbiguous, ruleOf, rules } from "./population.ts";

const NOTHING = new Set<string>();

/** Items of which some are open only in part, as earlier matches leave them. */
const populations = fc
  .array(fc.tuple(fields, fc.constantFrom(0, 0, 0, 50, 100)), { minLength: 1, maxLength: 14, size: "max" })
  .map((drawn) =>
    drawn.map(([fields, matched], place) => {
      const item = itemOf(place + 1, fields);
      return matched < item.amount ? { ...item, open: item.amount - matched, matches: matched > 0 ? 1 : 0 } : item;
    }),
  );

function indexOf(items: readonly IndexedItem[], rules: readonly EngineRule[]): MemoryIndex {
  const index = new MemoryIndex();
  for (const item of items) index.put(item, listIndexKeys(rules, item));
  return index;
}

/** Pairs of the population that a draw declares voided. */
function voidSome(items: readonly IndexedItem[], chance: number): Set<string> {
  const pairs = items
    .flatMap((a) => items.map((b) => [a, b] as const))
    .filter(([a, b]) => a.side === "a" && b.side === "b");
  return new Set(pairs.filter((_, place) => chance > 0 && place % chance === 0).map((pair) => setKeyOf(pair)));
}

describe("candidates", () => {
  it.each(
    Object.keys(FILTERS) as FilterName[],
  )("by the rule %s are every partner that fits, best first, as by sorting all", (name) => {
    const rule = ruleOf(1, name, "earliest");
    fc.assert(
      fc.property(populations, (items) => {
        const index = indexOf(items, [rule]);
        for (const item of items) {
          const found = [...listCandidates(rule, item, index)].map((candidate) => candidate.id);
          const partners = listPartners(rule, item, items, NOTHING).map((partner) => partner.id);
          expect(found.filter((id) => partners.includes(id))).toEqual(partners);
          expect(new Set(found).size).toBe(found.length);
        }
      }),
    );
  });
});

describe("a partner", () => {
  it("is the one that sorting all pairs finds, or nobody where that is ambiguous", () => {
    fc.assert(
      fc.property(filterNames, onAmbiguous, populations, fc.nat(3), (name, ambiguous, items, chance) => {
        const rule = ruleOf(1, name, ambiguous);
        const voided = voidSome(items, chance);
        const index = indexOf(items, [rule]);
        index.addVoidedSets([...voided]);
        for (const item of items) {
          const outcome = findPartner(rule, item, index);
          const chosen = outcome.kind === "match" ? outcome.decision.allocations.map((part) => part.item.id) : [];
          const expected = choosePartner(rule, item, items, voided);
          expect(chosen.filter((id) => id !== item.id)).toEqual(expected ? [expected.id] : []);
          const fits = listPartners(rule, item, items, voided).length > 0;
          expect(outcome.kind).toBe(expected ? "match" : fits ? "ambiguous" : "none");
        }
      }),
      { numRuns: 400 },
    );
  });

  it("comes from the strongest rule that has one", () => {
    fc.assert(
      fc.property(rules, populations, fields, (rules, items, drawn) => {
        const arrival = itemOf(items.length + 1, { ...drawn });
        const open = [...items, arrival];
        const { decisions } = decideForItems([arrival.id], rules, indexOf(open, rules));
        const rule = rules.find((rule) => choosePartner(rule, arrival, open, NOTHING));
        expect(decisions[0]?.rule.id).toBe(rule?.id);
        const partner = rule && choosePartner(rule, arrival, open, NOTHING);
        expect(decisions[0]?.allocations.map((part) => part.item.id).filter((id) => id !== arrival.id)).toEqual(
          partner && [partner.id],
        );
      }),
      { numRuns: 400 },
    );
  });
});

type Event =
  | { kind: "arrive"; fields: Parameters<typeof itemOf>[1] }
  | { kind: "edit"; place: number; fields: Parameters<typeof itemOf>[1] }
  | { kind: "delete"; place: number };

const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("arrive" as const), fields }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("edit" as const), place: fc.nat(20), fields }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), place: fc.nat(20) }) },
  ),
  { maxLength: 30, size: "max" },
);

/** Plays a stream of changes as a Reconciler takes them in. */
class Play {
  readonly index = new MemoryIndex();
  readonly decisions: Decision[] = [];
  readonly items = new Map<number, IndexedItem>();
  readonly rules: readonly EngineRule[];

  constructor(rules: readonly EngineRule[]) {
    this.rules = rules;
  }

  run(events: readonly Event[]): this {
    for (const event of events) this.take(event);
    return this;
  }

  take(event: Event): void {
    const queue: number[] = [];
    if (event.kind === "arrive") {
      queue.push(this.put(itemOf(this.items.size + 1, event.fields)));
    } else {
      // Only what is matched with nothing may be changed.
      const untouched = this.open().filter((item) => item.matches === 0);
      const item = untouched[event.place % Math.max(untouched.length, 1)];
      if (!item) return;
      const watchers = this.index.takeWatchers(item.id);
      if (event.kind === "delete") this.index.remove(item.id);
      else queue.push(this.put(itemOf(item.id, { ...event.fields, side: item.side }, item.version + 1)));
      queue.push(...watchers);
    }
    this.settle(queue);
  }

  settle(queue: number[]): void {
    for (let rounds = 0; queue.length > 0; rounds++) {
      if (rounds > 200) throw new Error("it does not settle");
      const { decisions, again } = decideForItems([...new Set(queue)], this.rules, this.index);
      this.decisions.push(...decisions);
      queue = again;
    }
  }

  put(item: IndexedItem): number {
    this.items.set(item.id, item);
    this.index.put(item, listIndexKeys(this.rules, item));
    return item.id;
  }

  open(): IndexedItem[] {
    return [...this.items.keys()].flatMap((id) => this.index.find(id) ?? []);
  }

  /** What every match gives to each item, in minor units. */
  allocated(): Map<number, number> {
    const sums = new Map<number, number>();
    for (const { item, amount } of this.decisions.flatMap((decision) => decision.allocations)) {
      sums.set(item.id, (sums.get(item.id) ?? 0) + amount);
    }
    return sums;
  }
}

describe("a stream of records", () => {
  it("never gives more of a record than its amount, and keeps the rest open", () => {
    fc.assert(
      fc.property(rules, events, (rules, events) => {
        const play = new Play(rules).run(events);
        for (const [id, sum] of play.allocated()) {
          const item = play.items.get(id) as IndexedItem;
          expect(sum).toBeLessThanOrEqual(item.amount);
          expect(play.index.find(id)?.open ?? 0).toBe(item.amount - sum);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("makes matches of one record of each side, of one currency, balanced but for the variance", () => {
    fc.assert(
      fc.property(rules, events, (rules, events) => {
        for (const { allocations, variance, currency } of new Play(rules).run(events).decisions) {
          const [a, b, ...more] = allocations;
          if (!a || !b) throw new Error("a match has two sides");
          expect([a.side, b.side, more.length]).toEqual(["a", "b", 0]);
          expect([a.item.side, b.item.side, a.item.currency, b.item.currency]).toEqual(["a", "b", currency, currency]);
          expect(a.amount - b.amount).toBe(variance);
          if (variance !== 0) expect([a.amount, b.amount]).toEqual([a.item.open, b.item.open]);
        }
      }),
    );
  });

  it("gives the same matches when it is played again", () => {
    const tell = ({ decisions }: Play) => decisions.map(({ rule, setKey, variance }) => [rule.id, setKey, variance]);
    fc.assert(
      fc.property(rules, events, (rules, events) => {
        expect(tell(new Play(rules).run(events))).toEqual(tell(new Play(rules).run(events)));
      }),
    );
  });

  it("leaves no pair open that may be matched", () => {
    fc.assert(
      fc.property(rules, events, (rules, events) => {
        const play = new Play(rules).run(events);
        const open = play.open();
        for (const rule of rules) {
          const left = open.filter((item) => choosePartner(rule, item, open, NOTHING));
          expect([rule.onAmbiguous, left.map((item) => item.id)]).toEqual([rule.onAmbiguous, []]);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("a pass over what is there", () => {
  it("gives the same matches whatever the size of its slices, and whatever the index was filled with first", () => {
    const pass = (items: readonly IndexedItem[], rule: EngineRule, limit: number) => {
      const index = indexOf(items, [rule]);
      const decisions: Decision[] = [];
      let after: WalkPosition | null = null;
      do {
        const slice = decideForRule(rule, [rule], index, after, limit);
        decisions.push(...slice.decisions);
        after = slice.after;
      } while (after !== null);
      return decisions.map((decision) => decision.setKey);
    };
    fc.assert(
      fc.property(
        filterNames,
        onAmbiguous,
        populations,
        fc.integer({ min: 1, max: 5 }),
        (name, ambiguous, items, limit) => {
          const rule = ruleOf(1, name, ambiguous);
          expect(pass(items, rule, limit)).toEqual(pass(items, rule, 100));
          expect(pass(items.toReversed(), rule, limit)).toEqual(pass(items, rule, limit));
        },
      ),
    );
  });
});
