import { type SQL, sql } from "drizzle-orm";
import { EXCEPTION_COMMENTS_SHOWN, EXCEPTIONS_MAX_COMMENT_CHARS } from "../config.ts";
import type { Day } from "../core/calendar.ts";
import {
  countRecords,
  type ExceptionComment,
  type ExceptionSnapshot,
  type ExceptionStatus,
  isClosed,
} from "../core/exception.ts";
import { all, type Db, first } from "./client.ts";
import { cutByWeight, cutPage, type Page, type PageRequest } from "./page.ts";
import { pageOfScan } from "./scan.ts";
import { ageBucket } from "./summaries.ts";

export interface ExceptionRow {
  id: number;
  version: number;
  reconciliationId: number;
  sourceId: number;
  snapshot: ExceptionSnapshot;
}

export interface ExceptionFilters {
  reconciliationId?: number | undefined;
  sourceId?: number | undefined;
  status?: ExceptionStatus | undefined;
  assignee?: string | undefined;
}

type Stored = Omit<ExceptionRow, "snapshot"> & { snapshot: string };

/** How many records an exception `x` is about. */
export const recordCount = sql.raw(`(select coalesce(sum(count), 0) from exception_days
  where reconciliation_id = x.reconciliation_id and source_id = x.source_id)`);

/** A condition: the source of an exception `x` is still on a side of its reconciliation. */
const isOnSide =
  sql.raw(`exists (select 1 from reconciliation_sources rs join reconciliations on id = rs.reconciliation_id
  where rs.reconciliation_id = x.reconciliation_id and rs.source_id = x.source_id and deleted_at is null)`);

const commentColumns = sql.raw(`'id', m.uid, 'kind', m.kind, 'body', m.body, 'key_id', m.key_uid,
  'created_at', m.created_at`);

/** A JSON object of an exception `x`, a reconciliation `c` and a source `s`, in the form of `ExceptionSnapshot`. */
export function exceptionSnapshot(today: Day): SQL {
  return sql`json_object('id', x.uid, 'reconciliation_id', c.uid, 'type_key', s.key, 'status', x.status,
    'assignee', x.assignee, 'opened_at', x.opened_at, 'closed_at', x.closed_at, 'created_at', x.created_at,
    'updated_at', x.updated_at, 'groups', json((
      select json_group_array(json_object('currency', g.currency, 'direction', g.direction, 'bucket', g.bucket,
        'count', g.count, 'overdue', g.overdue, 'ambiguous', g.ambiguous, 'high', g.high, 'low', g.low,
        'oldest', g.oldest))
      from (
        select currency, direction, ${ageBucket(today)} as bucket, sum(count) as count, sum(overdue_count) as overdue,
          sum(ambiguous_count) as ambiguous, cast(sum(amount_high) as text) as high,
          cast(sum(amount_low) as text) as low, min(date) as oldest
        from exception_days where reconciliation_id = x.reconciliation_id and source_id = x.source_id and ${isOnSide}
        group by currency, direction, bucket
      ) g)),
    'comments', json((
      select json_group_array(json_object(${commentColumns}) order by m.id desc)
      from (select * from exception_comments where exception_id = x.id order by id desc
        limit ${EXCEPTION_COMMENTS_SHOWN}) m)),
    'comment_count', (select count(*) from exception_comments where exception_id = x.id))`;
}

const named = sql.raw(`join reconciliations c on c.id = x.reconciliation_id join data_sources s on s.id = x.source_id`);

const columns = sql.raw(`x.id, x.version, x.reconciliation_id as "reconciliationId", x.source_id as "sourceId"`);

/** What the comments that an exception `t` is shown with come to, in characters. */
const weight = sql.raw(`(select coalesce(sum(length(body)), 0) from (select body from exception_comments
  where exception_id = t.id order by id desc limit ${EXCEPTION_COMMENTS_SHOWN}))`);

/** One row with an exception, none if it is of another environment. */
export function selectException(environmentId: number, uid: string, today: Day): SQL {
  return sql`select ${columns}, ${exceptionSnapshot(today)} as snapshot from reconciliation_exceptions x ${named}
    where x.uid = ${uid} and x.environment_id = ${environmentId}`;
}

export async function findException(
  db: Db,
  environmentId: number,
  uid: string,
  today: Day,
): Promise<ExceptionRow | undefined> {
  const row = await first<Stored>(db, selectException(environmentId, uid, today));
  return row && readException(row);
}

/** The row number of an exception; none of one of another environment. */
export async function findExceptionId(db: Db, environmentId: number, uid: string): Promise<number | undefined> {
  const row = await first<{ id: number }>(
    db,
    sql`select id from reconciliation_exceptions where uid = ${uid} and environment_id = ${environmentId}`,
  );
  return row?.id;
}

export function readException(row: unknown): ExceptionRow {
  const stored = row as Stored;
  return { ...stored, snapshot: JSON.parse(stored.snapshot) as ExceptionSnapshot };
}

/** A page, newest first, after at most `PAGE_SCAN_MAX_ROWS` exceptions; shorter if there is much to say of them. */
export async function listExceptions(
  db: Db,
  environmentId: number,
  { reconciliationId, sourceId, status, assignee }: ExceptionFilters,
  page: PageRequest,
  today: Day,
): Promise<Page<ExceptionRow>> {
  const before = page.before ?? Number.MAX_SAFE_INTEGER;
  const scan = sql`select id from reconciliation_exceptions where id < ${before} and ${
    reconciliationId === undefined
      ? sql`environment_id = ${environmentId}`
      : sql`reconciliation_id = ${reconciliationId}`
  }`;
  const conditions = [
    sql`t.environment_id = ${environmentId}`,
    ...(sourceId === undefined ? [] : [sql`t.source_id = ${sourceId}`]),
    ...(status === undefined ? [] : [sql`t.status = ${status}`]),
    ...(assignee === undefined ? [] : [sql`t.assignee = ${assignee}`]),
  ];
  const found = await pageOfScan(db, scan, page, (scanned, limit) =>
    all<Stored & { weight: number }>(
      db,
      // What lies behind the cut is not looked up at all.
      sql`select ${columns}, x.weight, case when x.place = 1 or x.total <= ${EXCEPTIONS_MAX_COMMENT_CHARS}
          then ${exceptionSnapshot(today)} end as snapshot
        from (
          select w.*, row_number() over (order by id desc) as place, sum(weight) over (order by id desc) as total
          from (
            select t.*, ${weight} as weight
            from (${scanned}) scanned cross join reconciliation_exceptions t on t.id = scanned.id
            where ${sql.join(conditions, sql` and `)} order by t.id desc limit ${limit}
          ) w
        ) x ${named} order by x.id desc`,
    ),
  );
  const cut = cutByWeight(found, EXCEPTIONS_MAX_COMMENT_CHARS);
  return { ...cut, rows: cut.rows.map(readException) };
}

type CommentRow = ExceptionComment & { rowId: number };

const commentFields = sql.raw(`m.id as "rowId", m.uid as id, m.kind, m.body, m.key_uid as key_id, m.created_at`);

export async function findComment(db: Db, exceptionId: number, uid: string): Promise<ExceptionComment | undefined> {
  const row = await first<CommentRow>(
    db,
    sql`select ${commentFields} from exception_comments m where m.uid = ${uid} and m.exception_id = ${exceptionId}`,
  );
  return row && readComment(row);
}

export async function listComments(
  db: Db,
  exceptionId: number,
  page: PageRequest,
): Promise<Page<{ id: number; comment: ExceptionComment }>> {
  const rows = await all<CommentRow>(
    db,
    sql`select ${commentFields} from exception_comments m
      where m.exception_id = ${exceptionId} and m.id < ${page.before ?? Number.MAX_SAFE_INTEGER}
      order by m.id desc limit ${page.limit + 1}`,
  );
  return cutPage(
    rows.map((row) => ({ id: row.rowId, comment: readComment(row) })),
    page.limit,
  );
}

function readComment({ rowId: _, ...comment }: CommentRow): ExceptionComment {
  return comment;
}

export interface NewComment {
  uid: string;
  kind: ExceptionComment["kind"];
  keyUid: string | null;
  body: string;
}

export function insertComment(exceptionId: number, { uid, kind, keyUid, body }: NewComment, now: number): SQL {
  return sql`insert into exception_comments (uid, exception_id, kind, key_uid, body, created_at)
    values (${uid}, ${exceptionId}, ${kind}, ${keyUid}, ${body}, ${now})`;
}

/** A condition for guards: the exception is as it was read, and has records left or none, as it had. */
export function exceptionIsAt({ id, version, snapshot }: ExceptionRow): SQL {
  const hasRecords = sql`(exists (select 1 from exception_days
      where reconciliation_id = x.reconciliation_id and source_id = x.source_id) and ${isOnSide})`;
  return sql`exists (select 1 from reconciliation_exceptions x
    where id = ${id} and version = ${version} and ${hasRecords} = ${countRecords(snapshot) > 0 ? 1 : 0})`;
}

/** What a person makes of an exception; it stands behind a guard on what the exception was. */
export function updateException(
  id: number,
  { status, assignee }: Pick<ExceptionSnapshot, "status" | "assignee">,
  changeUid: string,
  now: number,
): SQL {
  const closes = isClosed(status);
  return sql`update reconciliation_exceptions as x set status = ${status}, assignee = ${assignee}, version = version + 1,
      updated_at = ${now}, change_uid = ${changeUid},
      dismissed_count = ${status === "dismissed" ? sql`coalesce(dismissed_count, ${recordCount})` : null},
      closed_at = ${closes ? sql`coalesce(closed_at, ${now})` : null},
      opened_at = iif(closed_at is not null and ${closes ? 0 : 1}, ${now}, opened_at)
    where id = ${id}`;
}
