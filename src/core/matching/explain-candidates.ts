import { dayNumber } from "../calendar.ts";
import type { RuleFailure, WorkLimit } from "./decide.ts";
import { otherSide } from "./item.ts";
import type { Finding, IndexedItem, ItemIndex } from "./item-index.ts";
import type { PairExplanation } from "./pair-explanation.ts";
import type { EngineRule } from "./rule.ts";
import { RuleSight } from "./rule-sight.ts";
import { newMeter } from "./search.ts";

/** Why a record is matched with nothing, or with what it would be. */
export interface CandidatesExplanation {
  /** What each rule says of the record itself; those whose evaluation threw are left out. */
  rules: { rule: EngineRule; finding: Finding | null }[];
  /** The nearest records on the other side, and what each rule, in the same order, says of them. */
  candidates: { item: IndexedItem; rules: PairExplanation[] }[];
  failures: RuleFailure[];
}

/** How many records are looked at to find the nearest ones. */
const MAX_CONSIDERED = 200;
/** Of these, as many that a rule has found, and as many to which its look-ups lead. */
const MAX_OF_RULE = 50;

/**
 * The records on the other side that come nearest to one, at most `limit.items`, nearest first: those with which a rule
 * allows a match, then by the difference of the open amounts in minor units, days and arrival. Half of the places are
 * kept for records to which a rule's look-ups lead. Changes nothing in the index. A rule for which `limit.steps` have
 * been used up is said to have been cut, and the answer is shorter when they do not suffice to explain all of it.
 */
export function explainCandidates(
  rules: readonly EngineRule[],
  index: ItemIndex,
  asked: IndexedItem,
  limit: WorkLimit,
): CandidatesExplanation {
  const looking = newMeter();
  const sights = rules.map((rule) => new RuleSight({ rule, index, meter: looking }, asked, limit));
  const chosen = choose(consider(sights, index, asked, limit.items), asked, limit.items);
  const explaining = newMeter();
  const candidates: CandidatesExplanation["candidates"] = [];
  for (const item of chosen) {
    if (explaining.steps >= limit.steps) break;
    candidates.push({ item, rules: sights.map((sight) => sight.explain(item, explaining)) });
  }
  const holds = ({ rule }: RuleSight) => !looking.failures.has(rule);
  return {
    rules: sights.filter(holds).map(({ rule, finding }) => ({ rule, finding })),
    candidates: candidates.map(({ item, rules: pairs }) => ({
      item,
      rules: pairs.filter((_, place) => holds(sights[place] as RuleSight)),
    })),
    failures: [...looking.failures].map(([rule, message]) => ({ rule, message })),
  };
}

interface Considered {
  item: IndexedItem;
  isLinked: boolean;
  /** The place of the first rule that allows a match; the number of rules when none does. */
  place: number;
}

function consider(sights: readonly RuleSight[], index: ItemIndex, asked: IndexedItem, wanted: number): Considered[] {
  const side = otherSide(asked.side);
  const found = sights.flatMap((sight) => sight.found.slice(0, MAX_OF_RULE));
  const nearest = index.listNearest(side, asked.currency, asked.open, wanted);
  const linked = sights.flatMap((sight) => sight.listLinked(MAX_OF_RULE));
  const links = new Set([...found, ...linked].map(({ id }) => id));
  const items = new Map([...found, ...nearest, ...linked].map((item) => [item.id, item]));
  return [...items.values()].slice(0, MAX_CONSIDERED).map((item) => {
    const place = sights.findIndex((sight) => sight.allows(item));
    return { item, isLinked: links.has(item.id), place: place === -1 ? sights.length : place };
  });
}

/** Records of the same amount may be many: those to which the rules lead must not be lost among them. */
function choose(considered: readonly Considered[], asked: IndexedItem, wanted: number): IndexedItem[] {
  const sorted = [...considered].sort((left, right) => compareConsidered(left, right, asked));
  const kept = new Set(sorted.filter(({ isLinked }) => isLinked).slice(0, wanted >> 1));
  for (const one of sorted) if (kept.size < wanted) kept.add(one);
  return sorted.filter((one) => kept.has(one)).map(({ item }) => item);
}

function compareConsidered(left: Considered, right: Considered, asked: IndexedItem): number {
  const amounts = (item: IndexedItem) => Math.abs(item.open - asked.open);
  const days = (item: IndexedItem) => Math.abs(dayNumber(item.date) - dayNumber(asked.date));
  return (
    left.place - right.place ||
    amounts(left.item) - amounts(right.item) ||
    days(left.item) - days(right.item) ||
    left.item.id - right.item.id
  );
}
