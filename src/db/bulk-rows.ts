import { type SQL, sql } from "drizzle-orm";
import type { RowOutcome, RowStatus } from "../core/bulk-request.ts";
import { all, type Db, jsonList } from "./client.ts";
import { expectNone } from "./guard.ts";
import { jsonLists } from "./json-lists.ts";
import { cutPage, type Page } from "./page.ts";

/** A row that is to be worked off; `payload` is null if it was not kept. */
export interface WaitingRow {
  no: number;
  payload: string | null;
}

/** The statements that store the rows of a new request, in their order; they stand after the request itself. */
export function insertRows(requestUid: string, payloads: Iterable<string | null>): SQL[] {
  return jsonLists(numberRows(payloads)).map(
    (list) => sql`insert into bulk_rows (bulk_request_id, no, payload, status)
      select b.id, j.value ->> 0, j.value ->> 1, 'waiting'
      from bulk_requests b cross join json_each(${list}) j where b.uid = ${requestUid}`,
  );
}

function* numberRows(payloads: Iterable<string | null>): Generator<[no: number, payload: string | null]> {
  let no = 0;
  for (const payload of payloads) yield [no++, payload];
}

/** The next rows that wait, at most so many and with so many bytes, unless a single one has more. */
export function listWaitingRows(
  db: Db,
  requestId: number,
  limits: { maxRows: number; maxBytes: number },
): Promise<WaitingRow[]> {
  // Sizes are read without the texts: those that are left for later stay where they are.
  return all<WaitingRow>(
    db,
    sql`select w.no, w.payload from (
        select no, row_number() over (order by no) as place, sum(bytes) over (order by no) as bytes
        from (select no, coalesce(octet_length(payload), 0) as bytes from bulk_rows indexed by bulk_rows_waiting
          where bulk_request_id = ${requestId} and status = 'waiting' order by no limit ${limits.maxRows})) c
      cross join bulk_rows w on w.bulk_request_id = ${requestId} and w.no = c.no
      where c.bytes <= ${limits.maxBytes} or c.place = 1 order by c.no`,
  );
}

/** A first statement of a batch: refuses it unless all these rows still wait. */
export function expectWaiting(requestId: number, rows: readonly WaitingRow[]): SQL {
  return expectNone(sql`select 1 from json_each(${jsonList(rows.map(({ no }) => no))}) j
    left join bulk_rows w on w.bulk_request_id = ${requestId} and w.no = j.value
    where w.status is not 'waiting'`);
}

/** The statements that write down what has become of rows. What one has failed or been skipped with is kept, for a retry. */
export function writeOutcomes(requestId: number, outcomes: readonly RowOutcome[]): SQL[] {
  const tuples = outcomes.map(({ no, status, recordUid, errors }) => [
    no,
    status,
    recordUid,
    errors.length === 0 ? null : JSON.stringify(errors),
  ]);
  return jsonLists(tuples).map(
    // An upsert finds each row by its key; UPDATE … FROM would read the whole list for each row.
    (list) => sql`insert into bulk_rows (bulk_request_id, no, status, record_uid, errors)
      select ${requestId}, value ->> 0, value ->> 1, value ->> 2, value ->> 3 from json_each(${list}) where true
      on conflict (bulk_request_id, no) do update set status = excluded.status, record_uid = excluded.record_uid,
        errors = excluded.errors, payload = case when excluded.status in ('created', 'updated') then null else payload end`,
  );
}

/** Lets go of the rows that wait: they stay undone. */
export function dropWaitingRows(requestId: number): SQL {
  return sql`delete from bulk_rows where bulk_request_id = ${requestId} and status = 'waiting'`;
}

/** Puts the rows that have failed or been skipped back to where they were. */
export function resetRows(requestId: number): SQL {
  return sql`update bulk_rows set status = 'waiting', record_uid = null, errors = null
    where bulk_request_id = ${requestId} and status in ('failed', 'skipped')`;
}

/** A condition: there is a row that another round would take. */
export function hasRowsToRetry(requestId: number): SQL {
  return sql`exists (select 1 from bulk_rows
    where bulk_request_id = ${requestId} and status in ('waiting', 'failed', 'skipped'))`;
}

/** A page of rows of which something has become, in their order, from the one behind `after` on. */
export async function listOutcomes(
  db: Db,
  requestId: number,
  after: number | null,
  limit: number,
): Promise<Page<RowOutcome>> {
  const rows = await all<{ no: number; status: RowStatus; recordUid: string | null; errors: string | null }>(
    db,
    sql`select no, status, record_uid as "recordUid", errors from bulk_rows
      where bulk_request_id = ${requestId} and no > ${after ?? -1} and status <> 'waiting'
      order by no limit ${limit + 1}`,
  );
  const { rows: kept, next } = cutPage(
    rows.map((row) => ({ ...row, id: row.no })),
    limit,
  );
  const outcomes = kept.map(({ no, status, recordUid, errors }) => {
    return { no, status, recordUid, errors: errors === null ? [] : JSON.parse(errors) };
  });
  return { rows: outcomes, next };
}
