import { type SQL, sql } from "drizzle-orm";
import { LEDGER_ENTRIES_MAX_METADATA_BYTES } from "../config.ts";
import type { LedgerStatus } from "../core/ledger/balance.ts";
import type { LedgerEntrySnapshot } from "../core/ledger/transaction-view.ts";
import type { MetadataChange } from "../core/metadata.ts";
import { all, type Db, first, jsonList } from "./client.ts";
import { type Bounds, inSeconds, keepsBounds } from "./comparison.ts";
import { sumsAsTexts } from "./ledger-accounts.ts";
import type { LedgerOrder } from "./ledger-order.ts";
import { holdsMetadata, isMetadataWithinLimits, mergedMetadata } from "./metadata.ts";
import type { Page, PageRequest } from "./page.ts";
import { pageOfScan } from "./scan.ts";

export interface LedgerEntryRow {
  id: number;
  snapshot: LedgerEntrySnapshot;
}

export interface LedgerEntryFilters {
  uids?: string[] | undefined;
  accountId?: number | undefined;
  transactionId?: number | undefined;
  direction?: 1 | -1 | undefined;
  statuses?: LedgerStatus[] | undefined;
  effectiveAt?: Bounds<string> | undefined;
  effectiveDate?: Bounds<string> | undefined;
  updatedAt?: Bounds<number> | undefined;
  amount?: Bounds<number> | undefined;
  lockVersion?: Bounds<number> | undefined;
  /** Of one account: what it held when its lock version was this one. */
  asOfLockVersion?: number | undefined;
  metadata?: { key: string; value: string }[] | undefined;
  showsDeleted?: boolean | undefined;
}

/** A JSON object of an entry `e` of an account `a` and a transaction `t`, in the form of `LedgerEntrySnapshot`. */
export const entrySnapshot: SQL = sql`json_object('entry', json_object('id', e.uid, 'amount', e.amount,
    'direction', e.direction, 'status', e.status, 'lock_version', e.lock_version, 'effective_at', e.effective_at,
    'metadata', json(e.metadata), 'created_at', e.created_at, 'updated_at', e.updated_at,
    'discarded_at', e.discarded_at),
  'account', json_object('id', a.uid, 'normal_balance', a.normal_balance, 'currency', a.currency,
    'currency_exponent', a.currency_exponent),
  'transaction_id', t.uid, 'sums', ${sumsAsTexts("e")})`;

const named = sql.raw(
  "join ledger_accounts a on a.id = e.account_id join ledger_transactions t on t.id = e.transaction_id",
);

/** An entry, also one that is discarded. */
export async function findLedgerEntry(db: Db, environmentId: number, uid: string): Promise<LedgerEntryRow | undefined> {
  const row = await first<{ id: number; snapshot: string }>(
    db,
    sql`select e.id, ${entrySnapshot} as snapshot from ledger_entries e ${named}
      where e.uid = ${uid} and e.environment_id = ${environmentId}`,
  );
  return row && { id: row.id, snapshot: JSON.parse(row.snapshot) };
}

export async function listLedgerEntries(
  db: Db,
  environmentId: number,
  filters: LedgerEntryFilters,
  order: LedgerOrder,
  page: PageRequest,
): Promise<Page<LedgerEntryRow>> {
  const { scan, scanOrder } = chooseScan(environmentId, filters, order, page.before);
  const conditions = sql.join(listConditions(environmentId, filters), sql` and `);
  const direction = sql.raw(order.direction);
  const resultOrder =
    order.by === "effective_at" ? sql`e.effective_at ${direction}, e.id ${direction}` : sql`e.id ${direction}`;
  const found = await pageOfScan(
    db,
    scan,
    page,
    (scanned, limit) =>
      all<{ id: number; snapshot: string }>(
        db,
        sql`select e.id, ${entrySnapshot} as snapshot from (${scanned}) s cross join ledger_entries e on e.id = s.id
          ${named} where ${conditions} order by ${resultOrder} limit ${limit}`,
      ),
    scanOrder,
  );
  return { ...found, rows: found.rows.map(({ id, snapshot }) => ({ id, snapshot: JSON.parse(snapshot) })) };
}

function chooseScan(
  environmentId: number,
  filters: LedgerEntryFilters,
  order: LedgerOrder,
  before: number | null,
): { scan: SQL; scanOrder: SQL } {
  const direction = sql.raw(order.direction);
  const beyond = sql.raw(order.direction === "asc" ? ">" : "<");
  const source = chooseSource(environmentId, filters);
  if (order.by === "effective_at") {
    const after = sql`(effective_at, id) ${beyond} (select effective_at, id from ledger_entries where id = ${before})`;
    return {
      scan: sql`select id from ledger_entries where ${source} and ${before === null ? sql`true` : after}`,
      scanOrder: sql`effective_at ${direction}, id ${direction}`,
    };
  }
  // Within an account the order of lock versions is that in which entries were written, and it has an index.
  if (filters.accountId !== undefined && filters.uids === undefined && filters.transactionId === undefined) {
    const after = sql`lock_version ${beyond} (select lock_version from ledger_entries where id = ${before})`;
    return {
      scan: sql`select id from ledger_entries
        where account_id = ${filters.accountId} and ${before === null ? sql`true` : after}`,
      scanOrder: sql`lock_version ${direction}`,
    };
  }
  return {
    scan: sql`select id from ledger_entries where ${source} and ${before === null ? sql`true` : sql`id ${beyond} ${before}`}`,
    scanOrder: sql`id ${direction}`,
  };
}

function chooseSource(environmentId: number, filters: LedgerEntryFilters): SQL {
  if (filters.uids !== undefined) return sql`uid in (select value from json_each(${jsonList(filters.uids)}))`;
  if (filters.transactionId !== undefined) return sql`transaction_id = ${filters.transactionId}`;
  if (filters.accountId === undefined) return sql`environment_id = ${environmentId}`;
  return filters.showsDeleted
    ? sql`account_id = ${filters.accountId}`
    : sql`account_id = ${filters.accountId} and discarded_at is null`;
}

function listConditions(environmentId: number, filters: LedgerEntryFilters): SQL[] {
  const { asOfLockVersion } = filters;
  const isShown =
    asOfLockVersion === undefined
      ? sql`e.discarded_at is null`
      : sql`e.lock_version <= ${asOfLockVersion}
          and coalesce(e.discarded_lock_version, ${Number.MAX_SAFE_INTEGER}) > ${asOfLockVersion}`;
  return [
    sql`e.environment_id = ${environmentId}`,
    ...(filters.showsDeleted === true && asOfLockVersion === undefined ? [] : [isShown]),
    ...(filters.accountId === undefined ? [] : [sql`e.account_id = ${filters.accountId}`]),
    ...(filters.transactionId === undefined ? [] : [sql`e.transaction_id = ${filters.transactionId}`]),
    ...(filters.direction === undefined ? [] : [sql`e.direction = ${filters.direction}`]),
    ...(filters.statuses === undefined
      ? []
      : [sql`e.status in (select value from json_each(${jsonList(filters.statuses)}))`]),
    ...keepsBounds(sql`e.effective_at`, filters.effectiveAt),
    ...keepsBounds(sql`substr(e.effective_at, 1, 10)`, filters.effectiveDate),
    ...keepsBounds(inSeconds(sql`e.updated_at`), filters.updatedAt),
    ...keepsBounds(sql`e.amount`, filters.amount),
    ...keepsBounds(sql`e.lock_version`, filters.lockVersion),
    ...(filters.metadata?.length ? [holdsMetadata(sql`e.metadata`, filters.metadata)] : []),
  ];
}

/** The one thing about an entry that may change at any time: what its owner notes on it. */
export function writeEntryMetadata(id: number, change: MetadataChange, now: number): SQL {
  return sql`update ledger_entries set metadata = ${mergedMetadata(sql`metadata`, change)}, updated_at = ${now}
    where id = ${id}`;
}

/** Conditions for guards; they stand after the change, in its batch. */
export const entryLimits = {
  isLive: (id: number) => sql`exists (select 1 from ledger_entries where id = ${id} and discarded_at is null)`,
  metadataFits: (id: number) =>
    sql`exists (select 1 from ledger_entries where id = ${id} and ${isMetadataWithinLimits(sql`metadata`)})`,
  allMetadataFits: (id: number) => sql`(select sum(octet_length(metadata)) from ledger_entries
    where transaction_id = (select transaction_id from ledger_entries where id = ${id}) and discarded_at is null
    ) <= ${LEDGER_ENTRIES_MAX_METADATA_BYTES}`,
};
