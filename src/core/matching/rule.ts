import type { PaymentStrategy } from "../payment/payment-rule.ts";
import type { Cardinality, Rollup } from "../rule-definition.ts";
import type { CompiledRule } from "../rules/evaluate.ts";

export const ON_AMBIGUOUS = ["earliest", "skip"] as const;
export type OnAmbiguous = (typeof ON_AMBIGUOUS)[number];

/** A rule ready for matching. Rules are tried in the order of the list they stand in. */
export interface EngineRule {
  id: number;
  uid: string;
  version: number;
  cardinality: Cardinality;
  groupBy: readonly string[];
  rollup: Rollup | null;
  isSubset: boolean;
  onAmbiguous: OnAmbiguous;
  /** How transactions go with expected payments, of which `cardinality` is the nearest picture; null for a rule of /v1. */
  payment: PaymentStrategy | null;
  compiled: CompiledRule;
}
