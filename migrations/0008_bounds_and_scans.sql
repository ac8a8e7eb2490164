DROP INDEX `deliveries_due`;--> statement-breakpoint
ALTER TABLE `deliveries` ADD `waiting_since` integer;--> statement-breakpoint
CREATE INDEX `deliveries_under_way` ON `deliveries` (`endpoint_id`,`leased_until`) WHERE leased_until is not null;--> statement-breakpoint
CREATE INDEX `deliveries_waiting` ON `deliveries` (`endpoint_id`) WHERE waiting_since is not null;--> statement-breakpoint
CREATE INDEX `deliveries_due` ON `deliveries` (`next_attempt_at`) WHERE status = 'pending' and waiting_since is null;--> statement-breakpoint
DROP INDEX `webhook_endpoints_environment`;--> statement-breakpoint
CREATE INDEX `webhook_endpoints_environment` ON `webhook_endpoints` (`environment_id`) WHERE deleted_at is null;--> statement-breakpoint
ALTER TABLE `bulk_requests` ADD `payloads_pruned_at` integer;--> statement-breakpoint
CREATE INDEX `bulk_requests_payloads` ON `bulk_requests` (`completed_at`) WHERE payloads_pruned_at is null and total_count > created_count + updated_count;--> statement-breakpoint
ALTER TABLE `reconciliations` ADD `due_generation` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `audit_entries_resource_uid` ON `audit_entries` (`resource_uid`);