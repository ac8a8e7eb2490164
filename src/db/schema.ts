import { sql } from "drizzle-orm";
import {
  type AnySQLiteColumn,
  check,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";

// Row numbers inside, UUIDs (`uid`) only at the doors. Instants are milliseconds since 1970, amounts minor units,
// directions +1 (credit) and −1 (debit). An index on a column ends with the row number, so a list that is newest
// first needs no index of its own beyond its first column.

const id = () => integer("id").primaryKey({ autoIncrement: true });

/** The table that is always empty: a statement that inserts into it stands for an expectation that does not hold. */
export const guard = sqliteTable("guard", { ok: integer("ok").notNull() }, (t) => [
  check("guard_holds", sql`${t.ok} = 1`),
]);

export const environments = sqliteTable(
  "environments",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    name: text("name").notNull(),
    mode: text("mode", { enum: ["live", "test"] }).notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (t) => [check("environments_mode", sql`${t.mode} in ('live', 'test')`)],
);

export const apiKeys = sqliteTable(
  "api_keys",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id")
      .notNull()
      .references(() => environments.id),
    name: text("name").notNull(),
    /** SHA-256 of the key, hexadecimal. The key itself is shown once and never stored. */
    digest: text("digest").notNull().unique(),
    prefix: text("prefix").notNull(),
    scopes: text("scopes", { mode: "json" }).$type<string[]>().notNull(),
    lastUsedAt: integer("last_used_at"),
    createdAt: integer("created_at").notNull(),
    revokedAt: integer("revoked_at"),
  },
  (t) => [index("api_keys_environment").on(t.environmentId)],
);

export const dataSources = sqliteTable(
  "data_sources",
  {
    id: id(),
    environmentId: integer("environment_id")
      .notNull()
      .references(() => environments.id),
    key: text("key").notNull(),
    name: text("name").notNull(),
    description: text("description"),
    type: text("type").notNull(),
    recordCount: integer("record_count").notNull().default(0),
    lastRecordAt: integer("last_record_at"),
    /** Number of the newest change of its records: dense, given in the batch that makes the change. */
    changeNo: integer("change_no").notNull().default(0),
    /** Every reconciliation of this source has taken in the changes up to this number. */
    settledNo: integer("settled_no").notNull().default(0),
    reconciliationCount: integer("reconciliation_count").notNull().default(0),
    /** 1 for the two sources of an internal account's own reconciliation, which the payments door alone shows. */
    paymentCount: integer("payment_count").notNull().default(0),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    deletedAt: integer("deleted_at"),
  },
  (t) => [
    uniqueIndex("data_sources_key").on(t.environmentId, t.key).where(sql`deleted_at is null`),
    index("data_sources_environment").on(t.environmentId),
    index("data_sources_unsettled").on(t.settledNo).where(sql`reconciliation_count > 0 and change_no > settled_no`),
    index("data_sources_payments_unsettled").on(t.settledNo).where(sql`payment_count > 0 and change_no > settled_no`),
    check("data_sources_record_count", sql`${t.recordCount} >= 0`),
  ],
);

/** The payments door's accounts. Each has a data source of its own, whose records are its transactions. */
export const internalAccounts = sqliteTable(
  "internal_accounts",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id")
      .notNull()
      .references(() => environments.id),
    sourceId: integer("source_id")
      .notNull()
      .unique()
      .references(() => dataSources.id),
    name: text("name").notNull(),
    currency: text("currency").notNull(),
    externalId: text("external_id"),
    metadata: text("metadata").notNull().default("{}"),
    /** What is accepted, kept and answered, and means nothing here: a JSON object by the names of the door. */
    attributes: text("attributes").notNull().default("{}"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [
    uniqueIndex("internal_accounts_external_id").on(t.environmentId, t.externalId).where(sql`external_id is not null`),
    index("internal_accounts_environment").on(t.environmentId),
  ],
);

export const propertyDefinitions = sqliteTable(
  "property_definitions",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id").notNull(),
    sourceId: integer("source_id")
      .notNull()
      .references(() => dataSources.id),
    key: text("key").notNull(),
    name: text("name").notNull(),
    type: text("type", { enum: ["string", "number", "date", "datetime", "boolean"] }).notNull(),
    optional: integer("optional", { mode: "boolean" }).notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [
    uniqueIndex("property_definitions_key").on(t.sourceId, t.key),
    index("property_definitions_environment").on(t.environmentId),
  ],
);

export const records = sqliteTable(
  "records",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id").notNull(),
    sourceId: integer("source_id")
      .notNull()
      .references(() => dataSources.id),
    /** Raised by every edit; matching names the version that it saw. */
    version: integer("version").notNull().default(1),
    date: text("date").notNull(),
    amount: integer("amount").notNull(),
    currency: text("currency").notNull(),
    direction: integer("direction").$type<1 | -1>().notNull(),
    description: text("description"),
    externalId: text("external_id"),
    metadata: text("metadata").notNull().default("{}"),
    expectedBy: text("expected_by"),
    /** 1 for the record that evens out a manual match: automation never takes it. */
    isAdjustment: integer("is_adjustment", { mode: "boolean" }).notNull().default(false),
    /** 1 for a transaction that its bank has not posted: nothing is matched with it. */
    isPending: integer("is_pending", { mode: "boolean" }).notNull().default(false),
    /**
     * What only the payments door knows of it, a JSON object: `TransactionAttributes` of a transaction, and
     * `PaymentAttributes` of an expected payment, which is a record of environment 0 and so of no list of /v1.
     */
    attributes: text("attributes"),
    /** The least that reconciles an expected payment, whose `amount` is the most; null for all else. */
    amountLower: integer("amount_lower"),
    /** Live links between a transaction and expected payments. They do not enter its status, and hold it fast. */
    paymentLinks: integer("payment_links").notNull().default(0),
    /** What brought it in, if it did not come alone. */
    bulkRequestId: integer("bulk_request_id"),
    importId: integer("import_id"),
    /** Of an imported row without an `external_id`: what it says and which of such rows of its file it is, as a digest. */
    contentKey: text("content_key"),
    /** In how many reconciliations it is matched at all, and in how many in full. */
    touchedCount: integer("touched_count").notNull().default(0),
    reconciledCount: integer("reconciled_count").notNull().default(0),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    deletedAt: integer("deleted_at"),
  },
  (t) => [
    uniqueIndex("records_external_id")
      .on(t.sourceId, t.externalId)
      .where(sql`external_id is not null and deleted_at is null`),
    index("records_environment").on(t.environmentId),
    index("records_environment_external_id").on(t.environmentId, t.externalId).where(sql`external_id is not null`),
    index("records_source").on(t.sourceId),
    index("records_transactions").on(t.environmentId).where(sql`attributes is not null`),
    index("records_bulk_request").on(t.bulkRequestId).where(sql`bulk_request_id is not null`),
    index("records_import").on(t.importId).where(sql`import_id is not null`),
    uniqueIndex("records_content_key")
      .on(t.sourceId, t.contentKey)
      .where(sql`content_key is not null and deleted_at is null`),
    check("records_amount", sql`${t.amount} between 0 and 999999999999999 and typeof(${t.amount}) = 'integer'`),
    check("records_direction", sql`${t.direction} in (1, -1)`),
    check("records_counts", sql`0 <= ${t.reconciledCount} and ${t.reconciledCount} <= ${t.touchedCount}`),
  ],
);

/** What Reconcilers tail: one row for each arrival, edit, delete and void of a record. */
export const changes = sqliteTable(
  "changes",
  {
    /** Order of all changes over all sources; D1 has one writer. */
    id: id(),
    sourceId: integer("source_id").notNull(),
    no: integer("no").notNull(),
    recordId: integer("record_id").notNull(),
    /** Random. A reader that remembers it notices that D1 was restored to an earlier time and has moved on since. */
    token: integer("token").notNull(),
  },
  (t) => [uniqueIndex("changes_no").on(t.sourceId, t.no)],
);

export const reconciliations = sqliteTable(
  "reconciliations",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id")
      .notNull()
      .references(() => environments.id),
    name: text("name").notNull(),
    runType: text("run_type", { enum: ["continuous", "batch"] }).notNull(),
    expectedWithinDays: integer("expected_within_days"),
    /** The generation in which `expectedWithinDays` was last replaced by another number; 0: in none. */
    dueGeneration: integer("due_generation").notNull().default(0),
    /** Raised by every change of rules, sides, run type, due days, and by deletion. */
    generation: integer("generation").notNull().default(1),
    /** The generation that its Reconciler has taken in. */
    settledGeneration: integer("settled_generation").notNull().default(0),
    /** Head of its hash chain; kept here so that a chain whose tail was cut off is noticed. */
    chainNo: integer("chain_no").notNull().default(0),
    chainHash: text("chain_hash").notNull().default(""),
    /** The earliest day on which an open record of it falls due and has not been reported, as its Reconciler knows it. */
    nextDue: text("next_due"),
    /** Random, of the last time that its Reconciler wrote which records are ambiguous: that leaves no change. */
    marksToken: integer("marks_token"),
    /** The internal account whose transactions and expected payments it reconciles; such a one is not shown by /v1. */
    accountId: integer("account_id"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    deletedAt: integer("deleted_at"),
  },
  (t) => [
    index("reconciliations_environment").on(t.environmentId),
    index("reconciliations_due").on(t.nextDue).where(sql`next_due is not null`),
    index("reconciliations_unsettled").on(t.settledGeneration).where(sql`settled_generation <> generation`),
    uniqueIndex("reconciliations_account").on(t.accountId).where(sql`account_id is not null`),
    check("reconciliations_run_type", sql`${t.runType} in ('continuous', 'batch')`),
  ],
);

export const reconciliationSources = sqliteTable(
  "reconciliation_sources",
  {
    reconciliationId: integer("reconciliation_id")
      .notNull()
      .references(() => reconciliations.id),
    sourceId: integer("source_id")
      .notNull()
      .references(() => dataSources.id),
    side: text("side", { enum: ["a", "b"] }).notNull(),
    position: integer("position").notNull(),
    /** The change number up to which the Reconciler has reported that it is done. */
    seenNo: integer("seen_no").notNull().default(0),
    partialCount: integer("partial_count").notNull().default(0),
    reconciledCount: integer("reconciled_count").notNull().default(0),
  },
  (t) => [
    // The key stops a source from standing on both sides.
    primaryKey({ columns: [t.reconciliationId, t.sourceId] }),
    index("reconciliation_sources_source").on(t.sourceId),
    check("reconciliation_sources_side", sql`${t.side} in ('a', 'b')`),
    check("reconciliation_sources_counts", sql`${t.partialCount} >= 0 and ${t.reconciledCount} >= 0`),
  ],
);

export const reconciliationRules = sqliteTable(
  "reconciliation_rules",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id").notNull(),
    reconciliationId: integer("reconciliation_id")
      .notNull()
      .references(() => reconciliations.id),
    priority: integer("priority").notNull(),
    status: text("status", { enum: ["active", "inactive"] }).notNull(),
    description: text("description"),
    version: integer("version").notNull().default(1),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    deletedAt: integer("deleted_at"),
  },
  (t) => [
    index("reconciliation_rules_reconciliation").on(t.reconciliationId),
    index("reconciliation_rules_environment").on(t.environmentId),
  ],
);

/** What a rule said in each of its versions; matches name the version that made them. */
export const ruleVersions = sqliteTable(
  "rule_versions",
  {
    ruleId: integer("rule_id")
      .notNull()
      .references(() => reconciliationRules.id),
    version: integer("version").notNull(),
    definition: text("definition").notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.ruleId, t.version] })],
);

/** A record's state in one reconciliation; there is a row only once something has happened to the pair. */
export const entries = sqliteTable(
  "entries",
  {
    reconciliationId: integer("reconciliation_id")
      .notNull()
      .references(() => reconciliations.id),
    recordId: integer("record_id")
      .notNull()
      .references(() => records.id),
    /** The record's amount, repeated so that a CHECK can hold the matched amount against it. */
    amount: integer("amount").notNull(),
    matched: integer("matched").notNull().default(0),
    matchCount: integer("match_count").notNull().default(0),
    /** 0 unreconciled, 1 partially reconciled, 2 reconciled. */
    status: integer("status").notNull().default(0),
    version: integer("version").notNull().default(1),
    overdueAt: integer("overdue_at"),
    /** Since when a rule that skips ambiguous records has skipped it; null once it does not any more. */
    ambiguousAt: integer("ambiguous_at"),
    /** When its status or its matched amount last changed. */
    changedAt: integer("changed_at").notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.reconciliationId, t.recordId] }),
    index("entries_record").on(t.recordId),
    index("entries_overdue").on(t.reconciliationId, t.recordId).where(sql`overdue_at is not null`),
    check("entries_matched", sql`typeof(${t.matched}) = 'integer' and ${t.matched} between 0 and ${t.amount}`),
    check("entries_match_count", sql`${t.matchCount} >= 0 and (${t.matched} = 0 or ${t.matchCount} > 0)`),
    check(
      "entries_status",
      sql`${t.status} = case when ${t.matchCount} = 0 then 0 when ${t.matched} = ${t.amount} then 2 else 1 end`,
    ),
  ],
);

export const matches = sqliteTable(
  "matches",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id").notNull(),
    reconciliationId: integer("reconciliation_id")
      .notNull()
      .references(() => reconciliations.id),
    ruleId: integer("rule_id"),
    /** In place of `rule_id` where it was a rule of the payments door, which has rows of its own. */
    paymentRuleId: integer("payment_rule_id"),
    ruleVersion: integer("rule_version"),
    method: text("method", { enum: ["automatic", "manual"] }).notNull(),
    status: text("status", { enum: ["matched", "voided"] }).notNull(),
    currency: text("currency").notNull(),
    variance: integer("variance").notNull(),
    /** The compared values as the engine saw them: one `[a, b, passed]` for each condition of the rule's version. */
    explanation: text("explanation").notNull(),
    /** The matched records with their versions: what a void keeps from being matched again by itself. */
    setKey: text("set_key").notNull(),
    /** Its link in the reconciliation's hash chain. */
    linkNo: integer("link_no").notNull(),
    createdAt: integer("created_at").notNull(),
    voidedAt: integer("voided_at"),
    voidReason: text("void_reason"),
    /** The run that made it. */
    runId: integer("run_id"),
  },
  (t) => [
    index("matches_environment").on(t.environmentId),
    index("matches_reconciliation").on(t.reconciliationId, t.status),
    index("matches_rule").on(t.ruleId),
    index("matches_run").on(t.runId).where(sql`run_id is not null`),
    check("matches_status", sql`${t.status} in ('matched', 'voided')`),
    check("matches_voided", sql`(${t.status} = 'voided') = (${t.voidedAt} is not null)`),
  ],
);

export const allocations = sqliteTable(
  "allocations",
  {
    matchId: integer("match_id")
      .notNull()
      .references(() => matches.id),
    recordId: integer("record_id")
      .notNull()
      .references(() => records.id),
    side: text("side", { enum: ["a", "b"] }).notNull(),
    amount: integer("amount").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.matchId, t.recordId] }),
    index("allocations_record").on(t.recordId, t.matchId),
    check("allocations_amount", sql`${t.amount} >= 0 and typeof(${t.amount}) = 'integer'`),
  ],
);

/** The hash chain of a reconciliation: each link's hash covers the previous hash and the payload's stored bytes. */
export const links = sqliteTable(
  "links",
  {
    reconciliationId: integer("reconciliation_id")
      .notNull()
      .references(() => reconciliations.id),
    no: integer("no").notNull(),
    kind: text("kind", { enum: ["match", "void"] }).notNull(),
    matchId: integer("match_id")
      .notNull()
      .references(() => matches.id),
    payload: text("payload").notNull(),
    previousHash: text("previous_hash").notNull(),
    hash: text("hash").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.reconciliationId, t.no] }),
    uniqueIndex("links_previous").on(t.reconciliationId, t.previousHash),
    uniqueIndex("links_match_kind").on(t.matchId, t.kind),
    check("links_kind", sql`${t.kind} in ('match', 'void')`),
  ],
);

/** Sets that a person took apart; automation leaves them alone until one of their records is changed. */
export const voidedSets = sqliteTable(
  "voided_sets",
  {
    reconciliationId: integer("reconciliation_id")
      .notNull()
      .references(() => reconciliations.id),
    setKey: text("set_key").notNull(),
    matchId: integer("match_id").notNull(),
  },
  (t) => [primaryKey({ columns: [t.reconciliationId, t.setKey] })],
);

export const runs = sqliteTable(
  "runs",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id").notNull(),
    reconciliationId: integer("reconciliation_id")
      .notNull()
      .references(() => reconciliations.id),
    mode: text("mode", { enum: ["preview", "commit"] }).notNull(),
    /** The run whose matches this one commits. */
    previewId: integer("preview_id"),
    status: text("status", { enum: ["pending", "running", "completed", "failed"] }).notNull(),
    /** Raised when its Reconciler has lost its memory and starts again. */
    attempt: integer("attempt").notNull().default(1),
    /** Raised by every slice of work that is written, which names the one that it found. */
    revision: integer("revision").notNull().default(0),
    /** The reconciliation's generation at the start. */
    generation: integer("generation"),
    phase: text("phase", { enum: ["loading", "matching", "committing", "done"] })
      .notNull()
      .default("loading"),
    done: integer("done").notNull().default(0),
    total: integer("total").notNull().default(0),
    /** How many matches it has decided: they are numbered from 0. */
    decidedCount: integer("decided_count").notNull().default(0),
    matchedRecords: integer("matched_records").notNull().default(0),
    byRule: text("by_rule").notNull().default("[]"),
    problems: text("problems").notNull().default("[]"),
    problemCount: integer("problem_count").notNull().default(0),
    open: text("open"),
    /** What becomes of its rows of `run_matches`. */
    proposals: text("proposals", { enum: ["kept", "dropping", "dropped"] }).notNull(),
    createdAt: integer("created_at").notNull(),
    startedAt: integer("started_at"),
    completedAt: integer("completed_at"),
  },
  (t) => [
    index("runs_reconciliation").on(t.reconciliationId),
    // Also what the cron reads: a reconciliation has one run at a time.
    uniqueIndex("runs_unsettled").on(t.reconciliationId).where(sql`status in ('pending', 'running')`),
    uniqueIndex("runs_preview").on(t.previewId).where(sql`preview_id is not null`),
    index("runs_proposals").on(t.reconciliationId).where(sql`proposals <> 'dropped'`),
    check("runs_mode", sql`${t.mode} in ('preview', 'commit')`),
    check("runs_status", sql`${t.status} in ('pending', 'running', 'completed', 'failed')`),
    check("runs_phase", sql`${t.phase} in ('loading', 'matching', 'committing', 'done')`),
    check("runs_proposals_state", sql`${t.proposals} in ('kept', 'dropping', 'dropped')`),
    check("runs_preview_of_commit", sql`${t.previewId} is null or ${t.mode} = 'commit'`),
    check("runs_completed", sql`(${t.status} in ('completed', 'failed')) = (${t.completedAt} is not null)`),
  ],
);

/** What a run has decided and not committed: of a preview what it proposes, of a commit what it still has to write. */
export const runMatches = sqliteTable(
  "run_matches",
  {
    runId: integer("run_id")
      .notNull()
      .references(() => runs.id),
    attempt: integer("attempt").notNull(),
    no: integer("no").notNull(),
    /** The id of the match that is made of it. */
    uid: text("uid").notNull(),
    ruleId: integer("rule_id").notNull(),
    ruleVersion: integer("rule_version").notNull(),
    currency: text("currency").notNull(),
    variance: integer("variance").notNull(),
    setKey: text("set_key").notNull(),
    explanation: text("explanation").notNull(),
    /** Its records as the run saw them, one `RunItem` each. */
    items: text("items").notNull(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.attempt, t.no] })],
);

export const webhookEndpoints = sqliteTable(
  "webhook_endpoints",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id")
      .notNull()
      .references(() => environments.id),
    url: text("url").notNull(),
    eventTypes: text("event_types", { mode: "json" }).$type<string[]>().notNull(),
    description: text("description"),
    status: text("status", { enum: ["enabled", "disabled"] }).notNull(),
    format: text("format", { enum: ["standard", "modern_treasury"] }).notNull(),
    secret: text("secret").notNull(),
    /** Secrets that were rotated out and still sign, newest first; `until` in ms. */
    previousSecrets: text("previous_secrets", { mode: "json" }).$type<{ secret: string; until: number }[]>(),
    /** Since when every attempt has failed; null after a success. */
    failingSince: integer("failing_since"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    deletedAt: integer("deleted_at"),
  },
  (t) => [
    index("webhook_endpoints_environment").on(t.environmentId).where(sql`deleted_at is null`),
    check("webhook_endpoints_status", sql`${t.status} in ('enabled', 'disabled')`),
  ],
);

/** The outbox: a row first, a queue message second. */
export const events = sqliteTable(
  "events",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id").notNull(),
    type: text("type").notNull(),
    /** What happened, named by its facts; the unique index makes it happen once. */
    occurrence: text("occurrence").notNull().unique(),
    /** `record` or `match`, … : which presenter turns the snapshot into what GET answers. */
    subject: text("subject").notNull(),
    /** The subject's rows as of the commit. */
    snapshot: text("snapshot").notNull(),
    /** The id of what it is about, for an event that the payments door lists. */
    entityUid: text("entity_uid"),
    createdAt: integer("created_at").notNull(),
    /** When it was last delivered anew: its time to be kept begins again. */
    replayedAt: integer("replayed_at"),
  },
  (t) => [
    index("events_environment").on(t.environmentId),
    index("events_payments").on(t.environmentId).where(sql`entity_uid is not null`),
    index("events_entity").on(t.entityUid).where(sql`entity_uid is not null`),
    index("events_environment_created").on(t.environmentId, t.createdAt),
    index("events_kept").on(sql`coalesce(replayed_at, created_at)`),
  ],
);

export const deliveries = sqliteTable(
  "deliveries",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id").notNull(),
    eventId: integer("event_id")
      .notNull()
      .references(() => events.id),
    endpointId: integer("endpoint_id")
      .notNull()
      .references(() => webhookEndpoints.id),
    status: text("status", { enum: ["pending", "delivered", "failed"] }).notNull(),
    attemptCount: integer("attempt_count").notNull().default(0),
    nextAttemptAt: integer("next_attempt_at"),
    /** While an attempt is under way: when another may assume that it died. */
    leasedUntil: integer("leased_until"),
    createdAt: integer("created_at").notNull(),
    completedAt: integer("completed_at"),
    /** Since when it has waited for other attempts at its endpoint to end; the end of one wakes the first that waits. */
    waitingSince: integer("waiting_since"),
  },
  (t) => [
    index("deliveries_environment").on(t.environmentId),
    index("deliveries_endpoint").on(t.endpointId),
    index("deliveries_event").on(t.eventId),
    index("deliveries_due").on(t.nextAttemptAt).where(sql`status = 'pending' and waiting_since is null`),
    index("deliveries_under_way").on(t.endpointId, t.leasedUntil).where(sql`leased_until is not null`),
    index("deliveries_waiting").on(t.endpointId).where(sql`waiting_since is not null`),
    index("deliveries_completed").on(t.createdAt).where(sql`status <> 'pending'`),
    check("deliveries_status", sql`${t.status} in ('pending', 'delivered', 'failed')`),
    check("deliveries_next", sql`(${t.status} = 'pending') = (${t.nextAttemptAt} is not null)`),
  ],
);

export const attempts = sqliteTable(
  "attempts",
  {
    deliveryId: integer("delivery_id")
      .notNull()
      .references(() => deliveries.id),
    no: integer("no").notNull(),
    startedAt: integer("started_at").notNull(),
    latencyMs: integer("latency_ms").notNull(),
    statusCode: integer("status_code"),
    error: text("error"),
    responseBody: text("response_body"),
  },
  (t) => [primaryKey({ columns: [t.deliveryId, t.no] })],
);

// Ledgers. Double entry is held by triggers, which drizzle does not know; they stand at the end of the migration that
// made these tables. Times of day that a ledger works with (`effective_at`) are texts of one form,
// `2026-03-10T09:30:00.000000Z`: they sort as they are, and a year, a month or a day of them is a prefix.

/** What a ledger account may take in on one side; two of them still add up within 64 bits. */
const MAX_SUM = sql.raw("4000000000000000000");

/** A sum that would overflow is a REAL in SQLite, and refused here. */
const holdsSum = (column: AnySQLiteColumn) => sql`typeof(${column}) = 'integer' and ${column} between 0 and ${MAX_SUM}`;

/** Sums of the entries that count: those of pending and of posted transactions, apart. */
const sums = () => ({
  pendingDebits: integer("pending_debits").notNull().default(0),
  pendingCredits: integer("pending_credits").notNull().default(0),
  postedDebits: integer("posted_debits").notNull().default(0),
  postedCredits: integer("posted_credits").notNull().default(0),
});

export const ledgers = sqliteTable(
  "ledgers",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id")
      .notNull()
      .references(() => environments.id),
    name: text("name").notNull(),
    description: text("description"),
    metadata: text("metadata").notNull().default("{}"),
    /** The account of this ledger that completes one-sided transactions of expected payments. */
    clearingAccountId: integer("clearing_account_id"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    discardedAt: integer("discarded_at"),
  },
  (t) => [index("ledgers_environment").on(t.environmentId)],
);

export const ledgerAccounts = sqliteTable(
  "ledger_accounts",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id").notNull(),
    ledgerId: integer("ledger_id")
      .notNull()
      .references(() => ledgers.id),
    name: text("name").notNull(),
    description: text("description"),
    normalBalance: integer("normal_balance").$type<1 | -1>().notNull(),
    currency: text("currency").notNull(),
    currencyExponent: integer("currency_exponent").notNull(),
    /** Raised by every entry that is written to the account, and by every write that discards entries of it. */
    lockVersion: integer("lock_version").notNull().default(0),
    ...sums(),
    ledgerableType: text("ledgerable_type"),
    ledgerableUid: text("ledgerable_uid"),
    externalId: text("external_id"),
    metadata: text("metadata").notNull().default("{}"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    discardedAt: integer("discarded_at"),
  },
  (t) => [
    index("ledger_accounts_environment").on(t.environmentId),
    index("ledger_accounts_ledger").on(t.ledgerId),
    uniqueIndex("ledger_accounts_external_id")
      .on(t.ledgerId, t.externalId)
      .where(sql`external_id is not null and discarded_at is null`),
    check("ledger_accounts_normal_balance", sql`${t.normalBalance} in (1, -1)`),
    check("ledger_accounts_pending_debits", holdsSum(t.pendingDebits)),
    check("ledger_accounts_pending_credits", holdsSum(t.pendingCredits)),
    check("ledger_accounts_posted_debits", holdsSum(t.postedDebits)),
    check("ledger_accounts_posted_credits", holdsSum(t.postedCredits)),
  ],
);

/**
 * Sums of an account's entries by the year, month and day of their `effective_at`: what a balance at an instant is
 * made of. `level` is the length of `period`: 4, 7 or 10.
 */
export const ledgerSums = sqliteTable(
  "ledger_sums",
  {
    accountId: integer("account_id")
      .notNull()
      .references(() => ledgerAccounts.id),
    level: integer("level").notNull(),
    period: text("period").notNull(),
    ...sums(),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.level, t.period] }),
    check("ledger_sums_period", sql`${t.level} in (4, 7, 10) and length(${t.period}) = ${t.level}`),
    check("ledger_sums_pending_debits", holdsSum(t.pendingDebits)),
    check("ledger_sums_pending_credits", holdsSum(t.pendingCredits)),
    check("ledger_sums_posted_debits", holdsSum(t.postedDebits)),
    check("ledger_sums_posted_credits", holdsSum(t.postedCredits)),
  ],
);

export const ledgerTransactions = sqliteTable(
  "ledger_transactions",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id").notNull(),
    ledgerId: integer("ledger_id")
      .notNull()
      .references(() => ledgers.id),
    /** Raised by every change, from 0 on. (id, version) has a row among the versions by the end of every batch. */
    version: integer("version").notNull().default(0),
    status: text("status", { enum: ["pending", "posted", "archived"] }).notNull(),
    entryCount: integer("entry_count").notNull(),
    description: text("description"),
    metadata: text("metadata").notNull().default("{}"),
    effectiveAt: text("effective_at").notNull(),
    postedAt: integer("posted_at"),
    externalId: text("external_id"),
    ledgerableType: text("ledgerable_type"),
    ledgerableUid: text("ledgerable_uid"),
    reversesId: integer("reverses_id"),
    partiallyPostsId: integer("partially_posts_id"),
    archivedReason: text("archived_reason"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [
    index("ledger_transactions_environment").on(t.environmentId),
    index("ledger_transactions_effective").on(t.environmentId, t.effectiveAt),
    index("ledger_transactions_ledger").on(t.ledgerId),
    uniqueIndex("ledger_transactions_external_id")
      .on(t.ledgerId, t.externalId)
      .where(sql`external_id is not null and status <> 'archived'`),
    index("ledger_transactions_environment_external_id")
      .on(t.environmentId, t.externalId)
      .where(sql`external_id is not null`),
    index("ledger_transactions_ledgerable").on(t.ledgerableUid).where(sql`ledgerable_uid is not null`),
    // A transaction is reversed once.
    uniqueIndex("ledger_transactions_reverses")
      .on(t.reversesId)
      .where(sql`reverses_id is not null and status <> 'archived'`),
    index("ledger_transactions_partially_posts").on(t.partiallyPostsId).where(sql`partially_posts_id is not null`),
    check("ledger_transactions_status", sql`${t.status} in ('pending', 'posted', 'archived')`),
    check("ledger_transactions_posted", sql`(${t.status} = 'posted') = (${t.postedAt} is not null)`),
    check("ledger_transactions_entry_count", sql`${t.entryCount} between 2 and 1000`),
    check("ledger_transactions_effective_at", sql`length(${t.effectiveAt}) = 27`),
  ],
);

/**
 * A transaction as each of its changes left it. The row of a version is its seal: it is written last, only if the
 * entries balance, and from then on no entry can join or leave that version.
 */
export const ledgerTransactionVersions = sqliteTable(
  "ledger_transaction_versions",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id").notNull(),
    transactionId: integer("transaction_id")
      .notNull()
      .references(() => ledgerTransactions.id),
    version: integer("version").notNull(),
    status: text("status", { enum: ["pending", "posted", "archived"] }).notNull(),
    entryCount: integer("entry_count").notNull(),
    description: text("description"),
    metadata: text("metadata").notNull(),
    effectiveAt: text("effective_at").notNull(),
    postedAt: integer("posted_at"),
    externalId: text("external_id"),
    ledgerableType: text("ledgerable_type"),
    ledgerableUid: text("ledgerable_uid"),
    archivedReason: text("archived_reason"),
    createdAt: integer("created_at").notNull(),
  },
  (t) => [
    uniqueIndex("ledger_transaction_versions_version").on(t.transactionId, t.version),
    index("ledger_transaction_versions_environment").on(t.environmentId),
  ],
);

/** Written once. All that ever happens to an entry is that it is discarded, while its transaction is pending. */
export const ledgerEntries = sqliteTable(
  "ledger_entries",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id").notNull(),
    transactionId: integer("transaction_id")
      .notNull()
      .references(() => ledgerTransactions.id),
    accountId: integer("account_id")
      .notNull()
      .references(() => ledgerAccounts.id),
    direction: integer("direction").$type<1 | -1>().notNull(),
    amount: integer("amount").notNull(),
    /** Of the transaction when the entry was written. */
    status: text("status", { enum: ["pending", "posted", "archived"] }).notNull(),
    effectiveAt: text("effective_at").notNull(),
    metadata: text("metadata").notNull().default("{}"),
    /** It belongs to its transaction from this version on … */
    sinceVersion: integer("since_version").notNull(),
    /** … and up to this one, which no longer has it. */
    untilVersion: integer("until_version"),
    /** The account's lock version that it made, and what the account's sums were then. */
    lockVersion: integer("lock_version").notNull(),
    ...sums(),
    /** The account's lock version that its discarding made. */
    discardedLockVersion: integer("discarded_lock_version"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    discardedAt: integer("discarded_at"),
  },
  (t) => [
    index("ledger_entries_environment").on(t.environmentId),
    index("ledger_entries_transaction").on(t.transactionId),
    index("ledger_entries_account").on(t.accountId, t.transactionId),
    uniqueIndex("ledger_entries_lock_version").on(t.accountId, t.lockVersion),
    index("ledger_entries_discarded")
      .on(t.accountId, t.discardedLockVersion)
      .where(sql`discarded_lock_version is not null`),
    index("ledger_entries_effective").on(t.accountId, t.effectiveAt).where(sql`discarded_at is null`),
    check("ledger_entries_direction", sql`${t.direction} in (1, -1)`),
    check("ledger_entries_amount", sql`${t.amount} between 0 and 999999999999999 and typeof(${t.amount}) = 'integer'`),
    check("ledger_entries_status", sql`${t.status} in ('pending', 'posted', 'archived')`),
    check(
      "ledger_entries_discarded_at_once",
      sql`(${t.untilVersion} is null) = (${t.discardedAt} is null)
      and (${t.discardedLockVersion} is null) = (${t.discardedAt} is null)`,
    ),
  ],
);

/**
 * A payment that somebody waits for. What the engine needs of it stands in its record, which takes its amounts, links
 * and changes like any other.
 */
export const expectedPayments = sqliteTable(
  "expected_payments",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id").notNull(),
    accountId: integer("account_id")
      .notNull()
      .references(() => internalAccounts.id),
    recordId: integer("record_id")
      .notNull()
      .unique()
      .references(() => records.id),
    status: text("status", { enum: ["unreconciled", "partially_reconciled", "reconciled", "archived"] }).notNull(),
    /** Its `reconciliation_rule_variables` as they are answered: a JSON array of `RuleVariable`. */
    variables: text("variables").notNull(),
    description: text("description"),
    externalId: text("external_id"),
    metadata: text("metadata").notNull().default("{}"),
    statementDescriptor: text("statement_descriptor"),
    remittanceInformation: text("remittance_information"),
    /** Accounting lines given when it was made: a JSON array of `AccountingLine`. */
    accountingLines: text("accounting_lines").notNull().default("[]"),
    ledgerTransactionId: integer("ledger_transaction_id").references(() => ledgerTransactions.id),
    /** When it was reconciled by hand with less than it should have been. */
    closedAt: integer("closed_at"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [
    uniqueIndex("expected_payments_external_id").on(t.environmentId, t.externalId).where(sql`external_id is not null`),
    uniqueIndex("expected_payments_ledger_transaction")
      .on(t.ledgerTransactionId)
      .where(sql`ledger_transaction_id is not null`),
    index("expected_payments_environment").on(t.environmentId),
    index("expected_payments_status").on(t.environmentId, t.status),
    index("expected_payments_account").on(t.accountId),
    check(
      "expected_payments_status",
      sql`${t.status} in ('unreconciled', 'partially_reconciled', 'reconciled', 'archived')`,
    ),
    check("expected_payments_closed", sql`${t.closedAt} is null or ${t.status} = 'reconciled'`),
  ],
);

/** A match of one transaction with one expected payment, as the payments door shows it. */
export const transactionLineItems = sqliteTable(
  "transaction_line_items",
  {
    id: id(),
    /** That of its match. */
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id").notNull(),
    matchId: integer("match_id")
      .notNull()
      .unique()
      .references(() => matches.id),
    /** The record that is the transaction. */
    transactionId: integer("transaction_id")
      .notNull()
      .references(() => records.id),
    paymentId: integer("payment_id")
      .notNull()
      .references(() => expectedPayments.id),
    amount: integer("amount").notNull(),
    method: text("method", { enum: ["automatic", "manual"] }).notNull(),
    /** Shared by the links of one transaction with a group of expected payments. */
    groupUid: text("group_uid"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    discardedAt: integer("discarded_at"),
  },
  (t) => [
    index("transaction_line_items_environment").on(t.environmentId),
    index("transaction_line_items_transaction").on(t.transactionId),
    index("transaction_line_items_payment").on(t.paymentId),
  ],
);

/** Rules of the payments door. Each stands for a rule of the reconciliations of some internal accounts, or of all. */
export const paymentRules = sqliteTable(
  "payment_rules",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id").notNull(),
    name: text("name").notNull(),
    priority: integer("priority").notNull(),
    status: text("status", { enum: ["active", "inactive"] }).notNull(),
    version: integer("version").notNull().default(1),
    /** Otherwise of those in `payment_rule_accounts`. */
    isOfAllAccounts: integer("is_of_all_accounts", { mode: "boolean" }).notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    deletedAt: integer("deleted_at"),
  },
  (t) => [
    index("payment_rules_environment").on(t.environmentId),
    check("payment_rules_status", sql`${t.status} in ('active', 'inactive')`),
  ],
);

export const paymentRuleAccounts = sqliteTable(
  "payment_rule_accounts",
  {
    ruleId: integer("rule_id")
      .notNull()
      .references(() => paymentRules.id),
    accountId: integer("account_id")
      .notNull()
      .references(() => internalAccounts.id),
    position: integer("position").notNull(),
  },
  (t) => [primaryKey({ columns: [t.ruleId, t.accountId] }), index("payment_rule_accounts_account").on(t.accountId)],
);

/** What a rule of the payments door said in each of its versions: a `PaymentRuleDefinition`. */
export const paymentRuleVersions = sqliteTable(
  "payment_rule_versions",
  {
    ruleId: integer("rule_id")
      .notNull()
      .references(() => paymentRules.id),
    version: integer("version").notNull(),
    definition: text("definition").notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.ruleId, t.version] })],
);

/**
 * A request's `Idempotency-Key`, kept for each API key. `running` until the batch that writes what the request asks for
 * marks it `written`; `answered` once the answer is kept, too.
 */
export const idempotencyKeys = sqliteTable(
  "idempotency_keys",
  {
    id: id(),
    environmentId: integer("environment_id").notNull(),
    /** The API key's id, or `bootstrap`. */
    apiKey: text("api_key").notNull(),
    key: text("key").notNull(),
    /** SHA-256 over the method, the path with its query, and the body. */
    fingerprint: text("fingerprint").notNull(),
    /** Random, of the request that holds it; whoever takes it over puts in another one. */
    owner: text("owner").notNull(),
    state: text("state", { enum: ["running", "written", "answered"] }).notNull(),
    /** The id that the request gives to what it makes. */
    resourceUid: text("resource_uid").notNull(),
    status: integer("status"),
    headers: text("headers"),
    body: text("body"),
    createdAt: integer("created_at").notNull(),
    lockedAt: integer("locked_at").notNull(),
  },
  (t) => [
    uniqueIndex("idempotency_keys_key").on(t.apiKey, t.key),
    index("idempotency_keys_created").on(t.createdAt),
    check("idempotency_keys_state", sql`${t.state} in ('running', 'written', 'answered')`),
  ],
);

/** What is brought in by a job, in slices; each is written in one batch with its rows' outcomes. */
const JOB_STATUSES = ["pending", "processing", "completed", "failed", "cancelled"] as const;

export const bulkRequests = sqliteTable(
  "bulk_requests",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id").notNull(),
    onConflict: text("on_conflict", { enum: ["error", "skip", "update"] }).notNull(),
    status: text("status", { enum: JOB_STATUSES }).notNull(),
    /** Raised by every retry: rows that had failed or been skipped are taken once more. */
    round: integer("round").notNull().default(0),
    totalCount: integer("total_count").notNull(),
    createdCount: integer("created_count").notNull().default(0),
    updatedCount: integer("updated_count").notNull().default(0),
    skippedCount: integer("skipped_count").notNull().default(0),
    failedCount: integer("failed_count").notNull().default(0),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    completedAt: integer("completed_at"),
    /** When the payloads of its rows were let go of; there is no other round from then on. */
    payloadsPrunedAt: integer("payloads_pruned_at"),
  },
  (t) => [
    index("bulk_requests_environment").on(t.environmentId),
    index("bulk_requests_payloads")
      .on(t.completedAt)
      .where(sql`payloads_pruned_at is null and total_count > created_count + updated_count`),
    index("bulk_requests_unfinished").on(t.updatedAt).where(sql`status in ('pending', 'processing')`),
    check("bulk_requests_status", sql`${t.status} in ('pending', 'processing', 'completed', 'failed', 'cancelled')`),
    check(
      "bulk_requests_counts",
      sql`min(${t.createdCount}, ${t.updatedCount}, ${t.skippedCount}, ${t.failedCount}) >= 0
      and ${t.createdCount} + ${t.updatedCount} + ${t.skippedCount} + ${t.failedCount} <= ${t.totalCount}`,
    ),
  ],
);

/** The rows of bulk requests. `payload` is kept while the row may still be taken again. */
export const bulkRows = sqliteTable(
  "bulk_rows",
  {
    bulkRequestId: integer("bulk_request_id")
      .notNull()
      .references(() => bulkRequests.id),
    no: integer("no").notNull(),
    payload: text("payload"),
    status: text("status", { enum: ["waiting", "created", "updated", "skipped", "failed"] }).notNull(),
    recordUid: text("record_uid"),
    /** A JSON array of field errors. */
    errors: text("errors"),
  },
  (t) => [
    primaryKey({ columns: [t.bulkRequestId, t.no] }),
    index("bulk_rows_waiting").on(t.bulkRequestId, t.no).where(sql`status = 'waiting'`),
    check("bulk_rows_status", sql`${t.status} in ('waiting', 'created', 'updated', 'skipped', 'failed')`),
  ],
);

export const imports = sqliteTable(
  "imports",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id").notNull(),
    sourceId: integer("source_id")
      .notNull()
      .references(() => dataSources.id),
    filename: text("filename"),
    /** What the columns mean: a JSON object of the wire's `mapping`. */
    mapping: text("mapping").notNull(),
    /** How the file is written, as it was found: a JSON object. */
    dialect: text("dialect").notNull(),
    status: text("status", { enum: JOB_STATUSES }).notNull(),
    /** Where the next slice begins: a JSON object of places in the file. */
    position: text("position").notNull(),
    rowCount: integer("row_count").notNull().default(0),
    createdCount: integer("created_count").notNull().default(0),
    skippedCount: integer("skipped_count").notNull().default(0),
    failedCount: integer("failed_count").notNull().default(0),
    /** Sums and dates of the rows that are in now: a JSON object. */
    totals: text("totals").notNull().default("{}"),
    /** A JSON array of the first problems. */
    problems: text("problems").notNull().default("[]"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    completedAt: integer("completed_at"),
  },
  (t) => [
    index("imports_environment").on(t.environmentId),
    index("imports_source").on(t.sourceId),
    index("imports_unfinished").on(t.updatedAt).where(sql`status in ('pending', 'processing')`),
    check("imports_status", sql`${t.status} in ('pending', 'processing', 'completed', 'failed', 'cancelled')`),
    check("imports_counts", sql`${t.createdCount} + ${t.skippedCount} + ${t.failedCount} = ${t.rowCount}`),
  ],
);

/**
 * The text of a file that is uploaded or being imported, in pieces; gone once the import is done. Pieces come before
 * the import that they belong to, and stay alone if their upload breaks off.
 */
export const importChunks = sqliteTable(
  "import_chunks",
  {
    importUid: text("import_uid").notNull(),
    no: integer("no").notNull(),
    content: text("content").notNull(),
  },
  (t) => [primaryKey({ columns: [t.importUid, t.no] })],
);

/** How often a row of the same content has come in a file so far; gone once the import is done. */
export const importContents = sqliteTable(
  "import_contents",
  {
    importId: integer("import_id")
      .notNull()
      .references(() => imports.id),
    digest: text("digest").notNull(),
    count: integer("count").notNull(),
  },
  (t) => [primaryKey({ columns: [t.importId, t.digest] })],
);

// Sums by day, which triggers at the end of their migration keep in step with the rows that they are sums of: a summary
// and an exception's aggregates cost as many rows as there are days, and not records. A sum of amounts is `high` ×
// 1,000,000,000 + `low`: with enough large amounts one integer would overflow.

/** The live records of a source by their date. Pending transactions are not among them. */
export const sourceDays = sqliteTable(
  "source_days",
  {
    sourceId: integer("source_id").notNull(),
    currency: text("currency").notNull(),
    direction: integer("direction").notNull(),
    date: text("date").notNull(),
    count: integer("count").notNull(),
    amountHigh: integer("amount_high").notNull(),
    amountLow: integer("amount_low").notNull(),
  },
  (t) => [primaryKey({ columns: [t.sourceId, t.currency, t.direction, t.date] })],
);

/**
 * By how much the matched records of a source have changed in one reconciliation on each day (UTC): what is summed up to
 * a day is the state at its end. Records that nothing is matched with are what is left of the source. That is known as
 * it is now: `status` 0 has by how much more of it there was before the changes of a day, of records that had been
 * matched before.
 */
export const summaryDays = sqliteTable(
  "summary_days",
  {
    reconciliationId: integer("reconciliation_id").notNull(),
    sourceId: integer("source_id").notNull(),
    currency: text("currency").notNull(),
    direction: integer("direction").notNull(),
    status: integer("status").notNull(),
    /** The records' date. */
    date: text("date").notNull(),
    /** The day of the change. */
    day: text("day").notNull(),
    count: integer("count").notNull(),
    amountHigh: integer("amount_high").notNull(),
    amountLow: integer("amount_low").notNull(),
    matchedHigh: integer("matched_high").notNull(),
    matchedLow: integer("matched_low").notNull(),
  },
  (t) => [
    primaryKey({
      columns: [t.reconciliationId, t.sourceId, t.currency, t.direction, t.status, t.date, t.day],
    }),
  ],
);

/** By how much the live matches of each rule have changed on each day (UTC); rule 0 stands for matches by hand. */
export const ruleDays = sqliteTable(
  "rule_days",
  {
    reconciliationId: integer("reconciliation_id").notNull(),
    ruleId: integer("rule_id").notNull(),
    day: text("day").notNull(),
    matches: integer("matches").notNull(),
    /** Records in them, each once for each match. */
    records: integer("records").notNull(),
  },
  (t) => [primaryKey({ columns: [t.reconciliationId, t.ruleId, t.day] })],
);

/** Open records that are overdue or ambiguous, by their date. `amount` is what is open of them. */
export const exceptionDays = sqliteTable(
  "exception_days",
  {
    reconciliationId: integer("reconciliation_id").notNull(),
    sourceId: integer("source_id").notNull(),
    currency: text("currency").notNull(),
    direction: integer("direction").notNull(),
    date: text("date").notNull(),
    count: integer("count").notNull(),
    overdueCount: integer("overdue_count").notNull(),
    ambiguousCount: integer("ambiguous_count").notNull(),
    amountHigh: integer("amount_high").notNull(),
    amountLow: integer("amount_low").notNull(),
  },
  (t) => [primaryKey({ columns: [t.reconciliationId, t.sourceId, t.currency, t.direction, t.date] })],
);

/** What a person has to look into: one for each pair of reconciliation and source that has ever needed it. */
export const reconciliationExceptions = sqliteTable(
  "reconciliation_exceptions",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id").notNull(),
    reconciliationId: integer("reconciliation_id")
      .notNull()
      .references(() => reconciliations.id),
    sourceId: integer("source_id")
      .notNull()
      .references(() => dataSources.id),
    status: text("status", { enum: ["open", "investigating", "resolved", "dismissed"] }).notNull(),
    /** Raised each time that it is opened, closed or changed. */
    version: integer("version").notNull().default(1),
    assignee: text("assignee"),
    /** The fewest records that it has had since a person dismissed it; null if it is not dismissed. */
    dismissedCount: integer("dismissed_count"),
    /** The batch in which it was last opened or closed. */
    changeUid: text("change_uid"),
    openedAt: integer("opened_at").notNull(),
    closedAt: integer("closed_at"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [
    uniqueIndex("reconciliation_exceptions_pair").on(t.reconciliationId, t.sourceId),
    index("reconciliation_exceptions_environment").on(t.environmentId),
    check("reconciliation_exceptions_status", sql`${t.status} in ('open', 'investigating', 'resolved', 'dismissed')`),
    check(
      "reconciliation_exceptions_closed",
      sql`(${t.status} in ('resolved', 'dismissed')) = (${t.closedAt} is not null)`,
    ),
    check("reconciliation_exceptions_dismissed", sql`(${t.status} = 'dismissed') = (${t.dismissedCount} is not null)`),
  ],
);

/** What has been said of an exception, and what has become of it, in order. */
export const exceptionComments = sqliteTable(
  "exception_comments",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    exceptionId: integer("exception_id")
      .notNull()
      .references(() => reconciliationExceptions.id),
    kind: text("kind", { enum: ["comment", "opened", "closed", "changed"] }).notNull(),
    /** The API key that did it; null for what came about by itself, and for the bootstrap key. */
    keyUid: text("key_uid"),
    body: text("body").notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (t) => [index("exception_comments_exception").on(t.exceptionId)],
);

/** Who changed what of the configuration: written in the batch of the change. */
export const auditEntries = sqliteTable(
  "audit_entries",
  {
    id: id(),
    uid: text("uid").notNull().unique(),
    environmentId: integer("environment_id").notNull(),
    /** The API key's id; null for the bootstrap key. */
    keyUid: text("key_uid"),
    requestUid: text("request_uid").notNull(),
    /** `rule.updated`, … */
    action: text("action").notNull(),
    resourceType: text("resource_type").notNull(),
    resourceUid: text("resource_uid").notNull(),
    /** The resource as GET shows it; null before it was made and after it was deleted. No secrets. */
    before: text("before"),
    after: text("after"),
    createdAt: integer("created_at").notNull(),
  },
  (t) => [
    index("audit_entries_environment").on(t.environmentId),
    index("audit_entries_resource").on(t.environmentId, t.resourceUid),
    // For the bootstrap key, which looks into all environments.
    index("audit_entries_resource_uid").on(t.resourceUid),
  ],
);
