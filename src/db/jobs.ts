import { type SQL, sql } from "drizzle-orm";
import type { JobKind, JobName } from "../core/job.ts";
import { all, type Db } from "./client.ts";

const TABLES: Record<JobKind, SQL> = { bulk_request: sql.raw("bulk_requests"), import: sql.raw("imports") };

/** The condition under which the indexes of unfinished jobs are used; it has to be written as they have it. */
export const isJobUnfinished: SQL = sql.raw("status in ('pending', 'processing')");

/** Unfinished jobs to which nothing has happened since an instant (ms), in no order, so that none holds up the others. */
export async function listStaleJobs(db: Db, before: number, limit: number): Promise<JobName[]> {
  return all<JobName>(
    db,
    sql`select kind, uid from (
        select 'bulk_request' as kind, uid from bulk_requests where ${isJobUnfinished} and updated_at < ${before}
        union all select 'import', uid from imports where ${isJobUnfinished} and updated_at < ${before}
      ) order by random() limit ${limit}`,
  );
}

/** Gives an unfinished job up; what it has done stays. */
export function failJob({ kind, uid }: JobName, now: number): SQL {
  return sql`update ${TABLES[kind]} set status = 'failed', updated_at = ${now}, completed_at = ${now}
    where uid = ${uid} and ${isJobUnfinished}`;
}
