import type { Bindings } from "../config.ts";
import { openDb } from "../db/client.ts";
import { pruneBulkPayloads } from "../services/prune-bulk-payloads.ts";
import { pruneHistory } from "../services/prune-history.ts";
import { pruneIdempotencyKeys } from "../services/prune-idempotency-keys.ts";
import { pruneUploads } from "../services/prune-uploads.ts";
import { resendStragglers } from "../services/resend-stragglers.ts";
import { sweepReconcilers } from "../services/sweep.ts";
import { wakeJobs } from "../services/wake-jobs.ts";
import { openJobs } from "./jobs.ts";

/**
 * Each minute: what no poke and no queue message has brought on its way. Finds its work by query, so it may run twice.
 * Its parts do not wait for each other, and what goes wrong in one stops none of the others.
 */
export async function handleCron(env: Bindings, now: number): Promise<void> {
  const db = openDb(env.DB);
  const parts: Record<string, Promise<unknown>> = {
    deliveries: resendStragglers({ db, queue: env.WEBHOOKS }, now),
    jobs: wakeJobs({ db, jobs: openJobs(env.JOB_RUNNER) }, now),
    reconcilers: sweepReconcilers(db, now, (uid) => env.RECONCILER.getByName(uid).sweep()),
    idempotency_keys: pruneIdempotencyKeys(db, now),
    uploads: pruneUploads(db, now),
    bulk_payloads: pruneBulkPayloads(db, now),
    history: pruneHistory(db, now),
  };
  const names = Object.keys(parts);
  const outcomes = await Promise.allSettled(Object.values(parts));
  const done: Record<string, unknown> = {};
  const failed: string[] = [];
  for (const [place, outcome] of outcomes.entries()) {
    const name = names[place] as string;
    if (outcome.status === "fulfilled") done[name] = outcome.value;
    else failed.push(`${name}: ${outcome.reason}`);
  }
  console.log(JSON.stringify({ message: "cron", ...done, ...(failed.length > 0 ? { failed } : {}) }));
  if (failed.length > 0) throw new Error(`The cron failed in part: ${failed.join("; ")}`);
}
