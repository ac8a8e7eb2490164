import { dayOfItem, listManySides } from "./bucket.ts";
import { type Decision, decide } from "./decision.ts";
import { proposeGroups } from "./groups.ts";
import type { IndexedItem } from "./item-index.ts";
import { looksBack } from "./keys.ts";
import { RIVALS_MAX_STEPS } from "./limits.ts";
import { proposePairs } from "./one-to-one.ts";
import { findPaymentOutcome, proposePayments } from "./payments.ts";
import { CUT, type Look, listRecords, type Proposal } from "./proposal.ts";
import type { Search } from "./search.ts";
import { proposeSubsets } from "./subset.ts";

export type Outcome =
  | { kind: "none" }
  | { kind: "match"; decision: Decision }
  /** More than one set fits; `because` are the ids of items whose going may make it unambiguous. */
  | { kind: "ambiguous"; because: number[] }
  /** There was too much to look at for a certain answer; `because` are the ids of items whose going may help. */
  | { kind: "cut"; because: number[] };

/** As many of the items that made an outcome uncertain are remembered. */
const BECAUSE_MAX_ITEMS = 1_000;

/** What a rule makes of a record: its best match, or, under `skip`, the only one that all records of it have. */
export function findOutcome(search: Search, item: IndexedItem): Outcome {
  if (search.rule.payment) return findPaymentOutcome(search, item);
  const isSkipping = search.rule.onAmbiguous === "skip";
  const look = propose(search, item, isSkipping ? 2 : 1);
  if (look.isCut) return { kind: "cut", because: listOthers(item, look) };
  const [best] = look.found;
  if (!best) return { kind: "none" };
  if (!isSkipping) return { kind: "match", decision: decide(search.rule, best) };
  const uncertain = look.hasMore || look.found.length > 1 ? look : findRivals(search, item, best);
  if (!uncertain) return { kind: "match", decision: decide(search.rule, best) };
  return { kind: uncertain.isCut ? "cut" : "ambiguous", because: listOthers(item, look, uncertain) };
}

/** The matches that a rule allows with a record in them, best first; `wanted` of them are enough. */
export function propose(search: Search, item: IndexedItem, wanted: number): Look {
  if (search.rule.payment) return proposePayments(search, item, wanted);
  if (search.rule.cardinality === "one_to_one") return proposePairs(search, item, wanted);
  return search.rule.isSubset ? proposeSubsets(search, item, wanted) : proposeGroups(search, item, wanted);
}

/** What the rule proposes for another record of a proposal, if that is anything else or not certain. */
function findRivals(search: Search, item: IndexedItem, best: Proposal): Look | undefined {
  const { rule, meter } = search;
  const most = meter.steps + RIVALS_MAX_STEPS;
  const hasSetsOfItsOwn = ({ side }: IndexedItem) => rule.isSubset && !listManySides(rule).includes(side);
  let settled = hasSetsOfItsOwn(item) ? item.id : null;
  for (const other of listRepresentatives(search, item, best)) {
    if (meter.steps >= most) return CUT;
    const look = propose({ ...search, settled }, other, 2);
    if (look.isCut || look.hasMore || look.found.some(({ setKey }) => setKey !== best.setKey)) return look;
    if (hasSetsOfItsOwn(other)) settled = other.id;
  }
  return undefined;
}

/** The records to ask for rivals: members of one group that a rule cannot tell apart have the same ones. */
function listRepresentatives(search: Search, item: IndexedItem, best: Proposal): IndexedItem[] {
  const { rule } = search;
  const others = listRecords(best).filter(({ id }) => id !== item.id);
  if (rule.cardinality === "one_to_one") return others;
  if (rule.isSubset) {
    const isMember = ({ side }: IndexedItem) => listManySides(rule).includes(side);
    // What the single record is asked, its members need not be asked again.
    return [...others.filter((other) => !isMember(other)), ...others.filter(isMember)];
  }
  if (rule.cardinality === "many_to_many") return [];
  const sides = listManySides(rule);
  const kinds = new Map<string, IndexedItem>();
  for (const other of others) {
    const kind = sides.includes(other.side) ? kindOfMember(search, other) : `${other.id}`;
    kinds.set(kind, kinds.get(kind) ?? other);
  }
  return [...kinds.values()];
}

function kindOfMember({ rule }: Search, member: IndexedItem): string {
  if (!looksBack(rule)) return "member";
  const keys = rule.compiled.groupPlan.branches.map((branch) => branch.lookupKeys(member));
  return JSON.stringify([dayOfItem(rule, member), keys]);
}

function listOthers(item: IndexedItem, ...looks: Look[]): number[] {
  const ids = looks.flatMap(({ found, because }) => [...found.flatMap(listRecords).map(({ id }) => id), ...because]);
  return [...new Set(ids)].filter((id) => id !== item.id).slice(0, BECAUSE_MAX_ITEMS);
}
