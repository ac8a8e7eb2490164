-- Written by drizzle-kit, but for the three foreign keys to ledger_transaction_versions that are DEFERRABLE, and for
-- the triggers at the end. Together they hold double entry: a batch that writes entries cannot end without the version
-- that they name (the foreign keys), a version cannot be written unless its entries balance (the seal), and entries
-- cannot join, leave or change a version that is written (the other triggers).
CREATE TABLE `ledger_accounts` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`ledger_id` integer NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`normal_balance` integer NOT NULL,
	`currency` text NOT NULL,
	`currency_exponent` integer NOT NULL,
	`lock_version` integer DEFAULT 0 NOT NULL,
	`pending_debits` integer DEFAULT 0 NOT NULL,
	`pending_credits` integer DEFAULT 0 NOT NULL,
	`posted_debits` integer DEFAULT 0 NOT NULL,
	`posted_credits` integer DEFAULT 0 NOT NULL,
	`ledgerable_type` text,
	`ledgerable_uid` text,
	`external_id` text,
	`metadata` text DEFAULT '{}' NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`discarded_at` integer,
	FOREIGN KEY (`ledger_id`) REFERENCES `ledgers`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "ledger_accounts_normal_balance" CHECK("ledger_accounts"."normal_balance" in (1, -1)),
	CONSTRAINT "ledger_accounts_pending_debits" CHECK(typeof("ledger_accounts"."pending_debits") = 'integer' and "ledger_accounts"."pending_debits" between 0 and 4000000000000000000),
	CONSTRAINT "ledger_accounts_pending_credits" CHECK(typeof("ledger_accounts"."pending_credits") = 'integer' and "ledger_accounts"."pending_credits" between 0 and 4000000000000000000),
	CONSTRAINT "ledger_accounts_posted_debits" CHECK(typeof("ledger_accounts"."posted_debits") = 'integer' and "ledger_accounts"."posted_debits" between 0 and 4000000000000000000),
	CONSTRAINT "ledger_accounts_posted_credits" CHECK(typeof("ledger_accounts"."posted_credits") = 'integer' and "ledger_accounts"."posted_credits" between 0 and 4000000000000000000)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_accounts_uid_unique` ON `ledger_accounts` (`uid`);--> statement-breakpoint
CREATE INDEX `ledger_accounts_environment` ON `ledger_accounts` (`environment_id`);--> statement-breakpoint
CREATE INDEX `ledger_accounts_ledger` ON `ledger_accounts` (`ledger_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_accounts_external_id` ON `ledger_accounts` (`ledger_id`,`external_id`) WHERE external_id is not null and discarded_at is null;--> statement-breakpoint
CREATE TABLE `ledger_entries` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`transaction_id` integer NOT NULL,
	`account_id` integer NOT NULL,
	`direction` integer NOT NULL,
	`amount` integer NOT NULL,
	`status` text NOT NULL,
	`effective_at` text NOT NULL,
	`metadata` text DEFAULT '{}' NOT NULL,
	`since_version` integer NOT NULL,
	`until_version` integer,
	`lock_version` integer NOT NULL,
	`pending_debits` integer DEFAULT 0 NOT NULL,
	`pending_credits` integer DEFAULT 0 NOT NULL,
	`posted_debits` integer DEFAULT 0 NOT NULL,
	`posted_credits` integer DEFAULT 0 NOT NULL,
	`discarded_lock_version` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`discarded_at` integer,
	FOREIGN KEY (`transaction_id`) REFERENCES `ledger_transactions`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`account_id`) REFERENCES `ledger_accounts`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`transaction_id`,`since_version`) REFERENCES `ledger_transaction_versions`(`transaction_id`,`version`) ON UPDATE no action ON DELETE no action DEFERRABLE INITIALLY DEFERRED,
	FOREIGN KEY (`transaction_id`,`until_version`) REFERENCES `ledger_transaction_versions`(`transaction_id`,`version`) ON UPDATE no action ON DELETE no action DEFERRABLE INITIALLY DEFERRED,
	CONSTRAINT "ledger_entries_direction" CHECK("ledger_entries"."direction" in (1, -1)),
	CONSTRAINT "ledger_entries_amount" CHECK("ledger_entries"."amount" between 0 and 999999999999999 and typeof("ledger_entries"."amount") = 'integer'),
	CONSTRAINT "ledger_entries_status" CHECK("ledger_entries"."status" in ('pending', 'posted', 'archived')),
	CONSTRAINT "ledger_entries_discarded_at_once" CHECK(("ledger_entries"."until_version" is null) = ("ledger_entries"."discarded_at" is null)
      and ("ledger_entries"."discarded_lock_version" is null) = ("ledger_entries"."discarded_at" is null))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_entries_uid_unique` ON `ledger_entries` (`uid`);--> statement-breakpoint
CREATE INDEX `ledger_entries_environment` ON `ledger_entries` (`environment_id`);--> statement-breakpoint
CREATE INDEX `ledger_entries_transaction` ON `ledger_entries` (`transaction_id`);--> statement-breakpoint
CREATE INDEX `ledger_entries_account` ON `ledger_entries` (`account_id`,`transaction_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_entries_lock_version` ON `ledger_entries` (`account_id`,`lock_version`);--> statement-breakpoint
CREATE INDEX `ledger_entries_discarded` ON `ledger_entries` (`account_id`,`discarded_lock_version`) WHERE discarded_lock_version is not null;--> statement-breakpoint
CREATE INDEX `ledger_entries_effective` ON `ledger_entries` (`account_id`,`effective_at`) WHERE discarded_at is null;--> statement-breakpoint
CREATE TABLE `ledger_sums` (
	`account_id` integer NOT NULL,
	`level` integer NOT NULL,
	`period` text NOT NULL,
	`pending_debits` integer DEFAULT 0 NOT NULL,
	`pending_credits` integer DEFAULT 0 NOT NULL,
	`posted_debits` integer DEFAULT 0 NOT NULL,
	`posted_credits` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`account_id`, `level`, `period`),
	FOREIGN KEY (`account_id`) REFERENCES `ledger_accounts`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "ledger_sums_period" CHECK("ledger_sums"."level" in (4, 7, 10) and length("ledger_sums"."period") = "ledger_sums"."level"),
	CONSTRAINT "ledger_sums_pending_debits" CHECK(typeof("ledger_sums"."pending_debits") = 'integer' and "ledger_sums"."pending_debits" between 0 and 4000000000000000000),
	CONSTRAINT "ledger_sums_pending_credits" CHECK(typeof("ledger_sums"."pending_credits") = 'integer' and "ledger_sums"."pending_credits" between 0 and 4000000000000000000),
	CONSTRAINT "ledger_sums_posted_debits" CHECK(typeof("ledger_sums"."posted_debits") = 'integer' and "ledger_sums"."posted_debits" between 0 and 4000000000000000000),
	CONSTRAINT "ledger_sums_posted_credits" CHECK(typeof("ledger_sums"."posted_credits") = 'integer' and "ledger_sums"."posted_credits" between 0 and 4000000000000000000)
);
--> statement-breakpoint
CREATE TABLE `ledger_transaction_versions` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`transaction_id` integer NOT NULL,
	`version` integer NOT NULL,
	`status` text NOT NULL,
	`entry_count` integer NOT NULL,
	`description` text,
	`metadata` text NOT NULL,
	`effective_at` text NOT NULL,
	`posted_at` integer,
	`external_id` text,
	`ledgerable_type` text,
	`ledgerable_uid` text,
	`archived_reason` text,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`transaction_id`) REFERENCES `ledger_transactions`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_transaction_versions_uid_unique` ON `ledger_transaction_versions` (`uid`);--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_transaction_versions_version` ON `ledger_transaction_versions` (`transaction_id`,`version`);--> statement-breakpoint
CREATE INDEX `ledger_transaction_versions_environment` ON `ledger_transaction_versions` (`environment_id`);--> statement-breakpoint
CREATE TABLE `ledger_transactions` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`ledger_id` integer NOT NULL,
	`version` integer DEFAULT 0 NOT NULL,
	`status` text NOT NULL,
	`entry_count` integer NOT NULL,
	`description` text,
	`metadata` text DEFAULT '{}' NOT NULL,
	`effective_at` text NOT NULL,
	`posted_at` integer,
	`external_id` text,
	`ledgerable_type` text,
	`ledgerable_uid` text,
	`reverses_id` integer,
	`partially_posts_id` integer,
	`archived_reason` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`ledger_id`) REFERENCES `ledgers`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`id`,`version`) REFERENCES `ledger_transaction_versions`(`transaction_id`,`version`) ON UPDATE no action ON DELETE no action DEFERRABLE INITIALLY DEFERRED,
	CONSTRAINT "ledger_transactions_status" CHECK("ledger_transactions"."status" in ('pending', 'posted', 'archived')),
	CONSTRAINT "ledger_transactions_posted" CHECK(("ledger_transactions"."status" = 'posted') = ("ledger_transactions"."posted_at" is not null)),
	CONSTRAINT "ledger_transactions_entry_count" CHECK("ledger_transactions"."entry_count" between 2 and 1000),
	CONSTRAINT "ledger_transactions_effective_at" CHECK(length("ledger_transactions"."effective_at") = 27)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_transactions_uid_unique` ON `ledger_transactions` (`uid`);--> statement-breakpoint
CREATE INDEX `ledger_transactions_environment` ON `ledger_transactions` (`environment_id`);--> statement-breakpoint
CREATE INDEX `ledger_transactions_effective` ON `ledger_transactions` (`environment_id`,`effective_at`);--> statement-breakpoint
CREATE INDEX `ledger_transactions_ledger` ON `ledger_transactions` (`ledger_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_transactions_external_id` ON `ledger_transactions` (`ledger_id`,`external_id`) WHERE external_id is not null and status <> 'archived';--> statement-breakpoint
CREATE INDEX `ledger_transactions_environment_external_id` ON `ledger_transactions` (`environment_id`,`external_id`) WHERE external_id is not null;--> statement-breakpoint
CREATE INDEX `ledger_transactions_ledgerable` ON `ledger_transactions` (`ledgerable_uid`) WHERE ledgerable_uid is not null;--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_transactions_reverses` ON `ledger_transactions` (`reverses_id`) WHERE reverses_id is not null and status <> 'archived';--> statement-breakpoint
CREATE INDEX `ledger_transactions_partially_posts` ON `ledger_transactions` (`partially_posts_id`) WHERE partially_posts_id is not null;--> statement-breakpoint
CREATE TABLE `ledgers` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`metadata` text DEFAULT '{}' NOT NULL,
	`clearing_account_id` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`discarded_at` integer,
	FOREIGN KEY (`environment_id`) REFERENCES `environments`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `ledgers_uid_unique` ON `ledgers` (`uid`);--> statement-breakpoint
CREATE INDEX `ledgers_environment` ON `ledgers` (`environment_id`);--> statement-breakpoint
CREATE TRIGGER `ledger_transaction_versions_seal` BEFORE INSERT ON `ledger_transaction_versions`
WHEN (
	SELECT count(*) = t.entry_count AND sum(e.direction = 1) > 0 AND sum(e.direction = -1) > 0
		AND sum(e.status <> t.status) = 0 AND sum(e.effective_at <> t.effective_at) = 0
		AND sum(a.ledger_id <> t.ledger_id) = 0
	FROM ledger_transactions t
	JOIN ledger_entries e ON e.transaction_id = t.id AND e.discarded_at IS NULL
	JOIN ledger_accounts a ON a.id = e.account_id
	WHERE t.id = NEW.transaction_id AND t.version = NEW.version AND t.status = NEW.status
		AND t.effective_at = NEW.effective_at AND t.entry_count = NEW.entry_count
) IS NOT 1 OR EXISTS (
	SELECT 1 FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.account_id
	WHERE e.transaction_id = NEW.transaction_id AND e.discarded_at IS NULL
	GROUP BY a.currency HAVING sum(e.direction * e.amount) <> 0
) OR NEW.version <> (
	SELECT coalesce(max(v.version) + 1, 0) FROM ledger_transaction_versions v WHERE v.transaction_id = NEW.transaction_id
)
BEGIN
	SELECT RAISE(ABORT, 'ledger: the entries of a transaction do not balance');
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_transaction_versions_kept` BEFORE DELETE ON `ledger_transaction_versions`
BEGIN
	SELECT RAISE(ABORT, 'ledger: versions are kept');
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_transaction_versions_fixed` BEFORE UPDATE ON `ledger_transaction_versions`
BEGIN
	SELECT RAISE(ABORT, 'ledger: versions are kept');
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_entries_join` BEFORE INSERT ON `ledger_entries`
WHEN NEW.discarded_at IS NOT NULL OR EXISTS (
	SELECT 1 FROM ledger_transaction_versions v
	WHERE v.transaction_id = NEW.transaction_id AND v.version = NEW.since_version
) OR EXISTS (
	-- Else INSERT OR REPLACE would delete an entry, and no trigger would see it.
	SELECT 1 FROM ledger_entries e
	WHERE e.id = NEW.id OR e.uid = NEW.uid OR (e.account_id = NEW.account_id AND e.lock_version = NEW.lock_version)
)
BEGIN
	SELECT RAISE(ABORT, 'ledger: the version of this entry is sealed, or the entry is there already');
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_entries_leave` BEFORE UPDATE OF `discarded_at`, `until_version`, `discarded_lock_version` ON `ledger_entries`
WHEN OLD.discarded_at IS NOT NULL OR OLD.status <> 'pending' OR NEW.discarded_at IS NULL OR EXISTS (
	SELECT 1 FROM ledger_transaction_versions v
	WHERE v.transaction_id = NEW.transaction_id AND v.version = NEW.until_version
)
BEGIN
	SELECT RAISE(ABORT, 'ledger: this entry cannot be discarded');
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_entries_fixed` BEFORE UPDATE OF `id`, `uid`, `environment_id`, `transaction_id`, `account_id`, `direction`, `amount`, `status`, `effective_at`, `since_version`, `lock_version`, `pending_debits`, `pending_credits`, `posted_debits`, `posted_credits`, `created_at` ON `ledger_entries`
BEGIN
	SELECT RAISE(ABORT, 'ledger: entries are never changed');
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_entries_kept` BEFORE DELETE ON `ledger_entries`
BEGIN
	SELECT RAISE(ABORT, 'ledger: entries are never deleted');
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_transactions_change` BEFORE UPDATE ON `ledger_transactions`
WHEN NEW.version <> OLD.version + 1 OR NEW.id <> OLD.id OR NEW.uid <> OLD.uid
	OR NEW.environment_id <> OLD.environment_id OR NEW.ledger_id <> OLD.ledger_id OR NEW.created_at <> OLD.created_at
	OR NEW.reverses_id IS NOT OLD.reverses_id OR NEW.partially_posts_id IS NOT OLD.partially_posts_id
	OR (OLD.status <> 'pending' AND (
		NEW.status <> OLD.status OR NEW.effective_at <> OLD.effective_at OR NEW.posted_at IS NOT OLD.posted_at
		OR NEW.description IS NOT OLD.description OR NEW.entry_count <> OLD.entry_count
	))
BEGIN
	SELECT RAISE(ABORT, 'ledger: this change of a transaction is not allowed');
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_transactions_kept` BEFORE DELETE ON `ledger_transactions`
BEGIN
	SELECT RAISE(ABORT, 'ledger: transactions are never deleted');
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_accounts_fixed` BEFORE UPDATE OF `id`, `uid`, `environment_id`, `ledger_id`, `normal_balance`, `currency`, `currency_exponent` ON `ledger_accounts`
BEGIN
	SELECT RAISE(ABORT, 'ledger: what an account counts in is never changed');
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_accounts_kept` BEFORE DELETE ON `ledger_accounts`
BEGIN
	SELECT RAISE(ABORT, 'ledger: accounts are never deleted');
END;
