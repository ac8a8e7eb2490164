import type { JobRunner } from "./runtime/job-runner.ts";
import type { Reconciler } from "./runtime/reconciler.ts";

/** What wrangler.toml and the deployment's secrets give the Worker. */
export interface Bindings {
  DB: D1Database;
  RECONCILER: DurableObjectNamespace<Reconciler>;
  JOB_RUNNER: DurableObjectNamespace<JobRunner>;
  WEBHOOKS: Queue<DeliveryMessage>;
  /** The API viewer's files. */
  ASSETS: Fetcher;
  RATE_LIMIT: RateLimit;
  /** Acts as admin of the default live environment, so that a fresh deployment can make its first key. */
  BOOTSTRAP_API_KEY?: string;
  /** "true" in local development only: webhooks may then go to http and to loopback. */
  ALLOW_LOCAL_WEBHOOKS?: string;
  /** "true" in local development only, unless a limit is asked for. */
  NO_RATE_LIMITS?: string;
}

/** A queue message is a wake-up: the delivery's row says what is to be done. */
export interface DeliveryMessage {
  delivery_id: string;
}

export const REQUEST_MAX_BYTES = 25 * 1024 * 1024;
/** What is set aside for a body of unknown length, and in what pieces one that is held is read. */
export const BODY_FIRST_BYTES = 65_536;
export const BODY_PIECE_BYTES = 65_536;
export const DATA_SOURCE_KEY_MAX_CHARS = 64;
/** A body of a few megabytes can have a million wrong fields; its answer must not outgrow the Worker's memory. */
export const PROBLEM_MAX_ERRORS = 1_000;
export const API_KEY_CACHE_MS = 5_000;
/** As `period` in wrangler.toml: after this long a key that was limited has its requests again. */
export const RATE_LIMIT_PERIOD_SECONDS = 10;
export const API_KEY_USE_RESOLUTION_MS = 60_000;

export const PAGE_DEFAULT_ROWS = 50;
export const PAGE_MAX_ROWS = 200;
/** The same for the payments door. */
export const API_PAGE_DEFAULT_ROWS = 25;
export const API_PAGE_MAX_ROWS = 100;
/** Entries that one answer carries with its ledger transactions, unless a single transaction has more. */
export const API_PAGE_MAX_LEDGER_ENTRIES = 5_000;
/** What the metadata of one ledger transaction's entries may come to: with the entries well below a value's 2 MB. */
export const LEDGER_ENTRIES_MAX_METADATA_BYTES = 200_000;
/** How often a ledger transaction that lost a race is looked at again. */
export const LEDGER_MAX_TRIES = 10;
/** Values of one parameter that may be given several times. */
export const QUERY_LIST_MAX_VALUES = 100;
export const CANDIDATES_DEFAULT_ROWS = 10;
export const CANDIDATES_MAX_ROWS = 50;
/** What the explanations of one record's candidates may come to, unless a single one has more. */
export const CANDIDATES_MAX_CHARS = 5_000_000;
/** Records that the matches of one page have together before it answers short, unless a single match has more. */
export const PAGE_MAX_MATCHED_RECORDS = 20_000;
/** What the links of one page of an audit may come to before it answers short: a match of 5,000 records is 0.4 MB. */
export const AUDIT_PAGE_MAX_CHARS = 5_000_000;
/** What the events of one page may come to, unless a single one comes to more. */
export const EVENTS_PAGE_MAX_CHARS = 4_000_000;
/** What the befores and afters of one page of the audit trail may come to, unless a single entry has more. */
export const AUDIT_ENTRIES_MAX_CHARS = 5_000_000;
/** By how much the order in which entries are written may differ from that of their times: long commits, and clocks. */
export const AUDIT_DISORDER_MAX_MS = 10 * 60 * 1_000;
/** What one page of a filtered list may read before it answers short. */
export const PAGE_SCAN_MAX_ROWS = 2_000;

/** How long a POST of a record waits for matching. */
export const POKE_WAIT_MS = 2_000;

/** News that a Reconciler reads from one data source at a time. */
export const TAIL_PAGE_ROWS = 500;
/** Items that a Reconciler looks at between two commits. */
export const DRAIN_MAX_ITEMS = 200;
/**
 * Work of matching, in steps, after which a slice ends early; a compared candidate counts for 50. Measured: 10 million
 * are 1 to 2 seconds.
 */
export const SLICE_MAX_STEPS = 10_000_000;
/** What a slice decides may come to as JSON, in characters, unless a single match has more. */
export const SLICE_MAX_CHARS = 250_000;
/** Slices of a Reconciler that may fail one after the other before it looks for a match that cannot be written. */
export const SLICE_MAX_FAILURES = 3;
/** Slices that one poke works off itself; the alarm does the rest. */
export const POKE_MAX_SLICES = 20;
/** How long a poke goes on with that: whoever comes next waits for its turn. */
export const POKE_MAX_MS = 2_000;
export const ALARM_RETRY_MS = 5_000;
export const COMMIT_MAX_TRIES = 10;
export const COMMIT_MAX_MATCHES = 200;
/** What the explanations of one commit's matches may come to; with escapes and UTF-8 well below a value's 2 MB. */
export const COMMIT_MAX_EXPLANATION_CHARS = 250_000;
/** Records of the matches that one commit writes, unless a single match has more. */
export const COMMIT_MAX_RECORDS = 5_000;

/** What one slice of a run does: copies items, looks at items under a rule, counts, or commits. */
export const RUN_LOAD_PAGE_ITEMS = 1_000;
export const RUN_WALK_PAGE_ITEMS = 500;
export const RUN_COUNT_PAGE_ITEMS = 2_000;
export const RUN_COMMIT_PAGE_MATCHES = 200;
/** Items of a slice that are looked at in one go: when a rule fails, only what it has decided in this one is taken back. */
export const RUN_WALK_STEP_ITEMS = 10;
/** What the decided matches of a slice may come to as JSON before it ends; in UTF-8 still below a value's 2 MB. */
export const RUN_SLICE_MAX_CHARS = 250_000;
/** What a commit reads of decided matches at a time, unless a single one has more. */
export const RUN_COMMIT_PAGE_CHARS = 2_000_000;
/** Slices of a run that may fail one after the other before the run does. */
export const RUN_MAX_ATTEMPTS = 20;
/** Previews of a reconciliation whose proposals are kept, the newest ones. */
export const RUN_KEPT_PREVIEWS = 5;
export const RUN_DROP_PAGE_ROWS = 1_000;
/** Proposals that one statement holds against their records before a preview is committed. */
export const RUN_CHECK_PAGE_MATCHES = 2_000;
/** Changed records that a refused commit names. */
export const RUN_CHECK_MAX_CHANGES = 100;

/** Reconcilers that a change of a rule of the payments door wakes itself. */
export const PAYMENT_RULE_MAX_POKES = 20;
/** What a preview of such a rule looks at: internal accounts, and of each the newest open ones of both sides. */
export const RULE_PREVIEW_MAX_ACCOUNTS = 25;
export const RULE_PREVIEW_MAX_TRANSACTIONS = 250;
export const RULE_PREVIEW_MAX_PAYMENTS = 5_000;
/** Steps, as `SLICE_MAX_STEPS` counts them, after which the preview of one account ends. Measured: under 3 seconds. */
export const RULE_PREVIEW_MAX_STEPS = 60_000_000;

/** Comments that an exception is shown with, the newest ones. */
export const EXCEPTION_COMMENTS_SHOWN = 50;
/** What the comments of one page of exceptions may come to, unless a single exception has more. */
export const EXCEPTIONS_MAX_COMMENT_CHARS = 2_000_000;
/** Pairs of records and marks of ambiguity that a Reconciler writes in one batch. */
export const MARKS_PAGE_ROWS = 200;
/** How long a Reconciler leaves what has become ambiguous to settle before it writes it down; the cron may be earlier. */
export const MARKS_DELAY_MS = 5_000;
export const OVERDUE_PAGE_ROWS = 200;
/** Pages of overdue records that one call of the cron raises; the next minute goes on. */
export const OVERDUE_MAX_PAGES = 20;
export const DISSOLVE_PAGE_MATCHES = 200;
/** Records of the matches that one page of a dissolution voids, unless a single match has more. */
export const DISSOLVE_PAGE_RECORDS = 2_000;
export const MANUAL_MATCH_MAX_RECORDS = 1_000;

/** How long a job that failed at a slice waits: longer with each failure, up to the second number. */
export const JOB_RETRY_MIN_MS = 1_000;
export const JOB_RETRY_MAX_MS = 60_000;
/** Slices of a job that may fail one after the other before the job does. */
export const JOB_MAX_FAILURES = 20;
/** How long nothing has happened to an unfinished job before the cron takes its wake-up for lost. */
export const JOB_STALE_MS = 30_000;

export const BULK_MAX_ROWS = 1_000;
/**
 * A bulk request is read as one JSON document and written in one batch: it is in memory several times over, and a Worker
 * has 128 MB. Measured: about 10 bytes for each of it.
 */
export const BULK_MAX_BYTES = 8 * 1024 * 1024;
/** A row of a bulk request that is larger, or nested deeper, is not kept: it is wrong in any case. */
export const BULK_ROW_LIMITS = { maxChars: 100_000, maxDepth: 64 };
/** What one slice takes on of a bulk request: rows, and bytes of these as JSON, unless a single one has more. */
export const BULK_SLICE_MAX_ROWS = 250;
export const BULK_SLICE_MAX_BYTES = 250_000;
/** How often a slice that lost a race is looked at again before it counts as failed. */
export const BULK_SLICE_MAX_TRIES = 5;
/** What is kept of one row's errors: their number, and characters of them as JSON, unless a single one has more. */
export const BULK_ROW_MAX_ERRORS = 100;
export const BULK_ROW_MAX_ERROR_CHARS = 20_000;
/** Requests whose payloads one statement of the cron lets go of, up to 8 MB each, and how often one call of it does so. */
export const BULK_PRUNE_PAGE_REQUESTS = 2;
export const BULK_PRUNE_MAX_PAGES = 20;
/** What a list that a statement is given may come to, in bytes: below half of a value's 2 MB. */
export const LIST_MAX_BYTES = 900_000;

/** Parts of a form beyond which it is not read. */
export const FORM_MAX_PARTS = 10;
export const MAPPING_MAX_BYTES = 65_536;
/** What is kept of the name of an uploaded file. */
export const FILENAME_MAX_CHARS = 255;
/** The text of an uploaded file is kept in pieces of so many UTF-16 units, and so many pieces are written at a time. */
export const IMPORT_CHUNK_CHARS = 131_072;
export const IMPORT_UPLOAD_BATCH_CHUNKS = 4;
/** How long an upload may take; what it has left is deleted after that, unless there is an import of it at work. */
export const UPLOAD_MAX_MS = 60 * 60 * 1_000;
/** What one slice of an import takes on: rows, bytes of the file, and bytes of the records as JSON. */
export const IMPORT_SLICE_MAX_ROWS = 1_000;
export const IMPORT_SLICE_MAX_BYTES = 1_048_576;
export const IMPORT_SLICE_MAX_RECORD_BYTES = 600_000;
/** How often a slice that lost a race is looked at again before it counts as failed. */
export const IMPORT_SLICE_MAX_TRIES = 5;
/** Problems that an import keeps, the first ones. */
export const IMPORT_MAX_PROBLEMS = 100;
/** What a dry run shows: rows, and problems; and after how many rows it looks no further. */
export const DRY_RUN_SHOWN_ROWS = 20;
export const DRY_RUN_MAX_PROBLEMS = 1_000;
export const DRY_RUN_MAX_ROWS = 200_000;
/** What is deleted at a time of what was kept for an import; and of how many files the cron does so. */
export const IMPORT_CLEAR_PAGE_ROWS = 5_000;
export const IMPORT_PRUNE_MAX_FILES = 10;
export const IMPORT_PRUNE_MAX_PAGES = 10;

/** What one cron run takes on of each kind of work; the next minute goes on. */
export const SWEEP_MAX_RECONCILERS = 200;
export const SWEEP_MAX_JOBS = 100;
export const SWEEP_PARALLEL = 6;
/** How long the cron waits for one Reconciler; what that one does goes on. */
export const SWEEP_WAKE_MAX_MS = 10_000;
export const SWEEP_MAX_DELIVERIES = 5_000;

export const QUEUE_SEND_MAX_MESSAGES = 100;
export const QUEUE_SEND_MAX_DELIVERIES = 5_000;

export const WEBHOOK_QUEUE = "tieout-webhooks";
export const WEBHOOK_DEAD_LETTER_QUEUE = "tieout-webhooks-dead";
/** Every event gives rise to a delivery for each of them, in the batch of its commit. */
export const WEBHOOK_ENDPOINTS_MAX = 20;
export const WEBHOOK_TIMEOUT_MS = 15_000;
export const WEBHOOK_ANSWER_MAX_BYTES = 1_024;
/** How long an attempt holds its delivery; whoever dies in it is followed by another once this is over. */
export const WEBHOOK_LEASE_MS = 30_000;
/** How much too early a wake-up may come, by the difference of two machines' clocks. */
export const WEBHOOK_DUE_TOLERANCE_MS = 500;
/** How long a batch of wake-ups waits for its attempts to begin; slower ones do so without holding up the queue. */
export const WEBHOOK_BATCH_WAIT_MS = 250;
/** Attempts under way at one endpoint; further deliveries to it wait for one of them to end. */
export const WEBHOOK_IN_FLIGHT_MAX = 50;
/** How long a consumer that has freed a place goes on with what waits for it, before it leaves that to the queue. */
export const WEBHOOK_TURN_MS = 5_000;
/** Attempts of one delivery, those asked for by hand included. */
export const WEBHOOK_ATTEMPTS_MAX = 50;
export const WEBHOOK_SECRET_OVERLAP_MS = 24 * 60 * 60 * 1_000;
/** Secrets of an endpoint that still sign beside the current one. */
export const WEBHOOK_PREVIOUS_SECRETS_MAX = 5;
/** How long past its due time the cron takes a delivery's wake-up for lost. */
export const WEBHOOK_STRAGGLER_MS = 30_000;
/** By how much the dead-letter queue puts off what could not be worked on. */
export const WEBHOOK_REARM_DELAY_MS = 60_000;
/** Events that one replay looks at; its answer says where to go on. */
export const REPLAY_MAX_EVENTS = 5_000;

/** How long what stands under an `Idempotency-Key` counts. */
export const IDEMPOTENCY_KEPT_MS = 24 * 60 * 60 * 1_000;
/** How long a request holds its key; one that is still at work then writes nothing if another has taken over. */
export const IDEMPOTENCY_HOLD_MS = 10_000;
/** Larger answers are read again instead; sealed, and as base64, still below a value's 2 MB. */
export const IDEMPOTENCY_BODY_MAX_BYTES = 1_000_000;
/** What one call of the cron deletes of what no longer counts; the next minute goes on. */
export const IDEMPOTENCY_PRUNE_PAGE_ROWS = 1_000;
export const IDEMPOTENCY_PRUNE_MAX_PAGES = 60;

/** How long events and deliveries are kept, and what rows of a bulk request say that did not become records. */
export const HISTORY_KEPT_MS = 30 * 24 * 60 * 60 * 1_000;
/** What one call of the cron deletes of events, and of deliveries with their attempts: 666 of each a second. */
export const HISTORY_PRUNE_PAGE_ROWS = 1_000;
export const HISTORY_PRUNE_MAX_PAGES = 40;

/** Rows that one page of an integrity check looks at, and what may be read for them unless a single one has more. */
export const INTEGRITY_PAGE_DEFAULT_ROWS = 1_000;
export const INTEGRITY_PAGE_MAX_ROWS = 5_000;
export const INTEGRITY_PAGE_MAX_JOINED_ROWS = 20_000;
/** Rows that are counted by one statement, of at most so many data sources or reconciliations. */
export const INTEGRITY_COUNT_PAGE_ROWS = 20_000;
export const INTEGRITY_COUNT_PAGE_GROUPS = 100;
/** What of them is counted at a time where the counting goes on in another request, whose URL has to hold it. */
export const INTEGRITY_COUNT_MAX_NAMES = 20;
/** How often counting begins anew when what is counted has changed, before it gives up. */
export const INTEGRITY_COUNT_MAX_TRIES = 3;
/** Reconciliations whose chains one page verifies, or whose Reconcilers it asks. */
export const INTEGRITY_PAGE_MAX_RECONCILIATIONS = 20;
/** After as long a page asks no further Reconciler: each may have much to take in first. */
export const INTEGRITY_PAGE_MAX_MS = 5_000;
/** Changes and links that are gone through to see whether what was counted before them is still so. */
export const INTEGRITY_COUNT_MAX_CHANGES = 20_000;
export const INTEGRITY_COUNT_MAX_LINKS = 1_000;
/** Records, and keys or sums of an index, that a Reconciler compares with D1 at a time. */
export const INDEX_CHECK_PAGE_ROWS = 500;
/** What the names of sets that it compares at a time may come to, unless a single one is longer. */
export const INDEX_CHECK_PAGE_CHARS = 500_000;
/** Parts of an index that it compares in one go, while they are small. */
export const INDEX_CHECK_MAX_STEPS = 10;
/** How often it looks again when something newer has come meanwhile. */
export const INDEX_CHECK_MAX_TRIES = 5;
/** Differences that one page of such a comparison names. */
export const INDEX_CHECK_MAX_FINDINGS = 200;
/** Reconcilers whose indexes one request has rebuilt. */
export const REPAIR_PAGE_RECONCILERS = 20;
