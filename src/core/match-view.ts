import { getExponent, presentAmount } from "./money.ts";

/** A compared pair of values and whether the condition held, in the order of the rule's conditions. */
export type StoredOutcome = [a: unknown, b: unknown, passed: boolean];

/** A match with what it allocates and its link in the chain, as one SELECT reads it. Amounts in minor units, times in ms. */
export interface MatchSnapshot {
  id: string;
  reconciliation_id: string;
  rule_id: string | null;
  rule_version: number | null;
  method: "automatic" | "manual";
  status: "matched" | "voided";
  variance: number;
  currency: string;
  records: { record_id: string; side: "a" | "b"; amount: number }[];
  explanation: StoredOutcome[];
  /** The filters of the rule's version, in wire form; null for a manual match. */
  filters: unknown;
  created_at: number;
  voided_at: number | null;
  void_reason: string | null;
  previous_hash: string;
  hash: string;
}

/** One condition of the rule with both values, after transforms, as the engine compared them. */
export interface ConditionExplanation {
  condition: unknown;
  a: unknown;
  b: unknown;
  outcome: "passed" | "failed";
}

/** The match as /v1 shows it: amounts in major units, times in RFC 3339. */
export function presentMatch({ filters, ...snapshot }: MatchSnapshot) {
  const exponent = getExponent(snapshot.currency);
  return {
    ...snapshot,
    variance: presentAmount(snapshot.variance, exponent),
    records: snapshot.records.map((record) => ({ ...record, amount: presentAmount(record.amount, exponent) })),
    explanation: presentExplanation(snapshot.explanation, filters),
    created_at: new Date(snapshot.created_at).toISOString(),
    voided_at: snapshot.voided_at === null ? null : new Date(snapshot.voided_at).toISOString(),
  };
}

/** What of a match a preview knows as well as a commit. */
export type RunMatchSnapshot = Pick<
  MatchSnapshot,
  "id" | "rule_id" | "rule_version" | "variance" | "currency" | "records" | "explanation" | "filters"
>;

/** A match that a run proposes or made, as /v1 shows it. */
export function presentRunMatch(snapshot: RunMatchSnapshot) {
  const { id, rule_id, rule_version, variance, currency, records, explanation, filters } = snapshot;
  const exponent = getExponent(currency);
  return {
    id,
    rule_id,
    rule_version,
    variance: presentAmount(variance, exponent),
    currency,
    records: records.map((record) => ({ ...record, amount: presentAmount(record.amount, exponent) })),
    explanation: presentExplanation(explanation, filters),
  };
}

/** Stored outcomes with the conditions of the rule's version that they belong to. */
export function presentExplanation(outcomes: readonly StoredOutcome[], filters: unknown): ConditionExplanation[] {
  const conditions = listWireConditions(filters);
  return outcomes.map(([a, b, passed], place) => {
    return { condition: conditions[place], a, b, outcome: passed ? "passed" : "failed" };
  });
}

function listWireConditions(node: unknown): unknown[] {
  if (typeof node !== "object" || node === null) return [];
  return "rules" in node && Array.isArray(node.rules) ? node.rules.flatMap(listWireConditions) : [node];
}
