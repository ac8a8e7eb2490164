// Choices:
// 1. A record of a grouped side that lacks any of the group_by fields is in no bucket. Both sides of many_to_many are
//    grouped sides.
// 2. A bucket holds records of one currency: the currency is always part of what they share.
// 3. A bucket is every open record of the side with these values. A member that fails a condition makes the group fail;
//    it is not left out ("a group is taken whole").
// 4. The lookback does leave out: members outside anchor − n … anchor are not part of the group for that anchor, nor
//    are members whose date_field is missing or no date. With `identifier` the whole of what remains is taken.
// 5. `date`: "the first day at which the sum is within tolerance" is the first day at which a branch of the rule holds
//    for the set, directions included. Days without records are passed over.
// 6. In many_to_many the lookback bounds A's bucket (by date_field); B's bucket is whole and gives the anchor (by date).
// 7. With `subset`, the sets are chosen within a bucket if there is a group_by, and within the lookback if there is
//    one; `group_by_kind` then plays no part. The anchor of many_to_many is the latest date of the chosen set of B.
// 8. "Many" includes one.

import { contentOf, dayNumber, textOf } from "./fields.ts";
import type { OracleItem, OracleRule } from "./model.ts";

type Items = readonly OracleItem[];

/** What the members of a record's bucket share, or nothing when the record is in no bucket. */
export function bucketKey(item: OracleItem, rule: OracleRule): string | undefined {
  const values = (rule.group_by ?? []).map((field) => contentOf(item.record, field));
  if (values.includes(undefined)) return undefined;
  return JSON.stringify([item.record.currency, ...values.map((value) => textOf(value ?? ""))]);
}

/** The buckets of one side. */
export function bucketsOf(items: Items, rule: OracleRule): readonly Items[] {
  const keys = new Set(items.map((item) => bucketKey(item, rule)).filter((key) => key !== undefined));
  return [...keys].map((key) => items.filter((item) => bucketKey(item, rule) === key));
}

/** Whether a record of the other side has a bucket's currency, and its values in the group_by fields that it has. */
export function agrees(item: OracleItem, member: OracleItem, rule: OracleRule): boolean {
  if (item.record.currency !== member.record.currency) return false;
  return (rule.group_by ?? []).every((field) => {
    const own = contentOf(item.record, field);
    return own === undefined || textOf(own) === textOf(contentOf(member.record, field) ?? "");
  });
}

/** The members of a bucket that the rule's lookback reaches from the anchor's date. */
export function reachable(bucket: Items, anchor: Items, rule: OracleRule): Items {
  const lookback = rule.rollup?.lookback_days;
  if (lookback === undefined) return bucket;
  const last = Math.max(...anchor.map((item) => dayNumber(item.record.date) ?? Number.NaN));
  return bucket.filter((item) => {
    const day = memberDay(item, rule);
    return day !== undefined && day <= last && day >= last - lookback;
  });
}

/** The group that a rule without `subset` takes of a bucket for an anchor, or nothing when none `fits`. */
export function wholeGroup(
  bucket: Items,
  anchor: Items,
  rule: OracleRule,
  fits: (group: Items) => boolean,
): Items | undefined {
  const within = reachable(bucket, anchor, rule);
  if (rule.rollup?.group_by_kind !== "date") return within.length > 0 && fits(within) ? within : undefined;
  const days = [...new Set(within.map((item) => memberDay(item, rule) ?? Number.NaN))].sort((x, y) => y - x);
  return days
    .map((first) => within.filter((item) => (memberDay(item, rule) ?? Number.NaN) >= first))
    .find((group) => fits(group));
}

function memberDay(item: OracleItem, rule: OracleRule): number | undefined {
  const content = contentOf(item.record, rule.rollup?.date_field ?? "date");
  return content === undefined ? undefined : dayNumber(textOf(content));
}
