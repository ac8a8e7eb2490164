import { type SQL, sql } from "drizzle-orm";
import type { Holder } from "../core/import/difference.ts";
import { directionOf } from "../core/record.ts";
import { all, type Db, jsonList } from "./client.ts";
import { isJobUnfinished } from "./jobs.ts";

/** How often each of these contents has come in an import's file so far; absent if it has not. */
export async function readContentCounts(
  db: Db,
  importId: number,
  digests: readonly string[],
): Promise<Map<string, number>> {
  const rows = await all<{ digest: string; count: number }>(
    db,
    sql`select c.digest, c.count from json_each(${jsonList(digests)}) j
      cross join import_contents c on c.import_id = ${importId} and c.digest = j.value`,
  );
  return new Map(rows.map(({ digest, count }) => [digest, count]));
}

export function writeContentCounts(importId: number, counts: ReadonlyMap<string, number>): SQL {
  return sql`insert into import_contents (import_id, digest, count)
    select ${importId}, value ->> 0, value ->> 1 from json_each(${jsonList([...counts])}) where true
    on conflict do update set count = excluded.count`;
}

/** Deletes some of the contents of an import that is over; `changes` of its result says how many. */
export function deleteContents(importUid: string, limit: number): SQL {
  return sql`delete from import_contents where rowid in (
    select c.rowid from imports i cross join import_contents c on c.import_id = i.id
    where i.uid = ${importUid} and not ${isJobUnfinished} limit ${limit})`;
}

/** Which of these content keys are taken in a data source. */
export async function listTaken(db: Db, sourceId: number, contentKeys: readonly string[]): Promise<Set<string>> {
  const rows = await all<{ value: string }>(
    db,
    sql`select j.value from json_each(${jsonList(contentKeys)}) j
      cross join records r on r.source_id = ${sourceId} and r.content_key = j.value and r.deleted_at is null`,
  );
  return new Set(rows.map(({ value }) => value));
}

/** The records of a data source that have these values of `external_id`, by them. */
export async function listHolders(
  db: Db,
  sourceId: number,
  externalIds: readonly string[],
): Promise<Map<string, Holder>> {
  const rows = await all<Omit<Holder, "direction"> & { externalId: string; sign: 1 | -1 }>(
    db,
    sql`select j.value as "externalId", r.uid, r.amount, r.currency, r.direction as sign, r.date
      from json_each(${jsonList(externalIds)}) j
      cross join records r on r.source_id = ${sourceId} and r.external_id = j.value and r.deleted_at is null`,
  );
  return new Map(
    rows.map(({ externalId, sign, ...holder }) => [externalId, { ...holder, direction: directionOf(sign) }]),
  );
}
