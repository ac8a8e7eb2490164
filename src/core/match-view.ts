import { getExponent, presentAmount } from "./money.ts";

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
  explanation: ConditionExplanation[];
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
export function presentMatch(snapshot: MatchSnapshot) {
  const exponent = getExponent(snapshot.currency);
  return {
    ...snapshot,
    variance: presentAmount(snapshot.variance, exponent),
    records: snapshot.records.map((record) => ({ ...record, amount: presentAmount(record.amount, exponent) })),
    created_at: new Date(snapshot.created_at).toISOString(),
    voided_at: snapshot.voided_at === null ? null : new Date(snapshot.voided_at).toISOString(),
  };
}
