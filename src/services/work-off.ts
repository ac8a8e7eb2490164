import { DRAIN_MAX_ITEMS, SLICE_MAX_CHARS, SLICE_MAX_STEPS } from "../config.ts";
import {
  decideForItems,
  decideForRule,
  FIRST_ROUND,
  type RuleFailure,
  type WorkLimit,
} from "../core/matching/decide.ts";
import type { EngineRule } from "../core/matching/rule.ts";
import { findTentative } from "../core/matching/tentative.ts";
import type { Db } from "../db/client.ts";
import { type News, readChainSince, readNews } from "../db/news.ts";
import { commitDecisions, listItemIds } from "./commit-decisions.ts";
import { compileRules, loadConfiguration, takeInConfiguration } from "./load-configuration.ts";
import { raiseTentative } from "./raise-tentative.ts";
import type { Configuration, Progress, ReconcilerStore } from "./reconciler-store.ts";
import { refresh, reindex, takeInChanges } from "./take-in-changes.ts";

export interface WorkDependencies {
  db: Db;
  reconciliationUid: string;
  now: () => number;
  /** Wakes the deliveries that a commit has written; a lost wake-up is found by the cron. */
  sendDeliveries: (deliveryUids: string[]) => void;
}

/**
 * `more`: a slice is done and another one waits. `run`: nothing newer waits, but a run does, for `workOffRun`. `gone`:
 * the reconciliation is deleted.
 */
export type WorkState = "settled" | "more" | "run" | "gone";

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
  // Only a Reconciler's report changes it. Marks of what is overdue leave neither a change nor a link.
  if (known.reportedDues && !known.reportedDues.includes(news.reconciliation.next_due)) return true;
  if (known.marksTokens && !known.marksTokens.includes(news.reconciliation.marks_token)) return true;
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
  if (progress.pass && !progress.isLoading) {
    await workOffPass(deps, store, configuration, rules, progress, progress.pass);
    return "more";
  }
  const isComplete = takeInChanges(store, configuration, rules, progress, news);
  const { isLoading, pass } = store.readProgress() as Progress;
  // What is queued meanwhile is looked at once everything is there, after the pass that follows.
  if (isLoading || pass) return "more";
  await drain(deps, store, configuration, rules);
  if (!isComplete || store.peekQueue(1).length > 0) return "more";
  return news.reconciliation.has_run === 1 ? "run" : "settled";
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
  const { decisions, failures } = store.transaction(() => {
    if (!rule) {
      store.writeProgress({ ...progress, pass: null });
      return { decisions: [], failures: [] };
    }
    const decided = decideForRule(rule, rules, store.index, pass.position, limit(PASS_PAGE_ITEMS));
    const next = decided.next
      ? { rule: pass.rule, position: decided.next }
      : { rule: pass.rule + 1, position: FIRST_ROUND };
    store.writeProgress({ ...progress, pass: next });
    // A pass does not come back to stronger rules.
    store.enqueue([...new Set(decided.woken)]);
    store.writeInFlight(listItemIds(decided.decisions));
    return decided;
  });
  logFailures(configuration, failures);
  await commitDecisions(deps, store, configuration, decisions);
}

async function drain(
  deps: WorkDependencies,
  store: ReconcilerStore,
  configuration: Configuration,
  rules: readonly EngineRule[],
): Promise<void> {
  const { decisions, tentative, failures } = store.transaction(() => {
    const ids = store.peekQueue(DRAIN_MAX_ITEMS);
    const decided = decideForItems(ids, rules, store.index, limit(DRAIN_MAX_ITEMS));
    const visited = ids.slice(0, decided.visited);
    const sighted = findTentative(visited, rules, store.index, limit(DRAIN_MAX_ITEMS));
    store.dequeue(visited);
    store.enqueue([...decided.again, ...visited.slice(sighted.visited)]);
    store.writeInFlight([...listItemIds(decided.decisions), ...sighted.found.map(({ transaction }) => transaction.id)]);
    return { ...decided, tentative: sighted.found, failures: [...decided.failures, ...sighted.failures] };
  });
  logFailures(configuration, failures);
  if (tentative.length > 0) {
    await raiseTentative(deps, configuration, tentative);
    store.writeInFlight(listItemIds(decisions));
  }
  await commitDecisions(deps, store, configuration, decisions);
}

/** A rule that throws matches nothing, and stops no other one. */
export function logFailures({ reconciliationUid }: Configuration, failures: readonly RuleFailure[]): void {
  for (const { rule, message: error } of failures) {
    const message = "rule failed";
    console.error(JSON.stringify({ message, reconciliation_id: reconciliationUid, rule_id: rule.uid, error }));
  }
}

function limit(items: number): WorkLimit {
  return { items, steps: SLICE_MAX_STEPS, chars: SLICE_MAX_CHARS };
}
