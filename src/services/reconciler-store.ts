import type { ChainHead } from "../core/chain.ts";
import type { RoundPosition } from "../core/matching/decide.ts";
import type { Side } from "../core/matching/item.ts";
import type { ItemIndex, Mark, Note } from "../core/matching/item-index.ts";
import type { PaymentRuleDefinition } from "../core/payment/payment-rule.ts";
import type { RunType } from "../core/reconciliation.ts";
import type { RuleDefinition } from "../core/rule-definition.ts";
import type { RunProgress } from "./run-progress.ts";

interface StoredRule<Definition> {
  id: number;
  uid: string;
  version: number;
  definition: Definition;
}

/** What a reconciliation is, as of a generation. */
export interface Configuration {
  reconciliationId: number;
  reconciliationUid: string;
  environmentId: number;
  generation: number;
  runType: RunType;
  expectedWithinDays: number | null;
  /** The generation in which that was last replaced by another number. */
  dueGeneration: number;
  /** The internal account whose payments it reconciles. */
  accountUid: string | null;
  sources: { id: number; side: Side }[];
  /** Active rules, strong ones first. */
  rules: StoredRule<RuleDefinition>[];
  /** The same in place of `rules` for an internal account's payments. */
  paymentRules: StoredRule<PaymentRuleDefinition>[];
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
  /** Next due days of reports of which one is D1's, as with `marksTokens`; absent until the first report. */
  reportedDues?: (string | null)[];
  /** Tokens of pages of marks of which one is D1's: the last one that was written, and those whose outcome is not known. */
  marksTokens?: (number | null)[];
  /** True once nothing newer was left since the index was made, or a data source came in. */
  hasSettled?: boolean;
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
  /** Keeps what a run has noted of items beside the index, until another one does; `isFirst` page of it. */
  keepFindings(runId: number, notes: readonly Note[], isFirst: boolean): void;
  /** Takes what a run has noted for what is noted in the index, if it is kept. */
  takeFindings(runId: number): void;
  /** How many slices have failed since the last one that did not. */
  countFailures(): number;
  writeFailures(count: number): void;
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
  /** Ids of the index's items of a side that are below `before`, highest first. */
  listNewest(side: Side, before: number, limit: number): number[];
  clearKeys(): void;
  /** Open items whose due day is before `today`, earliest first. */
  listDue(today: string, limit: number): number[];
  /** Open items with this due day, in the order of their ids. */
  listDueOn(day: string, limit: number): number[];
  nextDue(): string | null;
  /** Takes it that these have been reported as overdue. */
  clearDue(ids: readonly number[]): void;
  /** Items that D1 shows as uncertain and no rule has noted, or the other way round. */
  listMarks(limit: number): Mark[];
  /** D1 shows them now as these say. */
  settleMarks(marks: readonly Mark[]): void;
  clear(): void;
  /** Runs local changes so that all or none of them last. No awaits inside. */
  transaction<T>(work: () => T): T;
}
