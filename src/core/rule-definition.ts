import type { OnAmbiguous } from "./matching/rule.ts";

/** What a rule says in one of its versions; `filters` in wire form. */
export interface RuleDefinition {
  filters: unknown;
  cardinality: "one_to_one";
  on_ambiguous: OnAmbiguous;
}
