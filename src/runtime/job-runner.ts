import { DurableObject } from "cloudflare:workers";
import { type Bindings, JOB_MAX_FAILURES, JOB_RETRY_MAX_MS, JOB_RETRY_MIN_MS } from "../config.ts";
import { computeJobDelay, formatJobName, type JobKind, type JobName, parseJobName } from "../core/job.ts";
import { openDb } from "../db/client.ts";
import { giveUpJob } from "../services/give-up-job.ts";
import type { JobDependencies, WorkOffJob } from "../services/jobs.ts";
import { sendDeliveries } from "../services/send-deliveries.ts";
import { workOffBulkRequest } from "../services/work-off-bulk-request.ts";
import { workOffImport } from "../services/work-off-import.ts";
import { openReconcilers } from "./reconcilers.ts";

const WORK: Record<JobKind, WorkOffJob> = {
  bulk_request: workOffBulkRequest,
  import: workOffImport,
};

const FAILURES = "failures";

/**
 * One for each job, named by its kind and id: an alarm does a slice of it and sets the next one. How far the job is
 * stands in D1; the object keeps only how often it has failed in a row.
 */
export class JobRunner extends DurableObject<Bindings> {
  /** There is something to do. An alarm that is set already stays as it is: it may be waiting after a failure. */
  async wake(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now());
  }

  override async alarm(): Promise<void> {
    const job = this.#readName();
    const failures = (await this.ctx.storage.get<number>(FAILURES)) ?? 0;
    if (failures >= JOB_MAX_FAILURES) {
      // Should it end behind the giving up, a retry of the job would else be given up without a try.
      await this.ctx.storage.put(FAILURES, JOB_MAX_FAILURES - 1);
      if (await this.#giveUp(job)) return this.#leave();
    }
    // Counted beforehand: a slice that takes too much memory or time ends its object, and nobody is left to count it.
    await this.ctx.storage.put(FAILURES, failures + 1);
    await this.ctx.storage.sync();
    try {
      const state = await WORK[job.kind](this.#dependencies(), job.uid);
      if (state === "done") return await this.#leave();
      await this.ctx.storage.delete(FAILURES);
      await this.ctx.storage.setAlarm(Date.now());
    } catch (error) {
      await this.#retry(job, failures + 1, error);
    }
  }

  /** Nothing stays behind, but for the alarm of whoever has asked for more meanwhile. */
  async #leave(): Promise<void> {
    await this.ctx.storage.delete(FAILURES);
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.deleteAll();
  }

  // An alarm that throws is dropped after a few times, so nothing may throw here but the object's own storage.
  async #retry(job: JobName, failures: number, error: unknown): Promise<void> {
    const message = "job slice failed";
    console.error(JSON.stringify({ message, job: formatJobName(job), failures, error: String(error) }));
    if (failures >= JOB_MAX_FAILURES) {
      if (await this.#giveUp(job)) return this.#leave();
      // It may be D1 that fails: the slice is due once more when it is back.
      await this.ctx.storage.put(FAILURES, JOB_MAX_FAILURES - 1);
    }
    await this.ctx.storage.setAlarm(Date.now() + computeJobDelay(failures, JOB_RETRY_MIN_MS, JOB_RETRY_MAX_MS));
  }

  async #giveUp(job: JobName): Promise<boolean> {
    try {
      await giveUpJob(openDb(this.env.DB), job, Date.now());
      console.error(JSON.stringify({ message: "job given up", job: formatJobName(job) }));
      return true;
    } catch {
      return false;
    }
  }

  #readName(): JobName {
    const job = parseJobName(this.ctx.id.name ?? "");
    if (!job) throw new Error("a JobRunner is reached by its job's name");
    return job;
  }

  #dependencies(): JobDependencies {
    const waitUntil = (work: Promise<unknown>) => this.ctx.waitUntil(work);
    return {
      db: openDb(this.env.DB),
      now: () => Date.now(),
      sendDeliveries: (uids) => waitUntil(sendDeliveries(this.env.WEBHOOKS, uids)),
      poke: (uids) => openReconcilers(this.env.RECONCILER, waitUntil).poke(uids),
    };
  }
}
