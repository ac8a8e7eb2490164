import { compareTexts } from "../text.ts";
import type { Item, Side } from "./item.ts";
import {
  compareCandidates,
  compareWalk,
  type Finding,
  type IndexedItem,
  type IndexKey,
  type IndexOrder,
  type ItemIndex,
  type Note,
  type Tally,
  tieOf,
  type WalkPosition,
  walkPositionOf,
} from "./item-index.ts";

interface Place {
  rank: number;
  date: string;
  tie: string;
  id: number;
}

interface Slot extends Place {
  isTallied: boolean;
}

/** An index of plain sorted arrays: for tests, and as the picture that the other one must agree with. */
export class MemoryIndex implements ItemIndex {
  readonly order: IndexOrder;
  readonly #voidedSets: Set<string>;
  readonly #items = new Map<number, IndexedItem>();
  readonly #keys = new Map<number, readonly IndexKey[]>();
  /** By plan and side, then by key; none is empty. */
  readonly #buckets = new Map<string, Map<string, Slot[]>>();
  /** By plan and side, as far as they have been asked for since a bucket came or went. */
  readonly #sortedKeys = new Map<string, string[]>();
  readonly #woken = new Set<number>();
  readonly #watchers = new Map<number, Set<number>>();
  /** The other way round: what an item waits for. */
  readonly #watched = new Map<number, Set<number>>();
  readonly #notes = new Map<number, Map<number, Finding>>();

  /** Indexes of the same reconciliation share its voided sets. */
  constructor(order: IndexOrder = "arrival", voidedSets = new Set<string>()) {
    this.order = order;
    this.#voidedSets = voidedSets;
  }

  /** Forgets everything but the voided sets. */
  clear(): void {
    for (const part of [
      this.#items,
      this.#keys,
      this.#buckets,
      this.#sortedKeys,
      this.#woken,
      this.#watchers,
      this.#watched,
      this.#notes,
    ])
      part.clear();
  }

  find(id: number): IndexedItem | undefined {
    return this.#items.get(id);
  }

  put(item: IndexedItem, keys: readonly IndexKey[]): void {
    this.#removeSlots(item.id);
    this.#items.set(item.id, item);
    this.#keys.set(item.id, keys);
    for (const key of keys) {
      const buckets = this.#bucketsOf(key.plan, item.side);
      const bucket = buckets.get(key.key) ?? [];
      const slot = this.#slotOf(item, key);
      bucket.splice(lowerBound(bucket, slot), 0, slot);
      if (bucket.length === 1) this.#sortedKeys.delete(nameOf(key.plan, item.side));
      buckets.set(key.key, bucket);
    }
  }

  remove(id: number): void {
    if (!this.#items.has(id)) return;
    for (const other of this.#watched.get(id) ?? []) this.#watchers.get(other)?.delete(id);
    this.#watched.delete(id);
    this.#removeSlots(id);
    this.#items.delete(id);
    this.#keys.delete(id);
    this.#woken.delete(id);
    this.#notes.delete(id);
  }

  nextRank(plan: string, side: Side, key: string, from: number, direction: "up" | "down"): number | undefined {
    const bucket = this.#bucketOf(plan, side, key);
    if (direction === "up") return bucket[lowerBound(bucket, startOf(from))]?.rank;
    return bucket[lowerBound(bucket, startOf(from + 1)) - 1]?.rank;
  }

  listAt(plan: string, side: Side, key: string, rank: number, after: Item | null, limit: number): IndexedItem[] {
    const start = after ? { rank, date: after.date, tie: tieOf(after, this.order), id: after.id + 1 } : startOf(rank);
    return this.#listFrom(this.#bucketOf(plan, side, key), start, rank, limit);
  }

  listBetween(plan: string, side: Side, key: string, min: number, max: number, limit: number): IndexedItem[] {
    return this.#listFrom(this.#bucketOf(plan, side, key), startOf(min), max, limit);
  }

  nextKey(plan: string, side: Side, prefix: string, after: string): string | undefined {
    const keys = this.#sortedKeysOf(plan, side);
    const key = keys[compareTexts(after, prefix) < 0 ? firstFrom(keys, prefix, 0) : firstFrom(keys, after, 1)];
    return key?.startsWith(prefix) ? key : undefined;
  }

  tally(plan: string, side: Side, key: string, min: number, max: number): Tally[] {
    const tallies = new Map<number, Tally>();
    for (const slot of this.#bucketOf(plan, side, key)) {
      if (!slot.isTallied || slot.rank < min || slot.rank > max) continue;
      const { open, sign } = this.#items.get(slot.id) as IndexedItem;
      const { count, sum } = tallies.get(slot.rank) ?? { count: 0, sum: 0n };
      tallies.set(slot.rank, { rank: slot.rank, count: count + 1, sum: sum + BigInt(open) * BigInt(sign) });
    }
    return [...tallies.values()].sort((left, right) => right.rank - left.rank);
  }

  listNearest(side: Side, currency: string, amount: number, limit: number): IndexedItem[] {
    const distance = (item: IndexedItem) => Math.abs(item.open - amount);
    return [...this.#items.values()]
      .filter((item) => item.side === side && item.currency === currency)
      .sort((left, right) => distance(left) - distance(right) || compareCandidates(left, right, this.order))
      .slice(0, limit);
  }

  walk(after: WalkPosition | null, limit: number): IndexedItem[] {
    return walkThrough([...this.#items.values()], after, limit);
  }

  wake(ids: readonly number[]): void {
    for (const id of ids) {
      if (this.#items.has(id)) this.#woken.add(id);
    }
  }

  unwake(id: number): boolean {
    return this.#woken.delete(id);
  }

  walkWoken(after: WalkPosition | null, limit: number): IndexedItem[] {
    const woken = [...this.#woken].map((id) => this.#items.get(id) as IndexedItem);
    return walkThrough(woken, after, limit);
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
      this.#watched.set(id, (this.#watched.get(id) ?? new Set()).add(other));
    }
  }

  takeWatchers(id: number): number[] {
    const watchers = [...(this.#watchers.get(id) ?? [])].sort((left, right) => left - right);
    for (const watcher of watchers) this.#watched.get(watcher)?.delete(id);
    this.#watchers.delete(id);
    return watchers;
  }

  note(itemId: number, ruleId: number, finding: Finding | null): void {
    if (!this.#items.has(itemId)) return;
    const notes = this.#notes.get(itemId) ?? new Map<number, Finding>();
    if (finding === null) notes.delete(ruleId);
    else notes.set(ruleId, finding);
    this.#notes.set(itemId, notes);
  }

  /** Takes it that what is written down of an item says so now. */
  mark(itemId: number, isUncertain: boolean): void {
    const item = this.#items.get(itemId);
    if (!item) return;
    const { isMarked: _, ...rest } = item;
    this.#items.set(itemId, isUncertain ? { ...rest, isMarked: true } : rest);
  }

  clearDue(itemId: number): void {
    const item = this.#items.get(itemId);
    if (item) this.#items.set(itemId, { ...item, due: null });
  }

  listNotes(after: { itemId: number; ruleId: number } | null, limit: number): Note[] {
    const notes = [...this.#notes].flatMap(([itemId, findings]) =>
      [...findings].map(([ruleId, finding]) => ({ itemId, ruleId, finding })),
    );
    return notes
      .sort(compareNotes)
      .filter((note) => after === null || compareNotes(note, after) > 0)
      .slice(0, limit);
  }

  #removeSlots(id: number): void {
    const item = this.#items.get(id);
    if (!item) return;
    for (const key of this.#keys.get(id) ?? []) {
      const buckets = this.#bucketsOf(key.plan, item.side);
      const bucket = buckets.get(key.key) as Slot[];
      bucket.splice(lowerBound(bucket, this.#slotOf(item, key)), 1);
      if (bucket.length > 0) continue;
      buckets.delete(key.key);
      this.#sortedKeys.delete(nameOf(key.plan, item.side));
    }
  }

  #slotOf(item: IndexedItem, { rank, isTallied }: IndexKey): Slot {
    return { rank, date: item.date, tie: tieOf(item, this.order), id: item.id, isTallied };
  }

  #sortedKeysOf(plan: string, side: Side): string[] {
    const name = nameOf(plan, side);
    const keys = this.#sortedKeys.get(name) ?? [...this.#bucketsOf(plan, side).keys()].sort(compareTexts);
    this.#sortedKeys.set(name, keys);
    return keys;
  }

  #bucketsOf(plan: string, side: Side): Map<string, Slot[]> {
    const name = nameOf(plan, side);
    const buckets = this.#buckets.get(name) ?? new Map<string, Slot[]>();
    this.#buckets.set(name, buckets);
    return buckets;
  }

  #bucketOf(plan: string, side: Side, key: string): readonly Slot[] {
    return this.#buckets.get(nameOf(plan, side))?.get(key) ?? [];
  }

  #listFrom(bucket: readonly Slot[], start: Place, maxRank: number, limit: number): IndexedItem[] {
    const first = lowerBound(bucket, start);
    const slots = bucket.slice(first, first + limit).filter((slot) => slot.rank <= maxRank);
    return slots.map((slot) => this.#items.get(slot.id) as IndexedItem);
  }
}

function walkThrough(items: IndexedItem[], after: WalkPosition | null, limit: number): IndexedItem[] {
  return items
    .filter((item) => after === null || compareWalk(walkPositionOf(item), after) > 0)
    .sort((left, right) => compareWalk(walkPositionOf(left), walkPositionOf(right)))
    .slice(0, limit);
}

function nameOf(plan: string, side: Side): string {
  return `${plan}\n${side}`;
}

/** The place of the first key that is not before a text by this much: 0 takes the text itself, 1 what follows it. */
function firstFrom(keys: readonly string[], text: string, least: 0 | 1): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Math.sign(compareTexts(keys[middle] as string, text)) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where the items of a rank begin. */
function startOf(rank: number): Place {
  return { rank, date: "", tie: "", id: 0 };
}

function comparePlaces(left: Place, right: Place): number {
  if (left.rank !== right.rank) return left.rank - right.rank;
  if (left.date !== right.date) return left.date < right.date ? -1 : 1;
  return compareTexts(left.tie, right.tie) || left.id - right.id;
}

function compareNotes(left: Omit<Note, "finding">, right: Omit<Note, "finding">): number {
  return left.itemId - right.itemId || left.ruleId - right.ruleId;
}

function lowerBound(bucket: readonly Slot[], place: Place): number {
  let low = 0;
  let high = bucket.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (comparePlaces(bucket[middle] as Slot, place) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
