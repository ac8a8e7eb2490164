import type { CandidateSnapshots } from "../core/candidate-view.ts";
import type { RecordSnapshot } from "../core/record-view.ts";
import { invalid, notFound, ok, type Result } from "../core/result.ts";
import { findReconciliation } from "../db/reconciliations.ts";
import { findRecord, listRecordSnapshots } from "../db/records.ts";
import type { ServiceContext } from "./context.ts";
import { unknown } from "./list-records-by.ts";

/** Finds the records on the other side of a reconciliation that come nearest to one, and what its rules say of them. */
export async function findCandidates(
  ctx: ServiceContext,
  recordUid: string,
  reconciliationUid: string,
  limit: number,
): Promise<Result<{ found: CandidateSnapshots; records: Map<string, RecordSnapshot> }>> {
  const [record, reconciliation] = await Promise.all([
    findRecord(ctx.db, ctx.environmentId, recordUid),
    findReconciliation(ctx.db, ctx.environmentId, reconciliationUid),
  ]);
  if (!record) return notFound("record");
  const path = "reconciliation_id";
  if (!reconciliation) return invalid([unknown(path, "reconciliation")]);
  if (!reconciliation.sources.some((source) => source.source_id === record.sourceId)) {
    return invalid([{ path, code: "on_neither_side", message: "The record's data source is on neither side of it." }]);
  }
  const found = await ctx.reconcilers.findCandidates(reconciliation.uid, recordUid, limit);
  if (!found.ok) return found;
  const uids = found.value.candidates.map((candidate) => candidate.record_id);
  const snapshots = await listRecordSnapshots(ctx.db, ctx.environmentId, uids);
  return ok({ found: found.value, records: new Map(snapshots.map((snapshot) => [snapshot.id, snapshot])) });
}
