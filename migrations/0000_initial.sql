CREATE TABLE `allocations` (
	`match_id` integer NOT NULL,
	`record_id` integer NOT NULL,
	`side` text NOT NULL,
	`amount` integer NOT NULL,
	PRIMARY KEY(`match_id`, `record_id`),
	FOREIGN KEY (`match_id`) REFERENCES `matches`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`record_id`) REFERENCES `records`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "allocations_amount" CHECK("allocations"."amount" >= 0 and typeof("allocations"."amount") = 'integer')
);
--> statement-breakpoint
CREATE INDEX `allocations_record` ON `allocations` (`record_id`,`match_id`);--> statement-breakpoint
CREATE TABLE `api_keys` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`name` text NOT NULL,
	`digest` text NOT NULL,
	`prefix` text NOT NULL,
	`scopes` text NOT NULL,
	`last_used_at` integer,
	`created_at` integer NOT NULL,
	`revoked_at` integer,
	FOREIGN KEY (`environment_id`) REFERENCES `environments`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `api_keys_uid_unique` ON `api_keys` (`uid`);--> statement-breakpoint
CREATE UNIQUE INDEX `api_keys_digest_unique` ON `api_keys` (`digest`);--> statement-breakpoint
CREATE INDEX `api_keys_environment` ON `api_keys` (`environment_id`);--> statement-breakpoint
CREATE TABLE `attempts` (
	`delivery_id` integer NOT NULL,
	`no` integer NOT NULL,
	`started_at` integer NOT NULL,
	`latency_ms` integer NOT NULL,
	`status_code` integer,
	`error` text,
	`response_body` text,
	PRIMARY KEY(`delivery_id`, `no`),
	FOREIGN KEY (`delivery_id`) REFERENCES `deliveries`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `changes` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`source_id` integer NOT NULL,
	`no` integer NOT NULL,
	`record_id` integer NOT NULL,
	`token` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `changes_no` ON `changes` (`source_id`,`no`);--> statement-breakpoint
CREATE TABLE `data_sources` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`environment_id` integer NOT NULL,
	`key` text NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`type` text NOT NULL,
	`record_count` integer DEFAULT 0 NOT NULL,
	`last_record_at` integer,
	`change_no` integer DEFAULT 0 NOT NULL,
	`settled_no` integer DEFAULT 0 NOT NULL,
	`reconciliation_count` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`deleted_at` integer,
	FOREIGN KEY (`environment_id`) REFERENCES `environments`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "data_sources_record_count" CHECK("data_sources"."record_count" >= 0)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `data_sources_key` ON `data_sources` (`environment_id`,`key`) WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX `data_sources_environment` ON `data_sources` (`environment_id`);--> statement-breakpoint
CREATE INDEX `data_sources_unsettled` ON `data_sources` (`settled_no`) WHERE reconciliation_count > 0 and change_no > settled_no;--> statement-breakpoint
CREATE TABLE `deliveries` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`event_id` integer NOT NULL,
	`endpoint_id` integer NOT NULL,
	`status` text NOT NULL,
	`attempt_count` integer DEFAULT 0 NOT NULL,
	`next_attempt_at` integer,
	`leased_until` integer,
	`created_at` integer NOT NULL,
	`completed_at` integer,
	FOREIGN KEY (`event_id`) REFERENCES `events`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`endpoint_id`) REFERENCES `webhook_endpoints`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "deliveries_status" CHECK("deliveries"."status" in ('pending', 'delivered', 'failed')),
	CONSTRAINT "deliveries_next" CHECK(("deliveries"."status" = 'pending') = ("deliveries"."next_attempt_at" is not null))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `deliveries_uid_unique` ON `deliveries` (`uid`);--> statement-breakpoint
CREATE INDEX `deliveries_environment` ON `deliveries` (`environment_id`);--> statement-breakpoint
CREATE INDEX `deliveries_endpoint` ON `deliveries` (`endpoint_id`);--> statement-breakpoint
CREATE INDEX `deliveries_event` ON `deliveries` (`event_id`);--> statement-breakpoint
CREATE INDEX `deliveries_due` ON `deliveries` (`next_attempt_at`) WHERE status = 'pending';--> statement-breakpoint
CREATE TABLE `entries` (
	`reconciliation_id` integer NOT NULL,
	`record_id` integer NOT NULL,
	`amount` integer NOT NULL,
	`matched` integer DEFAULT 0 NOT NULL,
	`match_count` integer DEFAULT 0 NOT NULL,
	`status` integer DEFAULT 0 NOT NULL,
	`version` integer DEFAULT 1 NOT NULL,
	`overdue_at` integer,
	PRIMARY KEY(`reconciliation_id`, `record_id`),
	FOREIGN KEY (`reconciliation_id`) REFERENCES `reconciliations`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`record_id`) REFERENCES `records`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "entries_matched" CHECK(typeof("entries"."matched") = 'integer' and "entries"."matched" between 0 and "entries"."amount"),
	CONSTRAINT "entries_match_count" CHECK("entries"."match_count" >= 0 and ("entries"."matched" = 0 or "entries"."match_count" > 0)),
	CONSTRAINT "entries_status" CHECK("entries"."status" = case when "entries"."match_count" = 0 then 0 when "entries"."matched" = "entries"."amount" then 2 else 1 end)
);
--> statement-breakpoint
CREATE INDEX `entries_record` ON `entries` (`record_id`);--> statement-breakpoint
CREATE INDEX `entries_overdue` ON `entries` (`reconciliation_id`,`record_id`) WHERE overdue_at is not null;--> statement-breakpoint
CREATE TABLE `environments` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`name` text NOT NULL,
	`mode` text NOT NULL,
	`created_at` integer NOT NULL,
	CONSTRAINT "environments_mode" CHECK("environments"."mode" in ('live', 'test'))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `environments_uid_unique` ON `environments` (`uid`);--> statement-breakpoint
CREATE TABLE `events` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`type` text NOT NULL,
	`occurrence` text NOT NULL,
	`subject` text NOT NULL,
	`snapshot` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `events_uid_unique` ON `events` (`uid`);--> statement-breakpoint
CREATE UNIQUE INDEX `events_occurrence_unique` ON `events` (`occurrence`);--> statement-breakpoint
CREATE INDEX `events_environment` ON `events` (`environment_id`);--> statement-breakpoint
CREATE INDEX `events_environment_created` ON `events` (`environment_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `events_created` ON `events` (`created_at`);--> statement-breakpoint
CREATE TABLE `guard` (
	`ok` integer NOT NULL,
	CONSTRAINT "guard_holds" CHECK("guard"."ok" = 1)
);
--> statement-breakpoint
CREATE TABLE `links` (
	`reconciliation_id` integer NOT NULL,
	`no` integer NOT NULL,
	`kind` text NOT NULL,
	`match_id` integer NOT NULL,
	`payload` text NOT NULL,
	`previous_hash` text NOT NULL,
	`hash` text NOT NULL,
	PRIMARY KEY(`reconciliation_id`, `no`),
	FOREIGN KEY (`reconciliation_id`) REFERENCES `reconciliations`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`match_id`) REFERENCES `matches`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "links_kind" CHECK("links"."kind" in ('match', 'void'))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `links_previous` ON `links` (`reconciliation_id`,`previous_hash`);--> statement-breakpoint
CREATE UNIQUE INDEX `links_match_kind` ON `links` (`match_id`,`kind`);--> statement-breakpoint
CREATE TABLE `matches` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`reconciliation_id` integer NOT NULL,
	`rule_id` integer,
	`rule_version` integer,
	`method` text NOT NULL,
	`status` text NOT NULL,
	`currency` text NOT NULL,
	`variance` integer NOT NULL,
	`explanation` text NOT NULL,
	`set_key` text NOT NULL,
	`link_no` integer NOT NULL,
	`created_at` integer NOT NULL,
	`voided_at` integer,
	`void_reason` text,
	FOREIGN KEY (`reconciliation_id`) REFERENCES `reconciliations`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "matches_status" CHECK("matches"."status" in ('matched', 'voided')),
	CONSTRAINT "matches_voided" CHECK(("matches"."status" = 'voided') = ("matches"."voided_at" is not null))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `matches_uid_unique` ON `matches` (`uid`);--> statement-breakpoint
CREATE INDEX `matches_environment` ON `matches` (`environment_id`);--> statement-breakpoint
CREATE INDEX `matches_reconciliation` ON `matches` (`reconciliation_id`,`status`);--> statement-breakpoint
CREATE INDEX `matches_rule` ON `matches` (`rule_id`);--> statement-breakpoint
CREATE TABLE `property_definitions` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`source_id` integer NOT NULL,
	`key` text NOT NULL,
	`name` text NOT NULL,
	`type` text NOT NULL,
	`optional` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`source_id`) REFERENCES `data_sources`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `property_definitions_uid_unique` ON `property_definitions` (`uid`);--> statement-breakpoint
CREATE UNIQUE INDEX `property_definitions_key` ON `property_definitions` (`source_id`,`key`);--> statement-breakpoint
CREATE INDEX `property_definitions_environment` ON `property_definitions` (`environment_id`);--> statement-breakpoint
CREATE TABLE `reconciliation_rules` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`reconciliation_id` integer NOT NULL,
	`priority` integer NOT NULL,
	`status` text NOT NULL,
	`description` text,
	`version` integer DEFAULT 1 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`deleted_at` integer,
	FOREIGN KEY (`reconciliation_id`) REFERENCES `reconciliations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `reconciliation_rules_uid_unique` ON `reconciliation_rules` (`uid`);--> statement-breakpoint
CREATE INDEX `reconciliation_rules_reconciliation` ON `reconciliation_rules` (`reconciliation_id`);--> statement-breakpoint
CREATE INDEX `reconciliation_rules_environment` ON `reconciliation_rules` (`environment_id`);--> statement-breakpoint
CREATE TABLE `reconciliation_sources` (
	`reconciliation_id` integer NOT NULL,
	`source_id` integer NOT NULL,
	`side` text NOT NULL,
	`position` integer NOT NULL,
	`seen_no` integer DEFAULT 0 NOT NULL,
	`partial_count` integer DEFAULT 0 NOT NULL,
	`reconciled_count` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`reconciliation_id`, `source_id`),
	FOREIGN KEY (`reconciliation_id`) REFERENCES `reconciliations`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`source_id`) REFERENCES `data_sources`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "reconciliation_sources_side" CHECK("reconciliation_sources"."side" in ('a', 'b')),
	CONSTRAINT "reconciliation_sources_counts" CHECK("reconciliation_sources"."partial_count" >= 0 and "reconciliation_sources"."reconciled_count" >= 0)
);
--> statement-breakpoint
CREATE INDEX `reconciliation_sources_source` ON `reconciliation_sources` (`source_id`);--> statement-breakpoint
CREATE TABLE `reconciliations` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`name` text NOT NULL,
	`run_type` text NOT NULL,
	`expected_within_days` integer,
	`generation` integer DEFAULT 1 NOT NULL,
	`settled_generation` integer DEFAULT 0 NOT NULL,
	`chain_no` integer DEFAULT 0 NOT NULL,
	`chain_hash` text DEFAULT '' NOT NULL,
	`next_due` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`deleted_at` integer,
	FOREIGN KEY (`environment_id`) REFERENCES `environments`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "reconciliations_run_type" CHECK("reconciliations"."run_type" in ('continuous', 'batch'))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `reconciliations_uid_unique` ON `reconciliations` (`uid`);--> statement-breakpoint
CREATE INDEX `reconciliations_environment` ON `reconciliations` (`environment_id`);--> statement-breakpoint
CREATE INDEX `reconciliations_due` ON `reconciliations` (`next_due`) WHERE next_due is not null;--> statement-breakpoint
CREATE INDEX `reconciliations_unsettled` ON `reconciliations` (`settled_generation`) WHERE settled_generation <> generation;--> statement-breakpoint
CREATE TABLE `records` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`source_id` integer NOT NULL,
	`version` integer DEFAULT 1 NOT NULL,
	`date` text NOT NULL,
	`amount` integer NOT NULL,
	`currency` text NOT NULL,
	`direction` integer NOT NULL,
	`description` text,
	`external_id` text,
	`metadata` text DEFAULT '{}' NOT NULL,
	`expected_by` text,
	`is_adjustment` integer DEFAULT false NOT NULL,
	`touched_count` integer DEFAULT 0 NOT NULL,
	`reconciled_count` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`deleted_at` integer,
	FOREIGN KEY (`source_id`) REFERENCES `data_sources`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "records_amount" CHECK("records"."amount" between 0 and 999999999999999 and typeof("records"."amount") = 'integer'),
	CONSTRAINT "records_direction" CHECK("records"."direction" in (1, -1)),
	CONSTRAINT "records_counts" CHECK(0 <= "records"."reconciled_count" and "records"."reconciled_count" <= "records"."touched_count")
);
--> statement-breakpoint
CREATE UNIQUE INDEX `records_uid_unique` ON `records` (`uid`);--> statement-breakpoint
CREATE UNIQUE INDEX `records_external_id` ON `records` (`source_id`,`external_id`) WHERE external_id is not null and deleted_at is null;--> statement-breakpoint
CREATE INDEX `records_environment` ON `records` (`environment_id`);--> statement-breakpoint
CREATE INDEX `records_environment_external_id` ON `records` (`environment_id`,`external_id`) WHERE external_id is not null;--> statement-breakpoint
CREATE INDEX `records_source` ON `records` (`source_id`);--> statement-breakpoint
CREATE TABLE `rule_versions` (
	`rule_id` integer NOT NULL,
	`version` integer NOT NULL,
	`definition` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`rule_id`, `version`),
	FOREIGN KEY (`rule_id`) REFERENCES `reconciliation_rules`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `voided_sets` (
	`reconciliation_id` integer NOT NULL,
	`set_key` text NOT NULL,
	`match_id` integer NOT NULL,
	PRIMARY KEY(`reconciliation_id`, `set_key`),
	FOREIGN KEY (`reconciliation_id`) REFERENCES `reconciliations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `webhook_endpoints` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`url` text NOT NULL,
	`event_types` text NOT NULL,
	`description` text,
	`status` text NOT NULL,
	`format` text NOT NULL,
	`secret` text NOT NULL,
	`previous_secrets` text,
	`failing_since` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`deleted_at` integer,
	FOREIGN KEY (`environment_id`) REFERENCES `environments`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "webhook_endpoints_status" CHECK("webhook_endpoints"."status" in ('enabled', 'disabled'))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `webhook_endpoints_uid_unique` ON `webhook_endpoints` (`uid`);--> statement-breakpoint
CREATE INDEX `webhook_endpoints_environment` ON `webhook_endpoints` (`environment_id`);