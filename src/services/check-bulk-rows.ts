import { BULK_ROW_LIMITS, BULK_ROW_MAX_ERROR_CHARS, BULK_ROW_MAX_ERRORS } from "../config.ts";
import type { CheckedRow, Holder } from "../core/bulk-plan.ts";
import { cutErrors, describeUnkeptRow, parseBulkRow } from "../core/bulk-row.ts";
import type { FieldError } from "../core/result.ts";
import { listUnkeepable } from "../core/text.ts";
import type { WaitingRow } from "../db/bulk-rows.ts";
import type { Db } from "../db/client.ts";
import { listRecordsByExternalIds } from "../db/records.ts";
import { listSourcesWithDefinitions, type SourceWithDefinitions } from "../db/source-definitions.ts";
import { checkNewRecord, nameSource } from "./check-new-record.ts";

export interface CheckedRows {
  checked: CheckedRow[];
  /** The records that have an `external_id` of a good row. */
  holders: Holder[];
  /** The data sources of internal accounts. */
  accountSourceIds: ReadonlySet<number>;
}

/** Holds each row of a bulk request against its own data source, and reads what stands in its way. */
export async function checkBulkRows(db: Db, environmentId: number, rows: readonly WaitingRow[]): Promise<CheckedRows> {
  const parsed = rows.map(({ no, payload }) => ({ no, input: payload === null ? NOT_KEPT : parseBulkRow(payload) }));
  const keys = new Set(parsed.flatMap(({ input }) => nameSource(input) ?? []));
  const sources = await listSourcesWithDefinitions(db, environmentId, [...keys]);
  const byKey = new Map(sources.map((source) => [source.key, source]));
  const checked = parsed.map(({ no, input }) => checkRow(no, input, byKey.get(nameSource(input) ?? "")));
  const accountSourceIds = new Set(sources.flatMap(({ id, currency }) => (currency === null ? [] : [id])));
  return { checked, holders: await listHolders(db, checked), accountSourceIds };
}

const NOT_KEPT = Symbol("not kept");

function checkRow(no: number, input: unknown, source: SourceWithDefinitions | undefined): CheckedRow {
  if (input === NOT_KEPT) return { no, kind: "wrong", errors: [describeUnkeptRow(BULK_ROW_LIMITS)] };
  const fields = checkNewRecord(input, source);
  const errors = fields.ok ? [] : fields.failure;
  const named = new Set(errors.map(({ path }) => path));
  const all: FieldError[] = [...errors, ...listUnkeepable(input).filter(({ path }) => !named.has(path))];
  if (fields.ok && source && all.length === 0) return { no, kind: "good", sourceId: source.id, fields: fields.value };
  return { no, kind: "wrong", errors: cutErrors(all, BULK_ROW_MAX_ERRORS, BULK_ROW_MAX_ERROR_CHARS) };
}

async function listHolders(db: Db, checked: readonly CheckedRow[]): Promise<Holder[]> {
  const names = new Map<string, { sourceId: number; externalId: string }>();
  for (const row of checked) {
    if (row.kind === "wrong" || row.fields.externalId === null) continue;
    const { externalId } = row.fields;
    names.set(`${row.sourceId}/${externalId}`, { sourceId: row.sourceId, externalId });
  }
  if (names.size === 0) return [];
  const records = await listRecordsByExternalIds(db, [...names.values()]);
  return records.map(({ id, uid, sourceId, version, fields, touchedCount, paymentLinks }) => {
    return { id, uid, sourceId, version, fields, isHeld: touchedCount > 0 || paymentLinks > 0 };
  });
}
