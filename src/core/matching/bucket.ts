import { dayNumber } from "../calendar.ts";
import { isScalarValue, momentOf, readField, textOf } from "../rules/value.ts";
import type { Item, Side } from "./item.ts";
import type { EngineRule } from "./rule.ts";

/** The rank of a member whose date field names no day: before every day there is. */
export const NO_DAY = -1_000_000_000;

/** The sides of which a rule takes many records. */
export function listManySides({ cardinality }: Pick<EngineRule, "cardinality">): readonly Side[] {
  switch (cardinality) {
    case "one_to_one":
      return [];
    case "many_to_one":
      return ["a"];
    case "one_to_many":
      return ["b"];
    case "many_to_many":
      return ["a", "b"];
  }
}

/**
 * Names the bucket of a record: its currency and its values in the rule's `group_by` fields, texts exactly. Undefined
 * when it lacks one of them; where a rule has no such fields, a currency is one bucket.
 */
export function bucketOf(rule: EngineRule, item: Item): string | undefined {
  const texts = readGroupBy(rule, item);
  return texts.includes(undefined) ? undefined : JSON.stringify([item.currency, ...texts]);
}

/** True when a record has the same currency as a bucket's member, and its values in those `group_by` fields that it has. */
export function agreesWith(rule: EngineRule, item: Item, member: Item): boolean {
  if (item.currency !== member.currency) return false;
  const texts = readGroupBy(rule, member);
  return readGroupBy(rule, item).every((text, place) => text === undefined || text === texts[place]);
}

function readGroupBy(rule: EngineRule, item: Item): (string | undefined)[] {
  return rule.groupBy.map((field) => {
    const value = readField(item, field, "own");
    return value !== undefined && isScalarValue(value) ? textOf(value) : undefined;
  });
}

/**
 * The day by which a rule holds a record against its lookback, as days since 1970. The lookback reaches from the single
 * side's date (of many to many: Side B's) over the other side's `date_field`.
 */
export function dayOfItem(rule: EngineRule, item: Item): number {
  const field = isLookedBackAt(rule, item.side) ? (rule.rollup?.date_field ?? "date") : "date";
  const value = readField(item, field, "own");
  const moment = value !== undefined && isScalarValue(value) ? momentOf(value) : undefined;
  return moment === undefined ? NO_DAY : dayNumber(moment.day);
}

function isLookedBackAt(rule: EngineRule, side: Side): boolean {
  return side === (rule.cardinality === "one_to_many" ? "b" : "a");
}

/** The ranks of members that a rule reaches from an anchor's day, both included. */
export function windowFrom(rule: EngineRule, anchorDay: number): { min: number; max: number } {
  const days = rule.rollup?.lookback_days ?? null;
  return days === null ? { min: NO_DAY, max: Number.MAX_SAFE_INTEGER } : { min: anchorDay - days, max: anchorDay };
}
