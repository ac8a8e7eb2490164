import { sql } from "drizzle-orm";
import { INTEGRITY_COUNT_PAGE_ROWS } from "../../config.ts";
import { rowCheck, scanTable } from "./check.ts";
import { countCheck } from "./count-check.ts";

const ENDS = {
  message: "It knows when it was completed if and only if it is over.",
  expected: sql`not n.is_at_work`,
  found: sql`n.completed_at is not null`,
};

const countedRows = (status: string) => ({
  message: `It does not know how many of its rows are ${status}.`,
  expected: sql.raw(`n.${status}`),
  found: sql.raw(`n.${status}_count`),
});

/** Bulk requests, against their rows and what these have become. */
export const checkBulkRequests = rowCheck({
  resourceType: sql`'bulk_request'`,
  resourceId: sql`n.uid`,
  scan: scanTable("bulk_requests"),
  fanOut: sql.raw("left join bulk_rows x on x.bulk_request_id = page.a"),
  from: (places) => sql`(
      select b.uid, b.status, b.round, b.total_count, b.created_count, b.updated_count, b.skipped_count, b.failed_count,
        b.completed_at, b.status in ('pending', 'processing') as is_at_work, count(w.no) as row_count,
        coalesce(sum(w.status = 'created'), 0) as created, coalesce(sum(w.status = 'updated'), 0) as updated,
        coalesce(sum(w.status = 'skipped'), 0) as skipped, coalesce(sum(w.status = 'failed'), 0) as failed,
        coalesce(sum(w.status = 'waiting'), 0) as waiting,
        coalesce(sum(w.status = 'created' and r.bulk_request_id is not b.id or w.status = 'updated' and r.id is null), 0)
          as without_record
      from ${places} cross join bulk_requests b on b.id = j.value ->> 0
      left join bulk_rows w on w.bulk_request_id = b.id
      left join records r on r.uid = w.record_uid and r.environment_id = b.environment_id
      group by b.id
    ) n`,
  pairs: [
    countedRows("created"),
    countedRows("updated"),
    countedRows("skipped"),
    countedRows("failed"),
    {
      // What waits of a request that is cancelled goes, and stays away in every later round.
      message: "It does not have the rows that were sent.",
      expected: sql`iif(n.round = 0 and n.status <> 'cancelled', n.total_count, min(n.total_count, n.row_count))`,
      found: sql`n.row_count`,
    },
    {
      message: "Rows wait of which nothing will become.",
      expected: sql`0`,
      found: sql`iif(n.status in ('completed', 'cancelled'), n.waiting, 0)`,
    },
    {
      message: "The records that some of its rows have created or updated are not there.",
      expected: sql`0`,
      found: sql`n.without_record`,
    },
    ENDS,
  ],
});

const chunksOf = sql.raw("select 1 from import_chunks h where h.import_uid = n.uid");

/** Imports, against what is kept of their files. */
export const checkImports = rowCheck({
  resourceType: sql`'import'`,
  resourceId: sql`n.uid`,
  scan: scanTable("imports"),
  fanOut: sql.raw("left join import_chunks x on x.import_uid = (select uid from imports where id = page.a)"),
  from: (places) => sql`(
      select i.id, i.uid, i.environment_id, i.source_id, i.position, i.completed_at, i.status in ('pending', 'processing') as is_at_work
      from ${places} cross join imports i on i.id = j.value ->> 0
    ) n`,
  pairs: [
    ENDS,
    {
      message: "It belongs to another environment than its data source.",
      expected: sql`(select s.environment_id from data_sources s where s.id = n.source_id)`,
      found: sql`n.environment_id`,
    },
    {
      message: "It does not have the whole text of its file.",
      expected: sql`iif(n.is_at_work, n.position ->> 'chunks', 0)`,
      found: sql`iif(n.is_at_work, (select count(*) from (${chunksOf})), 0)`,
    },
    {
      // The cron clears files away by their first chunk, once the time that an upload may take is over.
      message: "It is over, and what is left of its file will not be cleared away.",
      expected: sql`0`,
      found: sql`not n.is_at_work and not exists (${chunksOf} and h.no = 0)
        and (exists (${chunksOf}) or exists (select 1 from import_contents t where t.import_id = n.id))`,
    },
  ],
});

/** How many records an import has created. */
export const checkImportCounts = countCheck({
  measures: [{ message: "It does not know how many there are" }],
  list: (environmentId, after, limit) => sql`select id, created_count as size from imports
    where environment_id = ${environmentId} and id > ${after} order by id limit ${limit}`,
  // A record that an import has created stays one of them, whatever becomes of it, and the next ones come after it.
  read: (
    environmentId,
    starts,
  ) => sql`select i.id, 'import' as type, i.uid as name, cast(i.created_count as text) as token, 1 as holds,
      json_array(0, null, json_object('records', json_array(i.created_count))) as kept, (
        select json_array(count(*), iif(count(*) = ${INTEGRITY_COUNT_PAGE_ROWS}, max(counted.id), null),
          json_object('records', json_array(count(*))))
        from (
          select r.id from records r indexed by records_import
          where r.import_id = i.id and r.id > j.value ->> 1 order by r.id limit ${INTEGRITY_COUNT_PAGE_ROWS}
        ) counted
      ) as found
    from json_each(${starts}) j cross join imports i
      on i.id = j.value ->> 0 and i.environment_id = ${environmentId} order by j.key`,
});
