import { listMates } from "./groups.ts";
import type { Item } from "./item.ts";
import type { IndexedItem, ItemIndex } from "./item-index.ts";
import { listIndexKeys } from "./keys.ts";
import type { EngineRule } from "./rule.ts";
import { newMeter } from "./search.ts";

/**
 * Brings a record's present state into the index, null if it is not open any more. Answers the ids of other items for
 * which that may have changed what a rule makes of them.
 */
export function takeInItem(
  id: number,
  item: IndexedItem | null,
  rules: readonly EngineRule[],
  index: ItemIndex,
): number[] {
  const before = index.find(id);
  let woken = index.takeWatchers(id);
  index.remove(id);
  if (item) {
    // Where a lookback tells the days of a bucket apart, mates are many.
    const mates = index.listNotes(null, 1).length > 0 ? listWoken([item], rules, index) : [];
    woken = woken.concat(mates.flatMap((mate) => takeUncertain(mate, index)));
    index.put(item, listIndexKeys(rules, item));
  }
  // The groups that it has left may be complete without it.
  if (before) woken = woken.concat(listWoken([before], rules, index));
  return [...new Set(woken)].filter((other) => other !== id);
}

/** Items that were uncertain because of a group, by one of its members: with another one in it, it is another group. */
function takeUncertain(member: number, index: ItemIndex): number[] {
  const [note] = index.listNotes({ itemId: member, ruleId: 0 }, 1);
  return [...(note?.itemId === member ? [member] : []), ...index.takeWatchers(member)];
}

/** Items whose groups these items were part of, or are: a group may be complete without one of them. */
export function listWoken(changed: readonly Item[], rules: readonly EngineRule[], index: ItemIndex): number[] {
  return rules.flatMap((rule) => listMates({ rule, index, meter: newMeter() }, changed));
}
