import type { Reconciler } from "./runtime/reconciler.ts";

/** What wrangler.toml and the deployment's secrets give the Worker. */
export interface Bindings {
  DB: D1Database;
  RECONCILER: DurableObjectNamespace<Reconciler>;
  WEBHOOKS: Queue<DeliveryMessage>;
  /** Acts as admin of the default live environment, so that a fresh deployment can make its first key. */
  BOOTSTRAP_API_KEY?: string;
  /** "true" in local development only: webhooks may then go to http and to loopback. */
  ALLOW_LOCAL_WEBHOOKS?: string;
}

/** A queue message is a wake-up: the delivery's row says what is to be done. */
export interface DeliveryMessage {
  delivery_id: string;
}

export const REQUEST_MAX_BYTES = 25 * 1024 * 1024;
export const API_KEY_CACHE_MS = 5_000;
export const API_KEY_USE_RESOLUTION_MS = 60_000;

export const PAGE_DEFAULT_ROWS = 50;
export const PAGE_MAX_ROWS = 200;
/** What one page of a filtered list may read before it answers short. */
export const PAGE_SCAN_MAX_ROWS = 2_000;

/** How long a POST of a record waits for matching. */
export const POKE_WAIT_MS = 2_000;

/** News that a Reconciler reads from one data source at a time. */
export const TAIL_PAGE_ROWS = 500;
/** Items that a Reconciler looks at between two commits. */
export const DRAIN_MAX_ITEMS = 200;
/** Slices that one poke works off itself; the alarm does the rest. */
export const POKE_MAX_SLICES = 20;
export const ALARM_RETRY_MS = 5_000;
export const COMMIT_MAX_TRIES = 10;
export const OVERDUE_PAGE_ROWS = 200;
export const DISSOLVE_PAGE_MATCHES = 200;
export const MANUAL_MATCH_MAX_RECORDS = 1_000;

/** What one cron run takes on of each kind of work; the next minute goes on. */
export const SWEEP_MAX_RECONCILERS = 200;
export const SWEEP_PARALLEL = 6;
export const SWEEP_MAX_DELIVERIES = 1_000;

export const QUEUE_SEND_MAX_MESSAGES = 100;
export const AUDIT_PAGE_LINKS = 500;
