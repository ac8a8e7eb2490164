import { v7 as newId } from "uuid";
import { parseNewRecord } from "../core/record.ts";
import type { RecordSnapshot } from "../core/record-view.ts";
import { conflict, type FieldError, invalid, ok, type Result } from "../core/result.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { dataSourceExists } from "../db/data-sources.ts";
import { expectThat } from "../db/guard.ts";
import {
  findRecordByExternalId,
  insertRecords,
  PLAIN_TRANSACTION,
  selectReconciliationUids,
  selectRecordSnapshot,
} from "../db/records.ts";
import { findSourceWithDefinitions } from "../db/source-definitions.ts";
import { unknownSource } from "./check-source-name.ts";
import type { ServiceContext } from "./context.ts";
import { readRecordAfterMatching } from "./read-record.ts";

/** Takes in one record as /v1 sends it and answers with the outcome of matching, if that comes within the wait. */
export async function createRecord(ctx: ServiceContext, input: unknown): Promise<Result<RecordSnapshot>> {
  const { source, parsed, errors } = await checkRecord(ctx, input);
  if (!parsed.ok || !source || errors.length > 0) return invalid(errors);

  const uid = newId();
  const row = {
    uid,
    sourceId: source.id,
    fields: parsed.value,
    isAdjustment: false,
    payment: source.currency === null ? null : PLAIN_TRANSACTION,
  };
  try {
    const results = await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(dataSourceExists(source.id)),
      ...insertRecords(ctx.environmentId, [row], ctx.now()),
      selectRecordSnapshot(ctx.environmentId, uid),
      selectReconciliationUids(source.id),
    ]);
    return ok(await readRecordAfterMatching(ctx, uid, results.slice(-2)));
  } catch (error) {
    const constraint = findConstraint(error);
    if (constraint?.kind === "guard") return invalid([unknownSource("/type_key", source.key)]);
    if (constraint?.kind === "unique") return externalIdTaken(ctx, source.id, parsed.value.externalId);
    throw error;
  }
}

/** Everything that is wrong with a new record. */
export async function listRecordErrors(ctx: ServiceContext, input: unknown): Promise<FieldError[]> {
  return (await checkRecord(ctx, input)).errors;
}

async function checkRecord(ctx: ServiceContext, input: unknown) {
  const typeKey = (input as { type_key?: unknown } | null)?.type_key;
  const source =
    typeof typeKey === "string" ? await findSourceWithDefinitions(ctx.db, ctx.environmentId, typeKey) : undefined;
  const parsed = parseNewRecord(input, source?.definitions ?? [], source?.currency);
  const errors = parsed.ok ? [] : parsed.failure;
  if (typeof typeKey === "string" && !source) errors.push(unknownSource("/type_key", typeKey));
  return { source, parsed, errors };
}

/** The 409 for an `external_id` that another record of the source holds; it names the holder. */
export async function externalIdTaken(
  ctx: ServiceContext,
  sourceId: number,
  externalId: string | null,
): Promise<Result<never>> {
  const holder = await findRecordByExternalId(ctx.db, sourceId, externalId ?? "");
  return conflict("Another record of this data source has this external_id.", [
    {
      path: "/external_id",
      code: "taken",
      message: "Another record of this data source has this external_id.",
      ...(holder ? { record_id: holder.uid } : {}),
    },
  ]);
}
