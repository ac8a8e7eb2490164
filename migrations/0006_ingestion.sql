CREATE TABLE `bulk_requests` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`on_conflict` text NOT NULL,
	`status` text NOT NULL,
	`round` integer DEFAULT 0 NOT NULL,
	`total_count` integer NOT NULL,
	`created_count` integer DEFAULT 0 NOT NULL,
	`updated_count` integer DEFAULT 0 NOT NULL,
	`skipped_count` integer DEFAULT 0 NOT NULL,
	`failed_count` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`completed_at` integer,
	CONSTRAINT "bulk_requests_status" CHECK("bulk_requests"."status" in ('pending', 'processing', 'completed', 'failed', 'cancelled')),
	CONSTRAINT "bulk_requests_counts" CHECK(min("bulk_requests"."created_count", "bulk_requests"."updated_count", "bulk_requests"."skipped_count", "bulk_requests"."failed_count") >= 0
      and "bulk_requests"."created_count" + "bulk_requests"."updated_count" + "bulk_requests"."skipped_count" + "bulk_requests"."failed_count" <= "bulk_requests"."total_count")
);
--> statement-breakpoint
CREATE UNIQUE INDEX `bulk_requests_uid_unique` ON `bulk_requests` (`uid`);--> statement-breakpoint
CREATE INDEX `bulk_requests_environment` ON `bulk_requests` (`environment_id`);--> statement-breakpoint
CREATE INDEX `bulk_requests_unfinished` ON `bulk_requests` (`updated_at`) WHERE status in ('pending', 'processing');--> statement-breakpoint
CREATE TABLE `bulk_rows` (
	`bulk_request_id` integer NOT NULL,
	`no` integer NOT NULL,
	`payload` text,
	`status` text NOT NULL,
	`record_uid` text,
	`errors` text,
	PRIMARY KEY(`bulk_request_id`, `no`),
	FOREIGN KEY (`bulk_request_id`) REFERENCES `bulk_requests`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "bulk_rows_status" CHECK("bulk_rows"."status" in ('waiting', 'created', 'updated', 'skipped', 'failed'))
);
--> statement-breakpoint
CREATE INDEX `bulk_rows_waiting` ON `bulk_rows` (`bulk_request_id`,`no`) WHERE status = 'waiting';--> statement-breakpoint
CREATE TABLE `import_chunks` (
	`import_uid` text NOT NULL,
	`no` integer NOT NULL,
	`content` text NOT NULL,
	PRIMARY KEY(`import_uid`, `no`)
);
--> statement-breakpoint
CREATE TABLE `import_contents` (
	`import_id` integer NOT NULL,
	`digest` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`import_id`, `digest`),
	FOREIGN KEY (`import_id`) REFERENCES `imports`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `imports` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`source_id` integer NOT NULL,
	`filename` text,
	`mapping` text NOT NULL,
	`dialect` text NOT NULL,
	`status` text NOT NULL,
	`position` text NOT NULL,
	`row_count` integer DEFAULT 0 NOT NULL,
	`created_count` integer DEFAULT 0 NOT NULL,
	`skipped_count` integer DEFAULT 0 NOT NULL,
	`failed_count` integer DEFAULT 0 NOT NULL,
	`totals` text DEFAULT '{}' NOT NULL,
	`problems` text DEFAULT '[]' NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`completed_at` integer,
	FOREIGN KEY (`source_id`) REFERENCES `data_sources`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "imports_status" CHECK("imports"."status" in ('pending', 'processing', 'completed', 'failed', 'cancelled')),
	CONSTRAINT "imports_counts" CHECK("imports"."created_count" + "imports"."skipped_count" + "imports"."failed_count" = "imports"."row_count")
);
--> statement-breakpoint
CREATE UNIQUE INDEX `imports_uid_unique` ON `imports` (`uid`);--> statement-breakpoint
CREATE INDEX `imports_environment` ON `imports` (`environment_id`);--> statement-breakpoint
CREATE INDEX `imports_source` ON `imports` (`source_id`);--> statement-breakpoint
CREATE INDEX `imports_unfinished` ON `imports` (`updated_at`) WHERE status in ('pending', 'processing');--> statement-breakpoint
ALTER TABLE `records` ADD `bulk_request_id` integer;--> statement-breakpoint
ALTER TABLE `records` ADD `import_id` integer;--> statement-breakpoint
ALTER TABLE `records` ADD `content_key` text;--> statement-breakpoint
CREATE INDEX `records_bulk_request` ON `records` (`bulk_request_id`) WHERE bulk_request_id is not null;--> statement-breakpoint
CREATE INDEX `records_import` ON `records` (`import_id`) WHERE import_id is not null;--> statement-breakpoint
CREATE UNIQUE INDEX `records_content_key` ON `records` (`source_id`,`content_key`) WHERE content_key is not null and deleted_at is null;