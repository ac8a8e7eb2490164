CREATE TABLE `run_matches` (
	`run_id` integer NOT NULL,
	`attempt` integer NOT NULL,
	`no` integer NOT NULL,
	`uid` text NOT NULL,
	`rule_id` integer NOT NULL,
	`rule_version` integer NOT NULL,
	`currency` text NOT NULL,
	`variance` integer NOT NULL,
	`set_key` text NOT NULL,
	`explanation` text NOT NULL,
	`items` text NOT NULL,
	PRIMARY KEY(`run_id`, `attempt`, `no`),
	FOREIGN KEY (`run_id`) REFERENCES `runs`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `runs` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`reconciliation_id` integer NOT NULL,
	`mode` text NOT NULL,
	`preview_id` integer,
	`status` text NOT NULL,
	`attempt` integer DEFAULT 1 NOT NULL,
	`revision` integer DEFAULT 0 NOT NULL,
	`generation` integer,
	`phase` text DEFAULT 'loading' NOT NULL,
	`done` integer DEFAULT 0 NOT NULL,
	`total` integer DEFAULT 0 NOT NULL,
	`decided_count` integer DEFAULT 0 NOT NULL,
	`matched_records` integer DEFAULT 0 NOT NULL,
	`by_rule` text DEFAULT '[]' NOT NULL,
	`problems` text DEFAULT '[]' NOT NULL,
	`problem_count` integer DEFAULT 0 NOT NULL,
	`open` text,
	`proposals` text NOT NULL,
	`created_at` integer NOT NULL,
	`started_at` integer,
	`completed_at` integer,
	FOREIGN KEY (`reconciliation_id`) REFERENCES `reconciliations`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "runs_mode" CHECK("runs"."mode" in ('preview', 'commit')),
	CONSTRAINT "runs_status" CHECK("runs"."status" in ('pending', 'running', 'completed', 'failed')),
	CONSTRAINT "runs_phase" CHECK("runs"."phase" in ('loading', 'matching', 'committing', 'done')),
	CONSTRAINT "runs_proposals_state" CHECK("runs"."proposals" in ('kept', 'dropping', 'dropped')),
	CONSTRAINT "runs_preview_of_commit" CHECK("runs"."preview_id" is null or "runs"."mode" = 'commit'),
	CONSTRAINT "runs_completed" CHECK(("runs"."status" in ('completed', 'failed')) = ("runs"."completed_at" is not null))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `runs_uid_unique` ON `runs` (`uid`);--> statement-breakpoint
CREATE INDEX `runs_reconciliation` ON `runs` (`reconciliation_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `runs_unsettled` ON `runs` (`reconciliation_id`) WHERE status in ('pending', 'running');--> statement-breakpoint
CREATE UNIQUE INDEX `runs_preview` ON `runs` (`preview_id`) WHERE preview_id is not null;--> statement-breakpoint
CREATE INDEX `runs_proposals` ON `runs` (`reconciliation_id`) WHERE proposals <> 'dropped';--> statement-breakpoint
ALTER TABLE `matches` ADD `run_id` integer;--> statement-breakpoint
CREATE INDEX `matches_run` ON `matches` (`run_id`) WHERE run_id is not null;