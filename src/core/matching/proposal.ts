import type { Side } from "./item.ts";
import { otherSide } from "./item.ts";
import { sizeOf, sumOpen } from "./item-group.ts";
import { compareCandidates, type IndexedItem, type IndexOrder } from "./item-index.ts";
import { setKeyOf } from "./set-key.ts";

/** A match that a rule allows. The items of each side stand in the order of candidates. */
export interface Proposal {
  a: readonly IndexedItem[];
  b: readonly IndexedItem[];
  /** The difference of the sides' amounts, in minor units. */
  distance: number;
  /** Whether both sides are taken in full; else the match takes the smaller open amount. */
  isInFull: boolean;
  setKey: string;
}

/** What a rule proposes for a record, best first. */
export interface Look {
  found: Proposal[];
  /** True when there are more than were found. */
  hasMore: boolean;
  /** True when there was more to look at than the limits allow: then nothing is known. */
  isCut: boolean;
  /** Ids of items, beside those of what was found, whose going may change the answer when it is not a single match. */
  because: readonly number[];
}

export const NOTHING: Look = { found: [], hasMore: false, isCut: false, because: [] };
export const CUT: Look = { ...NOTHING, isCut: true };

export function makeProposal(
  a: readonly IndexedItem[],
  b: readonly IndexedItem[],
  isInFull: boolean,
  order: IndexOrder,
): Proposal {
  const distance = sizeOf(sumOpen(a)) - sizeOf(sumOpen(b));
  return {
    a: sortCandidates(a, order),
    b: sortCandidates(b, order),
    distance: Math.abs(Number(distance)),
    isInFull,
    setKey: setKeyOf([...a, ...b]),
  };
}

function sortCandidates(items: readonly IndexedItem[], order: IndexOrder): readonly IndexedItem[] {
  return items.length < 2 ? items : [...items].sort((left, right) => compareCandidates(left, right, order));
}

/** The best of proposals for a record of a side, best first, each set once. */
export function rankProposals(
  proposals: readonly Proposal[],
  side: Side,
  order: IndexOrder,
  wanted: number,
): Proposal[] {
  const distinct = [...new Map(proposals.map((proposal) => [proposal.setKey, proposal])).values()];
  return distinct.sort((left, right) => compareProposals(left, right, side, order)).slice(0, wanted);
}

/** The smaller difference first, then what comes first among the other side's sets, then among the record's own side's. */
function compareProposals(left: Proposal, right: Proposal, side: Side, order: IndexOrder): number {
  const other = otherSide(side);
  return (
    left.distance - right.distance ||
    compareSets(left[other], right[other], order) ||
    compareSets(left[side], right[side], order)
  );
}

/** Record by record in the order of candidates; a set that is the beginning of another comes first. */
export function compareSets(left: readonly IndexedItem[], right: readonly IndexedItem[], order: IndexOrder): number {
  for (const [place, item] of left.entries()) {
    const other = right[place];
    if (other === undefined) return 1;
    const difference = compareCandidates(item, other, order);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

export function listRecords(proposal: Proposal): IndexedItem[] {
  return [...proposal.a, ...proposal.b];
}
