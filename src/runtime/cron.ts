import type { Bindings } from "../config.ts";
import { openDb } from "../db/client.ts";
import { pruneHistory } from "../services/prune-history.ts";
import { pruneIdempotencyKeys } from "../services/prune-idempotency-keys.ts";
import { pruneUploads } from "../services/prune-uploads.ts";
import { resendStragglers } from "../services/resend-stragglers.ts";
import { sweepReconcilers } from "../services/sweep.ts";
import { wakeJobs } from "../services/wake-jobs.ts";
import { openJobs } from "./jobs.ts";

/** Each minute: what no poke and no queue message has brought on its way. Finds its work by query, so it may run twice. */
export async function handleCron(env: Bindings, now: number): Promise<void> {
  const db = openDb(env.DB);
  const reconcilers = await sweepReconcilers(db, now, (uid) => env.RECONCILER.getByName(uid).sweep());
  const jobs = await wakeJobs({ db, jobs: openJobs(env.JOB_RUNNER) }, now);
  const deliveries = await resendStragglers({ db, queue: env.WEBHOOKS }, now);
  const pruned = {
    idempotency_keys: await pruneIdempotencyKeys(db, now),
    uploads: await pruneUploads(db, now),
    ...(await pruneHistory(db, now)),
  };
  console.log(JSON.stringify({ message: "cron", reconcilers, jobs, deliveries, pruned }));
}
