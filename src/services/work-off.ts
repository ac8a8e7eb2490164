import { v7 as newId } from "uuid";
import { COMMIT_MAX_TRIES, DRAIN_MAX_ITEMS, TAIL_PAGE_ROWS } from "../config.ts";
import { decideForItems, decideForRule } from "../core/matching/decide.ts";
import type { Decision } from "../core/matching/one-to-one.ts";
import { type EngineRule, listIndexKeys } from "../core/matching/rule.ts";
import type { Db } from "../db/client.ts";
import { type ItemRow, isOpen, listItems, toItem } from "../db/items.ts";
import type { CommitScope } from "../db/match-commit.ts";
import { type News, readChainSince, readNews } from "../db/news.ts";
import { commitMatches, type PlannedMatch } from "./commit-matches.ts";
import { compileRules, loadConfiguration, takeInConfiguration } from "./load-configuration.ts";
import type { Configuration, Cursor, Progress, ReconcilerStore } from "./reconciler-store.ts";

export interface WorkDependencies {
  db: Db;
  reconciliationUid: string;
  now: () => number;
  /** Wakes the deliveries that a commit has written; a lost wake-up is found by the cron. */
  sendDeliveries: (deliveryUids: string[]) => void;
}

/** `more`: a slice is done and another one waits. `gone`: the reconciliation is deleted. */
export type WorkState = "settled" | "more" | "gone";

const REINDEX_PAGE_ITEMS = 500;
const PASS_PAGE_ITEMS = 200;

/**
 * One bounded slice of a Reconciler's work: takes in what is new in D1 and matches what that brings. The caller holds
 * a mutex from the start to the end, as reading, matching and committing are one unit.
 */
export async function workOff(deps: WorkDependencies, store: ReconcilerStore): Promise<WorkState> {
  const known = store.readProgress();
  const news = await readNews(deps.db, deps.reconciliationUid, known?.cursors ?? []);
  if (!news || news.reconciliation.deleted_at !== null) {
    store.clear();
    return news ? "gone" : "settled";
  }
  if (known && (await wentBack(deps, known, news, store))) {
    store.clear();
    return "more";
  }
  const configuration = store.readConfiguration();
  if (!known || configuration?.generation !== news.reconciliation.generation) {
    const loaded = await loadConfiguration(deps.db, deps.reconciliationUid, news);
    await takeInConfiguration(deps.db, store, loaded, news);
    return "more";
  }
  await refresh(deps, store, configuration, store.readInFlight());
  return advance(deps, store, configuration, news);
}

/** True when D1 is not a later state of what the store remembers: it was restored to an earlier time. */
async function wentBack(deps: WorkDependencies, known: Progress, news: News, store: ReconcilerStore): Promise<boolean> {
  const places = new Map(news.sources.map((source) => [source.source_id, source]));
  for (const cursor of known.cursors) {
    const place = places.get(cursor.sourceId);
    if (!place || cursor.no === 0) continue;
    if (place.token_at_position !== cursor.token) return true;
  }
  const { chain_no: no, chain_hash: hash, id } = news.reconciliation;
  if (known.head.no === no) return known.head.hash !== hash;
  if (known.head.no > no) return true;
  // Somebody else has committed: an instance that this one replaced, or this one before its outcome was known.
  const since = await readChainSince(deps.db, id, known.head.no);
  if (known.head.no > 0 && since.hash !== known.head.hash) return true;
  store.transaction(() => {
    store.index.addVoidedSets(since.voidedSets);
    store.writeInFlight([...new Set([...store.readInFlight(), ...since.recordIds])]);
    store.writeProgress({ ...known, head: { no, hash } });
  });
  return false;
}

async function advance(
  deps: WorkDependencies,
  store: ReconcilerStore,
  configuration: Configuration,
  news: News,
): Promise<WorkState> {
  const progress = store.readProgress() as Progress;
  const rules = compileRules(configuration);
  if (progress.reindexAfter !== null) {
    reindex(store, rules, progress, progress.reindexAfter);
    return "more";
  }
  if (progress.pass) {
    await workOffPass(deps, store, configuration, rules, progress, progress.pass);
    return "more";
  }
  const isComplete = takeInChanges(store, configuration, rules, progress, news);
  await drain(deps, store, configuration, rules);
  return isComplete && store.peekQueue(1).length === 0 ? "settled" : "more";
}

/** Brings changed records into the index. Answers whether nothing newer is left in D1. */
function takeInChanges(
  store: ReconcilerStore,
  configuration: Configuration,
  rules: readonly EngineRule[],
  progress: Progress,
  news: News,
): boolean {
  const { changes, cursors, isComplete } = cutAtCommonOrder(progress.cursors, news);
  store.transaction(() => {
    for (const change of changes) {
      takeInItem(store, configuration, rules, change, !progress.isLoading && configuration.runType === "continuous");
    }
    const isLoading = progress.isLoading && !isComplete;
    const startsPass = progress.isLoading && isComplete && configuration.runType === "continuous";
    const pass = startsPass && rules.length > 0 ? { rule: 0, after: null } : null;
    store.writeProgress({ ...progress, cursors, isLoading, pass });
  });
  return isComplete && (store.readProgress() as Progress).pass === null;
}

/**
 * Sources are read in pages, and changes are to be taken in in their common order: what lies behind the end of a page
 * that was cut waits for the next slice.
 */
function cutAtCommonOrder(cursors: readonly Cursor[], news: News) {
  const newest = new Map(news.sources.map((source) => [source.source_id, source.change_no]));
  let limit = Number.MAX_SAFE_INTEGER;
  for (const cursor of cursors) {
    if ((newest.get(cursor.sourceId) ?? 0) <= cursor.no + TAIL_PAGE_ROWS) continue;
    const last = news.changes.findLast((change) => change.source_id === cursor.sourceId);
    if (last) limit = Math.min(limit, last.change_id);
  }
  const changes = news.changes.filter((change) => change.change_id <= limit);
  const moved = cursors.map((cursor): Cursor => {
    const last = changes.findLast((change) => change.source_id === cursor.sourceId);
    return last ? { sourceId: cursor.sourceId, no: last.no, token: last.token } : cursor;
  });
  const isComplete = moved.every((cursor) => cursor.no >= (newest.get(cursor.sourceId) ?? 0));
  return { changes, cursors: moved, isComplete };
}

function takeInItem(
  store: ReconcilerStore,
  configuration: Configuration,
  rules: readonly EngineRule[],
  row: ItemRow,
  enqueues: boolean,
): void {
  const watchers = store.index.takeWatchers(row.id);
  if (isOpen(row)) {
    const item = toItem(row, configuration.expectedWithinDays);
    store.index.put(item, listIndexKeys(rules, item));
    if (enqueues) store.enqueue([row.id]);
  } else {
    store.index.remove(row.id);
  }
  if (enqueues) store.enqueue(watchers);
}

/** Reads items anew whose state in the index is in doubt; under a continuous reconciliation they are looked at again. */
export async function refresh(
  deps: WorkDependencies,
  store: ReconcilerStore,
  configuration: Configuration,
  ids: readonly number[],
): Promise<void> {
  if (ids.length === 0) return;
  const rows = await listItems(deps.db, configuration.reconciliationId, ids);
  const rules = compileRules(configuration);
  store.transaction(() => {
    for (const id of ids) store.index.remove(id);
    for (const row of rows) takeInItem(store, configuration, rules, row, configuration.runType === "continuous");
    store.writeInFlight(store.readInFlight().filter((id) => !ids.includes(id)));
  });
}

function reindex(store: ReconcilerStore, rules: readonly EngineRule[], progress: Progress, after: number): void {
  store.transaction(() => {
    const ids = store.listIds(after, REINDEX_PAGE_ITEMS);
    for (const id of ids) {
      const item = store.index.find(id);
      if (item) store.index.put(item, listIndexKeys(rules, item));
    }
    const reindexAfter = ids.length < REINDEX_PAGE_ITEMS ? null : (ids.at(-1) as number);
    store.writeProgress({ ...progress, reindexAfter });
  });
}

async function workOffPass(
  deps: WorkDependencies,
  store: ReconcilerStore,
  configuration: Configuration,
  rules: readonly EngineRule[],
  progress: Progress,
  pass: NonNullable<Progress["pass"]>,
): Promise<void> {
  const rule = rules[pass.rule];
  const decisions = store.transaction(() => {
    if (!rule) {
      store.writeProgress({ ...progress, pass: null });
      return [];
    }
    const decided = decideForRule(rule, rules, store.index, pass.after, PASS_PAGE_ITEMS);
    const next = decided.after ? { rule: pass.rule, after: decided.after } : { rule: pass.rule + 1, after: null };
    store.writeProgress({ ...progress, pass: next });
    store.enqueue(decided.again);
    store.writeInFlight(listItemIds(decided.decisions));
    return decided.decisions;
  });
  await commit(deps, store, configuration, decisions);
}

async function drain(
  deps: WorkDependencies,
  store: ReconcilerStore,
  configuration: Configuration,
  rules: readonly EngineRule[],
): Promise<void> {
  const decisions = store.transaction(() => {
    const ids = store.peekQueue(DRAIN_MAX_ITEMS);
    const decided = decideForItems(ids, rules, store.index);
    store.dequeue(ids);
    store.enqueue(decided.again);
    store.writeInFlight(listItemIds(decided.decisions));
    return decided.decisions;
  });
  await commit(deps, store, configuration, decisions);
}

function listItemIds(decisions: readonly Decision[]): number[] {
  return [...new Set(decisions.flatMap((decision) => decision.allocations.map(({ item }) => item.id)))];
}

/**
 * Writes decisions that the index has taken in already. Those that rest on a record that has changed are left out, the
 * rest is written, and the records of what was left out are looked at again.
 */
async function commit(
  deps: WorkDependencies,
  store: ReconcilerStore,
  configuration: Configuration,
  decisions: readonly Decision[],
): Promise<void> {
  let planned = decisions.map(plan);
  for (let tries = 0; planned.length > 0 && tries < COMMIT_MAX_TRIES; tries++) {
    const progress = store.readProgress() as Progress;
    const outcome = await commitMatches(deps.db, scopeOf(deps, configuration, progress), planned);
    if (outcome.kind === "committed") {
      const written = new Set(planned.map((match) => match.setKey));
      store.transaction(() => {
        store.writeProgress({ ...progress, head: outcome.head });
        store.writeInFlight(listItemIds(decisions.filter((decision) => !written.has(decision.setKey))));
      });
      deps.sendDeliveries(outcome.deliveryUids);
      break;
    }
    // With no record to blame, the reconciliation itself has changed: the next slice sees how.
    if (outcome.recordUids.length === 0) break;
    planned = leaveOut(planned, new Set(outcome.recordUids));
  }
  await refresh(deps, store, configuration, store.readInFlight());
}

/** Drops the matches of doubtful records, and those that were decided after them over a record of theirs. */
function leaveOut(planned: readonly PlannedMatch[], doubtful: Set<string>): PlannedMatch[] {
  return planned.filter((match) => {
    const uids = match.allocations.map(({ item }) => item.uid);
    if (!uids.some((uid) => doubtful.has(uid))) return true;
    for (const uid of uids) doubtful.add(uid);
    return false;
  });
}

function plan(decision: Decision): PlannedMatch {
  const { rule, currency, variance, allocations, setKey } = decision;
  return {
    uid: newId(),
    rule,
    currency,
    variance,
    allocations,
    explanation: decision.explanation.map(({ a, b, passed }) => [a, b, passed]),
    setKey,
  };
}

export function scopeOf(
  deps: Pick<WorkDependencies, "now">,
  configuration: Configuration,
  progress: Pick<Progress, "head">,
): CommitScope {
  return {
    reconciliationId: configuration.reconciliationId,
    reconciliationUid: configuration.reconciliationUid,
    environmentId: configuration.environmentId,
    generation: configuration.generation,
    head: progress.head,
    now: deps.now(),
  };
}
