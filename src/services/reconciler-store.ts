import type { ChainHead } from "../core/chain.ts";
import type { RoundPosition } from "../core/matching/decide.ts";
import type { Side } from "../core/matching/item.ts";
import type { ItemIndex } from "../core/matching/item-index.ts";
import type { RunType } from "../core/reconciliation.ts";
import type { RuleDefinition } from "../core/rule-definition.ts";
import type { RunProgress } from "./run-progress.ts";

/** What a reconciliation is, as of a generation. */
export interface Configuration {
  reconciliationId: number;
  reconciliationUid: string;
  environmentId: number;
  generation: number;
  runType: RunType;
  expectedWithinDays: number | null;
  sources: { id: number; side: Side }[];
  /** Active rules, strong ones first. */
  rules: { id: number; uid: string; version: number; definition: RuleDefinition }[];
}

/** How far a data source's changes have been taken in. */
export interface Cursor {
  sourceId: number;
  no: number;
  /** The token of the change with that number; null at the start. */
  token: number | null;
}

/** How far the work is. */
export interface Progress {
  cursors: Cursor[];
  head: ChainHead;
  /** What was last reported to D1 as the next due day; absent until then. */
  reportedDue?: string | null;
  /** True until what was there at the start has been taken in; until then nothing is matched. */
  isLoading: boolean;
  /** The item after which keys are still those of older rules; null when all are made. */
  reindexAfter: number | null;
  /** The pass over everything open, after a change of rules or sides: which rule, and where in its walk. */
  pass: { rule: number; position: RoundPosition } | null;
}

/**
 * What a Reconciler remembers: an index of D1, and how far it has come with it. All of it can be thrown away.
 */
export interface ReconcilerStore {
  readonly index: ItemIndex;
  /** The index that a run works on, in the order of a run. */
  readonly scratch: ItemIndex;
  /** Empties the scratch index, fast however full it is; the voided sets, which both indexes share, stay. */
  clearScratch(): void;
  readConfiguration(): Configuration | undefined;
  writeConfiguration(configuration: Configuration): void;
  readProgress(): Progress | undefined;
  writeProgress(progress: Progress): void;
  /** How far the run is that works on the scratch index; nothing when none does. */
  readRun(): RunProgress | undefined;
  writeRun(run: RunProgress | null): void;
  /** How many slices of runs have been begun since the last one that was done, this one included. */
  countRunAttempt(): number;
  clearRunAttempts(): void;
  /** Items to look at, each once, in the order in which they were put in. */
  enqueue(ids: readonly number[]): void;
  peekQueue(limit: number): number[];
  dequeue(ids: readonly number[]): void;
  /** Items that the index shows as matched while their commit is under way. */
  readInFlight(): number[];
  writeInFlight(ids: readonly number[]): void;
  removeSource(sourceId: number): void;
  /** Ids of items in order, for making their keys anew. */
  listIds(after: number, limit: number): number[];
  clearKeys(): void;
  /** Open items whose due day is before `today`, earliest first. */
  listDue(today: string, limit: number): number[];
  nextDue(): string | null;
  clear(): void;
  /** Runs local changes so that all or none of them last. No awaits inside. */
  transaction<T>(work: () => T): T;
}
