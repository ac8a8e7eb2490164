import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { formatJobName, type JobKind } from "../../src/core/job.ts";
import { type Db, openDb } from "../../src/db/client.ts";
import type { JobDependencies } from "../../src/services/jobs.ts";
import { workOffBulkRequest } from "../../src/services/work-off-bulk-request.ts";
import type { Api, Reply } from "./api.ts";
import { bindings, must } from "./scene.ts";

const SLICES_MAX = 1_000;
const runners = bindings.JOB_RUNNER;

export const runnerOf = (kind: JobKind, uid: string) => runners.getByName(formatJobName({ kind, uid }));

/** From here on the Worker under test wakes nobody: no job gets on but by what a test does. */
export function muteJobs(): void {
  Object.assign(env, { JOB_RUNNER: { getByName: () => ({ wake: async () => undefined }) } });
}

export function unmuteJobs(): void {
  Object.assign(env, { JOB_RUNNER: runners });
}

/** What a slice needs, with no object around it; it remembers whom it would have woken. */
export interface QuietDependencies extends JobDependencies {
  poked: string[];
  sent: string[];
}

export function quietDependencies(db: Db = openDb(bindings.DB)): QuietDependencies {
  const poked: string[] = [];
  const sent: string[] = [];
  return {
    db,
    poked,
    sent,
    now: () => Date.now(),
    sendDeliveries: (uids) => void sent.push(...uids),
    poke: async (uids) => void poked.push(...uids),
  };
}

/** Slice by slice until nothing is left; answers the number of slices. */
export async function workOffBulk(uid: string, deps: JobDependencies = quietDependencies()): Promise<number> {
  for (let slices = 1; slices < SLICES_MAX; slices++) {
    if ((await workOffBulkRequest(deps, uid)) === "done") return slices;
  }
  throw new Error("the bulk request does not end");
}

/** Lets the bulk request's own JobRunner bring it to its end, and reads it with its first 200 results. */
export async function finishBulk(api: Api, uid: string): Promise<Reply["body"]> {
  for (let slices = 0; slices < SLICES_MAX; slices++) {
    const body = await readBulk(api, uid);
    if (body.completed_at !== null) return body;
    // An alarm that is due also fires by itself.
    await runDurableObjectAlarm(runnerOf("bulk_request", uid));
  }
  throw new Error("the bulk request does not end");
}

export async function readBulk(api: Api, uid: string): Promise<Reply["body"]> {
  return (await must(api.get(`/v1/bulk_requests/${uid}?limit=200`), 200)).body;
}
