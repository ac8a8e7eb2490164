import { type SQL, sql } from "drizzle-orm";
import type { PaymentAttributes, TransactionAttributes } from "../core/payment/attributes.ts";
import { type RecordFields, signOf } from "../core/record.ts";
import type { RecordSnapshot } from "../core/record-view.ts";
import { all, type Db, first, jsonList } from "./client.ts";

export interface RecordRow {
  id: number;
  uid: string;
  sourceId: number;
  typeKey: string;
  version: number;
  touchedCount: number;
  /** Live links with expected payments. */
  paymentLinks: number;
  isAdjustment: number;
  fields: RecordFields;
}

const pairs = sql.raw(`(
  select json_group_array(json_object(
    'reconciliation_id', c.uid,
    'status', coalesce(e.status, 0),
    'matched', coalesce(e.matched, 0),
    'overdue_at', e.overdue_at,
    'match_ids', json(case when coalesce(e.match_count, 0) = 0 then '[]' else (
      select json_group_array(m.uid order by m.id) from allocations a join matches m on m.id = a.match_id
      where a.record_id = r.id and m.reconciliation_id = c.id and m.status = 'matched') end)
  ) order by c.id)
  from reconciliation_sources rs
  join reconciliations c on c.id = rs.reconciliation_id
  left join entries e on e.reconciliation_id = c.id and e.record_id = r.id
  where rs.source_id = r.source_id and c.account_id is null)`);

/** A JSON object of a record `r` of a source `s`, in the form of `RecordSnapshot`. */
export const recordSnapshot: SQL = sql`json_object(
  'id', r.uid, 'type_key', s.key, 'date', r.date, 'amount', r.amount, 'currency', r.currency,
  'direction', r.direction, 'description', r.description, 'external_id', r.external_id,
  'metadata', json(r.metadata), 'expected_by', r.expected_by, 'created_at', r.created_at,
  'updated_at', r.updated_at, 'reconciliations', json(${pairs}))`;

/** One row with the snapshot of a live record; none if it is deleted or of another environment. */
export function selectRecordSnapshot(environmentId: number, uid: string): SQL {
  return sql`select ${recordSnapshot} as snapshot from records r join data_sources s on s.id = r.source_id
    where r.uid = ${uid} and r.environment_id = ${environmentId} and r.deleted_at is null and s.deleted_at is null`;
}

export async function findRecordSnapshot(
  db: Db,
  environmentId: number,
  uid: string,
): Promise<RecordSnapshot | undefined> {
  const row = await first<{ snapshot: string }>(db, selectRecordSnapshot(environmentId, uid));
  return row && (JSON.parse(row.snapshot) as RecordSnapshot);
}

/** Live records by their public ids, in no particular order. */
export async function listRecordSnapshots(
  db: Db,
  environmentId: number,
  uids: readonly string[],
): Promise<RecordSnapshot[]> {
  const rows = await all<{ snapshot: string }>(
    db,
    sql`select ${recordSnapshot} as snapshot from json_each(${jsonList(uids)}) j
      cross join records r on r.uid = j.value cross join data_sources s on s.id = r.source_id
      where r.environment_id = ${environmentId} and r.deleted_at is null and s.deleted_at is null`,
  );
  return rows.map((row) => JSON.parse(row.snapshot) as RecordSnapshot);
}

interface StoredRecord {
  id: number;
  uid: string;
  source_id: number;
  type_key: string;
  version: number;
  touched_count: number;
  payment_links: number;
  is_adjustment: number;
  date: string;
  amount: number;
  currency: string;
  direction: 1 | -1;
  description: string | null;
  external_id: string | null;
  metadata: string;
  expected_by: string | null;
}

export async function findRecord(db: Db, environmentId: number, uid: string): Promise<RecordRow | undefined> {
  const row = await first<StoredRecord>(
    db,
    sql`select r.*, s.key as type_key from records r join data_sources s on s.id = r.source_id
      where r.uid = ${uid} and r.environment_id = ${environmentId} and r.deleted_at is null and s.deleted_at is null`,
  );
  return row && readRecord(row);
}

/** The records that have these `external_id`s in these data sources, in no particular order. */
export async function listRecordsByExternalIds(
  db: Db,
  names: readonly { sourceId: number; externalId: string }[],
): Promise<RecordRow[]> {
  const pairs = jsonList(names.map(({ sourceId, externalId }) => [sourceId, externalId]));
  const rows = await all<StoredRecord>(
    db,
    sql`select r.*, s.key as type_key from json_each(${pairs}) j
      cross join records r indexed by records_external_id
        on r.source_id = j.value ->> 0 and r.external_id = j.value ->> 1 and r.deleted_at is null
      cross join data_sources s on s.id = r.source_id`,
  );
  return rows.map(readRecord);
}

function readRecord(row: StoredRecord): RecordRow {
  return {
    id: row.id,
    uid: row.uid,
    sourceId: row.source_id,
    typeKey: row.type_key,
    version: row.version,
    touchedCount: row.touched_count,
    paymentLinks: row.payment_links,
    isAdjustment: row.is_adjustment,
    fields: {
      date: row.date,
      amount: row.amount,
      currency: row.currency,
      direction: row.direction === 1 ? "credit" : "debit",
      description: row.description,
      externalId: row.external_id,
      metadata: JSON.parse(row.metadata),
      expectedBy: row.expected_by,
    },
  };
}

export async function findRecordByExternalId(
  db: Db,
  sourceId: number,
  externalId: string,
): Promise<{ uid: string } | undefined> {
  return first(
    db,
    sql`select uid from records where source_id = ${sourceId} and external_id = ${externalId} and deleted_at is null`,
  );
}

export interface NewRecordRow {
  uid: string;
  sourceId: number;
  fields: RecordFields;
  isAdjustment: boolean;
  /** What the payments door knows of it, if it is a transaction or an expected payment; null for any other record. */
  payment: RecordPayment | null;
  /** What brings it in, if it does not come alone. */
  origin?: RecordOrigin;
}

export interface RecordOrigin {
  bulkRequestId?: number;
  importId?: number;
  /** Of an imported row without an `external_id`. */
  contentKey?: string | null;
}

export interface RecordPayment {
  attributes: TransactionAttributes | PaymentAttributes;
  isPending: boolean;
  /** Null but for an expected payment. */
  amountLower: number | null;
}

/** Of a record that /v1 brings into the data source of an internal account. */
export const PLAIN_TRANSACTION: RecordPayment = { attributes: {}, isPending: false, amountLower: null };

/** The statements that bring new records in, with their change numbers and their sources' counters. */
export function insertRecords(environmentId: number, rows: readonly NewRecordRow[], now: number): SQL[] {
  const tuples = rows.map(({ uid, sourceId, fields, isAdjustment, payment, origin }) => [
    uid,
    sourceId,
    fields.date,
    fields.amount,
    fields.currency,
    signOf(fields.direction),
    fields.description,
    fields.externalId,
    JSON.stringify(fields.metadata),
    fields.expectedBy,
    isAdjustment ? 1 : 0,
    payment?.isPending ? 1 : 0,
    payment && JSON.stringify(payment.attributes),
    payment?.amountLower ?? null,
    origin?.bulkRequestId ?? null,
    origin?.importId ?? null,
    origin?.contentKey ?? null,
  ]);
  const uids = jsonList(rows.map((row) => row.uid));
  return [
    sql`insert into records (environment_id, created_at, updated_at, uid, source_id, date, amount, currency, direction,
        description, external_id, metadata, expected_by, is_adjustment, is_pending, attributes, amount_lower,
        bulk_request_id, import_id, content_key)
      select ${environmentId}, ${now}, ${now}, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4,
        value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10,
        value ->> 11, value ->> 12, value ->> 13, value ->> 14, value ->> 15, value ->> 16
      from json_each(${jsonList(tuples)}) order by key`,
    sql`update data_sources set last_record_at = ${now},
        record_count = record_count + (
          select count(*) from json_each(${uids}) j cross join records r on r.uid = j.value where r.source_id = data_sources.id)
      where id in (select value from json_each(${jsonList([...new Set(rows.map((row) => row.sourceId))])}))`,
    ...logChanges(sql`select r.id, r.source_id from json_each(${uids}) j cross join records r on r.uid = j.value`),
  ];
}

/**
 * The statements that give each record of a query `(id, source_id)` the next change number of its source. They stand
 * after the change itself, in its batch.
 */
export function logChanges(changed: SQL): SQL[] {
  return [
    sql`insert into changes (source_id, no, record_id, token)
      select c.source_id, s.change_no + row_number() over (partition by c.source_id order by c.id), c.id,
        random() & 0x1fffffffffffff
      from (${changed}) c join data_sources s on s.id = c.source_id order by c.id`,
    sql`update data_sources set change_no = change_no + c.count
      from (select source_id, count(*) as count from (${changed}) group by source_id) c
      where data_sources.id = c.source_id`,
  ];
}

/** Those of some records, by their row numbers, that were made before an instant (ms). */
export async function listMadeBefore(db: Db, ids: readonly number[], instant: number): Promise<number[]> {
  const rows = await all<{ id: number }>(
    db,
    sql`select r.id from json_each(${jsonList(ids)}) j cross join records r on r.id = j.value
      where r.created_at < ${instant} order by j.key`,
  );
  return rows.map(({ id }) => id);
}

/** The public ids of the reconciliations that a data source takes part in. */
export function selectReconciliationUids(sourceId: number): SQL {
  return sql`select c.uid from reconciliation_sources rs join reconciliations c on c.id = rs.reconciliation_id
    where rs.source_id = ${sourceId} order by c.id`;
}

/** The public ids of the reconciliations that any of these data sources takes part in. */
export function selectReconciliationUidsOf(sourceIds: readonly number[]): SQL {
  return sql`select distinct c.uid from json_each(${jsonList(sourceIds)}) j
    cross join reconciliation_sources rs on rs.source_id = j.value
    cross join reconciliations c on c.id = rs.reconciliation_id`;
}
