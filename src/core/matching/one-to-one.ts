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
    const verdict = search.rule.compiled.evaluate(a, b);
    if (!verdict.holds) continue;
    // Nothing is left to allocate; only an amount condition says that nothing equals nothing.
    if (!verdict.comparesAmount && (a.open === 0 || b.open === 0)) continue;
    const proposal = makeProposal([a], [b], verdict.comparesAmount, search.index.order);
    if (search.index.isVoidedSet(proposal.setKey)) continue;
    found.push(proposal);
    if (found.length === wanted) break;
  }
  return { ...NOTHING, found };
}
