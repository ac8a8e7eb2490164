import { TAIL_PAGE_ROWS } from "../config.ts";
import { FIRST_ROUND } from "../core/matching/decide.ts";
import { listIndexKeys } from "../core/matching/keys.ts";
import type { EngineRule } from "../core/matching/rule.ts";
import { takeInItem } from "../core/matching/waking.ts";
import { type ItemRow, isOpen, listItems, toItem } from "../db/items.ts";
import type { News } from "../db/news.ts";
import { compileRules } from "./load-configuration.ts";
import type { Configuration, Cursor, Progress, ReconcilerStore } from "./reconciler-store.ts";
import type { WorkDependencies } from "./work-off.ts";

const REINDEX_PAGE_ITEMS = 500;

/** Brings changed records into the index. Answers whether nothing newer is left in D1. */
export function takeInChanges(
  store: ReconcilerStore,
  configuration: Configuration,
  rules: readonly EngineRule[],
  progress: Progress,
  news: News,
): boolean {
  const { changes, cursors, isComplete } = cutAtCommonOrder(progress.cursors, news);
  store.transaction(() => {
    for (const change of changes) {
      takeInRow(store, configuration, rules, change, !progress.isLoading && configuration.runType === "continuous");
    }
    const isLoading = progress.isLoading && !isComplete;
    const startsPass = progress.isLoading && isComplete && configuration.runType === "continuous";
    const pass = startsPass && rules.length > 0 ? { rule: 0, position: FIRST_ROUND } : null;
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

function takeInRow(
  store: ReconcilerStore,
  configuration: Configuration,
  rules: readonly EngineRule[],
  row: ItemRow,
  enqueues: boolean,
): void {
  const item = isOpen(row) ? toItem(row, configuration.expectedWithinDays) : null;
  const woken = takeInItem(row.id, item, rules, store.index);
  if (enqueues) store.enqueue(item ? [row.id, ...woken] : woken);
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
  const known = new Set(rows.map(({ id }) => id));
  store.transaction(() => {
    for (const id of ids) if (!known.has(id)) store.index.remove(id);
    // What leaves the index here may have stood in the way of its group.
    for (const row of rows) takeInRow(store, configuration, rules, row, configuration.runType === "continuous");
    // A pass that has yet to come to them must not take them for untouched.
    if (store.readProgress()?.pass) store.index.wake(ids);
    const done = new Set(ids);
    store.writeInFlight(store.readInFlight().filter((id) => !done.has(id)));
  });
}

export function reindex(store: ReconcilerStore, rules: readonly EngineRule[], progress: Progress, after: number): void {
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
