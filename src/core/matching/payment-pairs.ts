import type { IndexedItem } from "./item-index.ts";
import { pairUp } from "./payment-fit.ts";
import { listStreams, type Stream } from "./payment-streams.ts";
import { type Proposal, rankProposals } from "./proposal.ts";
import type { Search } from "./search.ts";

/** The best pairs in which a rule would put a record, at most `wanted`; under `skip` any of them. */
export function proposePaymentPairs(search: Search, item: IndexedItem, wanted: number): Proposal[] {
  const isSkipping = search.rule.onAmbiguous === "skip";
  const found = new Map<string, Proposal>();
  for (const stream of listStreams(search, item)) {
    const enough = isSkipping || stream.isSorted ? wanted : Number.POSITIVE_INFINITY;
    for (const proposal of takePairs(search, item, stream, enough)) found.set(proposal.setKey, proposal);
    if (isSkipping && found.size >= wanted) break;
  }
  return rankProposals([...found.values()], item.side, search.index.order, wanted);
}

function* takePairs(search: Search, item: IndexedItem, { items }: Stream, enough: number): Generator<Proposal> {
  let count = 0;
  for (const other of items) {
    const proposal = pairUp(search, item, other);
    if (!proposal) continue;
    yield proposal;
    count += 1;
    if (count >= enough) return;
  }
}
