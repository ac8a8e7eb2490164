CREATE TABLE `audit_entries` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`key_uid` text,
	`request_uid` text NOT NULL,
	`action` text NOT NULL,
	`resource_type` text NOT NULL,
	`resource_uid` text NOT NULL,
	`before` text,
	`after` text,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `audit_entries_uid_unique` ON `audit_entries` (`uid`);--> statement-breakpoint
CREATE INDEX `audit_entries_environment` ON `audit_entries` (`environment_id`);--> statement-breakpoint
CREATE INDEX `audit_entries_resource` ON `audit_entries` (`environment_id`,`resource_uid`);--> statement-breakpoint
CREATE TABLE `exception_comments` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`exception_id` integer NOT NULL,
	`kind` text NOT NULL,
	`key_uid` text,
	`body` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`exception_id`) REFERENCES `reconciliation_exceptions`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `exception_comments_uid_unique` ON `exception_comments` (`uid`);--> statement-breakpoint
CREATE INDEX `exception_comments_exception` ON `exception_comments` (`exception_id`);--> statement-breakpoint
CREATE TABLE `exception_days` (
	`reconciliation_id` integer NOT NULL,
	`source_id` integer NOT NULL,
	`currency` text NOT NULL,
	`direction` integer NOT NULL,
	`date` text NOT NULL,
	`count` integer NOT NULL,
	`overdue_count` integer NOT NULL,
	`ambiguous_count` integer NOT NULL,
	`amount_high` integer NOT NULL,
	`amount_low` integer NOT NULL,
	PRIMARY KEY(`reconciliation_id`, `source_id`, `currency`, `direction`, `date`)
);
--> statement-breakpoint
CREATE TABLE `reconciliation_exceptions` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uid` text NOT NULL,
	`environment_id` integer NOT NULL,
	`reconciliation_id` integer NOT NULL,
	`source_id` integer NOT NULL,
	`status` text NOT NULL,
	`version` integer DEFAULT 1 NOT NULL,
	`assignee` text,
	`dismissed_count` integer,
	`change_uid` text,
	`opened_at` integer NOT NULL,
	`closed_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`reconciliation_id`) REFERENCES `reconciliations`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`source_id`) REFERENCES `data_sources`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "reconciliation_exceptions_status" CHECK("reconciliation_exceptions"."status" in ('open', 'investigating', 'resolved', 'dismissed')),
	CONSTRAINT "reconciliation_exceptions_closed" CHECK(("reconciliation_exceptions"."status" in ('resolved', 'dismissed')) = ("reconciliation_exceptions"."closed_at" is not null)),
	CONSTRAINT "reconciliation_exceptions_dismissed" CHECK(("reconciliation_exceptions"."status" = 'dismissed') = ("reconciliation_exceptions"."dismissed_count" is not null))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `reconciliation_exceptions_uid_unique` ON `reconciliation_exceptions` (`uid`);--> statement-breakpoint
CREATE UNIQUE INDEX `reconciliation_exceptions_pair` ON `reconciliation_exceptions` (`reconciliation_id`,`source_id`);--> statement-breakpoint
CREATE INDEX `reconciliation_exceptions_environment` ON `reconciliation_exceptions` (`environment_id`);--> statement-breakpoint
CREATE TABLE `rule_days` (
	`reconciliation_id` integer NOT NULL,
	`rule_id` integer NOT NULL,
	`day` text NOT NULL,
	`matches` integer NOT NULL,
	`records` integer NOT NULL,
	PRIMARY KEY(`reconciliation_id`, `rule_id`, `day`)
);
--> statement-breakpoint
CREATE TABLE `source_days` (
	`source_id` integer NOT NULL,
	`currency` text NOT NULL,
	`direction` integer NOT NULL,
	`date` text NOT NULL,
	`count` integer NOT NULL,
	`amount_high` integer NOT NULL,
	`amount_low` integer NOT NULL,
	PRIMARY KEY(`source_id`, `currency`, `direction`, `date`)
);
--> statement-breakpoint
CREATE TABLE `summary_days` (
	`reconciliation_id` integer NOT NULL,
	`source_id` integer NOT NULL,
	`currency` text NOT NULL,
	`direction` integer NOT NULL,
	`status` integer NOT NULL,
	`date` text NOT NULL,
	`day` text NOT NULL,
	`count` integer NOT NULL,
	`amount_high` integer NOT NULL,
	`amount_low` integer NOT NULL,
	`matched_high` integer NOT NULL,
	`matched_low` integer NOT NULL,
	PRIMARY KEY(`reconciliation_id`, `source_id`, `currency`, `direction`, `status`, `date`, `day`)
);
--> statement-breakpoint
CREATE INDEX `deliveries_completed` ON `deliveries` (`created_at`) WHERE status <> 'pending';--> statement-breakpoint
DROP INDEX `events_created`;--> statement-breakpoint
ALTER TABLE `events` ADD `replayed_at` integer;--> statement-breakpoint
CREATE INDEX `events_kept` ON `events` (coalesce(replayed_at, created_at));--> statement-breakpoint
ALTER TABLE `entries` ADD `ambiguous_at` integer;--> statement-breakpoint
ALTER TABLE `entries` ADD `changed_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `reconciliations` ADD `marks_token` integer;
--> statement-breakpoint
-- A record counts in the sums of its source while it is there and posted.
CREATE TRIGGER `source_days_added` AFTER INSERT ON `records`
WHEN NEW.deleted_at IS NULL AND NEW.is_pending = 0
BEGIN
	INSERT INTO source_days (source_id, currency, direction, date, count, amount_high, amount_low)
	VALUES (NEW.source_id, NEW.currency, NEW.direction, NEW.date, 1, (NEW.amount) / 1000000000, (NEW.amount) % 1000000000)
	ON CONFLICT DO UPDATE SET count = count + 1, amount_high = amount_high + excluded.amount_high,
		amount_low = amount_low + excluded.amount_low;
END;
--> statement-breakpoint
CREATE TRIGGER `source_days_left` AFTER UPDATE OF `source_id`, `date`, `amount`, `currency`, `direction`, `is_pending`, `deleted_at` ON `records`
WHEN OLD.deleted_at IS NULL AND OLD.is_pending = 0
BEGIN
	UPDATE source_days SET count = count - 1, amount_high = amount_high - OLD.amount / 1000000000,
		amount_low = amount_low - OLD.amount % 1000000000
	WHERE source_id = OLD.source_id AND currency = OLD.currency AND direction = OLD.direction AND date = OLD.date;
	DELETE FROM source_days
	WHERE source_id = OLD.source_id AND currency = OLD.currency AND direction = OLD.direction AND date = OLD.date AND count = 0;
END;
--> statement-breakpoint
CREATE TRIGGER `source_days_joined` AFTER UPDATE OF `source_id`, `date`, `amount`, `currency`, `direction`, `is_pending`, `deleted_at` ON `records`
WHEN NEW.deleted_at IS NULL AND NEW.is_pending = 0
BEGIN
	INSERT INTO source_days (source_id, currency, direction, date, count, amount_high, amount_low)
	VALUES (NEW.source_id, NEW.currency, NEW.direction, NEW.date, 1, (NEW.amount) / 1000000000, (NEW.amount) % 1000000000)
	ON CONFLICT DO UPDATE SET count = count + 1, amount_high = amount_high + excluded.amount_high,
		amount_low = amount_low + excluded.amount_low;
END;
--> statement-breakpoint
-- What changes of a pair of record and reconciliation is a step from one status to another, on the day of the change.
CREATE TRIGGER `summary_days_begun` AFTER INSERT ON `entries`
WHEN NEW.status > 0 AND (SELECT account_id FROM reconciliations WHERE id = NEW.reconciliation_id) IS NULL
BEGIN
	INSERT INTO summary_days (reconciliation_id, source_id, currency, direction, status, date, day, count,
		amount_high, amount_low, matched_high, matched_low)
	SELECT NEW.reconciliation_id, r.source_id, r.currency, r.direction, x.status, r.date,
		date(NEW.changed_at / 1000, 'unixepoch'), x.sign, x.sign * (r.amount / 1000000000), x.sign * (r.amount % 1000000000),
		x.sign * (x.matched / 1000000000), x.sign * (x.matched % 1000000000)
	FROM (SELECT NEW.status AS status, NEW.matched AS matched, 1 AS sign) x, records r
	WHERE r.id = NEW.record_id AND x.status > 0
	ON CONFLICT DO UPDATE SET count = count + excluded.count, amount_high = amount_high + excluded.amount_high,
		amount_low = amount_low + excluded.amount_low, matched_high = matched_high + excluded.matched_high,
		matched_low = matched_low + excluded.matched_low;
END;
--> statement-breakpoint
CREATE TRIGGER `summary_days_moved` AFTER UPDATE OF `status`, `matched` ON `entries`
WHEN (NEW.status <> OLD.status OR NEW.matched <> OLD.matched) AND (SELECT account_id FROM reconciliations WHERE id = NEW.reconciliation_id) IS NULL
BEGIN
	INSERT INTO summary_days (reconciliation_id, source_id, currency, direction, status, date, day, count,
		amount_high, amount_low, matched_high, matched_low)
	SELECT NEW.reconciliation_id, r.source_id, r.currency, r.direction, x.status, r.date,
		date(NEW.changed_at / 1000, 'unixepoch'), x.sign, x.sign * (r.amount / 1000000000), x.sign * (r.amount % 1000000000),
		x.sign * (x.matched / 1000000000), x.sign * (x.matched % 1000000000)
	FROM (SELECT OLD.status AS status, OLD.matched AS matched, -1 AS sign UNION ALL SELECT NEW.status, NEW.matched, 1) x, records r
	WHERE r.id = NEW.record_id AND x.status > 0
	ON CONFLICT DO UPDATE SET count = count + excluded.count, amount_high = amount_high + excluded.amount_high,
		amount_low = amount_low + excluded.amount_low, matched_high = matched_high + excluded.matched_high,
		matched_low = matched_low + excluded.matched_low;
END;
--> statement-breakpoint
-- A record that has been matched may change once it is open again. What it was until then is put down under status 0,
-- on the day of the change, so that the days before it still show that.
CREATE TRIGGER `summary_days_edited` AFTER UPDATE OF `date`, `amount`, `currency`, `direction`, `deleted_at` ON `records`
WHEN OLD.deleted_at IS NULL AND (NEW.deleted_at IS NOT NULL OR NEW.date <> OLD.date OR NEW.amount <> OLD.amount
	OR NEW.currency <> OLD.currency OR NEW.direction <> OLD.direction)
	AND EXISTS (SELECT 1 FROM entries e WHERE e.record_id = NEW.id AND e.changed_at > 0)
BEGIN
	INSERT INTO summary_days (reconciliation_id, source_id, currency, direction, status, date, day, count,
		amount_high, amount_low, matched_high, matched_low)
	SELECT e.reconciliation_id, OLD.source_id, x.currency, x.direction, 0, x.date,
		date(coalesce(NEW.deleted_at, NEW.updated_at) / 1000, 'unixepoch'), x.sign, x.sign * (x.amount / 1000000000),
		x.sign * (x.amount % 1000000000), 0, 0
	FROM (
		SELECT OLD.currency AS currency, OLD.direction AS direction, OLD.date AS date, OLD.amount AS amount, 1 AS sign
		UNION ALL
		SELECT NEW.currency, NEW.direction, NEW.date, NEW.amount, -1 WHERE NEW.deleted_at IS NULL
	) x, entries e JOIN reconciliations c ON c.id = e.reconciliation_id AND c.account_id IS NULL
	WHERE e.record_id = NEW.id AND e.changed_at > 0
	ON CONFLICT DO UPDATE SET count = count + excluded.count, amount_high = amount_high + excluded.amount_high,
		amount_low = amount_low + excluded.amount_low;
END;
--> statement-breakpoint
-- Links are written after their matches and allocations. Those of internal accounts are of no environment.
CREATE TRIGGER `rule_days_linked` AFTER INSERT ON `links`
WHEN EXISTS (SELECT 1 FROM matches WHERE id = NEW.match_id AND environment_id > 0)
BEGIN
	INSERT INTO rule_days (reconciliation_id, rule_id, day, matches, records)
	SELECT m.reconciliation_id, coalesce(m.rule_id, 0),
		date(CASE NEW.kind WHEN 'match' THEN m.created_at ELSE m.voided_at END / 1000, 'unixepoch'), x.sign,
		x.sign * (SELECT count(*) FROM allocations a WHERE a.match_id = m.id)
	FROM (SELECT CASE NEW.kind WHEN 'match' THEN 1 ELSE -1 END AS sign) x, matches m
	WHERE m.id = NEW.match_id
	ON CONFLICT DO UPDATE SET matches = matches + excluded.matches, records = records + excluded.records;
END;
--> statement-breakpoint
-- A record is an exception while it is overdue or ambiguous, and not reconciled.
CREATE TRIGGER `exception_days_begun` AFTER INSERT ON `entries`
WHEN (NEW.overdue_at IS NOT NULL OR NEW.ambiguous_at IS NOT NULL) AND NEW.status <> 2 AND (SELECT account_id FROM reconciliations WHERE id = NEW.reconciliation_id) IS NULL
BEGIN
	INSERT INTO exception_days (reconciliation_id, source_id, currency, direction, date, count, overdue_count,
		ambiguous_count, amount_high, amount_low)
	SELECT x.reconciliation_id, x.source_id, x.currency, x.direction, x.date, x.sign, x.sign * x.is_overdue,
		x.sign * x.is_ambiguous, x.sign * (x.open / 1000000000), x.sign * (x.open % 1000000000)
	FROM (
		SELECT NEW.reconciliation_id, r.source_id, r.currency, r.direction, r.date, 1 AS sign,
			NEW.overdue_at IS NOT NULL AS is_overdue, NEW.ambiguous_at IS NOT NULL AS is_ambiguous,
			r.amount - NEW.matched AS open
		FROM records r WHERE r.id = NEW.record_id AND (NEW.overdue_at IS NOT NULL OR NEW.ambiguous_at IS NOT NULL) AND NEW.status <> 2
	) x
	WHERE true
	ON CONFLICT DO UPDATE SET count = count + excluded.count, overdue_count = overdue_count + excluded.overdue_count,
		ambiguous_count = ambiguous_count + excluded.ambiguous_count, amount_high = amount_high + excluded.amount_high,
		amount_low = amount_low + excluded.amount_low;
END;
--> statement-breakpoint
CREATE TRIGGER `exception_days_moved` AFTER UPDATE OF `overdue_at`, `ambiguous_at`, `status`, `matched` ON `entries`
WHEN (((OLD.overdue_at IS NOT NULL OR OLD.ambiguous_at IS NOT NULL) AND OLD.status <> 2) OR ((NEW.overdue_at IS NOT NULL OR NEW.ambiguous_at IS NOT NULL) AND NEW.status <> 2)) AND (SELECT account_id FROM reconciliations WHERE id = NEW.reconciliation_id) IS NULL
BEGIN
	INSERT INTO exception_days (reconciliation_id, source_id, currency, direction, date, count, overdue_count,
		ambiguous_count, amount_high, amount_low)
	SELECT x.reconciliation_id, x.source_id, x.currency, x.direction, x.date, x.sign, x.sign * x.is_overdue,
		x.sign * x.is_ambiguous, x.sign * (x.open / 1000000000), x.sign * (x.open % 1000000000)
	FROM (
		SELECT NEW.reconciliation_id, r.source_id, r.currency, r.direction, r.date, -1 AS sign,
			OLD.overdue_at IS NOT NULL AS is_overdue, OLD.ambiguous_at IS NOT NULL AS is_ambiguous,
			r.amount - OLD.matched AS open
		FROM records r WHERE r.id = NEW.record_id AND (OLD.overdue_at IS NOT NULL OR OLD.ambiguous_at IS NOT NULL) AND OLD.status <> 2
		UNION ALL
		SELECT NEW.reconciliation_id, r.source_id, r.currency, r.direction, r.date, 1 AS sign,
			NEW.overdue_at IS NOT NULL AS is_overdue, NEW.ambiguous_at IS NOT NULL AS is_ambiguous,
			r.amount - NEW.matched AS open
		FROM records r WHERE r.id = NEW.record_id AND (NEW.overdue_at IS NOT NULL OR NEW.ambiguous_at IS NOT NULL) AND NEW.status <> 2
	) x
	WHERE true
	ON CONFLICT DO UPDATE SET count = count + excluded.count, overdue_count = overdue_count + excluded.overdue_count,
		ambiguous_count = ambiguous_count + excluded.ambiguous_count, amount_high = amount_high + excluded.amount_high,
		amount_low = amount_low + excluded.amount_low;
END;
--> statement-breakpoint
CREATE TRIGGER `exception_days_edited` AFTER UPDATE OF `source_id`, `date`, `amount`, `currency`, `direction` ON `records`
WHEN EXISTS (SELECT 1 FROM entries e WHERE e.record_id = NEW.id AND (e.overdue_at IS NOT NULL OR e.ambiguous_at IS NOT NULL) AND e.status <> 2)
BEGIN
	INSERT INTO exception_days (reconciliation_id, source_id, currency, direction, date, count, overdue_count,
		ambiguous_count, amount_high, amount_low)
	SELECT x.reconciliation_id, x.source_id, x.currency, x.direction, x.date, x.sign, x.sign * x.is_overdue,
		x.sign * x.is_ambiguous, x.sign * (x.open / 1000000000), x.sign * (x.open % 1000000000)
	FROM (
		SELECT e.reconciliation_id, OLD.source_id, OLD.currency, OLD.direction, OLD.date, -1 AS sign,
			e.overdue_at IS NOT NULL AS is_overdue, e.ambiguous_at IS NOT NULL AS is_ambiguous,
			OLD.amount - e.matched AS open
		FROM entries e JOIN reconciliations c ON c.id = e.reconciliation_id AND c.account_id IS NULL
		WHERE e.record_id = NEW.id AND (e.overdue_at IS NOT NULL OR e.ambiguous_at IS NOT NULL) AND e.status <> 2
		UNION ALL
		SELECT e.reconciliation_id, NEW.source_id, NEW.currency, NEW.direction, NEW.date, 1 AS sign,
			e.overdue_at IS NOT NULL AS is_overdue, e.ambiguous_at IS NOT NULL AS is_ambiguous,
			NEW.amount - e.matched AS open
		FROM entries e JOIN reconciliations c ON c.id = e.reconciliation_id AND c.account_id IS NULL
		WHERE e.record_id = NEW.id AND (e.overdue_at IS NOT NULL OR e.ambiguous_at IS NOT NULL) AND e.status <> 2
	) x
	WHERE true
	ON CONFLICT DO UPDATE SET count = count + excluded.count, overdue_count = overdue_count + excluded.overdue_count,
		ambiguous_count = ambiguous_count + excluded.ambiguous_count, amount_high = amount_high + excluded.amount_high,
		amount_low = amount_low + excluded.amount_low;
END;
--> statement-breakpoint
CREATE TRIGGER `exception_days_deleted` AFTER UPDATE OF `deleted_at` ON `records`
WHEN NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL
BEGIN
	UPDATE entries SET overdue_at = NULL, ambiguous_at = NULL
	WHERE record_id = NEW.id AND (overdue_at IS NOT NULL OR ambiguous_at IS NOT NULL);
END;
--> statement-breakpoint
-- Whether there are any is asked often.
CREATE TRIGGER `exception_days_emptied` AFTER UPDATE OF `count` ON `exception_days`
WHEN NEW.count = 0
BEGIN
	DELETE FROM exception_days
	WHERE reconciliation_id = NEW.reconciliation_id AND source_id = NEW.source_id AND currency = NEW.currency
		AND direction = NEW.direction AND date = NEW.date;
END;
--> statement-breakpoint
-- What was there before. When a pair last changed is not known: the day of its newest match stands for it.
UPDATE entries SET changed_at = coalesce((
	SELECT max(m.created_at) FROM allocations a JOIN matches m ON m.id = a.match_id
	WHERE a.record_id = entries.record_id AND m.reconciliation_id = entries.reconciliation_id AND m.status = 'matched'
), 0) WHERE status > 0;
--> statement-breakpoint
INSERT INTO source_days (source_id, currency, direction, date, count, amount_high, amount_low)
SELECT source_id, currency, direction, date, count(*), sum(amount / 1000000000), sum(amount % 1000000000) FROM records
WHERE deleted_at IS NULL AND is_pending = 0 GROUP BY source_id, currency, direction, date;
--> statement-breakpoint
INSERT INTO summary_days (reconciliation_id, source_id, currency, direction, status, date, day, count, amount_high,
	amount_low, matched_high, matched_low)
SELECT e.reconciliation_id, r.source_id, r.currency, r.direction, e.status, r.date,
	date(e.changed_at / 1000, 'unixepoch') AS day, count(*), sum(r.amount / 1000000000), sum(r.amount % 1000000000),
	sum(e.matched / 1000000000), sum(e.matched % 1000000000)
FROM entries e JOIN records r ON r.id = e.record_id
JOIN reconciliations c ON c.id = e.reconciliation_id AND c.account_id IS NULL
WHERE e.status > 0 GROUP BY e.reconciliation_id, r.source_id, r.currency, r.direction, e.status, r.date, day;
--> statement-breakpoint
INSERT INTO rule_days (reconciliation_id, rule_id, day, matches, records)
SELECT m.reconciliation_id, coalesce(m.rule_id, 0) AS rule,
	date(CASE l.kind WHEN 'match' THEN m.created_at ELSE m.voided_at END / 1000, 'unixepoch') AS day,
	sum(CASE l.kind WHEN 'match' THEN 1 ELSE -1 END),
	sum(CASE l.kind WHEN 'match' THEN 1 ELSE -1 END * (SELECT count(*) FROM allocations a WHERE a.match_id = m.id))
FROM links l JOIN matches m ON m.id = l.match_id WHERE m.environment_id > 0
GROUP BY m.reconciliation_id, rule, day;
--> statement-breakpoint
INSERT INTO exception_days (reconciliation_id, source_id, currency, direction, date, count, overdue_count,
	ambiguous_count, amount_high, amount_low)
SELECT e.reconciliation_id, r.source_id, r.currency, r.direction, r.date, count(*), count(e.overdue_at),
	count(e.ambiguous_at), sum((r.amount - e.matched) / 1000000000), sum((r.amount - e.matched) % 1000000000)
FROM entries e JOIN records r ON r.id = e.record_id
JOIN reconciliations c ON c.id = e.reconciliation_id AND c.account_id IS NULL
WHERE (e.overdue_at IS NOT NULL OR e.ambiguous_at IS NOT NULL) AND e.status <> 2 AND r.deleted_at IS NULL
GROUP BY e.reconciliation_id, r.source_id, r.currency, r.direction, r.date;
--> statement-breakpoint
INSERT INTO reconciliation_exceptions (uid, environment_id, reconciliation_id, source_id, status, opened_at, created_at,
	updated_at)
SELECT substr(t.hex, 1, 8) || '-' || substr(t.hex, 9) || '-7' || substr(lower(hex(randomblob(2))), 2) || '-8'
	|| substr(lower(hex(randomblob(2))), 2) || '-' || lower(hex(randomblob(6))), c.environment_id, d.reconciliation_id,
	d.source_id, 'open', t.now, t.now, t.now
FROM (SELECT DISTINCT reconciliation_id, source_id FROM exception_days) d
JOIN reconciliations c ON c.id = d.reconciliation_id AND c.deleted_at IS NULL
JOIN reconciliation_sources rs ON rs.reconciliation_id = d.reconciliation_id AND rs.source_id = d.source_id,
	(SELECT now, printf('%012x', now) AS hex FROM (
		SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) AS now)) t;
--> statement-breakpoint
INSERT INTO exception_comments (uid, exception_id, kind, body, created_at)
SELECT substr(x.uid, 1, 24) || lower(hex(randomblob(6))), x.id, 'opened', 'Records were overdue already.', x.opened_at
FROM reconciliation_exceptions x;
