import type { Item } from "./item.ts";
import type { ItemIndex } from "./item-index.ts";
import { EVALUATION_STEPS } from "./limits.ts";
import { isOfGroups, listPaymentBuckets } from "./payment-keys.ts";
import type { EngineRule } from "./rule.ts";
import { type Search, spend } from "./search.ts";

/** How the open expected payments of a bucket change: one comes, or one of them goes or becomes another. */
type BucketChange = "arrival" | "departure";

/** Remembers that an item is to be looked at again when a bucket changes; a departure is always waited for. */
export function watchBucket(search: Search, itemId: number, bucket: string, isArrivalAwaited: boolean): void {
  const changes: BucketChange[] = isArrivalAwaited ? ["arrival", "departure"] : ["departure"];
  spend(search, EVALUATION_STEPS);
  search.index.watch(
    itemId,
    changes.map((change) => numberOf(search.rule, bucket, change)),
  );
}

/** Items that wait for a change of the buckets of some expected payments; they are forgotten by the asking. */
export function takeBucketWatchers(
  payments: readonly Item[],
  change: BucketChange,
  rules: readonly EngineRule[],
  index: ItemIndex,
): number[] {
  const numbers = new Set<number>();
  for (const rule of rules) {
    if (!isOfGroups(rule)) continue;
    for (const payment of payments) {
      for (const bucket of listPaymentBuckets(rule, payment)) numbers.add(numberOf(rule, bucket, change));
    }
  }
  return [...numbers].flatMap((number) => index.takeWatchers(number));
}

/** Stands for a bucket among the ids of items, of which none is negative. Where two share one, either wakes for both. */
function numberOf({ id }: EngineRule, bucket: string, change: BucketChange): number {
  let [high, low] = [0x811c9dc5, 0x811c9dc5];
  for (const unit of JSON.stringify([id, change, bucket])) {
    const code = unit.codePointAt(0) as number;
    high = Math.imul(high ^ code, 0x85ebca6b);
    low = Math.imul(low ^ code, 0x01000193);
  }
  return -1 - (high & 0xfffff) * 2 ** 32 - (low >>> 0);
}
