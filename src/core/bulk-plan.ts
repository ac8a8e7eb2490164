import canonicalize from "canonicalize";
import type { ConflictRule, RowOutcome } from "./bulk-request.ts";
import type { RecordFields } from "./record.ts";
import type { FieldError } from "./result.ts";

/** A row of a bulk request that has been held against its data source. */
export type CheckedRow =
  | { no: number; kind: "wrong"; errors: FieldError[] }
  | { no: number; kind: "good"; sourceId: number; fields: RecordFields };

/** A record that has an `external_id`; nothing may be changed of one that is `held` by what is matched with it. */
export interface Holder {
  id: number;
  uid: string;
  sourceId: number;
  version: number;
  isHeld: boolean;
  fields: RecordFields;
}

export interface PlannedRecord {
  uid: string;
  sourceId: number;
  fields: RecordFields;
}

/** What rows come to: one outcome for each, in their order, and what is to be written. */
export interface BulkPlan {
  outcomes: RowOutcome[];
  created: PlannedRecord[];
  updated: { holder: Holder; fields: RecordFields }[];
  /** Records that are what the rows about them come to already; they must still be so when this is written. */
  confirmed: Holder[];
}

/** A record as the rows so far leave it. */
interface Planned extends PlannedRecord {
  holder: Holder | null;
  isUpdated: boolean;
}

/**
 * Decides what rows, in their order, do to what is there: `holders` are the records that have one of their
 * `external_id`s. A row that an earlier one has made way for finds that one's record. An update makes a record what the
 * row says, as if it were new; one that changes nothing is written as none. A matched record stays as it is: a row that
 * says what it is already is skipped, any other one fails.
 */
export function planBulkRows(
  rows: readonly CheckedRow[],
  holders: readonly Holder[],
  onConflict: ConflictRule,
  newId: () => string,
): BulkPlan {
  const planned = new Map<string, Planned>();
  for (const holder of holders) planned.set(keyOf(holder) as string, { ...holder, holder, isUpdated: false });
  const outcomes: RowOutcome[] = [];
  const created: Planned[] = [];
  for (const row of rows) {
    if (row.kind === "wrong") {
      outcomes.push({ no: row.no, status: "failed", recordUid: null, errors: row.errors });
      continue;
    }
    const key = keyOf(row);
    const present = key === undefined ? undefined : planned.get(key);
    if (present) {
      outcomes.push({ no: row.no, recordUid: present.uid, ...meet(present, row.fields, onConflict) });
      continue;
    }
    const record = { uid: newId(), sourceId: row.sourceId, fields: row.fields, holder: null, isUpdated: false };
    created.push(record);
    if (key !== undefined) planned.set(key, record);
    outcomes.push({ no: row.no, status: "created", recordUid: record.uid, errors: [] });
  }
  return {
    outcomes,
    created: created.map(({ uid, sourceId, fields }) => ({ uid, sourceId, fields })),
    ...sortUpdated(planned),
  };
}

function sortUpdated(planned: ReadonlyMap<string, Planned>): Pick<BulkPlan, "updated" | "confirmed"> {
  const updated: BulkPlan["updated"] = [];
  const confirmed: Holder[] = [];
  for (const { holder, fields, isUpdated } of planned.values()) {
    if (!holder || !isUpdated) continue;
    if (isSame(holder.fields, fields)) confirmed.push(holder);
    else updated.push({ holder, fields });
  }
  return { updated, confirmed };
}

/** What a row does to the record that has its `external_id`. */
function meet(present: Planned, fields: RecordFields, onConflict: ConflictRule): Pick<RowOutcome, "status" | "errors"> {
  switch (onConflict) {
    case "error":
      return { status: "failed", errors: [{ ...TAKEN, record_id: present.uid }] };
    case "skip":
      return { status: "skipped", errors: [] };
    case "update":
      if (present.holder?.isHeld) {
        return isSame(present.fields, fields)
          ? { status: "skipped", errors: [] }
          : { status: "failed", errors: [{ ...MATCHED, record_id: present.uid }] };
      }
      present.fields = fields;
      present.isUpdated = true;
      return { status: "updated", errors: [] };
  }
}

const TAKEN: FieldError = {
  path: "/external_id",
  code: "taken",
  message: "Another record of this data source has this external_id.",
};

const MATCHED: FieldError = {
  path: "/external_id",
  code: "matched",
  message: "The record with this external_id is matched; void its matches first.",
};

function keyOf({ sourceId, fields }: Pick<PlannedRecord, "sourceId" | "fields">): string | undefined {
  return fields.externalId === null ? undefined : `${sourceId}/${fields.externalId}`;
}

function isSame(left: RecordFields, right: RecordFields): boolean {
  return canonicalize(left) === canonicalize(right);
}
