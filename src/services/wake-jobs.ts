import { JOB_STALE_MS, SWEEP_MAX_JOBS, SWEEP_PARALLEL } from "../config.ts";
import type { Db } from "../db/client.ts";
import { listStaleJobs } from "../db/jobs.ts";
import type { Jobs } from "./jobs.ts";

/** The cron's round over jobs that nobody seems to do any more; answers how many it has woken. */
export async function wakeJobs(deps: { db: Db; jobs: Jobs }, now: number): Promise<number> {
  const stale = await listStaleJobs(deps.db, now - JOB_STALE_MS, SWEEP_MAX_JOBS);
  const waiting = [...stale];
  const worker = async () => {
    for (let job = waiting.pop(); job !== undefined; job = waiting.pop()) await deps.jobs.wake(job.kind, job.uid);
  };
  await Promise.all(Array.from({ length: SWEEP_PARALLEL }, worker));
  return stale.length;
}
