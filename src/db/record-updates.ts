import { type SQL, sql } from "drizzle-orm";
import { dayOf } from "../core/calendar.ts";
import { movesDueDay, type RecordFields, signOf } from "../core/record.ts";
import { jsonList } from "./client.ts";
import { expectNone } from "./guard.ts";
import { clearOverdueOf } from "./overdue.ts";
import { logChanges } from "./records.ts";

/** What a record was when it was read, and what it is to be. */
export interface RecordUpdate {
  id: number;
  before: RecordFields;
  fields: RecordFields;
}

/** A first statement of a batch: refuses it unless these records are as they were read, and nothing is matched with them. */
export function expectUntouched(records: readonly { id: number; version: number }[]): SQL {
  return expectNone(sql`select 1 from json_each(${jsonList(records.map(({ id, version }) => [id, version]))}) j
    left join records r on r.id = j.value ->> 0
    where r.version is not j.value ->> 1 or r.touched_count <> 0 or r.payment_links <> 0 or r.deleted_at is not null`);
}

/** The statements that change records, each of another id, with their change numbers and what follows for overdue ones. */
export function updateRecords(updates: readonly RecordUpdate[], now: number): SQL[] {
  const ids = jsonList(updates.map(({ id }) => id));
  const tuples = updates.map(({ id, fields }) => [
    id,
    fields.date,
    fields.amount,
    fields.currency,
    signOf(fields.direction),
    fields.description,
    fields.externalId,
    JSON.stringify(fields.metadata),
    fields.expectedBy,
  ]);
  // What a person has marked as overdue need not be due: the mark lasts until the due day moves ahead.
  const moved = updates.filter(({ before, fields }) => movesDueDay(before, fields));
  const former = moved.map(({ id, before: { date, expectedBy } }) => ({ id, date, expectedBy }));
  return [
    sql`update records set version = version + 1, updated_at = ${now}, date = j.value ->> 1, amount = j.value ->> 2,
        currency = j.value ->> 3, direction = j.value ->> 4, description = j.value ->> 5,
        external_id = j.value ->> 6, metadata = j.value ->> 7, expected_by = j.value ->> 8
      from json_each(${jsonList(tuples)}) j where records.id = j.value ->> 0`,
    ...(former.length > 0 ? [clearOverdueOf(former, dayOf(now))] : []),
    ...logChanges(sql`select r.id, r.source_id from json_each(${ids}) j cross join records r on r.id = j.value`),
  ];
}
