import { sql } from "drizzle-orm";
import { notFound, ok, type Result } from "../core/result.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { pairsOfSources, syncExceptionsAndFanOut } from "../db/exception-sync.ts";
import { expectThat } from "../db/guard.ts";
import { findRecord, logChanges, selectReconciliationUids } from "../db/records.ts";
import type { ServiceContext } from "./context.ts";
import { sendAnnouncement } from "./send-announcement.ts";
import { checkHolds, explainLostRace, untouched } from "./update-record.ts";

/** Deletes a record that is unreconciled everywhere. The row stays, for the voided matches that name it. */
export async function deleteRecord(ctx: ServiceContext, uid: string): Promise<Result<null>> {
  const record = await findRecord(ctx.db, ctx.environmentId, uid);
  if (!record) return notFound("record");
  const held = checkHolds(record);
  if (!held.ok) return held;
  try {
    const results = await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(untouched(record)),
      ...tombstone(record, ctx.now()),
      ...syncExceptionsAndFanOut(ctx.environmentId, pairsOfSources([record.sourceId]), ctx.now()),
      selectReconciliationUids(record.sourceId),
    ]);
    await sendAnnouncement(ctx, results.at(-2));
    const reconciliations = results.at(-1) as D1Result<{ uid: string }>;
    await ctx.reconcilers.poke(reconciliations.results.map((row) => row.uid));
    return ok(null);
  } catch (error) {
    if (findConstraint(error)?.kind === "guard") return explainLostRace(ctx, uid);
    throw error;
  }
}

export function tombstone(record: { id: number; sourceId: number }, now: number) {
  return [
    sql`update records set deleted_at = ${now}, version = version + 1 where id = ${record.id}`,
    sql`update data_sources set record_count = record_count - 1 where id = ${record.sourceId}`,
    ...logChanges(sql`select id, source_id from records where id = ${record.id}`),
  ];
}
