import { type SQL, sql } from "drizzle-orm";
import type { LedgerAccountSnapshot } from "../core/ledger/account-view.ts";
import type { BalanceKind, Direction } from "../core/ledger/balance.ts";
import { readSums } from "../core/ledger/transaction-view.ts";
import { all, type Db, first, jsonList } from "./client.ts";
import { type Bounds, inSeconds, keepsBounds } from "./comparison.ts";
import { holdsMetadata } from "./metadata.ts";
import type { Page, PageRequest } from "./page.ts";
import { pageOfScan } from "./scan.ts";

export interface LedgerAccountRow extends LedgerAccountSnapshot {
  id: number;
  ledgerId: number;
  /** Neither the account nor its ledger is discarded. */
  isLive: boolean;
}

export interface LedgerAccountFilters {
  uids?: string[] | undefined;
  names?: string[] | undefined;
  ledgerId?: number | undefined;
  currency?: string | undefined;
  normalBalance?: Direction | undefined;
  externalId?: string | undefined;
  metadata?: { key: string; value: string }[] | undefined;
  createdAt?: Bounds<number> | undefined;
  updatedAt?: Bounds<number> | undefined;
  balances?: Partial<Record<BalanceKind, Bounds<number> | undefined>>;
}

/** The four sums of a row as a JSON array of texts: JavaScript's numbers end before SQLite's integers. */
export function sumsAsTexts(table: string): SQL {
  const columns = ["pending_debits", "pending_credits", "posted_debits", "posted_credits"];
  return sql.raw(`json_array(${columns.map((column) => `cast(${table}.${column} as text)`).join(", ")})`);
}

const columns = sql`a.id, a.uid, a.ledger_id as "ledgerId", l.uid as "ledgerUid", a.name, a.description,
  a.normal_balance as "normalSign", a.currency, a.currency_exponent as "currencyExponent",
  a.lock_version as "lockVersion", ${sumsAsTexts("a")} as sums, a.ledgerable_type as "ledgerableType",
  a.ledgerable_uid as "ledgerableUid", a.external_id as "externalId", a.metadata, a.created_at as "createdAt",
  a.updated_at as "updatedAt", a.discarded_at as "discardedAt",
  a.discarded_at is null and l.discarded_at is null as "isLive"`;

interface StoredLedgerAccount
  extends Omit<LedgerAccountRow, "metadata" | "sums" | "normalBalance" | "isLive" | "ledgerableType"> {
  ledgerableType: string | null;
  metadata: string;
  sums: string;
  normalSign: 1 | -1;
  isLive: 0 | 1;
}

/** A ledger account, also one that is discarded. */
export async function findLedgerAccount(
  db: Db,
  environmentId: number,
  uid: string,
): Promise<LedgerAccountRow | undefined> {
  const row = await first<StoredLedgerAccount>(
    db,
    sql`select ${columns} from ledger_accounts a join ledgers l on l.id = a.ledger_id
      where a.uid = ${uid} and a.environment_id = ${environmentId}`,
  );
  return row && readLedgerAccount(row);
}

/** Those of these accounts that the environment has, discarded ones too, by their public ids. */
export async function findLedgerAccounts(
  db: Db,
  environmentId: number,
  uids: readonly string[],
): Promise<Map<string, LedgerAccountRow>> {
  const rows = await all<StoredLedgerAccount>(
    db,
    sql`select ${columns} from json_each(${jsonList([...new Set(uids)])}) j
      cross join ledger_accounts a on a.uid = j.value cross join ledgers l on l.id = a.ledger_id
      where a.environment_id = ${environmentId}`,
  );
  return new Map(rows.map((row) => [row.uid, readLedgerAccount(row)]));
}

export async function listLedgerAccounts(
  db: Db,
  environmentId: number,
  filters: LedgerAccountFilters,
  page: PageRequest,
): Promise<Page<LedgerAccountRow>> {
  const scan = chooseScan(environmentId, filters, page.before ?? Number.MAX_SAFE_INTEGER);
  const conditions = sql.join(listConditions(environmentId, filters), sql` and `);
  const found = await pageOfScan(db, scan, page, (scanned, limit) =>
    all<StoredLedgerAccount>(
      db,
      sql`select ${columns} from (${scanned}) s join ledger_accounts a on a.id = s.id join ledgers l on l.id = a.ledger_id
        where ${conditions} order by a.id desc limit ${limit}`,
    ),
  );
  return { ...found, rows: found.rows.map(readLedgerAccount) };
}

function chooseScan(environmentId: number, filters: LedgerAccountFilters, before: number): SQL {
  if (filters.uids !== undefined) {
    return sql`select id from ledger_accounts
      where uid in (select value from json_each(${jsonList(filters.uids)})) and id < ${before}`;
  }
  if (filters.ledgerId !== undefined) {
    return sql`select id from ledger_accounts where ledger_id = ${filters.ledgerId} and id < ${before}`;
  }
  return sql`select id from ledger_accounts where environment_id = ${environmentId} and id < ${before}`;
}

function listConditions(environmentId: number, filters: LedgerAccountFilters): SQL[] {
  return [
    sql`a.environment_id = ${environmentId} and a.discarded_at is null and l.discarded_at is null`,
    ...(filters.ledgerId === undefined ? [] : [sql`a.ledger_id = ${filters.ledgerId}`]),
    ...(filters.names === undefined ? [] : [sql`a.name in (select value from json_each(${jsonList(filters.names)}))`]),
    ...(filters.currency === undefined ? [] : [sql`a.currency = ${filters.currency}`]),
    ...(filters.normalBalance === undefined
      ? []
      : [sql`a.normal_balance = ${filters.normalBalance === "credit" ? 1 : -1}`]),
    ...(filters.externalId === undefined ? [] : [sql`a.external_id = ${filters.externalId}`]),
    ...keepsBounds(inSeconds(sql`a.created_at`), filters.createdAt),
    ...keepsBounds(inSeconds(sql`a.updated_at`), filters.updatedAt),
    ...Object.entries(filters.balances ?? {}).flatMap(([kind, bounds]) =>
      keepsBounds(balanceAmount(kind as BalanceKind), bounds),
    ),
    ...(filters.metadata?.length ? [holdsMetadata(sql`a.metadata`, filters.metadata)] : []),
  ];
}

const BALANCE_AMOUNTS: Record<BalanceKind, SQL> = {
  posted: sql.raw("a.normal_balance * (a.posted_credits - a.posted_debits)"),
  pending: sql.raw("a.normal_balance * (a.posted_credits + a.pending_credits - a.posted_debits - a.pending_debits)"),
  available: sql.raw(`case a.normal_balance when 1 then a.posted_credits - a.posted_debits - a.pending_debits
    else a.posted_debits - a.posted_credits - a.pending_credits end`),
};

/** The amount of a balance of an account `a`; every sum is small enough for it to stay within 64 bits. */
export function balanceAmount(kind: BalanceKind): SQL {
  return sql`(${BALANCE_AMOUNTS[kind]})`;
}

function readLedgerAccount({ normalSign, sums, metadata, isLive, ...row }: StoredLedgerAccount): LedgerAccountRow {
  return {
    ...row,
    normalBalance: normalSign === 1 ? "credit" : "debit",
    sums: readSums(JSON.parse(sums)),
    metadata: JSON.parse(metadata),
    isLive: isLive === 1,
  };
}

/** A condition for guards: an entry that counts has been written to the account. */
export function hasEntries(accountId: number): SQL {
  return sql`exists (select 1 from ledger_entries
    where account_id = ${accountId} and discarded_at is null and status <> 'archived')`;
}

/** A condition for guards: the account is the clearing account of its ledger. */
export function isClearingAccount(accountId: number): SQL {
  return sql`exists (select 1 from ledgers
    where id = (select ledger_id from ledger_accounts where id = ${accountId}) and clearing_account_id = ${accountId})`;
}

/** A condition for guards: the account is there, and neither it nor its ledger is discarded. */
export function ledgerAccountIsLive(accountId: number): SQL {
  return sql`exists (select 1 from ledger_accounts a join ledgers l on l.id = a.ledger_id
    where a.id = ${accountId} and a.discarded_at is null and l.discarded_at is null)`;
}
