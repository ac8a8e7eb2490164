import { describe, expect, it } from "vitest";
import { listCandidates } from "../../../src/core/matching/candidates.ts";
import type { IndexedItem } from "../../../src/core/matching/item-index.ts";
import { listIndexKeys } from "../../../src/core/matching/keys.ts";
import { MemoryIndex } from "../../../src/core/matching/memory-index.ts";
import { findOutcome } from "../../../src/core/matching/outcome.ts";
import type { EngineRule } from "../../../src/core/matching/rule.ts";
import { newMeter } from "../../../src/core/matching/search.ts";
import { setKeyOf } from "../../../src/core/matching/set-key.ts";
import fc from "../../support/fast-check.ts";
import { choosePartner, listPartners } from "./oracle.ts";
import { FILTERS, type FilterName, fields, filterNames, itemOf, onAmbiguous, ruleOf } from "./population.ts";

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
          const outcome = findOutcome({ rule, index, meter: newMeter() }, item);
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
});
