import { compareCandidates, type IndexedItem } from "./item-index.ts";
import { type Choice, NO_CHOICE } from "./payment-choice.ts";
import { pairUp } from "./payment-fit.ts";
import { proposePaymentPairs } from "./payment-pairs.ts";
import { listStreams } from "./payment-streams.ts";
import type { Proposal } from "./proposal.ts";
import type { Search } from "./search.ts";

/**
 * What a rule that skips, of many transactions to one expected payment, makes of either: a transaction has to fit one
 * payment only, and all that fit this one must not come to more than is open of it.
 */
export function chooseInstalment(search: Search, item: IndexedItem): Choice {
  return item.side === "a" ? chooseForTransaction(search, item) : chooseForPayment(search, item);
}

function chooseForTransaction(search: Search, item: IndexedItem): Choice {
  const found = proposePaymentPairs(search, item, 2);
  const [only] = found;
  if (!only) return NO_CHOICE;
  if (found.length > 1) return { kind: "ambiguous", because: found.flatMap(({ b }) => b) };
  const [payment] = only.b as [IndexedItem];
  const rivals = listInstalments(search, payment).filter(({ a: [rival] }) => rival?.id !== item.id);
  if (isTooMuch([only, ...rivals], payment)) return { kind: "ambiguous", because: [...listFirst(rivals), payment] };
  return { kind: "match", proposal: only };
}

function chooseForPayment(search: Search, item: IndexedItem): Choice {
  const instalments = listInstalments(search, item);
  const because = listFirst(instalments);
  if (isTooMuch(instalments, item)) return { kind: "ambiguous", because };
  for (const proposal of instalments) {
    const [transaction] = proposal.a as [IndexedItem];
    const others = proposePaymentPairs(search, transaction, 2).filter(({ setKey }) => setKey !== proposal.setKey);
    if (others.length === 0) return { kind: "match", proposal };
    because.push(...others.flatMap(({ b }) => b));
  }
  return instalments.length > 0 ? { kind: "ambiguous", because } : NO_CHOICE;
}

/** Transactions that fit an expected payment, earliest first; no more than it takes to exceed what is open of it. */
function listInstalments(search: Search, payment: IndexedItem): Proposal[] {
  const found = new Map<string, Proposal>();
  let sum = 0;
  for (const { items } of listStreams(search, payment)) {
    for (const transaction of items) {
      const proposal = pairUp(search, payment, transaction);
      if (!proposal || found.has(proposal.setKey)) continue;
      found.set(proposal.setKey, proposal);
      sum += transaction.open;
      if (sum > payment.open) break;
    }
    if (sum > payment.open) break;
  }
  const { order } = search.index;
  return [...found.values()].sort(({ a: [left] }, { a: [right] }) =>
    compareCandidates(left as IndexedItem, right as IndexedItem, order),
  );
}

function isTooMuch(proposals: readonly Proposal[], { open }: IndexedItem): boolean {
  // Each of them is at most what is open: the sum stays exact up to the first that makes it more.
  return proposals.reduce((sum, { a: [transaction] }) => sum + (transaction?.open ?? 0), 0) > open;
}

function listFirst(proposals: readonly Proposal[]): IndexedItem[] {
  return proposals.flatMap(({ a }) => a);
}
