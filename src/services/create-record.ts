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
import { checkNewRecord, nameSource } from "./check-new-record.ts";
import { unknownSource } from "./check-source-name.ts";
import type { ServiceContext } from "./context.ts";
import { announceTransaction } from "./create-transaction.ts";
import { readRecordAfterMatching } from "./read-record.ts";
import { sendAnnouncement } from "./send-announcement.ts";

/** Takes in one record as /v1 sends it and answers with the outcome of matching, if that comes within the wait. */
export async function createRecord(ctx: ServiceContext, input: unknown): Promise<Result<RecordSnapshot>> {
  const { source, parsed } = await checkRecord(ctx, input);
  if (!parsed.ok || !source) return invalid(parsed.ok ? [] : parsed.failure);

  const uid = ctx.newId();
  const now = ctx.now();
  const isTransaction = source.currency !== null;
  const row = {
    uid,
    sourceId: source.id,
    fields: parsed.value,
    isAdjustment: false,
    payment: isTransaction ? PLAIN_TRANSACTION : null,
  };
  try {
    const results = await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(dataSourceExists(source.id)),
      ...insertRecords(ctx.environmentId, [row], now),
      ...(isTransaction ? announceTransaction(ctx.environmentId, uid, now) : []),
      selectRecordSnapshot(ctx.environmentId, uid),
      selectReconciliationUids(source.id),
    ]);
    if (isTransaction) await sendAnnouncement(ctx, results.at(-3));
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
  const { parsed } = await checkRecord(ctx, input);
  return parsed.ok ? [] : parsed.failure;
}

async function checkRecord(ctx: ServiceContext, input: unknown) {
  const typeKey = nameSource(input);
  const source =
    typeKey === undefined ? undefined : await findSourceWithDefinitions(ctx.db, ctx.environmentId, typeKey);
  return { source, parsed: checkNewRecord(input, source) };
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
