import { type SQL, sql } from "drizzle-orm";
import type { BalanceKind, Direction, LedgerStatus } from "../core/ledger/balance.ts";
import type { Instant } from "../core/ledger/instant.ts";
import type { Comparison } from "../core/ledger/lock.ts";
import type { TextMetadata } from "../core/metadata.ts";
import { jsonList } from "./client.ts";
import { expectNone } from "./guard.ts";
import { balanceAmount } from "./ledger-accounts.ts";
import { entrySums } from "./ledger-balances.ts";
import { newUuid } from "./uuid.ts";

/** What of a ledger transaction may be different in each of its versions. */
export interface LedgerTransactionState {
  status: LedgerStatus;
  description: string | null;
  metadata: TextMetadata;
  effectiveAt: Instant;
  postedAt: number | null;
  externalId: string | null;
  ledgerableType: string | null;
  ledgerableUid: string | null;
  archivedReason: string | null;
}

export interface NewLedgerEntry {
  uid: string;
  accountUid: string;
  direction: Direction;
  amount: number;
  metadata: TextMetadata;
}

export interface NewLedgerTransaction extends LedgerTransactionState {
  uid: string;
  ledgerUid: string;
  reversesUid: string | null;
  partiallyPostsUid: string | null;
  entries: readonly NewLedgerEntry[];
}

export interface ChangedLedgerTransaction extends LedgerTransactionState {
  uid: string;
  /** The version that was read; another one refuses the batch. */
  version: number;
  /**
   * `kept` leaves the entries alone. Where the status or the time of effect changes, they are discarded and written
   * anew: as they were (`copied`), or as others.
   */
  entries: "kept" | "copied" | readonly NewLedgerEntry[];
}

export interface LedgerScope {
  environmentId: number;
  now: number;
}

/** Brings in ledger transactions with their entries, the sums of their accounts and their first versions. */
export function insertLedgerTransactions(scope: LedgerScope, transactions: readonly NewLedgerTransaction[]): SQL[] {
  const rows = transactions.map((t) => [t.uid, t.ledgerUid, t.reversesUid, t.partiallyPostsUid, ...listState(t)]);
  const counts = transactions.map((t) => t.entries.length);
  const uids = transactions.map(({ uid }) => uid);
  return [
    sql`insert into ledger_transactions (environment_id, created_at, updated_at, uid, ledger_id, reverses_id,
        partially_posts_id, status, description, metadata, effective_at, posted_at, external_id, ledgerable_type,
        ledgerable_uid, archived_reason, entry_count)
      select ${scope.environmentId}, ${scope.now}, ${scope.now}, j.value ->> 0,
        (select id from ledgers where uid = j.value ->> 1),
        (select id from ledger_transactions where uid = j.value ->> 2),
        (select id from ledger_transactions where uid = j.value ->> 3),
        ${stateColumns(4)}, json_extract(${jsonList(counts)}, '$[' || j.key || ']')
      from json_each(${jsonList(rows)}) j order by j.key`,
    ...writeEntries(scope, transactions),
    ...addUp(uids, scope.now),
    sealVersions(scope, uids),
  ];
}

/** Changes ledger transactions. It is for the caller to know that each change is allowed; what never is, D1 refuses. */
export function changeLedgerTransactions(scope: LedgerScope, changes: readonly ChangedLedgerTransaction[]): SQL[] {
  const stale = jsonList(changes.map(({ uid, version }) => [uid, version]));
  const rows = changes.map((t) => [t.uid, typeof t.entries === "string" ? null : t.entries.length, ...listState(t)]);
  const replaced = changes.flatMap(({ uid, entries }) =>
    typeof entries === "string" ? [] : [{ uid, entries: entries as readonly NewLedgerEntry[] }],
  );
  const copied = changes.filter(({ entries }) => entries === "copied").map(({ uid }) => uid);
  const moved = [...replaced.map(({ uid }) => uid), ...copied];
  return [
    expectNone(sql`select 1 from json_each(${stale}) j left join ledger_transactions t on t.uid = j.value ->> 0
      where t.version is not j.value ->> 1`),
    sql`update ledger_transactions set version = version + 1, updated_at = ${scope.now},
        entry_count = coalesce(c.entry_count, ledger_transactions.entry_count), status = c.status,
        description = c.description, metadata = c.metadata, effective_at = c.effective_at, posted_at = c.posted_at,
        external_id = c.external_id, ledgerable_type = c.ledgerable_type, ledgerable_uid = c.ledgerable_uid,
        archived_reason = c.archived_reason
      from (select j.value ->> 0 as uid, j.value ->> 1 as entry_count, ${stateColumns(2)}
        from json_each(${jsonList(rows)}) j limit -1) c
      where ledger_transactions.uid = c.uid`,
    ...(moved.length === 0 ? [] : takeOut(moved, scope.now)),
    ...(replaced.length === 0
      ? []
      : [
          ...writeEntries(scope, replaced),
          ...addUp(
            replaced.map(({ uid }) => uid),
            scope.now,
          ),
        ]),
    ...(copied.length === 0 ? [] : [copyEntries(scope, copied), ...addUp(copied, scope.now)]),
    sealVersions(
      scope,
      changes.map(({ uid }) => uid),
    ),
  ];
}

function listState(t: LedgerTransactionState): unknown[] {
  return [
    t.status,
    t.description,
    JSON.stringify(t.metadata),
    t.effectiveAt,
    t.postedAt,
    t.externalId,
    t.ledgerableType,
    t.ledgerableUid,
    t.archivedReason,
  ];
}

function stateColumns(from: number): SQL {
  const names = [
    "status",
    "description",
    "metadata",
    "effective_at",
    "posted_at",
    "external_id",
    "ledgerable_type",
    "ledgerable_uid",
    "archived_reason",
  ];
  return sql.raw(names.map((name, place) => `j.value ->> ${from + place} as ${name}`).join(", "));
}

/**
 * The row of a version is written last, and by a trigger only if the transaction's entries balance in each currency,
 * stand on both sides, are of one ledger and have the transaction's status. This cannot be passed by: an entry names
 * the versions that it came and went with by foreign keys that D1 checks when the batch ends, so without this row there
 * is no batch; and once the row is there, triggers refuse every entry that would join or leave the version.
 */
function sealVersions(scope: LedgerScope, uids: readonly string[]): SQL {
  return sql`insert into ledger_transaction_versions (uid, environment_id, transaction_id, version, status, entry_count,
      description, metadata, effective_at, posted_at, external_id, ledgerable_type, ledgerable_uid, archived_reason,
      created_at)
    select ${newUuid(scope.now)}, t.environment_id, t.id, t.version, t.status, t.entry_count, t.description, t.metadata,
      t.effective_at, t.posted_at, t.external_id, t.ledgerable_type, t.ledgerable_uid, t.archived_reason, ${scope.now}
    from json_each(${jsonList(uids)}) j cross join ledger_transactions t on t.uid = j.value order by j.key`;
}

const ENTRY_COLUMNS = sql.raw(`uid, environment_id, transaction_id, account_id, direction, amount, status, effective_at,
  metadata, since_version, lock_version, pending_debits, pending_credits, posted_debits, posted_credits, created_at,
  updated_at`);

/** Numbers new entries within their accounts, and says what each account's sums are after each of them. */
function numberEntries(scope: LedgerScope, entries: SQL): SQL {
  return sql`insert into ledger_entries (${ENTRY_COLUMNS})
    select n.uid, ${scope.environmentId}, n.transaction_id, n.account_id, n.direction, n.amount, n.status,
      n.effective_at, n.metadata, n.version, a.lock_version + row_number() over account,
      a.pending_debits + sum(n.pending_debits) over account, a.pending_credits + sum(n.pending_credits) over account,
      a.posted_debits + sum(n.posted_debits) over account, a.posted_credits + sum(n.posted_credits) over account,
      ${scope.now}, ${scope.now}
    from (select e.*, ${entrySums("e")} from (${entries}) e) n cross join ledger_accounts a on a.id = n.account_id
    window account as (partition by n.account_id order by n.place rows unbounded preceding)
    order by n.place`;
}

function writeEntries(
  scope: LedgerScope,
  transactions: readonly { uid: string; entries: readonly NewLedgerEntry[] }[],
): SQL[] {
  const rows = transactions.flatMap(({ uid, entries }) =>
    entries.map((e) => [
      uid,
      e.uid,
      e.accountUid,
      e.direction === "credit" ? 1 : -1,
      e.amount,
      JSON.stringify(e.metadata),
    ]),
  );
  return [
    numberEntries(
      scope,
      sql`select j.key as place, j.value ->> 1 as uid, t.id as transaction_id, b.id as account_id,
          j.value ->> 3 as direction, j.value ->> 4 as amount, t.status, t.effective_at, j.value ->> 5 as metadata,
          t.version
        from json_each(${jsonList(rows)}) j cross join ledger_transactions t on t.uid = j.value ->> 0
        cross join ledger_accounts b on b.uid = j.value ->> 2`,
    ),
  ];
}

/** Writes the entries that have just been discarded once more, with what their transactions are now. */
function copyEntries(scope: LedgerScope, uids: readonly string[]): SQL {
  return numberEntries(
    scope,
    sql`select e.id as place, ${newUuid(scope.now)} as uid, t.id as transaction_id, e.account_id, e.direction, e.amount,
        t.status, t.effective_at, e.metadata, t.version
      from json_each(${jsonList(uids)}) j cross join ledger_transactions t on t.uid = j.value
      cross join ledger_entries e on e.transaction_id = t.id and e.until_version = t.version`,
  );
}

/** Sums by account: an UPDATE from a list would apply one of several entries of the same account. */
function sumByAccount(uids: readonly string[], which: SQL): SQL {
  return sql`select s.account_id, count(*) as count, sum(s.pending_debits) as pending_debits,
      sum(s.pending_credits) as pending_credits, sum(s.posted_debits) as posted_debits,
      sum(s.posted_credits) as posted_credits
    from (${entriesOf(uids, which)}) s group by s.account_id`;
}

function sumByPeriod(uids: readonly string[], which: SQL): SQL {
  return sql`select s.account_id, l.value as level, substr(s.effective_at, 1, l.value) as period,
      sum(s.pending_debits) as pending_debits, sum(s.pending_credits) as pending_credits,
      sum(s.posted_debits) as posted_debits, sum(s.posted_credits) as posted_credits
    from (${entriesOf(uids, which)}) s cross join json_each('[4,7,10]') l
    where s.status <> 'archived' group by s.account_id, l.value, period`;
}

function entriesOf(uids: readonly string[], which: SQL): SQL {
  return sql`select e.account_id, e.effective_at, e.status, ${entrySums("e")}
    from json_each(${jsonList(uids)}) j cross join ledger_transactions t on t.uid = j.value
    cross join ledger_entries e on e.transaction_id = t.id and ${which}`;
}

/** Adds the entries that came with the transactions' versions to their accounts' sums. */
function addUp(uids: readonly string[], now: number): SQL[] {
  const which = sql`e.since_version = t.version`;
  return [
    sql`update ledger_accounts set updated_at = ${now}, lock_version = lock_version + d.count,
        pending_debits = ledger_accounts.pending_debits + d.pending_debits,
        pending_credits = ledger_accounts.pending_credits + d.pending_credits,
        posted_debits = ledger_accounts.posted_debits + d.posted_debits,
        posted_credits = ledger_accounts.posted_credits + d.posted_credits
      from (${sumByAccount(uids, which)}) d where ledger_accounts.id = d.account_id`,
    sql`insert into ledger_sums (account_id, level, period, pending_debits, pending_credits, posted_debits,
        posted_credits)
      select d.account_id, d.level, d.period, d.pending_debits, d.pending_credits, d.posted_debits, d.posted_credits
      from (${sumByPeriod(uids, which)}) d where true
      on conflict do update set pending_debits = ledger_sums.pending_debits + excluded.pending_debits,
        pending_credits = ledger_sums.pending_credits + excluded.pending_credits,
        posted_debits = ledger_sums.posted_debits + excluded.posted_debits,
        posted_credits = ledger_sums.posted_credits + excluded.posted_credits`,
  ];
}

/** Discards the entries of pending transactions and takes them out of their accounts' sums. */
function takeOut(uids: readonly string[], now: number): SQL[] {
  const which = sql`e.until_version = t.version`;
  return [
    sql`update ledger_entries set discarded_at = ${now}, updated_at = ${now}, until_version = d.version,
        discarded_lock_version = d.lock_version
      from (
        select e.id, t.version, a.lock_version + 1 as lock_version
        from json_each(${jsonList(uids)}) j cross join ledger_transactions t on t.uid = j.value
        cross join ledger_entries e on e.transaction_id = t.id and e.discarded_at is null
        cross join ledger_accounts a on a.id = e.account_id limit -1
      ) d where ledger_entries.id = d.id`,
    sql`update ledger_accounts set updated_at = ${now}, lock_version = lock_version + 1,
        pending_debits = ledger_accounts.pending_debits - d.pending_debits,
        pending_credits = ledger_accounts.pending_credits - d.pending_credits
      from (${sumByAccount(uids, which)}) d where ledger_accounts.id = d.account_id`,
    sql`update ledger_sums set pending_debits = ledger_sums.pending_debits - d.pending_debits,
        pending_credits = ledger_sums.pending_credits - d.pending_credits
      from (${sumByPeriod(uids, which)}) d
      where ledger_sums.account_id = d.account_id and ledger_sums.level = d.level and ledger_sums.period = d.period`,
  ];
}

/** What one entry insists on, of its account. */
export interface EntryLock {
  accountUid: string;
  lockVersion: number | null;
  balances: readonly { kind: BalanceKind; comparison: Comparison; bound: number }[];
}

/** A guard that stands before the entries: their accounts may take entries, and have the lock versions insisted on. */
export function expectAccounts(locks: readonly EntryLock[]): SQL {
  const rows = jsonList(locks.map(({ accountUid, lockVersion }) => [accountUid, lockVersion]));
  return expectNone(sql`select 1 from json_each(${rows}) j
    left join ledger_accounts a on a.uid = j.value ->> 0 left join ledgers l on l.id = a.ledger_id
    where l.id is null or l.discarded_at is not null or a.discarded_at is not null
      or a.lock_version is not coalesce(j.value ->> 1, a.lock_version)`);
}

/** At most one guard, that stands after the entries: every balance keeps the bounds that were set for it. */
export function expectBalances(locks: readonly EntryLock[]): SQL[] {
  const rows = locks.flatMap(({ accountUid, balances }) =>
    balances.map(({ kind, comparison, bound }) => [accountUid, kind, comparison, bound]),
  );
  if (rows.length === 0) return [];
  return [
    expectNone(sql`select 1 from (
        select j.value ->> 2 as comparison, j.value ->> 3 as bound, case j.value ->> 1
          when 'pending' then ${balanceAmount("pending")} when 'posted' then ${balanceAmount("posted")}
          else ${balanceAmount("available")} end as amount
        from json_each(${jsonList(rows)}) j left join ledger_accounts a on a.uid = j.value ->> 0
      ) b
      where (case b.comparison when 'gt' then b.amount > b.bound when 'gte' then b.amount >= b.bound
        when 'lt' then b.amount < b.bound when 'lte' then b.amount <= b.bound when 'eq' then b.amount = b.bound end)
        is not true`),
  ];
}
