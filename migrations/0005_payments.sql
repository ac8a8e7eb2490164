CREATE TABLE `expected_payments` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`account_id` integer NOT NULL,
	`record_id` integer NOT NULL,
	`status` text NOT NULL,
	`variables` text NOT NULL,
	`description` text,
	`external_id` text,
	`metadata` text DEFAULT '{}' NOT NULL,
	`statement_descriptor` text,
	`remittance_information` text,
	`accounting_lines` text DEFAULT '[]' NOT NULL,
	`ledger_transaction_id` integer,
	`closed_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `internal_accounts`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`record_id`) REFERENCES `records`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`ledger_transaction_id`) REFERENCES `ledger_transactions`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "expected_payments_status" CHECK("expected_payments"."status" in ('unreconciled', 'partially_reconciled', 'reconciled', 'archived')),
	CONSTRAINT "expected_payments_closed" CHECK("expected_payments"."closed_at" is null or "expected_payments"."status" = 'reconciled')
);
--> statement-breakpoint
CREATE UNIQUE INDEX `expected_payments_uid_unique` ON `expected_payments` (`uid`);--> statement-breakpoint
CREATE UNIQUE INDEX `expected_payments_record_id_unique` ON `expected_payments` (`record_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `expected_payments_external_id` ON `expected_payments` (`environment_id`,`external_id`) WHERE external_id is not null;--> statement-breakpoint
CREATE UNIQUE INDEX `expected_payments_ledger_transaction` ON `expected_payments` (`ledger_transaction_id`) WHERE ledger_transaction_id is not null;--> statement-breakpoint
CREATE INDEX `expected_payments_environment` ON `expected_payments` (`environment_id`);--> statement-breakpoint
CREATE INDEX `expected_payments_status` ON `expected_payments` (`environment_id`,`status`);--> statement-breakpoint
CREATE INDEX `expected_payments_account` ON `expected_payments` (`account_id`);--> statement-breakpoint
CREATE TABLE `idempotency_keys` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`environment_id` integer NOT NULL,
	`api_key` text NOT NULL,
	`key` text NOT NULL,
	`fingerprint` text NOT NULL,
	`owner` text NOT NULL,
	`state` text NOT NULL,
	`resource_uid` text NOT NULL,
	`status` integer,
	`headers` text,
	`body` text,
	`created_at` integer NOT NULL,
	`locked_at` integer NOT NULL,
	CONSTRAINT "idempotency_keys_state" CHECK("idempotency_keys"."state" in ('running', 'written', 'answered'))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `idempotency_keys_key` ON `idempotency_keys` (`api_key`,`key`);--> statement-breakpoint
CREATE INDEX `idempotency_keys_created` ON `idempotency_keys` (`created_at`);--> statement-breakpoint
CREATE TABLE `payment_rule_accounts` (
	`rule_id` integer NOT NULL,
	`account_id` integer NOT NULL,
	`position` integer NOT NULL,
	PRIMARY KEY(`rule_id`, `account_id`),
	FOREIGN KEY (`rule_id`) REFERENCES `payment_rules`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`account_id`) REFERENCES `internal_accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `payment_rule_accounts_account` ON `payment_rule_accounts` (`account_id`);--> statement-breakpoint
CREATE TABLE `payment_rule_versions` (
	`rule_id` integer NOT NULL,
	`version` integer NOT NULL,
	`definition` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`rule_id`, `version`),
	FOREIGN KEY (`rule_id`) REFERENCES `payment_rules`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `payment_rules` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`name` text NOT NULL,
	`priority` integer NOT NULL,
	`status` text NOT NULL,
	`version` integer DEFAULT 1 NOT NULL,
	`is_of_all_accounts` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`deleted_at` integer,
	CONSTRAINT "payment_rules_status" CHECK("payment_rules"."status" in ('active', 'inactive'))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `payment_rules_uid_unique` ON `payment_rules` (`uid`);--> statement-breakpoint
CREATE INDEX `payment_rules_environment` ON `payment_rules` (`environment_id`);--> statement-breakpoint
CREATE TABLE `transaction_line_items` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`match_id` integer NOT NULL,
	`transaction_id` integer NOT NULL,
	`payment_id` integer NOT NULL,
	`amount` integer NOT NULL,
	`method` text NOT NULL,
	`group_uid` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`discarded_at` integer,
	FOREIGN KEY (`match_id`) REFERENCES `matches`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`transaction_id`) REFERENCES `records`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`payment_id`) REFERENCES `expected_payments`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `transaction_line_items_uid_unique` ON `transaction_line_items` (`uid`);--> statement-breakpoint
CREATE UNIQUE INDEX `transaction_line_items_match_id_unique` ON `transaction_line_items` (`match_id`);--> statement-breakpoint
CREATE INDEX `transaction_line_items_environment` ON `transaction_line_items` (`environment_id`);--> statement-breakpoint
CREATE INDEX `transaction_line_items_transaction` ON `transaction_line_items` (`transaction_id`);--> statement-breakpoint
CREATE INDEX `transaction_line_items_payment` ON `transaction_line_items` (`payment_id`);--> statement-breakpoint
ALTER TABLE `data_sources` ADD `payment_count` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `data_sources_payments_unsettled` ON `data_sources` (`settled_no`) WHERE payment_count > 0 and change_no > settled_no;--> statement-breakpoint
ALTER TABLE `events` ADD `entity_uid` text;--> statement-breakpoint
CREATE INDEX `events_payments` ON `events` (`environment_id`) WHERE entity_uid is not null;--> statement-breakpoint
CREATE INDEX `events_entity` ON `events` (`entity_uid`) WHERE entity_uid is not null;--> statement-breakpoint
ALTER TABLE `matches` ADD `payment_rule_id` integer;--> statement-breakpoint
ALTER TABLE `reconciliations` ADD `account_id` integer;--> statement-breakpoint
CREATE UNIQUE INDEX `reconciliations_account` ON `reconciliations` (`account_id`) WHERE account_id is not null;--> statement-breakpoint
ALTER TABLE `records` ADD `is_pending` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `records` ADD `attributes` text;--> statement-breakpoint
ALTER TABLE `records` ADD `amount_lower` integer CHECK (`amount_lower` is null or `amount_lower` between 0 and `amount`);--> statement-breakpoint
ALTER TABLE `records` ADD `payment_links` integer DEFAULT 0 NOT NULL CHECK (`payment_links` >= 0);--> statement-breakpoint
CREATE INDEX `records_transactions` ON `records` (`environment_id`) WHERE attributes is not null;--> statement-breakpoint
-- What is matched by whichever path fits: the same account, direction and currency, both there, the bank's line posted.
CREATE TRIGGER `transaction_line_items_fit` BEFORE INSERT ON `transaction_line_items`
WHEN NOT EXISTS (
	SELECT 1 FROM records t, expected_payments p, records e, internal_accounts a
	WHERE t.id = NEW.transaction_id AND p.id = NEW.payment_id AND e.id = p.record_id AND a.id = p.account_id
		AND t.source_id = a.source_id AND t.direction = e.direction AND t.currency = e.currency
		AND t.is_pending = 0 AND t.deleted_at IS NULL AND e.deleted_at IS NULL
)
BEGIN
	SELECT RAISE(ABORT, 'payments: a transaction and an expected payment that do not fit are not linked');
END;
--> statement-breakpoint
-- Internal accounts from before: their transactions, their reconciliations, and the sources of their expected payments.
UPDATE records SET attributes = '{}'
WHERE source_id IN (SELECT source_id FROM internal_accounts) AND is_adjustment = 0;
--> statement-breakpoint
INSERT INTO data_sources (environment_id, key, name, type, payment_count, created_at, updated_at)
SELECT environment_id, 'expected_payments~' || uid, name, 'expected_payments', 1, created_at, created_at
FROM internal_accounts ORDER BY id;
--> statement-breakpoint
UPDATE data_sources SET payment_count = 1, settled_no = 0 WHERE id IN (SELECT source_id FROM internal_accounts);
--> statement-breakpoint
INSERT INTO reconciliations (uid, environment_id, name, run_type, account_id, created_at, updated_at)
SELECT uid, environment_id, name, 'continuous', id, created_at, created_at FROM internal_accounts ORDER BY id;
--> statement-breakpoint
INSERT INTO reconciliation_sources (reconciliation_id, source_id, side, position)
SELECT c.id, a.source_id, 'a', 0 FROM internal_accounts a JOIN reconciliations c ON c.account_id = a.id
UNION ALL
SELECT c.id, s.id, 'b', 0 FROM internal_accounts a JOIN reconciliations c ON c.account_id = a.id
JOIN data_sources s ON s.environment_id = a.environment_id AND s.key = 'expected_payments~' || a.uid;
--> statement-breakpoint
-- What an expected payment comes to is read from its record's only entry.
CREATE TRIGGER `reconciliation_sources_apart` BEFORE INSERT ON `reconciliation_sources`
WHEN EXISTS (SELECT 1 FROM data_sources WHERE id = NEW.source_id AND type = 'expected_payments')
	AND (SELECT account_id FROM reconciliations WHERE id = NEW.reconciliation_id) IS NULL
BEGIN
	SELECT RAISE(ABORT, 'payments: expected payments are reconciled by their internal account alone');
END;
