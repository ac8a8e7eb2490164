import canonicalize from "canonicalize";
import { sql } from "drizzle-orm";
import { parseRecordPatch, type RecordFields } from "../core/record.ts";
import type { RecordSnapshot } from "../core/record-view.ts";
import { conflict, fail, invalid, notFound, ok, type Result } from "../core/result.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { pairsOfSources, syncExceptionsAndFanOut } from "../db/exception-sync.ts";
import { expectThat } from "../db/guard.ts";
import { updateRecords } from "../db/record-updates.ts";
import { findRecord, type RecordRow, selectReconciliationUids, selectRecordSnapshot } from "../db/records.ts";
import { findSourceWithDefinitions } from "../db/source-definitions.ts";
import type { ServiceContext } from "./context.ts";
import { externalIdTaken } from "./create-record.ts";
import { readRecordAfterMatching } from "./read-record.ts";
import { sendAnnouncement } from "./send-announcement.ts";

/** Changes a record that is unreconciled everywhere; it is matched again. */
export async function updateRecord(ctx: ServiceContext, uid: string, input: unknown): Promise<Result<RecordSnapshot>> {
  const record = await findRecord(ctx.db, ctx.environmentId, uid);
  if (!record) return notFound("record");
  const source = await findSourceWithDefinitions(ctx.db, ctx.environmentId, record.typeKey);
  const parsed = parseRecordPatch(input, record.fields, source?.definitions ?? [], source?.currency);
  if (!parsed.ok) return invalid(parsed.failure);
  const held = checkHolds(record);
  if (!held.ok) return held;
  // What changes nothing is no change: a set that a person has voided stays voided.
  const isSame = canonicalize(parsed.value) === canonicalize(record.fields);
  try {
    const results = await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(untouched(record)),
      ...(isSame ? [] : writeChange(ctx.environmentId, record, parsed.value, ctx.now())),
      selectRecordSnapshot(ctx.environmentId, uid),
      selectReconciliationUids(record.sourceId),
    ]);
    if (!isSame) await sendAnnouncement(ctx, results.at(-3));
    return ok(await readRecordAfterMatching(ctx, uid, results.slice(-2)));
  } catch (error) {
    const constraint = findConstraint(error);
    if (constraint?.kind === "unique") return externalIdTaken(ctx, record.sourceId, parsed.value.externalId);
    if (constraint?.kind === "guard") return explainLostRace(ctx, uid);
    throw error;
  }
}

/** Refuses to touch a record with which something is matched, in a reconciliation or at the payments door. */
export function checkHolds({ touchedCount, paymentLinks }: RecordRow): Result<null> {
  if (touchedCount > 0) return conflict("The record is matched; void its matches first.");
  if (paymentLinks > 0) {
    return conflict("The record is linked to expected payments; delete its transaction line items first.");
  }
  return ok(null);
}

/** A condition for guards: the record is as it was read, and nothing is matched with it. */
export function untouched(record: Pick<RecordRow, "id" | "version">) {
  return sql`exists (select 1 from records where id = ${record.id} and version = ${record.version}
    and touched_count = 0 and payment_links = 0 and deleted_at is null)`;
}

export async function explainLostRace(ctx: ServiceContext, uid: string): Promise<Result<never>> {
  const now = await findRecord(ctx.db, ctx.environmentId, uid);
  if (!now) return notFound("record");
  const held = checkHolds(now);
  if (!held.ok) return held;
  return fail({ kind: "conflict", detail: "The record was changed at the same moment.", retryAfterSeconds: 1 });
}

function writeChange(
  environmentId: number,
  { id, sourceId, fields: before }: RecordRow,
  fields: RecordFields,
  now: number,
) {
  return [
    ...updateRecords([{ id, before, fields }], now),
    ...syncExceptionsAndFanOut(environmentId, pairsOfSources([sourceId]), now),
  ];
}
