import { v7 as newId } from "uuid";
import { COMMIT_MAX_EXPLANATION_CHARS, COMMIT_MAX_MATCHES, COMMIT_MAX_RECORDS } from "../config.ts";
import type { Decision } from "../core/matching/decision.ts";
import type { CountedMatch } from "../core/run.ts";
import type { RunItem, RunMatch } from "../db/run-matches.ts";
import type { PlannedMatch } from "./commit-matches.ts";

type PlannedDecision = Omit<PlannedMatch, "rule" | "allocations"> & Pick<Decision, "rule" | "allocations">;

export function planMatch(decision: Decision): PlannedDecision {
  const { rule, currency, variance, allocations, setKey } = decision;
  return {
    uid: newId(),
    rule,
    currency,
    variance,
    allocations,
    explanation: decision.explanation.map(({ a, b, passed }) => [a, b, passed]),
    setKey,
  };
}

/** As many matches from the front as fit into one batch: D1 takes values of 2 MB at most. Always at least one. */
export function cutBatch(planned: readonly PlannedMatch[]): PlannedMatch[] {
  let chars = 0;
  let records = 0;
  const end = planned.findIndex((match, place) => {
    chars += JSON.stringify(match.explanation).length;
    records += match.allocations.length;
    const isTooMuch = chars > COMMIT_MAX_EXPLANATION_CHARS || records > COMMIT_MAX_RECORDS;
    return place >= COMMIT_MAX_MATCHES || (place > 0 && isTooMuch);
  });
  return end === -1 ? [...planned] : planned.slice(0, end);
}

/**
 * Drops the matches of doubtful records, and those that were decided after them over a record of theirs; `doubtful`
 * grows by all of their records.
 */
export function leaveOut(planned: readonly PlannedMatch[], doubtful: Set<string>): PlannedMatch[] {
  return planned.filter((match) => {
    const uids = match.allocations.map(({ item }) => item.uid);
    if (!uids.some((uid) => doubtful.has(uid))) return true;
    for (const uid of uids) doubtful.add(uid);
    return false;
  });
}

/** What a run has decided, as it is kept until it is committed. */
export function planRunMatch(decision: Decision): RunMatch {
  const { uid, rule, currency, variance, allocations, explanation, setKey } = planMatch(decision);
  return {
    uid,
    ruleId: rule.id,
    ruleUid: rule.uid,
    ruleVersion: rule.version,
    currency,
    variance,
    setKey,
    explanation,
    items: allocations.map(({ item, side, amount }): RunItem => {
      const matched = item.amount - item.open;
      const status = matched === 0 ? 0 : 1;
      return [item.uid, item.version, matched, status, amount, item.matches, side, item.id, item.amount, item.sign];
    }),
  };
}

export function toPlannedMatch(match: RunMatch): PlannedMatch {
  const { uid, ruleId, ruleUid, ruleVersion, currency, variance, setKey, explanation } = match;
  return {
    uid,
    rule: { id: ruleId, uid: ruleUid, version: ruleVersion },
    currency,
    variance,
    setKey,
    explanation,
    allocations: match.items.map(([recordUid, version, matched, status, amount, , side, id, recordAmount]) => {
      const item = { id, uid: recordUid, version, amount: recordAmount, open: recordAmount - matched, matches: status };
      return { item, side, amount };
    }),
  };
}

export function countRunMatch({ ruleUid, items }: RunMatch): CountedMatch {
  return { ruleUid, firstTouched: items.filter(([, , , , , before]) => before === 0).length };
}
