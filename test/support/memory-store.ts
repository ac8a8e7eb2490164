import type { Side } from "../../src/core/matching/item.ts";
import type { IndexedItem, Mark, Note } from "../../src/core/matching/item-index.ts";
import { MemoryIndex } from "../../src/core/matching/memory-index.ts";
import type { Configuration, Progress, ReconcilerStore } from "../../src/services/reconciler-store.ts";
import type { RunProgress } from "../../src/services/run-progress.ts";

/** A Reconciler's memory without a Reconciler: two of them over one D1 are what two overlapping objects would be. */
export class MemoryStore implements ReconcilerStore {
  readonly #voidedSets = new Set<string>();
  readonly index = new MemoryIndex("arrival", this.#voidedSets);
  readonly scratch = new MemoryIndex("run", this.#voidedSets);
  #failures = 0;
  #configuration: Configuration | undefined;
  #progress: Progress | undefined;
  #run: RunProgress | null = null;
  #runAttempts = 0;
  #queue = new Set<number>();
  #inFlight: number[] = [];
  #findings: { runId: number; notes: Note[] } | undefined;

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

  keepFindings(runId: number, notes: readonly Note[], isFirst: boolean): void {
    if (isFirst) this.#findings = { runId, notes: [] };
    this.#findings?.notes.push(...notes);
  }

  takeFindings(runId: number): void {
    if (this.#findings?.runId !== runId) return;
    const known = this.index.listNotes(null, Number.MAX_SAFE_INTEGER);
    for (const { itemId, ruleId } of known) this.index.note(itemId, ruleId, null);
    for (const { itemId, ruleId, finding } of this.#findings.notes) this.index.note(itemId, ruleId, finding);
  }

  countFailures(): number {
    return this.#failures;
  }

  writeFailures(count: number): void {
    this.#failures = count;
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

  listNewest(side: Side, before: number, limit: number): number[] {
    return this.#items()
      .filter((item) => item.side === side && item.id < before)
      .map(({ id }) => id)
      .sort((left, right) => right - left)
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

  listDueOn(day: string, limit: number): number[] {
    return this.#items()
      .filter(({ due }) => due === day)
      .map(({ id }) => id)
      .sort((left, right) => left - right)
      .slice(0, limit);
  }

  nextDue(): string | null {
    const days = this.#items().flatMap(({ due }) => (due === null ? [] : [due]));
    return days.sort()[0] ?? null;
  }

  clearDue(ids: readonly number[]): void {
    for (const id of ids) this.index.clearDue(id);
  }

  listMarks(limit: number): Mark[] {
    const noted = new Set(this.index.listNotes(null, Number.MAX_SAFE_INTEGER).map(({ itemId }) => itemId));
    return this.#items()
      .filter((item) => noted.has(item.id) !== (item.isMarked ?? false))
      .map(({ id }) => ({ itemId: id, isUncertain: noted.has(id) }))
      .sort((left, right) => left.itemId - right.itemId)
      .slice(0, limit);
  }

  settleMarks(marks: readonly Mark[]): void {
    for (const { itemId, isUncertain } of marks) this.index.mark(itemId, isUncertain);
  }

  clear(): void {
    this.index.clear();
    this.scratch.clear();
    this.#findings = undefined;
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
