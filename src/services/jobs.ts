import type { JobKind } from "../core/job.ts";
import type { Db } from "../db/client.ts";

/** Jobs as services reach those who do them. */
export interface Jobs {
  /** Says that there is something to do. Never fails: the cron finds a job whose wake-up is lost. */
  wake(kind: JobKind, uid: string): Promise<void>;
}

/** What doing a slice of a job needs. */
export interface JobDependencies {
  db: Db;
  now: () => number;
  /** Wakes deliveries whose rows are written; does not wait for it. */
  sendDeliveries(uids: readonly string[]): void;
  /** Says to Reconcilers that there is news, as `Reconcilers.poke`. */
  poke(reconciliationUids: readonly string[]): Promise<void>;
}

/**
 * Does one bounded slice of the job with this id, in one batch that refuses to be done twice; says whether there is
 * another one. A job that is over, or is not there, is `done`.
 */
export type WorkOffJob = (deps: JobDependencies, uid: string) => Promise<"more" | "done">;
