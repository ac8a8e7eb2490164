import type { IndexedItem, IndexKey } from "../../src/core/matching/item-index.ts";
import { MemoryIndex } from "../../src/core/matching/memory-index.ts";
import type { Configuration, Progress, ReconcilerStore } from "../../src/services/reconciler-store.ts";

class CountedIndex extends MemoryIndex {
  readonly items = new Map<number, IndexedItem>();

  override put(item: IndexedItem, keys: readonly IndexKey[]): void {
    super.put(item, keys);
    this.items.set(item.id, item);
  }

  override remove(id: number): void {
    super.remove(id);
    this.items.delete(id);
  }
}

/** A Reconciler's memory without a Reconciler: two of them over one D1 are what two overlapping objects would be. */
export class MemoryStore implements ReconcilerStore {
  index = new CountedIndex();
  #configuration: Configuration | undefined;
  #progress: Progress | undefined;
  #queue = new Set<number>();
  #inFlight: number[] = [];

  readConfiguration(): Configuration | undefined {
    return this.#configuration;
  }

  writeConfiguration(configuration: Configuration): void {
    this.#configuration = configuration;
  }

  readProgress(): Progress | undefined {
    return this.#progress;
  }

  writeProgress(progress: Progress): void {
    this.#progress = progress;
  }

  enqueue(ids: readonly number[]): void {
    for (const id of ids) this.#queue.add(id);
  }

  peekQueue(limit: number): number[] {
    return [...this.#queue].slice(0, limit);
  }

  dequeue(ids: readonly number[]): void {
    for (const id of ids) this.#queue.delete(id);
  }

  readInFlight(): number[] {
    return this.#inFlight;
  }

  writeInFlight(ids: readonly number[]): void {
    this.#inFlight = [...ids];
  }

  removeSource(sourceId: number): void {
    for (const item of [...this.index.items.values()]) {
      if (item.sourceId === sourceId) this.index.remove(item.id);
    }
  }

  listIds(after: number, limit: number): number[] {
    return [...this.index.items.keys()]
      .filter((id) => id > after)
      .sort((left, right) => left - right)
      .slice(0, limit);
  }

  clearKeys(): void {
    for (const item of [...this.index.items.values()]) this.index.put(item, []);
  }

  listDue(today: string, limit: number): number[] {
    return [...this.index.items.values()]
      .filter((item) => item.due !== null && item.due < today)
      .map((item) => item.id)
      .slice(0, limit);
  }

  nextDue(): string | null {
    const days = [...this.index.items.values()].flatMap((item) => (item.due === null ? [] : [item.due]));
    return days.sort()[0] ?? null;
  }

  clear(): void {
    this.index = new CountedIndex();
    this.#configuration = undefined;
    this.#progress = undefined;
    this.#queue = new Set();
    this.#inFlight = [];
  }

  transaction<T>(work: () => T): T {
    return work();
  }
}
