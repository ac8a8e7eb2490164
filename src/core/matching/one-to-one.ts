import { listCandidates } from "./candidates.ts";
import type { IndexedItem } from "./item-index.ts";
import { EVALUATION_STEPS } from "./limits.ts";
import { type Look, makeProposal, NOTHING, type Proposal } from "./proposal.ts";
import type { Search } from "./search.ts";

/** The nearest records with which a one-to-one rule would match one, at most `wanted`. */
export function proposePairs(search: Search, item: IndexedItem, wanted: number): Look {
  const found: Proposal[] = [];
  for (const candidate of listCandidates(search.rule, item, search.index)) {
    search.meter.steps += EVALUATION_STEPS;
    const [a, b] = item.side === "a" ? [item, candidate] : [candidate, item];
    const proposal = proposePair(search, a, b);
    if (proposal) found.push(proposal);
    if (found.length === wanted) break;
  }
  return { ...NOTHING, found };
}

/** The match of two records, `a` of Side A, if a one-to-one rule allows it. */
export function proposePair({ rule, index }: Search, a: IndexedItem, b: IndexedItem): Proposal | undefined {
  const verdict = rule.compiled.evaluate(a, b);
  if (!verdict.holds) return undefined;
  // Nothing is left to allocate; only an amount condition says that nothing equals nothing.
  if (!verdict.comparesAmount && (a.open === 0 || b.open === 0)) return undefined;
  const proposal = makeProposal([a], [b], verdict.comparesAmount, index.order);
  return index.isVoidedSet(proposal.setKey) ? undefined : proposal;
}
