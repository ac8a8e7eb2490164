import { type SQL, sql } from "drizzle-orm";
import type { BulkRequestSnapshot, ConflictRule } from "../core/bulk-request.ts";
import { all, type Db, first, runBatch } from "./client.ts";
import { listenerExists } from "./events.ts";
import { expectThat } from "./guard.ts";
import { isJobUnfinished } from "./jobs.ts";
import { cutPage, type Page, type PageRequest } from "./page.ts";

export interface BulkRequestRow {
  id: number;
  environmentId: number;
  onConflict: ConflictRule;
  /** How often it has been taken up again. */
  round: number;
  /** Since when (ms) what its rows say is not there any more. */
  payloadsPrunedAt: number | null;
  snapshot: BulkRequestSnapshot;
}

interface Stored extends Omit<BulkRequestRow, "snapshot"> {
  snapshot: string;
}

/** A JSON object of a bulk request `b`, in the form of `BulkRequestSnapshot`. */
const bulkRequestSnapshot = sql.raw(`json_object('uid', b.uid, 'status', b.status, 'total', b.total_count,
  'created', b.created_count, 'updated', b.updated_count, 'skipped', b.skipped_count, 'failed', b.failed_count,
  'created_at', b.created_at, 'completed_at', b.completed_at)`);

const columns = sql`b.id, b.environment_id as "environmentId", b.on_conflict as "onConflict", b.round,
  b.payloads_pruned_at as "payloadsPrunedAt", ${bulkRequestSnapshot} as snapshot`;

export async function findBulkRequest(db: Db, environmentId: number, uid: string): Promise<BulkRequestRow | undefined> {
  const row = await first<Stored>(
    db,
    sql`select ${columns} from bulk_requests b where b.uid = ${uid} and b.environment_id = ${environmentId}`,
  );
  return row && read(row);
}

/** A bulk request that is not over, of whatever environment. */
export async function findUnfinishedBulkRequest(db: Db, uid: string): Promise<BulkRequestRow | undefined> {
  const row = await first<Stored>(
    db,
    sql`select ${columns} from bulk_requests b where b.uid = ${uid} and ${isJobUnfinished}`,
  );
  return row && read(row);
}

export async function listBulkRequests(
  db: Db,
  environmentId: number,
  page: PageRequest,
): Promise<Page<BulkRequestRow>> {
  const rows = await all<Stored>(
    db,
    sql`select ${columns} from bulk_requests b where b.environment_id = ${environmentId}
      and b.id < ${page.before ?? Number.MAX_SAFE_INTEGER} order by b.id desc limit ${page.limit + 1}`,
  );
  return cutPage(rows.map(read), page.limit);
}

export function insertBulkRequest(
  environmentId: number,
  request: { uid: string; onConflict: ConflictRule; total: number },
  now: number,
): SQL {
  return sql`insert into bulk_requests (uid, environment_id, on_conflict, status, total_count, created_at, updated_at)
    values (${request.uid}, ${environmentId}, ${request.onConflict}, 'pending', ${request.total}, ${now}, ${now})`;
}

/** A first statement of a batch: refuses it unless the request is still at work, in the same round. */
export function expectAtWork({ id, round }: Pick<BulkRequestRow, "id" | "round">): SQL {
  return expectThat(
    sql`exists (select 1 from bulk_requests where id = ${id} and round = ${round} and ${isJobUnfinished})`,
  );
}

/** A first statement of a batch: refuses it unless the request is over, its last round was this one, and its rows are kept. */
export function expectOver({ id, round }: Pick<BulkRequestRow, "id" | "round">): SQL {
  return expectThat(
    sql`exists (select 1 from bulk_requests where id = ${id} and round = ${round} and payloads_pruned_at is null
      and not ${isJobUnfinished})`,
  );
}

export type RowCounts = Pick<BulkRequestSnapshot, "created" | "updated" | "skipped" | "failed">;

/** Adds what a slice came to, and ends the request if no row waits; stands after the rows' outcomes. Answers the status. */
export function advanceBulkRequest(id: number, counts: RowCounts, now: number): SQL {
  const isWaiting = sql`exists (select 1 from bulk_rows indexed by bulk_rows_waiting
    where bulk_request_id = ${id} and status = 'waiting')`;
  return sql`update bulk_requests set updated_at = ${now},
      created_count = created_count + ${counts.created}, updated_count = updated_count + ${counts.updated},
      skipped_count = skipped_count + ${counts.skipped}, failed_count = failed_count + ${counts.failed},
      status = case when ${isWaiting} then 'processing' else 'completed' end,
      completed_at = case when ${isWaiting} then null else ${now} end
    where id = ${id} returning status`;
}

/** The event of a request that this batch has completed, if somebody listens. */
export function insertCompletedEvent(request: BulkRequestRow, eventUid: string, now: number): SQL {
  return sql`insert into events (environment_id, created_at, subject, uid, type, occurrence, snapshot)
    select b.environment_id, ${now}, 'bulk_request', ${eventUid}, 'bulk_request.completed',
      'bulk_request/' || b.id || '/' || b.round || '/completed', ${bulkRequestSnapshot}
    from bulk_requests b
    where b.id = ${request.id} and b.status = 'completed' and ${listenerExists(request.environmentId)}
    on conflict do nothing`;
}

export function markCancelled(id: number, now: number): SQL {
  return sql`update bulk_requests set status = 'cancelled', updated_at = ${now}, completed_at = ${now} where id = ${id}`;
}

/** Begins another round; stands beside `resetRows`. */
export function restartBulkRequest(id: number, now: number): SQL {
  return sql`update bulk_requests set status = 'pending', round = round + 1, failed_count = 0, skipped_count = 0,
      updated_at = ${now}, completed_at = null
    where id = ${id}`;
}

/**
 * Lets go of what the rows of the oldest requests say that were over by an instant (ms), of so many requests; answers of
 * how many. Requests whose rows have all become records have nothing to let go of.
 */
export async function prunePayloads(db: Db, until: number, now: number, limit: number): Promise<number> {
  // As the index has it, column first: SQLite turns the other form around, and then does not recognise it.
  const oldest = sql`select id from bulk_requests indexed by bulk_requests_payloads
    where payloads_pruned_at is null and total_count > created_count + updated_count and completed_at <= ${until}
    order by completed_at limit ${limit}`;
  const [, pruned] = await runBatch(db, [
    sql`update bulk_rows set payload = null where bulk_request_id in (${oldest}) and payload is not null`,
    sql`update bulk_requests set payloads_pruned_at = ${now} where id in (${oldest})`,
  ]);
  return pruned?.meta.changes ?? 0;
}

function read(row: Stored): BulkRequestRow {
  return { ...row, snapshot: JSON.parse(row.snapshot) };
}
