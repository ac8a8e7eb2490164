import type { SourceKey } from "./sources.ts";

/** An example to print: which record shows it, and what went on in the shop. */
export interface Example {
  kind: "matched" | "partially matched" | "open" | "overdue";
  externalId: string;
  /** By which others mention it; where there is none, the API says why a record is open. */
  reference?: string;
  story: string;
}

export interface RulePlan {
  priority: number;
  description: string;
  filters: unknown;
  cardinality?: "many_to_one";
  group_by?: string[];
  rollup?: { lookback_days: number };
  subset?: boolean;
  on_ambiguous?: "skip";
}

export interface ReconciliationPlan {
  name: string;
  runType: "continuous" | "batch";
  sideA: SourceKey;
  sideB: SourceKey;
  expectedWithinDays: number;
  rules: RulePlan[];
  examples: Example[];
}
