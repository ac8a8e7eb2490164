import { compareTexts } from "../text.ts";
import type { Item, Side } from "./item.ts";
import { type IndexedItem, type IndexKey, type ItemIndex, type WalkPosition, walkPositionOf } from "./item-index.ts";

interface Slot {
  amount: number;
  date: string;
  id: number;
}

/** An index of plain sorted arrays: for previews, for tests, and as the picture that the other one must agree with. */
export class MemoryIndex implements ItemIndex {
  readonly #items = new Map<number, IndexedItem>();
  readonly #keys = new Map<number, readonly IndexKey[]>();
  readonly #buckets = new Map<string, Slot[]>();
  readonly #voidedSets = new Set<string>();
  readonly #watchers = new Map<number, Set<number>>();

  find(id: number): IndexedItem | undefined {
    return this.#items.get(id);
  }

  put(item: IndexedItem, keys: readonly IndexKey[]): void {
    this.remove(item.id);
    this.#items.set(item.id, item);
    this.#keys.set(item.id, keys);
    for (const { plan, key } of keys) {
      const name = bucketName(plan, item.side, key);
      const bucket = this.#buckets.get(name) ?? [];
      const slot = slotOf(item);
      bucket.splice(lowerBound(bucket, slot), 0, slot);
      this.#buckets.set(name, bucket);
    }
  }

  remove(id: number): void {
    const item = this.#items.get(id);
    if (!item) return;
    for (const { plan, key } of this.#keys.get(id) ?? []) {
      const bucket = this.#buckets.get(bucketName(plan, item.side, key)) as Slot[];
      bucket.splice(lowerBound(bucket, slotOf(item)), 1);
    }
    this.#items.delete(id);
    this.#keys.delete(id);
  }

  nextAmount(plan: string, side: Side, key: string, from: number, direction: "up" | "down"): number | undefined {
    const bucket = this.#buckets.get(bucketName(plan, side, key)) ?? [];
    if (direction === "up") return bucket[lowerBound(bucket, { amount: from, date: "", id: 0 })]?.amount;
    return bucket[lowerBound(bucket, { amount: from + 1, date: "", id: 0 }) - 1]?.amount;
  }

  listAt(plan: string, side: Side, key: string, amount: number, after: Item | null, limit: number): IndexedItem[] {
    const bucket = this.#buckets.get(bucketName(plan, side, key)) ?? [];
    const start = lowerBound(
      bucket,
      after ? { amount, date: after.date, id: after.id + 1 } : { amount, date: "", id: 0 },
    );
    const slots = bucket.slice(start, start + limit).filter((slot) => slot.amount === amount);
    return slots.map((slot) => this.#items.get(slot.id) as IndexedItem);
  }

  walk(side: Side, after: WalkPosition | null, limit: number): IndexedItem[] {
    return [...this.#items.values()]
      .filter((item) => item.side === side && (after === null || compareWalk(walkPositionOf(item), after) > 0))
      .sort((left, right) => compareWalk(walkPositionOf(left), walkPositionOf(right)))
      .slice(0, limit);
  }

  isVoidedSet(setKey: string): boolean {
    return this.#voidedSets.has(setKey);
  }

  addVoidedSets(setKeys: readonly string[]): void {
    for (const setKey of setKeys) this.#voidedSets.add(setKey);
  }

  watch(id: number, others: readonly number[]): void {
    for (const other of others) {
      const watchers = this.#watchers.get(other) ?? new Set();
      this.#watchers.set(other, watchers.add(id));
    }
  }

  takeWatchers(id: number): number[] {
    const watchers = [...(this.#watchers.get(id) ?? [])].sort((left, right) => left - right);
    this.#watchers.delete(id);
    return watchers;
  }
}

function bucketName(plan: string, side: Side, key: string): string {
  return `${plan}\n${side}\n${key}`;
}

function slotOf(item: IndexedItem): Slot {
  return { amount: item.open, date: item.date, id: item.id };
}

function compareSlots(left: Slot, right: Slot): number {
  if (left.amount !== right.amount) return left.amount - right.amount;
  if (left.date !== right.date) return left.date < right.date ? -1 : 1;
  return left.id - right.id;
}

function lowerBound(bucket: readonly Slot[], slot: Slot): number {
  let low = 0;
  let high = bucket.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareSlots(bucket[middle] as Slot, slot) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compareWalk(left: WalkPosition, right: WalkPosition): number {
  if (left.date !== right.date) return left.date < right.date ? -1 : 1;
  if (left.amount !== right.amount) return left.amount - right.amount;
  if (left.externalId !== right.externalId) return compareTexts(left.externalId, right.externalId);
  return left.uid < right.uid ? -1 : left.uid > right.uid ? 1 : 0;
}
