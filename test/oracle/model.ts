// Plain shapes of what the contract calls record, rule and match, as a client would write them.
//
// Choices:
// - An item that is listed is open; what is in no list is reconciled in full. So a record of amount 0 is open while
//   it is listed (with `open: 0`) and gone once it has a match.
// - Rules carry no creation time: among rules of equal priority, the one that stands first in the array is the older.

/** A side of a reconciliation. */
export type OracleSide = "a" | "b";

/** A value that stands in metadata, or as a condition's constant. */
export type OracleScalar = string | number | boolean | null;

/** A record as one side of a reconciliation holds it; `amount` is in minor units, `exponent` is the currency's. */
export interface OracleRecord {
  readonly id: string;
  readonly external_id: string | null;
  readonly side: OracleSide;
  readonly type_key: string;
  readonly date: string;
  readonly amount: number;
  readonly currency: string;
  readonly exponent: number;
  readonly direction: "credit" | "debit";
  readonly description: string | null;
  readonly metadata: Readonly<Record<string, OracleScalar | readonly OracleScalar[]>>;
  readonly arrival: number;
}

/** One step of a normalisation before a comparison. */
export type OracleTransform =
  | "lowercase"
  | "uppercase"
  | "trim"
  | "alphanumeric_only"
  | "digits_only"
  | "strip_leading_zeros"
  | { readonly name: "first_n_chars" | "last_n_chars"; readonly args: { readonly n: number } }
  | { readonly name: "regex_extract"; readonly args: { readonly pattern: string; readonly group?: number } };

/** The operands of a condition. */
export type OracleOperand =
  | "eq"
  | "neq"
  | "gt"
  | "gte"
  | "lt"
  | "lte"
  | "contains"
  | "in"
  | "not_in"
  | "is_missing"
  | "is_present";

/** A leaf of the filter tree: `key` is a field of Side A, `value` one of Side B. */
export interface OracleCondition {
  readonly key?: string;
  readonly operand: OracleOperand;
  readonly value?: string;
  readonly constant?: OracleScalar | readonly OracleScalar[];
  readonly tolerance_amount?: number;
  readonly tolerance_unit?: "dollar" | "percent" | "day" | "month";
  readonly transforms?: {
    readonly key?: OracleTransform | readonly OracleTransform[];
    readonly value?: OracleTransform | readonly OracleTransform[];
  };
}

/** A node of the filter tree that joins others. */
export interface OracleFilterGroup {
  readonly operand: "and" | "or";
  readonly rules: readonly OracleFilter[];
}

/** A filter tree as it stands on the wire. */
export type OracleFilter = OracleFilterGroup | OracleCondition;

/** How far back a group reaches from its anchor. */
export interface OracleRollup {
  readonly group_by_kind?: "identifier" | "date";
  readonly lookback_days?: number;
  readonly date_field?: string;
}

/** The four cardinalities. */
export type OracleCardinality = "one_to_one" | "many_to_one" | "one_to_many" | "many_to_many";

/** A rule, valid by the contract; the oracle does not validate. */
export interface OracleRule {
  readonly id: string;
  readonly priority: number;
  readonly filters: OracleFilter;
  readonly cardinality: OracleCardinality;
  readonly group_by: readonly string[] | null;
  readonly rollup: OracleRollup | null;
  readonly subset: boolean;
  readonly on_ambiguous: "earliest" | "skip";
}

/** What a match takes of one record, in minor units. */
export interface OracleAllocation {
  readonly record_id: string;
  readonly side: OracleSide;
  readonly amount: number;
}

/** A match; `variance` is |A| − |B| in minor units, allocations stand A first, each side in a run's order. */
export interface OracleMatch {
  readonly rule_id: string;
  readonly variance: number;
  readonly allocations: readonly OracleAllocation[];
}

/** A record with the amount that is open of it in this reconciliation. */
export interface OracleItem {
  readonly record: OracleRecord;
  readonly open: number;
}

/** Everything that is open in a reconciliation. */
export type OracleState = readonly OracleItem[];

/** A record that a `skip` rule left alone, and how many candidate matches it stood in (1: its counterpart had more). */
export interface OracleAmbiguity {
  readonly rule_id: string;
  readonly record_id: string;
  readonly candidates: number;
}

/** The state in which nothing has been matched yet. */
export function untouched(records: readonly OracleRecord[]): OracleState {
  return records.map((record) => ({ record, open: record.amount }));
}

/** The state after a match: what it took is no longer open, and a record that is taken in full is gone. */
export function applyMatch(state: OracleState, match: OracleMatch): OracleState {
  return state.flatMap((item) => {
    const taken = match.allocations.find((allocation) => allocation.record_id === item.record.id);
    if (taken === undefined) return [item];
    return taken.amount >= item.open ? [] : [{ record: item.record, open: item.open - taken.amount }];
  });
}
