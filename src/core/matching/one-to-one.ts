import type { ConditionOutcome } from "../rules/evaluate.ts";
import { listCandidates } from "./candidates.ts";
import type { Item, Side } from "./item.ts";
import type { IndexedItem, ItemIndex } from "./item-index.ts";
import type { EngineRule } from "./rule.ts";
import { setKeyOf } from "./set-key.ts";

/** What one record gives to a match: minor units of its open amount. */
export interface Allocation {
  item: Item;
  side: Side;
  amount: number;
}

/** A match that the engine wants to be made. */
export interface Decision {
  rule: EngineRule;
  currency: string;
  /** |A| − |B| in minor units, what was left over within the tolerance. */
  variance: number;
  allocations: Allocation[];
  explanation: ConditionOutcome[];
  setKey: string;
}

export type Outcome =
  | { kind: "none" }
  | { kind: "match"; decision: Decision }
  /** More than one set fits; `because` are the ids of items whose going may make it unambiguous. */
  | { kind: "ambiguous"; because: number[] };

interface Pair {
  a: IndexedItem;
  b: IndexedItem;
  comparesAmount: boolean;
}

/** What a rule says about an item: the nearest partner, or, under `skip`, the only one that both have in each other. */
export function findPartner(rule: EngineRule, item: IndexedItem, index: ItemIndex): Outcome {
  const pairs = listPairs(rule, item, index);
  const { value: nearest } = pairs.next();
  if (!nearest) return { kind: "none" };
  if (rule.onAmbiguous === "skip") {
    const rival = findRival(rule, item, nearest, pairs, index);
    if (rival) return { kind: "ambiguous", because: [otherOf(nearest, item).id, rival.id] };
  }
  return { kind: "match", decision: decide(rule, nearest) };
}

function* listPairs(rule: EngineRule, item: IndexedItem, index: ItemIndex): Generator<Pair, undefined> {
  for (const candidate of listCandidates(rule, item, index)) {
    const [a, b] = item.side === "a" ? [item, candidate] : [candidate, item];
    const verdict = rule.compiled.evaluate(a, b);
    if (!verdict.holds) continue;
    // Nothing is left to allocate; only an amount condition says that nothing equals nothing.
    if (!verdict.comparesAmount && (a.open === 0 || b.open === 0)) continue;
    if (index.isVoidedSet(setKeyOf([a, b]))) continue;
    yield { a, b, comparesAmount: verdict.comparesAmount };
  }
}

function findRival(
  rule: EngineRule,
  item: IndexedItem,
  nearest: Pair,
  more: Generator<Pair, undefined>,
  index: ItemIndex,
): IndexedItem | undefined {
  const { value: second } = more.next();
  if (second) return otherOf(second, item);
  const partner = otherOf(nearest, item);
  for (const pair of listPairs(rule, partner, index)) {
    const rival = otherOf(pair, partner);
    if (rival.id !== item.id) return rival;
  }
  return undefined;
}

function otherOf(pair: Pair, item: Item): IndexedItem {
  return item.side === "a" ? pair.b : pair.a;
}

function decide(rule: EngineRule, { a, b, comparesAmount }: Pair): Decision {
  const smaller = Math.min(a.open, b.open);
  return {
    rule,
    currency: a.currency,
    variance: comparesAmount ? a.open - b.open : 0,
    allocations: [
      { item: a, side: "a", amount: comparesAmount ? a.open : smaller },
      { item: b, side: "b", amount: comparesAmount ? b.open : smaller },
    ],
    explanation: rule.compiled.explain(a, b),
    setKey: setKeyOf([a, b]),
  };
}
