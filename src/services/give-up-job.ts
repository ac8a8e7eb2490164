import { IMPORT_MAX_PROBLEMS, JOB_MAX_FAILURES } from "../config.ts";
import type { JobName } from "../core/job.ts";
import { type Db, runBatch } from "../db/client.ts";
import { appendImportProblem } from "../db/imports.ts";
import { failJob } from "../db/jobs.ts";

/** Ends a job that has failed too often; an import says so among its problems. What a job has done stays. */
export async function giveUpJob(db: Db, job: JobName, now: number): Promise<void> {
  const note = job.kind === "import" ? [appendImportProblem(job.uid, GAVE_UP, IMPORT_MAX_PROBLEMS)] : [];
  await runBatch(db, [...note, failJob(job, now)]);
}

const GAVE_UP = {
  code: "gave_up",
  message: `From this line on nothing was read: it failed ${JOB_MAX_FAILURES} times in a row. What came before it is in; send the file again for the rest.`,
};
