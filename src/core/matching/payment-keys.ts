import { isScalarValue, readRaw, textOf } from "../rules/value.ts";
import { listIntervalKeys } from "./interval-cells.ts";
import type { Item, PaymentFacts } from "./item.ts";
import type { IndexKey } from "./item-index.ts";
import { keyInBucket, planName } from "./plan-name.ts";
import type { EngineRule } from "./rule.ts";

/** The rank of what is not ordered by its amount. */
export const NO_RANK = 0;

/** A key of a branch of a rule's plan, for items of one direction. */
export interface BranchKey {
  branch: number;
  key: string;
}

export function isOfGroups({ payment }: EngineRule): boolean {
  return payment === "one_transaction_to_many_expected_payments";
}

/** Every key under which a payment rule will look for a transaction or an expected payment. */
export function listPaymentKeys(rule: EngineRule, item: Item): IndexKey[] {
  if (!item.payment) return [];
  return item.side === "a" ? listTransactionKeys(rule, item) : listExpectedKeys(rule, item, item.payment);
}

/** The keys under which a rule's other side is stored for an item. */
export function listLookupKeys({ compiled }: EngineRule, item: Item): BranchKey[] {
  return compiled.plan.branches.flatMap(({ lookupKeys }, branch) => toBranchKeys(lookupKeys(item), branch, item));
}

/** A transaction that automation may take: nothing of it has been matched. */
export function isWhole({ open, amount, matches }: Item): boolean {
  return open === amount && matches === 0;
}

/**
 * Names the group of an expected payment: currency, direction and its values in the rule's `group_by` fields. Undefined
 * when it lacks one of them, or its alternatives differ in one.
 */
export function paymentBucketOf(rule: EngineRule, item: Item): string | undefined {
  const [bucket, ...others] = listAlternativeBuckets(rule, item);
  return others.every((other) => other === bucket) ? bucket : undefined;
}

/** The groups that an expected payment may belong to, by any of its alternatives. */
export function listPaymentBuckets(rule: EngineRule, item: Item): string[] {
  return [...new Set(listAlternativeBuckets(rule, item).filter((bucket) => bucket !== undefined))];
}

function listAlternativeBuckets(rule: EngineRule, item: Item): (string | undefined)[] {
  const { side, payment, currency, sign } = item;
  if (side !== "b" || !payment) return [undefined];
  return payment.alternatives.map((fields) => {
    const texts = rule.groupBy.map((field) => readGroupField(item, payment, fields, field));
    return texts.includes(undefined) ? undefined : JSON.stringify([currency, sign, ...texts]);
  });
}

function listTransactionKeys(rule: EngineRule, item: Item): IndexKey[] {
  if (!isWhole(item)) return [];
  // Posted ones are not to find pending ones in their way.
  const use = item.payment?.isPending ? "pending" : "single";
  return listStoredKeys(rule, item).map(({ branch, key }) => {
    return { plan: planName(rule, use, branch), key, rank: item.open, isTallied: false };
  });
}

function listExpectedKeys(rule: EngineRule, item: Item, { dates, slack }: PaymentFacts): IndexKey[] {
  switch (rule.payment) {
    case "one_to_one":
      return item.matches === 0 ? listRangeKeys(rule, item, slack) : [];
    case "many_transactions_to_one_expected_payment":
      return dates.lower === null || dates.upper === null ? [] : listOpenKeys(rule, item);
    default:
      return listGroupKeys(rule, item);
  }
}

function listRangeKeys(rule: EngineRule, item: Item, slack: number): IndexKey[] {
  const places = listIntervalKeys(item.amount - slack, item.amount);
  return listStoredKeys(rule, item).flatMap(({ branch, key }) =>
    places.map(({ text, rank }) => {
      return { plan: planName(rule, "single", branch), key: keyInBucket(key, text), rank, isTallied: false };
    }),
  );
}

function listOpenKeys(rule: EngineRule, item: Item): IndexKey[] {
  return listStoredKeys(rule, item).map(({ branch, key }) => {
    return { plan: planName(rule, "single", branch), key, rank: item.open, isTallied: false };
  });
}

function listGroupKeys(rule: EngineRule, item: Item): IndexKey[] {
  const stored = listStoredKeys(rule, item);
  return listPaymentBuckets(rule, item).flatMap((bucket) => [
    { plan: planName(rule, "bucket"), key: bucket, rank: NO_RANK, isTallied: true },
    ...stored.map(({ branch, key }) => {
      return { plan: planName(rule, "member", branch), key: keyInBucket(key, bucket), rank: NO_RANK, isTallied: false };
    }),
  ]);
}

function listStoredKeys({ compiled }: EngineRule, item: Item): BranchKey[] {
  return compiled.plan.branches.flatMap(({ storedKeys }, branch) => toBranchKeys(storedKeys(item), branch, item));
}

function toBranchKeys(keys: readonly string[], branch: number, { sign }: Item): BranchKey[] {
  // A text of the user's with the separator in it would be taken for another key's place.
  return [...new Set(keys)].map((key) => ({ branch, key: keyInBucket(key.replaceAll("\u001e", " "), String(sign)) }));
}

function readGroupField(
  item: Item,
  { dates }: PaymentFacts,
  fields: PaymentFacts["alternatives"][number],
  field: string,
): string | undefined {
  switch (field) {
    case "currency":
      return item.currency;
    case "direction":
      return String(item.sign);
    case "date_lower_bound":
      return dates.lower ?? undefined;
    case "date_upper_bound":
      return dates.upper ?? undefined;
    default:
      return readText(fields, field);
  }
}

function readText(fields: Readonly<Record<string, unknown>>, field: string): string | undefined {
  const value = Object.hasOwn(fields, field) ? readRaw(fields[field]) : undefined;
  return value !== undefined && isScalarValue(value) ? textOf(value) : undefined;
}
