// Choices, for a run:
// 1. Records of both sides are taken in one sequence by (date, amount, external_id, id), for every cardinality. The
//    record that is taken picks among all matches of the rule in which it would stand.
// 2. A record that is taken goes on until it is reconciled or nothing fits it; a rule goes over the records again until
//    a pass makes nothing. A stronger rule is not tried again after a weaker one.
// 3. `earliest` ranks a match by | |A| − |B| |, then by the set of the other side, then by the taken record's own side
//    (order.ts says how sets compare).
// 4. `skip` makes a match only when none of its records stands in another match that the rule would allow.
// 5. What `skip` leaves stays open to weaker rules. A record is reported as ambiguous, once for each rule, when it
//    stands in a match that the rule allowed and did not make, and is still open at the end. `candidates` counts those.
//
// Choices, for an arrival:
// 6. Only the arriving record is matched; that a match of it may make another pair unique is not followed up.
// 7. After a partial match it goes on, by the strongest rule that fits what is left of it, which may be a stronger one.
// 8. `skip`: the record has one candidate, and among all that is open that candidate has no other.

import { type Candidate, candidatesOf } from "./candidates.ts";
import { magnitude, signedSum } from "./fields.ts";
import {
  applyMatch,
  type OracleAmbiguity,
  type OracleItem,
  type OracleMatch,
  type OracleRecord,
  type OracleRule,
  type OracleState,
  untouched,
} from "./model.ts";
import { byArrivalOrder, byRunOrder, bySetOrder } from "./order.ts";

/** What a run makes, in the order of making, what it reports, rule by rule in a run's order, and what stays open. */
export interface OracleOutcome {
  readonly matches: readonly OracleMatch[];
  readonly ambiguous: readonly OracleAmbiguity[];
  readonly state: OracleState;
}

/** Sets of records that no run makes a match of, by their ids. */
export type VoidedSets = readonly (readonly string[])[];

type Rank = (taken: OracleItem, x: Candidate, y: Candidate) => number;

/** What a run over these records must make, from a state in which none is matched unless one is given. */
export function runOracle(
  records: readonly OracleRecord[],
  rules: readonly OracleRule[],
  before: OracleState = untouched(records),
  voided: VoidedSets = [],
): OracleOutcome {
  let outcome: OracleOutcome = { matches: [], ambiguous: [], state: before };
  for (const rule of byStrength(rules)) outcome = runRule(outcome, rule, voided);
  return stillOpen(outcome);
}

/** What the arrival of one record must make in a continuous reconciliation whose rules are all one_to_one. */
export function arriveOracle(state: OracleState, record: OracleRecord, rules: readonly OracleRule[]): OracleOutcome {
  let outcome: OracleOutcome = { matches: [], ambiguous: [], state: [...state, { record, open: record.amount }] };
  const wrong = rules.find(({ cardinality }) => cardinality !== "one_to_one");
  if (wrong) throw new Error(`rule ${wrong.id} is not one_to_one`);
  for (let made = -1; made < outcome.matches.length; ) {
    made = outcome.matches.length;
    for (const rule of byStrength(rules)) {
      if (outcome.matches.length === made) outcome = takeOnce(outcome, rule, record.id, [], byArrivalRank);
    }
  }
  for (const rule of byStrength(rules)) {
    const around = containing(candidatesOf(outcome.state, rule), record.id);
    const touched = around.flatMap(({ match }) => match.allocations.map((allocation) => allocation.record_id));
    outcome = { ...outcome, ambiguous: [...outcome.ambiguous, ...ambiguityOf(outcome.state, rule, new Set(touched))] };
  }
  return stillOpen(outcome);
}

function byStrength(rules: readonly OracleRule[]): readonly OracleRule[] {
  return [...rules].sort((x, y) => x.priority - y.priority);
}

function runRule(before: OracleOutcome, rule: OracleRule, voided: VoidedSets): OracleOutcome {
  let outcome = before;
  let made: number;
  do {
    made = outcome.matches.length;
    for (const { record } of [...outcome.state].sort(byRunOrder)) outcome = take(outcome, rule, record.id, voided);
  } while (outcome.matches.length > made);
  const everyone = new Set(outcome.state.map(({ record }) => record.id));
  return { ...outcome, ambiguous: [...outcome.ambiguous, ...ambiguityOf(outcome.state, rule, everyone, voided)] };
}

function take(before: OracleOutcome, rule: OracleRule, id: string, voided: VoidedSets): OracleOutcome {
  const after = takeOnce(before, rule, id, voided, byRunRank);
  return after === before ? before : take(after, rule, id, voided);
}

function takeOnce(before: OracleOutcome, rule: OracleRule, id: string, voided: VoidedSets, rank: Rank): OracleOutcome {
  const taken = before.state.find(({ record }) => record.id === id);
  const all = taken === undefined ? [] : listAllowed(before.state, rule, voided);
  const mine = [...containing(all, id)];
  const chosen = rule.on_ambiguous === "skip" ? unique(mine, all) : taken && mine.sort((x, y) => rank(taken, x, y))[0];
  if (chosen === undefined) return before;
  return {
    ...before,
    matches: [...before.matches, chosen.match],
    state: applyMatch(before.state, chosen.match),
  };
}

function unique(mine: readonly Candidate[], all: readonly Candidate[]): Candidate | undefined {
  const [only] = mine;
  if (only === undefined) return undefined;
  const overlapping = all.filter((candidate) =>
    only.match.allocations.some(({ record_id }) => containing([candidate], record_id).length > 0),
  );
  return overlapping.length === 1 ? only : undefined;
}

function listAllowed(state: OracleState, rule: OracleRule, voided: VoidedSets): readonly Candidate[] {
  return candidatesOf(state, rule).filter(({ match: { allocations } }) => {
    const ids = new Set(allocations.map(({ record_id }) => record_id));
    return !voided.some((set) => set.length === ids.size && set.every((id) => ids.has(id)));
  });
}

function ambiguityOf(
  state: OracleState,
  rule: OracleRule,
  among: ReadonlySet<string>,
  voided: VoidedSets = [],
): readonly OracleAmbiguity[] {
  if (rule.on_ambiguous !== "skip") return [];
  const left = listAllowed(state, rule, voided);
  return [...state]
    .sort(byRunOrder)
    .filter(({ record }) => among.has(record.id))
    .map(({ record }) => ({
      rule_id: rule.id,
      record_id: record.id,
      candidates: containing(left, record.id).length,
    }))
    .filter(({ candidates }) => candidates > 0);
}

function stillOpen(outcome: OracleOutcome): OracleOutcome {
  const open = new Set(outcome.state.map(({ record }) => record.id));
  return { ...outcome, ambiguous: outcome.ambiguous.filter(({ record_id }) => open.has(record_id)) };
}

function containing(candidates: readonly Candidate[], id: string): readonly Candidate[] {
  return candidates.filter(({ match }) => match.allocations.some(({ record_id }) => record_id === id));
}

function differenceOf({ a, b }: Candidate): number {
  return Number(magnitude(magnitude(signedSum(a)) - magnitude(signedSum(b))));
}

function byRunRank(taken: OracleItem, x: Candidate, y: Candidate): number {
  const [own, other] = taken.record.side === "a" ? (["a", "b"] as const) : (["b", "a"] as const);
  return differenceOf(x) - differenceOf(y) || bySetOrder(x[other], y[other]) || bySetOrder(x[own], y[own]);
}

function byArrivalRank(taken: OracleItem, x: Candidate, y: Candidate): number {
  const other = taken.record.side === "a" ? "b" : "a";
  const [left, right] = [x[other][0], y[other][0]];
  if (left === undefined || right === undefined) throw new Error("a one_to_one candidate has a record on each side");
  return differenceOf(x) - differenceOf(y) || byArrivalOrder(left, right);
}
