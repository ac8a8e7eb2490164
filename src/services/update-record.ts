import canonicalize from "canonicalize";
import { sql } from "drizzle-orm";
import { dayOf } from "../core/calendar.ts";
import { parseRecordPatch, type RecordFields, signOf } from "../core/record.ts";
import type { RecordSnapshot } from "../core/record-view.ts";
import { conflict, fail, invalid, notFound, ok, type Result } from "../core/result.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { expectThat } from "../db/guard.ts";
import { clearOverdue } from "../db/overdue.ts";
import {
  findRecord,
  logChanges,
  type RecordRow,
  selectReconciliationUids,
  selectRecordSnapshot,
} from "../db/records.ts";
import { findSourceWithDefinitions } from "../db/source-definitions.ts";
import type { ServiceContext } from "./context.ts";
import { externalIdTaken } from "./create-record.ts";
import { readRecordAfterMatching } from "./read-record.ts";

/** Changes a record that is unreconciled everywhere; it is matched again. */
export async function updateRecord(ctx: ServiceContext, uid: string, input: unknown): Promise<Result<RecordSnapshot>> {
  const record = await findRecord(ctx.db, ctx.environmentId, uid);
  if (!record) return notFound("record");
  const source = await findSourceWithDefinitions(ctx.db, ctx.environmentId, record.typeKey);
  const parsed = parseRecordPatch(input, record.fields, source?.definitions ?? [], source?.currency);
  if (!parsed.ok) return invalid(parsed.failure);
  if (record.touchedCount > 0) return recordIsMatched();
  // What changes nothing is no change: a set that a person has voided stays voided.
  const isSame = canonicalize(parsed.value) === canonicalize(record.fields);
  try {
    const results = await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(untouched(record)),
      ...(isSame ? [] : writeChange(record, parsed.value, ctx.now())),
      selectRecordSnapshot(ctx.environmentId, uid),
      selectReconciliationUids(record.sourceId),
    ]);
    return ok(await readRecordAfterMatching(ctx, uid, results.slice(-2)));
  } catch (error) {
    const constraint = findConstraint(error);
    if (constraint?.kind === "unique") return externalIdTaken(ctx, record.sourceId, parsed.value.externalId);
    if (constraint?.kind === "guard") return explainLostRace(ctx, uid);
    throw error;
  }
}

export function recordIsMatched(): Result<never> {
  return conflict("The record is matched; void its matches first.");
}

/** A condition for guards: the record is as it was read, and nothing is matched with it. */
export function untouched(record: Pick<RecordRow, "id" | "version">) {
  return sql`exists (select 1 from records where id = ${record.id} and version = ${record.version}
    and touched_count = 0 and deleted_at is null)`;
}

export async function explainLostRace(ctx: ServiceContext, uid: string): Promise<Result<never>> {
  const now = await findRecord(ctx.db, ctx.environmentId, uid);
  if (!now) return notFound("record");
  if (now.touchedCount > 0) return recordIsMatched();
  return fail({ kind: "conflict", detail: "The record was changed at the same moment.", retryAfterSeconds: 1 });
}

function writeChange(record: RecordRow, fields: RecordFields, now: number) {
  return [
    writeFields(record.id, fields, now),
    clearOverdue(sql`entries.record_id = ${record.id}`, dayOf(now)),
    ...logChanges(sql`select id, source_id from records where id = ${record.id}`),
  ];
}

function writeFields(id: number, fields: RecordFields, now: number) {
  return sql`update records set version = version + 1, updated_at = ${now}, date = ${fields.date},
      amount = ${fields.amount}, currency = ${fields.currency}, direction = ${signOf(fields.direction)},
      description = ${fields.description}, external_id = ${fields.externalId},
      metadata = ${JSON.stringify(fields.metadata)}, expected_by = ${fields.expectedBy}
    where id = ${id}`;
}
