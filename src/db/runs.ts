import { type SQL, sql } from "drizzle-orm";
import type { RunMode, RunSnapshot, RunState } from "../core/run.ts";
import { all, type Db, first } from "./client.ts";
import { expectThat } from "./guard.ts";
import { cutPage, type Page, type PageRequest } from "./page.ts";

/** Whether the matches that a run has decided are still in `run_matches`. */
export type Proposals = "kept" | "dropping" | "dropped";

export interface RunRow extends RunSnapshot {
  id: number;
  reconciliation_id: number;
  preview_id: number | null;
  attempt: number;
  revision: number;
  generation: number | null;
  decided_count: number;
  proposals: Proposals;
}

/** What one slice of work makes of a run's row. */
export type RunChange = RunState &
  Pick<RunRow, "attempt" | "generation" | "decided_count" | "proposals" | "started_at">;

type Stored = Omit<RunRow, "by_rule" | "problems" | "open"> & {
  by_rule: string;
  problems: string;
  open: string | null;
};

const columns = sql.raw(`r.id, r.uid, r.reconciliation_id, c.uid as reconciliation_uid, r.mode, r.preview_id,
  p.uid as preview_uid, r.status, r.attempt, r.revision, r.generation, r.phase, r.done, r.total, r.decided_count,
  r.matched_records, r.by_rule, r.problems, r.problem_count, r.open, r.proposals, r.created_at, r.started_at,
  r.completed_at
  from runs r join reconciliations c on c.id = r.reconciliation_id left join runs p on p.id = r.preview_id`);

/** The condition under which the index of unfinished runs is used; it has to be written as the index has it. */
export const isUnfinished: SQL = sql.raw("status in ('pending', 'running')");

/** A run of a reconciliation, also of a deleted one. */
export async function findRun(
  db: Db,
  environmentId: number,
  reconciliationUid: string,
  uid: string,
): Promise<RunRow | undefined> {
  return read(
    await first<Stored>(
      db,
      sql`select ${columns} where r.uid = ${uid} and r.environment_id = ${environmentId} and c.uid = ${reconciliationUid}`,
    ),
  );
}

export async function findPreview(db: Db, environmentId: number, uid: string): Promise<RunRow | undefined> {
  return read(
    await first<Stored>(
      db,
      sql`select ${columns} where r.uid = ${uid} and r.environment_id = ${environmentId} and r.mode = 'preview'`,
    ),
  );
}

export async function getRun(db: Db, id: number): Promise<RunRow> {
  const run = read(await first<Stored>(db, sql`select ${columns} where r.id = ${id}`));
  if (!run) throw new Error(`there is no run ${id}`);
  return run;
}

export async function findUnfinishedRun(db: Db, reconciliationId: number): Promise<RunRow | undefined> {
  return read(
    await first<Stored>(
      db,
      sql`select ${columns} where r.id = (select id from runs
        where reconciliation_id = ${reconciliationId} and ${isUnfinished})`,
    ),
  );
}

/** The run that has committed a preview, or tried to. */
export async function findCommitOf(db: Db, previewId: number): Promise<RunRow | undefined> {
  return read(
    await first<Stored>(db, sql`select ${columns} where r.id = (select id from runs where preview_id = ${previewId})`),
  );
}

export async function listRuns(db: Db, reconciliationId: number, page: PageRequest): Promise<Page<RunRow>> {
  const rows = await all<Stored>(
    db,
    sql`select ${columns} where r.reconciliation_id = ${reconciliationId}
      and r.id < ${page.before ?? Number.MAX_SAFE_INTEGER} order by r.id desc limit ${page.limit + 1}`,
  );
  return cutPage(
    rows.map((row) => read(row) as RunRow),
    page.limit,
  );
}

/** A condition for guards: what a preview proposes can still be read. */
export function previewIsKept(id: number): SQL {
  return sql`exists (select 1 from runs where id = ${id} and status = 'completed' and proposals = 'kept')`;
}

export function insertRun(
  environmentId: number,
  reconciliationId: number,
  run: { uid: string; mode: RunMode; previewId: number | null },
  now: number,
): SQL {
  const proposals: Proposals = run.previewId === null ? "kept" : "dropped";
  return sql`insert into runs (uid, environment_id, reconciliation_id, mode, preview_id, status, proposals, created_at)
    values (${run.uid}, ${environmentId}, ${reconciliationId}, ${run.mode}, ${run.previewId}, 'pending', ${proposals},
      ${now})`;
}

/** Statements that write what a slice makes of a run, and refuse the batch if another one has been faster. */
export function writeRun(run: Pick<RunRow, "id" | "revision">, change: RunChange): SQL[] {
  return [
    expectThat(sql`exists (select 1 from runs
      where id = ${run.id} and revision = ${run.revision} and status in ('pending', 'running'))`),
    sql`update runs set revision = revision + 1, status = ${change.status}, attempt = ${change.attempt},
        generation = ${change.generation}, phase = ${change.phase}, done = ${change.done}, total = ${change.total},
        decided_count = ${change.decided_count}, matched_records = ${change.matched_records},
        by_rule = ${JSON.stringify(change.by_rule)}, problems = ${JSON.stringify(change.problems)},
        problem_count = ${change.problem_count}, open = ${change.open && JSON.stringify(change.open)},
        proposals = ${change.proposals}, started_at = ${change.started_at}, completed_at = ${change.completed_at}
      where id = ${run.id}`,
  ];
}

/** Ends what is unfinished of a reconciliation that is being deleted. */
export function failUnfinishedRun(reconciliationId: number, problem: string, now: number): SQL {
  return sql`update runs set status = 'failed', completed_at = ${now}, problem_count = problem_count + 1,
      proposals = case when proposals = 'kept' then 'dropping' else proposals end,
      problems = case when problem_count < 100 then json_insert(problems, '$[#]', json(${problem})) else problems end
    where reconciliation_id = ${reconciliationId} and ${isUnfinished}`;
}

function read(row: Stored | undefined): RunRow | undefined {
  if (!row) return undefined;
  return {
    ...row,
    by_rule: JSON.parse(row.by_rule),
    problems: JSON.parse(row.problems),
    open: row.open === null ? null : JSON.parse(row.open),
  };
}
