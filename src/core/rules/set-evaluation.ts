import type { Item } from "../matching/item.ts";
import { groupOf, type ItemGroup } from "../matching/item-group.ts";
import {
  type CompiledCondition,
  type ConditionOutcome,
  comparesDirections,
  type Reader,
} from "./compiled-condition.ts";
import { type CompiledGroup, type CompiledLeaf, listHeldBranches, listLeaves } from "./compiled-tree.ts";
import { showValues, type Value, valueKey } from "./value.ts";
import { judge, NO_MATCH, type Verdict } from "./verdict.ts";

/** Whether a rule's tree holds for two sets of items; false for a set whose sum a number cannot hold exactly. */
export function evaluateSets(tree: CompiledGroup, a: readonly Item[], b: readonly Item[]): Verdict {
  const [left, right] = [groupOf(a), groupOf(b)];
  if (!left || !right) return NO_MATCH;
  if ([...a, ...b].some((item) => item.currency !== left.whole.currency)) return NO_MATCH;
  const known = new Map<CompiledCondition, boolean>();
  const holds = ({ leaf }: CompiledLeaf) => {
    const verdict = known.get(leaf) ?? holdsForAll(leaf, left, right);
    known.set(leaf, verdict);
    return verdict;
  };
  return judge(listHeldBranches(tree, holds), left.whole, right.whole);
}

/** Every condition's values over two sets and its outcome, in document order. Throws on sets that cannot be summed. */
export function explainSets(tree: CompiledGroup, a: readonly Item[], b: readonly Item[]): ConditionOutcome[] {
  const [left, right] = [groupOf(a), groupOf(b)];
  if (!left || !right) throw new Error("a set whose sum is not exact was matched");
  return listLeaves(tree).map((leaf) => ({
    a: showValues(distinctValues(leaf.readKey, left.items)),
    b: showValues(distinctValues(leaf.readValue, right.items)),
    passed: holdsForAll(leaf, left, right),
  }));
}

function holdsForAll(leaf: CompiledCondition, left: ItemGroup, right: ItemGroup): boolean {
  const { condition } = leaf;
  if (comparesDirections(condition)) return leaf.holds(left.whole, right.whole);
  return listReadings(condition.key, left).some((a) => {
    const keys = distinctValues(leaf.readKey, a);
    return listReadings(condition.value, right).some((b) => {
      const values = distinctValues(leaf.readValue, b);
      return keys.every((key) => values.every((value) => leaf.test(key, value)));
    });
  });
}

/** The items as a field of them is read: a zero sum has no direction, and fits either. */
function listReadings(field: string | undefined, { items, whole }: ItemGroup): (readonly Item[])[] {
  if (field !== "direction" || items.length === 1 || whole.open !== 0) return [items];
  return ([1, -1] as const).map((sign) => items.map((item) => ({ ...item, sign })));
}

function distinctValues(read: Reader, items: readonly Item[]): (Value | undefined)[] {
  const values = new Map<string, Value | undefined>();
  for (const item of items) {
    const value = read(item);
    values.set(value === undefined ? "" : valueKey(value), value);
  }
  return [...values.values()];
}
