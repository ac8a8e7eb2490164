import type { TransformSpec } from "./transform.ts";

export const OPERANDS = [
  "eq",
  "neq",
  "gt",
  "gte",
  "lt",
  "lte",
  "contains",
  "in",
  "not_in",
  "is_missing",
  "is_present",
] as const;
/** `is_contained`, the other way round of `contains`, is for the rules of the payments door only. */
export type Operand = (typeof OPERANDS)[number] | "is_contained";

export const TOLERANCE_UNITS = ["dollar", "percent", "day", "month"] as const;
export type ToleranceUnit = (typeof TOLERANCE_UNITS)[number];

export type Scalar = string | number | boolean;

/** The two places of a condition: `key` names a field of Side A's item, `value` one of Side B's. */
export type Place = "key" | "value";
export const PLACES = ["key", "value"] as const;

/** One comparison. A `constant` stands in the place that names no field. */
export interface Condition {
  operand: Operand;
  key?: string;
  value?: string;
  constant?: Scalar | readonly Scalar[];
  /** Major units, percent of Side A, or days; a month needs none. */
  toleranceAmount?: number;
  toleranceUnit?: ToleranceUnit;
  transforms?: Partial<Record<Place, TransformSpec>>;
}

export interface RuleGroup {
  operand: "and" | "or";
  rules: RuleNode[];
}

export type RuleNode = Condition | RuleGroup;

const RECORD_FIELDS = ["amount", "date", "direction", "currency", "description", "external_id", "type_key"];
const METADATA_PREFIX = "metadata.";

/** The key of `metadata.<key>`, taken whole (dots included); undefined for another field or an empty key. */
export function metadataKeyOf(field: string): string | undefined {
  if (!field.startsWith(METADATA_PREFIX) || field.length === METADATA_PREFIX.length) return undefined;
  return field.slice(METADATA_PREFIX.length);
}

export function isField(name: string): boolean {
  return RECORD_FIELDS.includes(name) || metadataKeyOf(name) !== undefined;
}

export function isGroup(node: RuleNode): node is RuleGroup {
  return "rules" in node;
}

/** The place of an `in` or `not_in` that holds the list: where the constant array stands, else `value`. */
export function listPlaceOf(condition: Condition): Place {
  return Array.isArray(condition.constant) && condition.key === undefined ? "key" : "value";
}

/** True when both places name a field; else the condition looks at one side only. */
export function isTwoSided(condition: Condition): condition is Condition & Record<Place, string> {
  return condition.key !== undefined && condition.value !== undefined;
}
