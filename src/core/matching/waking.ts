import { listMates } from "./groups.ts";
import type { Item } from "./item.ts";
import type { IndexedItem, ItemIndex } from "./item-index.ts";
import { listIndexKeys } from "./keys.ts";
import { EVALUATION_STEPS } from "./limits.ts";
import { listPendingMates } from "./payment-mates.ts";
import { takeBucketWatchers } from "./payment-watches.ts";
import type { EngineRule } from "./rule.ts";
import { type Meter, newMeter } from "./search.ts";

/** Brings a record's present state into the index, null if it is not open any more, whomever that may concern. */
export function replaceItem(
  id: number,
  item: IndexedItem | null,
  rules: readonly EngineRule[],
  index: ItemIndex,
): void {
  index.remove(id);
  if (item) index.put(item, listIndexKeys(rules, item));
}

/**
 * Brings a record's present state into the index, null if it is not open any more. Answers the ids of other items for
 * which that may have changed what a rule makes of them.
 */
export function takeInItem(
  id: number,
  item: IndexedItem | null,
  rules: readonly EngineRule[],
  index: ItemIndex,
  meter: Meter = newMeter(),
): number[] {
  const before = index.find(id);
  let woken = index.takeWatchers(id);
  index.remove(id);
  if (item) {
    // Where a lookback tells the days of a bucket apart, mates are many.
    const hasNotes = index.listNotes(null, 1).length > 0;
    const mates = hasNotes ? listMatesOf([item], rules, index, meter) : [];
    woken = woken.concat(mates.flatMap((mate) => takeUncertain(mate, index)));
    woken = woken.concat(takeBucketWatchers([item], "arrival", rules, index));
    index.put(item, listIndexKeys(rules, item));
    woken = woken.concat(listPendingMates(item, rules, index, meter));
  }
  // The groups that it has left may be complete without it.
  if (before) woken = woken.concat(listWoken([before], rules, index, meter));
  return [...new Set(woken)].filter((other) => other !== id);
}

/** Items that were uncertain because of a group, by one of its members: with another one in it, it is another group. */
function takeUncertain(member: number, index: ItemIndex): number[] {
  const [note] = index.listNotes({ itemId: member, ruleId: 0 }, 1);
  return [...(note?.itemId === member ? [member] : []), ...index.takeWatchers(member)];
}

/** Items whose groups these items were part of, or are: a group may be complete without one of them. */
export function listWoken(
  changed: readonly Item[],
  rules: readonly EngineRule[],
  index: ItemIndex,
  meter: Meter,
): number[] {
  return [...listMatesOf(changed, rules, index, meter), ...takeBucketWatchers(changed, "departure", rules, index)];
}

function listMatesOf(changed: readonly Item[], rules: readonly EngineRule[], index: ItemIndex, meter: Meter): number[] {
  const others = rules.filter((rule) => !rule.payment);
  const mates = others.flatMap((rule) => listMates({ rule, index, meter }, changed));
  meter.steps += mates.length * EVALUATION_STEPS;
  return mates;
}
