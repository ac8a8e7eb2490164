import { v7 as newId } from "uuid";
import { IMPORT_MAX_PROBLEMS, IMPORT_SLICE_MAX_TRIES } from "../config.ts";
import { type ImportSnapshot, presentImport } from "../core/import/import-view.ts";
import { bindColumns } from "../core/import/mapping.ts";
import { countColumns, type ImportProblem } from "../core/import/problem.ts";
import { openRowReader, type RowReader } from "../core/import/read-row.ts";
import { addToTotals } from "../core/import/totals.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { dataSourceExists } from "../db/data-sources.ts";
import { fanOutDeliveries } from "../db/deliveries.ts";
import { expectThat } from "../db/guard.ts";
import { writeContentCounts } from "../db/import-contents.ts";
import {
  advanceImport,
  expectAtPosition,
  failImport,
  findUnfinishedImport,
  insertImportEvent,
  type UnfinishedImport,
} from "../db/imports.ts";
import { insertRecords, selectReconciliationUids } from "../db/records.ts";
import { findSourceById, type SourceWithDefinitions } from "../db/source-definitions.ts";
import { clearImport } from "./clear-import.ts";
import { identifyRows, type NewRows } from "./identify-rows.ts";
import type { JobDependencies } from "./jobs.ts";
import { type RowSlice, readImportSlice } from "./read-import-slice.ts";

/**
 * Works off the next rows of a file: in one batch they become records, or are counted as skipped or failed, and the
 * import moves on. What has changed since it was read refuses the batch; then it is read again. Once the import is over,
 * what was kept for it goes.
 */
export async function workOffImport(deps: JobDependencies, uid: string): Promise<"more" | "done"> {
  for (let tries = 0; tries < IMPORT_SLICE_MAX_TRIES; tries++) {
    const row = await findUnfinishedImport(deps.db, uid);
    if (!row) return clearImport(deps.db, uid);
    const source = await findSourceById(deps.db, row.sourceId);
    if (!source) {
      await giveUp(deps, row);
      return "more";
    }
    const reader = openReader(row, source);
    const slice = await readImportSlice(deps.db, row, reader);
    const idColumn = reader.columns.get("external_id")?.name ?? null;
    const news = await identifyRows(deps.db, { importId: row.id, sourceId: row.sourceId, idColumn }, slice.rows);
    const written = await writeSlice(deps, { row, slice, news });
    if (!written) continue;
    deps.sendDeliveries(written.deliveryUids);
    if (news.created.length > 0) await deps.poke(written.reconciliationUids);
    return "more";
  }
  throw new Error("a slice of an import lost one race after the other");
}

function openReader({ mapping, dialect }: UnfinishedImport, source: SourceWithDefinitions): RowReader {
  const columns = bindColumns(dialect.header, mapping);
  if (!columns.ok) throw new Error("an import's mapping was checked when it was made");
  const { key: typeKey, definitions } = source;
  return openRowReader({
    mapping,
    columns: columns.value,
    columnCount: countColumns(dialect.header),
    typeKey,
    definitions,
  });
}

async function giveUp({ db, now }: JobDependencies, row: UnfinishedImport): Promise<void> {
  const { snapshot, position } = row;
  const message = "The data source was deleted before the import was done.";
  const problem = { line: position.line, column: null, code: "data_source_deleted", message };
  const problems = [...snapshot.problems.slice(0, IMPORT_MAX_PROBLEMS - 1), problem];
  await runBatch(db, [failImport(row, problems, now())]);
}

interface Plan {
  row: UnfinishedImport;
  slice: RowSlice;
  news: NewRows;
}

interface Written {
  deliveryUids: string[];
  reconciliationUids: string[];
}

/** Undefined if the batch was refused: something of it is not as it was read. */
async function writeSlice(deps: JobDependencies, plan: Plan): Promise<Written | undefined> {
  try {
    const results = await runBatch(deps.db, listStatements(plan, deps.now()));
    const [deliveries, reconciliations] = results.slice(-2) as [D1Result<{ uid: string }>, D1Result<{ uid: string }>];
    return {
      deliveryUids: deliveries.results.map(({ uid }) => uid),
      reconciliationUids: reconciliations.results.map(({ uid }) => uid),
    };
  } catch (error) {
    const kind = findConstraint(error)?.kind;
    if (kind !== "guard" && kind !== "unique") throw error;
    return undefined;
  }
}

function listStatements(plan: Plan, now: number) {
  const { row, slice, news } = plan;
  const { id, environmentId, sourceId } = row;
  const records = news.created.map(({ uid, fields, contentKey }) => ({
    uid,
    sourceId,
    fields,
    isAdjustment: false,
    payment: null,
    origin: { importId: id, contentKey },
  }));
  const reached = computeReached(plan, now);
  const eventUid = newId();
  return [
    expectAtPosition(row),
    expectThat(dataSourceExists(sourceId)),
    ...(records.length > 0 ? insertRecords(environmentId, records, now) : []),
    ...(news.counts.size > 0 ? [writeContentCounts(id, news.counts)] : []),
    advanceImport(id, reached, slice.position, now),
    ...(slice.isLast ? [insertImportEvent(row, eventUid, presentImport(reached), now)] : []),
    fanOutDeliveries(environmentId, slice.isLast ? [eventUid] : [], now),
    selectReconciliationUids(sourceId),
  ];
}

/** The import as it stands with the slice. */
function computeReached({ row: { snapshot }, slice, news }: Plan, now: number): ImportSnapshot {
  const created = news.created.length;
  return {
    ...snapshot,
    status: slice.isLast ? "completed" : "processing",
    done: slice.position.done,
    rows: snapshot.rows + slice.rows.length + slice.failed,
    created: snapshot.created + created,
    skipped: snapshot.skipped + slice.rows.length - created,
    failed: snapshot.failed + slice.failed,
    totals: addToTotals(
      snapshot.totals,
      slice.rows.map(({ fields }) => fields),
    ),
    problems: [...snapshot.problems, ...mergeByLine(slice.problems, news.problems)].slice(0, IMPORT_MAX_PROBLEMS),
    completed_at: slice.isLast ? now : null,
  };
}

function mergeByLine(...lists: (readonly ImportProblem[])[]): ImportProblem[] {
  return lists.flat().sort((left, right) => left.line - right.line);
}
