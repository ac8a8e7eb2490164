import { INDEX_CHECK_MAX_STEPS, INDEX_CHECK_MAX_TRIES, INDEX_CHECK_PAGE_ROWS } from "../config.ts";
import type { Place } from "../core/integrity.ts";
import type { Db } from "../db/client.ts";
import { readItemsPage } from "../db/index-page.ts";
import { compareStrays, compareSums, compareVoidedSets } from "./compare-index-lists.ts";
import { compareItems } from "./compare-items.ts";
import { cut, type IndexComparison, type IndexScope, NOTHING_LEFT, readCurrent } from "./index-comparison.ts";
import type { IndexContents } from "./index-contents.ts";
import type { ReconcilerStore } from "./reconciler-store.ts";
import type { WorkDependencies, WorkState } from "./work-off.ts";

/** The parts of an index in the order in which they are compared; a place begins with the number of its part. */
const PARTS = [checkItems, compareStrays, compareSums, compareVoidedSets];

/**
 * Compares a page of a Reconciler's index with D1, both of which are as of the same moment: what is newer in D1 is
 * worked off first by `catchUp`. The caller holds the mutex. `unsettled` if that does not come about.
 */
export async function checkIndex(
  deps: WorkDependencies,
  store: ReconcilerStore,
  contents: IndexContents,
  from: Place,
  catchUp: () => Promise<WorkState>,
): Promise<IndexComparison | "unsettled"> {
  const page: IndexComparison = { checked: 0, differences: [], next: from };
  let tries = 0;
  let scope: IndexScope | undefined;
  for (let steps = 0; steps < INDEX_CHECK_MAX_STEPS && page.next && page.checked < INDEX_CHECK_PAGE_ROWS; ) {
    if (!scope) {
      tries += 1;
      if (tries > INDEX_CHECK_MAX_TRIES) return steps > 0 ? page : "unsettled";
      if ((await catchUp()) === "gone") return NOTHING_LEFT;
      scope = findScope(deps.db, store, contents);
      if (!scope) return steps > 0 ? page : "unsettled";
    }
    const part = await checkPart(scope, page.next);
    if (part) {
      steps += 1;
      page.checked += part.checked;
      page.differences.push(...part.differences);
      page.next = part.next;
    } else {
      scope = undefined;
    }
  }
  return page;
}

/** Undefined while the index is being made, or is in doubt. */
function findScope(db: Db, store: ReconcilerStore, contents: IndexContents): IndexScope | undefined {
  const configuration = store.readConfiguration();
  const progress = store.readProgress();
  // A pass over everything only matches; the index is whole meanwhile.
  const isWhole = progress && !progress.isLoading && progress.reindexAfter === null;
  if (!configuration || !isWhole || store.readInFlight().length > 0) return undefined;
  return { db, contents, configuration, progress };
}

/** Undefined if D1 has moved on. */
async function checkPart(scope: IndexScope, [part = 0, ...place]: Place): Promise<IndexComparison | undefined> {
  const number = Number(part);
  const compared = await PARTS[number]?.(scope, place);
  if (!compared) return undefined;
  const following = number + 1 < PARTS.length ? [number + 1] : null;
  return { ...compared, next: compared.next ? [number, ...compared.next] : following };
}

/** The items of the data sources, one source after the other, with their keys. */
async function checkItems(scope: IndexScope, [source = 0, after = 0]: Place): Promise<IndexComparison | undefined> {
  const { db, contents, configuration, progress } = scope;
  const sourceIds = configuration.sources.map(({ id }) => id).sort((left, right) => left - right);
  const sourceId = sourceIds.find((id) => id >= Number(source));
  if (sourceId === undefined) return NOTHING_LEFT;
  const from = sourceId === source ? Number(after) : 0;
  const { reconciliationId } = configuration;
  const page = await readCurrent(scope, readItemsPage(db, reconciliationId, progress.cursors, sourceId, from));
  if (!page) return undefined;
  const items = contents.listItems(sourceId, from, INDEX_CHECK_PAGE_ROWS);
  const lastItem = items.length < INDEX_CHECK_PAGE_ROWS ? null : (items.at(-1)?.id ?? null);
  const upTo = Math.min(page.upTo ?? Number.POSITIVE_INFINITY, lastItem ?? Number.POSITIVE_INFINITY);
  const compared = compareItems(
    page.rows.filter(({ id }) => id <= upTo),
    items.filter(({ id }) => id <= upTo),
    configuration,
    contents,
  );
  const next: Place = Number.isFinite(upTo) ? [sourceId, upTo] : [sourceId + 1, 0];
  return { checked: compared.checked, differences: cut(compared.differences), next };
}
