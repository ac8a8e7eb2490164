import type { IndexedItem } from "../../src/core/matching/item-index.ts";
import { MemoryIndex } from "../../src/core/matching/memory-index.ts";
import type { Configuration, Progress, ReconcilerStore } from "../../src/services/reconciler-store.ts";
import type { RunProgress } from "../../src/services/run-progress.ts";

/** A Reconciler's memory without a Reconciler: two of them over one D1 are what two overlapping objects would be. */
export class MemoryStore implements ReconcilerStore {
  readonly #voidedSets = new Set<string>();
  readonly index = new MemoryIndex("arrival", this.#voidedSets);
  readonly scratch = new MemoryIndex("run", this.#voidedSets);
  #configuration: Configuration | undefined;
  #progress: Progress | undefined;
  #run: RunProgress | null = null;
  #runAttempts = 0;
  #queue = new Set<number>();
  #inFlight: number[] = [];

  clearScratch(): void {
    this.scratch.clear();
  }

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

  readRun(): RunProgress | undefined {
    return this.#run ?? undefined;
  }

  writeRun(run: RunProgress | null): void {
    this.#run = run;
  }

  countRunAttempt(): number {
    this.#runAttempts += 1;
    return this.#runAttempts;
  }

  clearRunAttempts(): void {
    this.#runAttempts = 0;
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
    for (const item of this.#items()) {
      if (item.sourceId === sourceId) this.index.remove(item.id);
    }
  }

  listIds(after: number, limit: number): number[] {
    return this.#items()
      .map(({ id }) => id)
      .filter((id) => id > after)
      .sort((left, right) => left - right)
      .slice(0, limit);
  }

  clearKeys(): void {
    for (const item of this.#items()) this.index.put(item, []);
  }

  listDue(today: string, limit: number): number[] {
    return this.#items()
      .filter(({ due }) => due !== null && due < today)
      .sort((left, right) => ((left.due as string) < (right.due as string) ? -1 : 1))
      .map(({ id }) => id)
      .slice(0, limit);
  }

  nextDue(): string | null {
    const days = this.#items().flatMap(({ due }) => (due === null ? [] : [due]));
    return days.sort()[0] ?? null;
  }

  clear(): void {
    this.index.clear();
    this.scratch.clear();
    this.#voidedSets.clear();
    this.#configuration = undefined;
    this.#progress = undefined;
    this.#run = null;
    this.#queue.clear();
    this.#inFlight = [];
  }

  transaction<T>(work: () => T): T {
    return work();
  }

  #items(): IndexedItem[] {
    return this.index.walk(null, Number.MAX_SAFE_INTEGER);
  }
}
