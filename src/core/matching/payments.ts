import { decide } from "./decision.ts";
import type { IndexedItem } from "./item-index.ts";
import { PAYMENT_MAX_STEPS } from "./limits.ts";
import type { Outcome } from "./outcome.ts";
import { type Choice, NO_CHOICE } from "./payment-choice.ts";
import { findGroupRival, proposePaymentGroups, watchGroups } from "./payment-groups.ts";
import { chooseInstalment } from "./payment-instalments.ts";
import { isOfGroups, isWhole } from "./payment-keys.ts";
import { proposePaymentPairs } from "./payment-pairs.ts";
import { type Look, listRecords, NOTHING, type Proposal } from "./proposal.ts";
import { type Search, withAllowance } from "./search.ts";

/** As many of the items that made an outcome uncertain are remembered. */
const BECAUSE_MAX_ITEMS = 1_000;

/** What a payment rule makes of a transaction or an expected payment; nothing of a pending or a matched transaction. */
export function findPaymentOutcome(search: Search, item: IndexedItem): Outcome {
  if (!takesPart(item)) return NO_CHOICE;
  const bounded = withAllowance(search, PAYMENT_MAX_STEPS);
  const choice = choose(bounded, item);
  const because = choice.kind === "ambiguous" ? listOthers(item, choice.because) : [];
  if (bounded.allowance.isSpent) return { kind: "cut", because };
  switch (choice.kind) {
    case "none":
      return choice;
    case "match":
      return { kind: "match", decision: decide(search.rule, choice.proposal) };
    case "ambiguous":
      return { kind: "ambiguous", because };
  }
}

/** The matches that a payment rule allows with a record in them, whatever else they are rivals of. */
export function proposePayments(search: Search, item: IndexedItem, wanted: number): Look {
  if (!takesPart(item)) return NOTHING;
  return { ...NOTHING, found: list(withAllowance(search, PAYMENT_MAX_STEPS), item, wanted) };
}

function takesPart(item: IndexedItem): boolean {
  if (!item.payment) return false;
  return item.side === "b" || (isWhole(item) && !item.payment.isPending);
}

function choose(search: Search, item: IndexedItem): Choice {
  const { rule } = search;
  const isSkipping = rule.onAmbiguous === "skip";
  if (isSkipping && rule.payment === "many_transactions_to_one_expected_payment") return chooseInstalment(search, item);
  const found = list(search, item, isSkipping ? 2 : 1);
  const [best] = found;
  if (!best) return NO_CHOICE;
  if (!isSkipping) return { kind: "match", proposal: best };
  const rival = found[1] ?? findRival(search, item, best);
  if (!rival) return { kind: "match", proposal: best };
  if (!isOfGroups(rule)) return { kind: "ambiguous", because: [best, rival].flatMap(listRecords) };
  watchGroups(search, item, [best, rival]);
  return { kind: "ambiguous", because: [...best.a, ...rival.a] };
}

function list(search: Search, item: IndexedItem, wanted: number): Proposal[] {
  return isOfGroups(search.rule)
    ? proposePaymentGroups(search, item, wanted)
    : proposePaymentPairs(search, item, wanted);
}

function findRival(search: Search, item: IndexedItem, best: Proposal): Proposal | undefined {
  if (isOfGroups(search.rule)) return findGroupRival(search, best);
  const [other] = item.side === "a" ? best.b : best.a;
  return proposePaymentPairs(search, other as IndexedItem, 2).find(({ setKey }) => setKey !== best.setKey);
}

function listOthers(item: IndexedItem, named: readonly IndexedItem[]): number[] {
  return [...new Set(named.map(({ id }) => id))].filter((id) => id !== item.id).slice(0, BECAUSE_MAX_ITEMS);
}
