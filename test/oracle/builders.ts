import type { OracleCondition, OracleFilter, OracleMatch, OracleRecord, OracleRule, OracleSide } from "./model.ts";

/** The amount condition without a tolerance. */
export const sameAmount: OracleCondition = { key: "amount", operand: "eq", value: "amount" };

/** The condition that both sides have the same `metadata.ref`. */
export const sameRef: OracleCondition = { key: "metadata.ref", operand: "eq", value: "metadata.ref" };

/** A record for a table of cases, with the amount in minor units of USD. */
export function rec(side: OracleSide, id: string, amount: number, more: Partial<OracleRecord> = {}): OracleRecord {
  return {
    id,
    external_id: null,
    side,
    type_key: `source_${side}`,
    date: "2024-01-31",
    amount,
    currency: "USD",
    exponent: 2,
    direction: "credit",
    description: null,
    metadata: {},
    arrival: 0,
    ...more,
  };
}

/** A one_to_one rule whose conditions all have to hold, changed by `more`. */
export function ruleOf(conditions: readonly OracleFilter[], more: Partial<OracleRule> = {}): OracleRule {
  return {
    id: "rule",
    priority: 1,
    filters: { operand: "and", rules: conditions },
    cardinality: "one_to_one",
    group_by: null,
    rollup: null,
    subset: false,
    on_ambiguous: "earliest",
    ...more,
  };
}

/** A match as one line: `a1:100 a2:50 = b1:150`, with the variance after it unless it is 0. */
export function lineOf({ allocations, variance }: OracleMatch): string {
  const side = (wanted: OracleSide) =>
    allocations
      .filter((allocation) => allocation.side === wanted)
      .map(({ record_id, amount }) => `${record_id}:${amount}`)
      .join(" ");
  return `${side("a")} = ${side("b")}${variance === 0 ? "" : ` variance ${variance}`}`;
}

/** Metadata with a batch, and what else a record has. */
export const batchOf = (batch: string, more: Partial<OracleRecord> = {}): Partial<OracleRecord> => ({
  ...more,
  metadata: { batch, ...more.metadata },
});
/** The amount condition with a tolerance. */
export const tolerance = (n: number, unit: "dollar" | "percent"): OracleCondition => ({
  ...sameAmount,
  tolerance_amount: n,
  tolerance_unit: unit,
});
/** A many_to_one rule that groups by batch. */
export const manyToOne: Partial<OracleRule> = { cardinality: "many_to_one", group_by: ["metadata.batch"] };
/** A many_to_one rule that searches for sets that sum. */
export const subset: Partial<OracleRule> = { cardinality: "many_to_one", subset: true };
