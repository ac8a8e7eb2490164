import { v7 as newId } from "uuid";
import { BULK_SLICE_MAX_BYTES, BULK_SLICE_MAX_ROWS, BULK_SLICE_MAX_TRIES } from "../config.ts";
import { type BulkPlan, planBulkRows } from "../core/bulk-plan.ts";
import type { RowStatus } from "../core/bulk-request.ts";
import type { JobStatus } from "../core/job.ts";
import {
  advanceBulkRequest,
  type BulkRequestRow,
  expectAtWork,
  findUnfinishedBulkRequest,
  insertCompletedEvent,
} from "../db/bulk-requests.ts";
import { expectWaiting, listWaitingRows, type WaitingRow, writeOutcomes } from "../db/bulk-rows.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { sourcesExist } from "../db/data-sources.ts";
import { fanOutDeliveries } from "../db/deliveries.ts";
import { pairsOfSources, syncExceptions } from "../db/exception-sync.ts";
import { expectThat } from "../db/guard.ts";
import { insertTransactionEvents, type NewPaymentEvent } from "../db/payment-events.ts";
import { expectUntouched, updateRecords } from "../db/record-updates.ts";
import { insertRecords, PLAIN_TRANSACTION, selectReconciliationUidsOf } from "../db/records.ts";
import { checkBulkRows } from "./check-bulk-rows.ts";
import type { JobDependencies } from "./jobs.ts";

/**
 * Works off the next rows of a bulk request: in one batch they become records, or are written down as failed or
 * skipped. What has changed since it was read refuses the batch; then it is read again.
 */
export async function workOffBulkRequest(deps: JobDependencies, uid: string): Promise<"more" | "done"> {
  for (let tries = 0; tries < BULK_SLICE_MAX_TRIES; tries++) {
    const request = await findUnfinishedBulkRequest(deps.db, uid);
    if (!request) return "done";
    const limits = { maxRows: BULK_SLICE_MAX_ROWS, maxBytes: BULK_SLICE_MAX_BYTES };
    const slice = await planSlice(deps, request, await listWaitingRows(deps.db, request.id, limits));
    const written = await writeSlice(deps, slice);
    if (!written) continue;
    deps.sendDeliveries(written.deliveryUids);
    await deps.poke(written.reconciliationUids);
    return written.status === "completed" ? "done" : "more";
  }
  throw new Error("a slice of a bulk request lost one race after the other");
}

interface Slice {
  request: BulkRequestRow;
  rows: readonly WaitingRow[];
  plan: BulkPlan;
  /** The data sources of internal accounts, whose records are transactions. */
  accountSourceIds: ReadonlySet<number>;
}

async function planSlice(
  { db }: JobDependencies,
  request: BulkRequestRow,
  rows: readonly WaitingRow[],
): Promise<Slice> {
  const { checked, holders, accountSourceIds } = await checkBulkRows(db, request.environmentId, rows);
  return { request, rows, plan: planBulkRows(checked, holders, request.onConflict, newId), accountSourceIds };
}

interface Written {
  status: JobStatus;
  deliveryUids: string[];
  reconciliationUids: string[];
}

/** Undefined if the batch was refused: something of it is not as it was read. */
async function writeSlice(deps: JobDependencies, slice: Slice): Promise<Written | undefined> {
  try {
    const results = await runBatch(deps.db, listStatements(slice, deps.now()));
    const [advanced, , deliveries, reconciliations] = results.slice(-4) as [
      D1Result<{ status: JobStatus }>,
      D1Result,
      D1Result<{ uid: string }>,
      D1Result<{ uid: string }>,
    ];
    return {
      status: (advanced.results[0] as { status: JobStatus }).status,
      deliveryUids: deliveries.results.map(({ uid }) => uid),
      reconciliationUids: reconciliations.results.map(({ uid }) => uid),
    };
  } catch (error) {
    const kind = findConstraint(error)?.kind;
    if (kind !== "guard" && kind !== "unique") throw error;
    return undefined;
  }
}

function listStatements({ request, rows, plan, accountSourceIds }: Slice, now: number) {
  const { id, environmentId } = request;
  const touched = [...plan.updated.map(({ holder }) => holder), ...plan.confirmed];
  const updates = plan.updated.map(({ holder, fields }) => ({ id: holder.id, before: holder.fields, fields }));
  const records = plan.created.map((record) => ({
    ...record,
    isAdjustment: false,
    payment: accountSourceIds.has(record.sourceId) ? PLAIN_TRANSACTION : null,
    origin: { bulkRequestId: id },
  }));
  const events: NewPaymentEvent[] = records
    .filter(({ payment }) => payment !== null)
    .map(({ uid }) => ({ uid, type: "transaction.created", eventUid: newId() }));
  const completedUid = newId();
  const sourceIds = [
    ...new Set([...plan.created.map(({ sourceId }) => sourceId), ...plan.updated.map(({ holder }) => holder.sourceId)]),
  ];
  const exceptions = syncExceptions(environmentId, pairsOfSources(sourceIds), now);
  return [
    expectAtWork(request),
    expectWaiting(id, rows),
    ...(sourceIds.length > 0 ? [expectThat(sourcesExist(sourceIds))] : []),
    ...(touched.length > 0 ? [expectUntouched(touched)] : []),
    ...(updates.length > 0 ? [...updateRecords(updates, now), ...exceptions.statements] : []),
    ...(records.length > 0 ? insertRecords(environmentId, records, now) : []),
    ...(events.length > 0 ? [insertTransactionEvents({ environmentId, now }, events)] : []),
    ...writeOutcomes(id, plan.outcomes),
    advanceBulkRequest(id, countOutcomes(plan), now),
    insertCompletedEvent(request, completedUid, now),
    fanOutDeliveries(
      environmentId,
      [...events.map(({ eventUid }) => eventUid), completedUid],
      now,
      exceptions.eventUids,
    ),
    selectReconciliationUidsOf(sourceIds),
  ];
}

function countOutcomes({ outcomes }: BulkPlan): Record<RowStatus, number> {
  const counts = { created: 0, updated: 0, skipped: 0, failed: 0 };
  for (const { status } of outcomes) counts[status] += 1;
  return counts;
}
