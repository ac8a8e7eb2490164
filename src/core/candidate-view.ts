import { type ConditionExplanation, presentExplanation } from "./match-view.ts";
import type { CandidatesExplanation } from "./matching/explain-candidates.ts";
import type { Finding } from "./matching/item-index.ts";
import { type ItemSet, SHOWN_MAX_ITEMS } from "./matching/item-set.ts";
import type { Obstacle } from "./matching/obstacle.ts";
import type { PairExplanation } from "./matching/pair-explanation.ts";
import { getExponent, presentAmount } from "./money.ts";
import { type Direction, directionOf } from "./record.ts";
import { presentRecord, type RecordSnapshot, type RecordView } from "./record-view.ts";
import type { ConditionOutcome } from "./rules/evaluate.ts";

export const RULE_FINDINGS = ["ambiguous", "search_cut"] as const;
export type RuleFinding = (typeof RULE_FINDINGS)[number];

/** What an explanation of candidates comes to without the records, as plain data. */
export interface CandidateSnapshots {
  rules: RuleSnapshot[];
  candidates: { record_id: string; rules: PairSnapshot[] }[];
}

interface RuleSnapshot {
  rule_id: string;
  finding: RuleFinding | null;
  /** The filters of the rule's version, in wire form, as JSON. */
  filters: string;
}

interface PairSnapshot {
  matched: boolean;
  outcomes: (ConditionOutcome | null)[];
  groups: GroupView[];
  obstacle: Obstacle | null;
}

interface GroupView {
  side: "a" | "b";
  /** The first ones. */
  record_ids: string[];
  records: number;
  /** In major units, without a sign. */
  amount: number | string;
  /** Null for a sum of zero. */
  direction: Direction | null;
}

interface CandidateView {
  record: RecordView;
  rules: {
    rule_id: string;
    matched: boolean;
    finding: RuleFinding | null;
    obstacle: Obstacle | null;
    conditions: ConditionExplanation[];
    groups: GroupView[];
  }[];
}

/** `filters` are those of the explanation's rules, in the same order. */
export function toCandidateSnapshots(
  explanation: CandidatesExplanation,
  filters: readonly unknown[],
): CandidateSnapshots {
  return {
    rules: explanation.rules.map(({ rule, finding }, place) => ({
      rule_id: rule.uid,
      finding: toRuleFinding(finding),
      filters: JSON.stringify(filters[place]),
    })),
    candidates: explanation.candidates.map(({ item, rules }) => ({
      record_id: item.uid,
      rules: rules.map((pair) => toPairSnapshot(pair, getExponent(item.currency))),
    })),
  };
}

function toRuleFinding(finding: Finding | null): RuleFinding | null {
  return finding === "cut" ? "search_cut" : finding;
}

function toPairSnapshot({ groups, ...pair }: PairExplanation, exponent: number): PairSnapshot {
  return { ...pair, groups: groups.map((group) => presentGroup(group, exponent)) };
}

function presentGroup({ side, items, count, sum }: ItemSet, exponent: number): GroupView {
  return {
    side,
    record_ids: items.slice(0, SHOWN_MAX_ITEMS).map(({ uid }) => uid),
    records: count,
    amount: presentAmount(sum < 0n ? -sum : sum, exponent),
    direction: sum === 0n ? null : directionOf(sum > 0n ? 1 : -1),
  };
}

/** The candidates as /v1 shows them, in their order; those without a record are left out. */
export function presentCandidates(
  { rules, candidates }: CandidateSnapshots,
  records: ReadonlyMap<string, RecordSnapshot>,
): CandidateView[] {
  const filters = rules.map((rule) => JSON.parse(rule.filters) as unknown);
  return candidates.flatMap(({ record_id, rules: pairs }) => {
    const record = records.get(record_id);
    if (!record) return [];
    const entries = pairs.map((pair, place) => presentPair(pair, rules[place] as RuleSnapshot, filters[place]));
    return [{ record: presentRecord(record), rules: entries }];
  });
}

function presentPair(
  { matched, outcomes, groups, obstacle }: PairSnapshot,
  { rule_id, finding }: RuleSnapshot,
  filters: unknown,
): CandidateView["rules"][number] {
  const all = presentExplanation(
    outcomes.map((outcome) => [outcome?.a, outcome?.b, outcome?.passed === true]),
    filters,
  );
  const conditions = all.filter((_, place) => outcomes[place] !== null);
  return { rule_id, matched, finding, obstacle, conditions, groups };
}
