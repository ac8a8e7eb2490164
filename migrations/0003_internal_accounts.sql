CREATE TABLE `internal_accounts` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`source_id` integer NOT NULL,
	`name` text NOT NULL,
	`currency` text NOT NULL,
	`external_id` text,
	`metadata` text DEFAULT '{}' NOT NULL,
	`attributes` text DEFAULT '{}' NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`environment_id`) REFERENCES `environments`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`source_id`) REFERENCES `data_sources`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `internal_accounts_uid_unique` ON `internal_accounts` (`uid`);--> statement-breakpoint
CREATE UNIQUE INDEX `internal_accounts_source_id_unique` ON `internal_accounts` (`source_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `internal_accounts_external_id` ON `internal_accounts` (`environment_id`,`external_id`) WHERE external_id is not null;--> statement-breakpoint
CREATE INDEX `internal_accounts_environment` ON `internal_accounts` (`environment_id`);