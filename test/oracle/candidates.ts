import { amountConditionsOf, branchThatHolds } from "./conditions.ts";
import { magnitude, signedSum } from "./fields.ts";
import { agrees, bucketsOf, reachable, wholeGroup } from "./groups.ts";
import type { OracleItem, OracleMatch, OracleRule, OracleState } from "./model.ts";
import { byRunOrder } from "./order.ts";

type Items = readonly OracleItem[];

/** One match that a rule allows, with the sets it is made of. */
export interface Candidate {
  readonly a: Items;
  readonly b: Items;
  readonly match: OracleMatch;
}

const known = new WeakMap<OracleState, Map<OracleRule, readonly Candidate[]>>();

/** Every match that a rule allows in a state; exponential for `subset`, so for small states only. */
export function candidatesOf(state: OracleState, rule: OracleRule): readonly Candidate[] {
  const ofState = known.get(state) ?? new Map<OracleRule, readonly Candidate[]>();
  known.set(state, ofState);
  const found = ofState.get(rule) ?? enumerate(state, rule);
  ofState.set(rule, found);
  return found;
}

function enumerate(state: OracleState, rule: OracleRule): readonly Candidate[] {
  const a = state.filter(({ record }) => record.side === "a");
  const b = state.filter(({ record }) => record.side === "b");
  const found: Candidate[] = [];
  const propose = (one: Items, other: Items) => {
    const match = matchOf(rule, one, other);
    if (match !== undefined) found.push({ a: one, b: other, match });
  };
  const inGroups = (anchors: readonly Items[], grouped: Items, flip: boolean) => {
    for (const anchor of anchors) {
      for (const group of groupsFor(anchor, grouped, rule, flip)) {
        if (flip) propose(anchor, group);
        else propose(group, anchor);
      }
    }
  };
  const singles = (items: Items) => items.map((item) => [item]);
  switch (rule.cardinality) {
    case "one_to_one":
      for (const one of singles(a)) for (const other of singles(b)) propose(one, other);
      break;
    case "many_to_one":
      inGroups(singles(b), a, false);
      break;
    case "one_to_many":
      inGroups(singles(a), b, true);
      break;
    case "many_to_many":
      inGroups(
        bucketsOf(b, rule).flatMap((bucket) => (rule.subset ? subsetsOf(bucket) : [bucket])),
        a,
        false,
      );
  }
  return found;
}

/** The match that a rule makes of two sets, if a branch of it holds for them. */
export function matchOf(rule: OracleRule, a: Items, b: Items): OracleMatch | undefined {
  const branch = branchThatHolds(rule, a, b);
  if (branch === undefined) return undefined;
  return inFull(rule, a, b, rule.subset || amountConditionsOf(branch).length > 0);
}

/** What two sets that match take of their records: all, or the smaller open amount of a pair. */
export function inFull(rule: OracleRule, a: Items, b: Items, full: boolean): OracleMatch {
  const smaller = Math.min(...[...a, ...b].map(({ open }) => open));
  const variance = magnitude(signedSum(a)) - magnitude(signedSum(b));
  return {
    rule_id: rule.id,
    variance: full ? Number(variance) : 0,
    allocations: [...[...a].sort(byRunOrder), ...[...b].sort(byRunOrder)].map(({ record, open }) => ({
      record_id: record.id,
      side: record.side,
      amount: full ? open : smaller,
    })),
  };
}

function groupsFor(anchor: Items, grouped: Items, rule: OracleRule, flip: boolean): readonly Items[] {
  const fits = (group: Items) => branchThatHolds(rule, flip ? anchor : group, flip ? group : anchor) !== undefined;
  return bucketsOf(grouped, rule).flatMap((bucket) => {
    const member = bucket[0];
    if (member === undefined || !anchor.every((item) => agrees(item, member, rule))) return [];
    if (rule.subset) return subsetsOf(reachable(bucket, anchor, rule));
    const group = wholeGroup(bucket, anchor, rule, fits);
    return group === undefined ? [] : [group];
  });
}

function subsetsOf(items: Items): readonly Items[] {
  const sets: Items[] = [];
  for (const item of items) sets.push([item], ...sets.map((set) => [...set, item]));
  return sets;
}
