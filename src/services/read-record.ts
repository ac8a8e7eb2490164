import type { RecordSnapshot } from "../core/record-view.ts";
import { findRecordSnapshot } from "../db/records.ts";
import type { ServiceContext } from "./context.ts";

/**
 * Says to the record's reconciliations that there is news and answers with the record as it stands then.
 * `results` are those of `selectRecordSnapshot` and `selectReconciliationUids` at the end of the batch that wrote.
 */
export async function readRecordAfterMatching(
  ctx: ServiceContext,
  uid: string,
  results: D1Result<unknown>[],
): Promise<RecordSnapshot> {
  const [written, reconciliations] = results as [D1Result<{ snapshot: string }>, D1Result<{ uid: string }>];
  const asWritten = JSON.parse((written.results[0] as { snapshot: string }).snapshot) as RecordSnapshot;
  if (reconciliations.results.length === 0) return asWritten;
  await ctx.reconcilers.poke(reconciliations.results.map((row) => row.uid));
  return (await findRecordSnapshot(ctx.db, ctx.environmentId, uid)) ?? asWritten;
}
