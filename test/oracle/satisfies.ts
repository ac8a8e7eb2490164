// Whether one match is allowed by the contract, whatever order of taking records led to it.
//
// Choices (besides those of conditions.ts and groups.ts, which hold here too):
// - When several branches of the tree hold, the match may follow any of them: "the branch that held" does not say which.
// - The ranking among several allowed matches (`on_ambiguous`) is not judged here; brute-force-run.ts does that.
// - A match by a group rule takes each member's whole open amount.

import { inFull } from "./candidates.ts";
import { amountConditionsOf, branchesOf, whyNot } from "./conditions.ts";
import { agrees, bucketKey, reachable, wholeGroup } from "./groups.ts";
import type { OracleItem, OracleMatch, OracleRule, OracleState } from "./model.ts";

type Items = readonly OracleItem[];

/** Why the contract does not allow a match of a rule in the state before it, or nothing when it does. */
export function explainViolation(
  match: OracleMatch,
  rule: OracleRule,
  recordsWithOpenAmountsBefore: OracleState,
): string | undefined {
  const before = recordsWithOpenAmountsBefore;
  const ids = match.allocations.map((allocation) => allocation.record_id);
  const a = before.filter(({ record }) => record.side === "a" && ids.includes(record.id));
  const b = before.filter(({ record }) => record.side === "b" && ids.includes(record.id));
  return (
    whyAllocationsAreWrong(match, rule, before) ??
    whyShapeIsWrong(rule, a, b) ??
    whyNotInOneBucket(rule, a, b) ??
    whyBranchesRefuse(match, rule, a, b) ??
    whyNotWhole(rule, a, b, before)
  );
}

function whyAllocationsAreWrong(match: OracleMatch, rule: OracleRule, before: OracleState): string | undefined {
  if (match.rule_id !== rule.id) return `the match is of rule ${match.rule_id}`;
  const ids = match.allocations.map((allocation) => allocation.record_id);
  if (new Set(ids).size !== ids.length) return "a record stands twice in the match";
  for (const { record_id, side, amount } of match.allocations) {
    const item = before.find(({ record }) => record.id === record_id);
    if (item === undefined) return `record ${record_id} is not open`;
    if (item.record.side !== side) return `record ${record_id} is of the other side`;
    if (!Number.isInteger(amount) || amount < 0) return `record ${record_id} gives ${amount}`;
    if (amount > item.open) return `record ${record_id} gives ${amount} of ${item.open}`;
  }
  return undefined;
}

function whyShapeIsWrong(rule: OracleRule, a: Items, b: Items): string | undefined {
  if (a.length === 0 || b.length === 0) return "a side is empty";
  const [ofA, , ofB] = rule.cardinality.split("_");
  if (ofA === "one" && a.length > 1) return "more than one record of Side A";
  if (ofB === "one" && b.length > 1) return "more than one record of Side B";
  return undefined;
}

function groupedSides(rule: OracleRule, a: Items, b: Items): readonly Items[] {
  if (rule.cardinality === "many_to_one") return [a];
  if (rule.cardinality === "one_to_many") return [b];
  return rule.cardinality === "many_to_many" ? [a, b] : [];
}

function whyNotInOneBucket(rule: OracleRule, a: Items, b: Items): string | undefined {
  for (const group of groupedSides(rule, a, b)) {
    const keys = new Set(group.map((item) => bucketKey(item, rule)));
    if (keys.size !== 1) return "a group's members differ in currency or in the group_by fields";
    if (keys.has(undefined)) return "a group's members lack a group_by field";
    const [member] = group;
    const other = group === a ? b : a;
    if (member === undefined || !other.every((item) => agrees(item, member, rule))) {
      return "the sides differ in currency or in the group_by fields";
    }
  }
  return undefined;
}

function whyBranchesRefuse(match: OracleMatch, rule: OracleRule, a: Items, b: Items): string | undefined {
  const reasons = branchesOf(rule.filters).map((branch) => {
    const reason = whyNot(branch, rule, a, b);
    if (reason !== undefined) return reason;
    const due = inFull(rule, a, b, rule.subset || amountConditionsOf(branch).length > 0);
    if (due.variance !== match.variance) return `the variance is ${match.variance}, not ${due.variance}`;
    const wrong = due.allocations.find(
      ({ record_id, amount }) => match.allocations.find((given) => given.record_id === record_id)?.amount !== amount,
    );
    return wrong && `record ${wrong.record_id} should give ${wrong.amount}`;
  });
  return reasons.includes(undefined) ? undefined : reasons.join("; or ");
}

function whyNotWhole(rule: OracleRule, a: Items, b: Items, before: OracleState): string | undefined {
  if (rule.cardinality === "one_to_one") return undefined;
  const flip = rule.cardinality === "one_to_many";
  const [group, anchor] = flip ? [b, a] : [a, b];
  if (rule.subset) {
    return reachable(group, anchor, rule).length === group.length ? undefined : "a member is outside the lookback";
  }
  const fits = (set: Items) =>
    branchesOf(rule.filters).some((branch) => whyNot(branch, rule, flip ? a : set, flip ? set : b) === undefined);
  const whole = wholeGroup(bucketAround(group, rule, before), anchor, rule, fits);
  if (whole === undefined || !sameRecords(whole, group)) return "a group is not taken whole, or reaches too far back";
  if (rule.cardinality === "many_to_many" && !sameRecords(bucketAround(b, rule, before), b)) {
    return "Side B's group is not taken whole";
  }
  return undefined;
}

function bucketAround(group: Items, rule: OracleRule, before: OracleState): Items {
  const [member] = group;
  const key = member && bucketKey(member, rule);
  return before.filter((item) => item.record.side === member?.record.side && bucketKey(item, rule) === key);
}

function sameRecords(x: Items, y: Items): boolean {
  return x.length === y.length && x.every(({ record }) => y.some((other) => other.record.id === record.id));
}
