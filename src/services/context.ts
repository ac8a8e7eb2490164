import type { DeliveryMessage } from "../config.ts";
import type { Db, Statement } from "../db/client.ts";
import type { WebhookUrlRules } from "./check-webhook-url.ts";
import type { Jobs } from "./jobs.ts";
import type { Reconcilers } from "./reconcilers.ts";

/** Who asks, and what a service may use to answer. */
export interface ServiceContext {
  db: Db;
  environmentId: number;
  environmentUid: string;
  /** Whether it is an environment for real money. */
  isLive: boolean;
  /** The id of the API key; null for the bootstrap key. */
  keyUid: string | null;
  isBootstrap: boolean;
  /** The id of the request, as its answer has it. */
  requestUid: string;
  now: () => number;
  /**
   * An id for what is to be made. The first one of a request is known to its idempotency mark before anything is
   * written, so a service takes it for the very thing that it answers with.
   */
  newId: () => string;
  reconcilers: Reconcilers;
  jobs: Jobs;
  webhooks: Queue<DeliveryMessage>;
  webhookUrlRules: WebhookUrlRules;
  /**
   * Statements that join the batch of whatever this request writes: further expectations and rows of its caller. They
   * stand first, so that a guard among them refuses everything.
   */
  alongside: Statement[];
}
