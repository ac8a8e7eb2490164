import { SLICE_MAX_STEPS, TAIL_PAGE_ROWS } from "../config.ts";
import { FIRST_ROUND } from "../core/matching/decide.ts";
import { listIndexKeys } from "../core/matching/keys.ts";
import type { EngineRule } from "../core/matching/rule.ts";
import { type Meter, newMeter } from "../core/matching/search.ts";
import { replaceItem, takeInItem } from "../core/matching/waking.ts";
import { type ItemRow, isOpen, listItems, toItem } from "../db/items.ts";
import type { News } from "../db/news.ts";
import { compileRules } from "./load-configuration.ts";
import type { Configuration, Cursor, Progress, ReconcilerStore } from "./reconciler-store.ts";
import type { WorkDependencies } from "./work-off.ts";

const REINDEX_PAGE_ITEMS = 500;
/** In place of a rule that is not known any more. */
const NO_RULE = 0;

/**
 * Brings changed records into the index, as many as the work of finding whom they concern allows. Answers whether nothing
 * newer is left in D1.
 */
export function takeInChanges(
  store: ReconcilerStore,
  configuration: Configuration,
  rules: readonly EngineRule[],
  progress: Progress,
  news: News,
): boolean {
  const newest = new Map(news.sources.map((source) => [source.source_id, source.change_no]));
  const isContinuous = configuration.runType === "continuous";
  const changes = cutAtCommonOrder(progress.cursors, news.changes, newest);
  return store.transaction(() => {
    const taken = takeInRows(store, configuration, rules, changes, isContinuous && !progress.isLoading);
    const cursors = moveCursors(progress.cursors, changes.slice(0, taken));
    const isComplete = cursors.every((cursor) => cursor.no >= (newest.get(cursor.sourceId) ?? 0));
    const isLoading = progress.isLoading && !isComplete;
    const startsPass = progress.isLoading && isComplete && isContinuous;
    const pass = startsPass && rules.length > 0 ? { rule: 0, position: FIRST_ROUND } : null;
    store.writeProgress({ ...progress, cursors, isLoading, pass });
    return isComplete && pass === null;
  });
}

/**
 * Sources are read in pages, and changes are to be taken in in their common order: what lies behind the end of a page
 * that was cut waits for the next slice.
 */
function cutAtCommonOrder(
  cursors: readonly Cursor[],
  changes: News["changes"],
  newest: ReadonlyMap<number, number>,
): News["changes"] {
  let limit = Number.MAX_SAFE_INTEGER;
  for (const cursor of cursors) {
    if ((newest.get(cursor.sourceId) ?? 0) <= cursor.no + TAIL_PAGE_ROWS) continue;
    const last = changes.findLast((change) => change.source_id === cursor.sourceId);
    if (last) limit = Math.min(limit, last.change_id);
  }
  return changes.filter((change) => change.change_id <= limit);
}

function moveCursors(cursors: readonly Cursor[], taken: News["changes"]): Cursor[] {
  return cursors.map((cursor) => {
    const last = taken.findLast((change) => change.source_id === cursor.sourceId);
    return last ? { sourceId: cursor.sourceId, no: last.no, token: last.token } : cursor;
  });
}

/** Answers how many of the rows it has taken in before the work came to its limit. */
function takeInRows(
  store: ReconcilerStore,
  configuration: Configuration,
  rules: readonly EngineRule[],
  rows: readonly ItemRow[],
  enqueues: boolean,
): number {
  const meter = newMeter();
  for (const [place, row] of rows.entries()) {
    takeInRow(store, configuration, rules, row, enqueues ? meter : null);
    if (meter.steps >= SLICE_MAX_STEPS) return place + 1;
  }
  return rows.length;
}

/** Without a meter nothing is looked at because of the row. */
function takeInRow(
  store: ReconcilerStore,
  configuration: Configuration,
  rules: readonly EngineRule[],
  row: ItemRow,
  meter: Meter | null,
): void {
  const item = isOpen(row, configuration) ? toItem(row, configuration) : null;
  if (!meter) {
    replaceItem(row.id, item, rules, store.index);
    // Where runs alone look at items, what one has found holds until the next.
    if (item?.isMarked && configuration.runType === "batch") store.index.note(row.id, NO_RULE, "ambiguous");
    return;
  }
  const woken = takeInItem(row.id, item, rules, store.index, meter);
  store.enqueue(item ? [row.id, ...woken] : woken);
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
  const unknown = ids.filter((id) => !known.has(id));
  store.transaction(() => {
    for (const id of unknown) store.index.remove(id);
    land(store, unknown);
  });
  for (let rest = rows; rest.length > 0; ) {
    rest = store.transaction(() => {
      // What leaves the index here may have stood in the way of its group.
      const taken = takeInRows(store, configuration, rules, rest, configuration.runType === "continuous");
      const done = rest.slice(0, taken).map(({ id }) => id);
      // A pass that has yet to come to them must not take them for untouched.
      if (store.readProgress()?.pass) store.index.wake(done);
      land(store, done);
      return rest.slice(taken);
    });
  }
}

function land(store: ReconcilerStore, ids: readonly number[]): void {
  const done = new Set(ids);
  store.writeInFlight(store.readInFlight().filter((id) => !done.has(id)));
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
