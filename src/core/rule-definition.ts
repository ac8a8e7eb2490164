import type { OnAmbiguous } from "./matching/rule.ts";

export const CARDINALITIES = ["one_to_one", "many_to_one", "one_to_many", "many_to_many"] as const;
/** How many records of Side A go to how many of Side B. */
export type Cardinality = (typeof CARDINALITIES)[number];

export const GROUP_BY_KINDS = ["identifier", "date"] as const;

/** How far a group reaches back from its anchor's date. */
export interface Rollup {
  group_by_kind: (typeof GROUP_BY_KINDS)[number];
  /** Whole days; null reaches back without a bound. */
  lookback_days: number | null;
  /** The field of the grouped side that is held against the anchor's date: `date` or `metadata.<key>`. */
  date_field: string;
}

/** What a rule says in one of its versions; `filters` in wire form. */
export interface RuleDefinition {
  filters: unknown;
  cardinality: Cardinality;
  group_by: string[] | null;
  rollup: Rollup | null;
  subset: boolean;
  on_ambiguous: OnAmbiguous;
}

/** Reads a stored definition; those from before groups name only filters, cardinality and `on_ambiguous`. */
export function readRuleDefinition(json: string): RuleDefinition {
  return {
    group_by: null,
    rollup: null,
    subset: false,
    ...(JSON.parse(json) as Partial<RuleDefinition>),
  } as RuleDefinition;
}
