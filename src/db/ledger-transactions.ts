import { type SQL, sql } from "drizzle-orm";
import { API_PAGE_MAX_LEDGER_ENTRIES } from "../config.ts";
import type { LedgerStatus } from "../core/ledger/balance.ts";
import type { LedgerTransactionSnapshot } from "../core/ledger/transaction-view.ts";
import { all, type Db, first, jsonList } from "./client.ts";
import { type Bounds, inSeconds, keepsBounds } from "./comparison.ts";
import { entrySnapshot } from "./ledger-entries.ts";
import type { LedgerOrder } from "./ledger-order.ts";
import { holdsMetadata } from "./metadata.ts";
import type { Page, PageRequest } from "./page.ts";
import { pageOfScan } from "./scan.ts";

export interface LedgerTransactionRow {
  id: number;
  ledgerId: number;
  snapshot: LedgerTransactionSnapshot;
}

export interface LedgerTransactionFilters {
  uids?: string[] | undefined;
  ledgerId?: number | undefined;
  accountId?: number | undefined;
  statuses?: LedgerStatus[] | undefined;
  externalId?: string | undefined;
  ledgerableType?: string | undefined;
  ledgerableUid?: string | undefined;
  reversesId?: number | undefined;
  partiallyPostsId?: number | undefined;
  effectiveAt?: Bounds<string> | undefined;
  effectiveDate?: Bounds<string> | undefined;
  postedAt?: Bounds<number> | undefined;
  createdAt?: Bounds<number> | undefined;
  updatedAt?: Bounds<number> | undefined;
  amount?: Bounds<number> | undefined;
  metadata?: { key: string; value: string }[] | undefined;
}

const links = sql.raw(`json_object('ledgerable_type', t.ledgerable_type, 'ledgerable_id', t.ledgerable_uid,
  'reverses_id', (select o.uid from ledger_transactions o where o.id = t.reverses_id),
  'reversed_by_id', (select o.uid from ledger_transactions o
    where o.reverses_id = t.id and o.reverses_id is not null and o.status <> 'archived'),
  'partially_posts_id', (select o.uid from ledger_transactions o where o.id = t.partially_posts_id))`);

function snapshotWith(entries: SQL): SQL {
  return sql`json_object('id', t.uid, 'is_live', v.mode = 'live', 'ledger_id', l.uid, 'version', t.version,
    'status', t.status, 'description', t.description, 'metadata', json(t.metadata), 'effective_at', t.effective_at,
    'posted_at', t.posted_at, 'external_id', t.external_id, 'links', json(${links}),
    'archived_reason', t.archived_reason, 'created_at', t.created_at, 'updated_at', t.updated_at,
    'entries', json(${entries}))`;
}

/** A JSON object of a transaction `t` of a ledger `l` and an environment `v`, in the form of `LedgerTransactionSnapshot`. */
export const ledgerTransactionSnapshot: SQL = snapshotWith(
  sql`(select json_group_array(json(${entrySnapshot}) order by e.id)
    from ledger_entries e join ledger_accounts a on a.id = e.account_id
    where e.transaction_id = t.id and e.discarded_at is null)`,
);

/** The same with its entries left out, for those who read very many. */
export const bareLedgerTransaction: SQL = snapshotWith(sql`'[]'`);

/** Joins what `ledgerTransactionSnapshot` needs to a transaction `t`. */
export const ledgerTransactionNames: SQL = sql.raw(
  "join ledgers l on l.id = t.ledger_id join environments v on v.id = t.environment_id",
);

interface StoredLedgerTransaction {
  id: number;
  ledgerId: number;
  snapshot: string;
}

function readTransaction(row: StoredLedgerTransaction): LedgerTransactionRow {
  return { ...row, snapshot: JSON.parse(row.snapshot) };
}

export async function findLedgerTransaction(
  db: Db,
  environmentId: number,
  uid: string,
): Promise<LedgerTransactionRow | undefined> {
  const row = await first<StoredLedgerTransaction>(
    db,
    sql`select t.id, t.ledger_id as "ledgerId", ${ledgerTransactionSnapshot} as snapshot
      from ledger_transactions t ${ledgerTransactionNames} where t.uid = ${uid} and t.environment_id = ${environmentId}`,
  );
  return row && readTransaction(row);
}

/** Pending and posted transactions with this external_id, of all ledgers; at most two of them. */
export async function listTransactionUidsByExternalId(
  db: Db,
  environmentId: number,
  externalId: string,
): Promise<string[]> {
  const rows = await all<{ uid: string }>(
    db,
    sql`select uid from ledger_transactions
      where environment_id = ${environmentId} and external_id = ${externalId} and status <> 'archived' limit 2`,
  );
  return rows.map(({ uid }) => uid);
}

/** A page ends early where its transactions have more entries than one answer should carry. */
export async function listLedgerTransactions(
  db: Db,
  environmentId: number,
  filters: LedgerTransactionFilters,
  order: LedgerOrder,
  page: PageRequest,
): Promise<Page<LedgerTransactionRow>> {
  const { scan, scanOrder } = chooseScan(environmentId, filters, order, page.before);
  const conditions = sql.join(listConditions(environmentId, filters), sql` and `);
  const direction = sql.raw(order.direction);
  const resultOrder =
    order.by === "effective_at" ? sql`t.effective_at ${direction}, t.id ${direction}` : sql`t.id ${direction}`;
  const found = await pageOfScan(
    db,
    scan,
    page,
    (scanned, limit) =>
      all<{ id: number; entryCount: number }>(
        db,
        sql`select t.id, t.entry_count as "entryCount" from (${scanned}) s cross join ledger_transactions t on t.id = s.id
          where ${conditions} order by ${resultOrder} limit ${limit}`,
      ),
    scanOrder,
  );
  const kept = cutByEntries(found);
  const rows = await all<StoredLedgerTransaction>(
    db,
    sql`select t.id, t.ledger_id as "ledgerId", ${ledgerTransactionSnapshot} as snapshot
      from json_each(${jsonList(kept.rows.map(({ id }) => id))}) j
      cross join ledger_transactions t on t.id = j.value ${ledgerTransactionNames} order by j.key`,
  );
  return { rows: rows.map(readTransaction), next: kept.next };
}

/** As many rows of a page, one at least, as have no more entries than an answer should carry. */
export function cutByEntries<Row extends { id: number; entryCount: number }>(page: Page<Row>): Page<Row> {
  let entries = 0;
  const count = page.rows.findIndex(({ entryCount }, place) => {
    entries += entryCount;
    return place > 0 && entries > API_PAGE_MAX_LEDGER_ENTRIES;
  });
  if (count === -1) return page;
  const rows = page.rows.slice(0, count);
  return { rows, next: (rows.at(-1) as Row).id };
}

function chooseScan(
  environmentId: number,
  filters: LedgerTransactionFilters,
  order: LedgerOrder,
  before: number | null,
): { scan: SQL; scanOrder: SQL } {
  const direction = sql.raw(order.direction);
  const beyond = sql.raw(order.direction === "asc" ? ">" : "<");
  if (order.by === "effective_at") {
    const after = sql`(effective_at, id) ${beyond} (select effective_at, id from ledger_transactions where id = ${before})`;
    return {
      scan: sql`select id from ledger_transactions
        where ${chooseSource(environmentId, filters)} and ${before === null ? sql`true` : after}`,
      scanOrder: sql`effective_at ${direction}, id ${direction}`,
    };
  }
  const isNarrower = filters.uids !== undefined || filters.externalId !== undefined;
  if (filters.accountId !== undefined && !isNarrower) {
    return {
      scan: sql`select distinct transaction_id as id from ledger_entries where account_id = ${filters.accountId}
        and ${before === null ? sql`true` : sql`transaction_id ${beyond} ${before}`}`,
      scanOrder: sql`transaction_id ${direction}`,
    };
  }
  return {
    scan: sql`select id from ledger_transactions where ${chooseSource(environmentId, filters, true)}
      and ${before === null ? sql`true` : sql`id ${beyond} ${before}`}`,
    scanOrder: sql`id ${direction}`,
  };
}

function chooseSource(environmentId: number, filters: LedgerTransactionFilters, byLedger = false): SQL {
  if (filters.uids !== undefined) return sql`uid in (select value from json_each(${jsonList(filters.uids)}))`;
  if (filters.externalId !== undefined) {
    return sql`environment_id = ${environmentId} and external_id = ${filters.externalId}`;
  }
  if (filters.ledgerableUid !== undefined) return sql`ledgerable_uid = ${filters.ledgerableUid}`;
  if (filters.partiallyPostsId !== undefined) return sql`partially_posts_id = ${filters.partiallyPostsId}`;
  if (byLedger && filters.ledgerId !== undefined) return sql`ledger_id = ${filters.ledgerId}`;
  return sql`environment_id = ${environmentId}`;
}

function listConditions(environmentId: number, filters: LedgerTransactionFilters): SQL[] {
  const entryOf = (condition: SQL) =>
    sql`exists (select 1 from ledger_entries e where e.transaction_id = t.id and e.discarded_at is null and ${condition})`;
  const amounts = keepsBounds(sql`e.amount`, filters.amount);
  return [
    sql`t.environment_id = ${environmentId}`,
    ...(filters.ledgerId === undefined ? [] : [sql`t.ledger_id = ${filters.ledgerId}`]),
    ...(filters.accountId === undefined ? [] : [entryOf(sql`e.account_id = ${filters.accountId}`)]),
    ...(filters.statuses === undefined
      ? []
      : [sql`t.status in (select value from json_each(${jsonList(filters.statuses)}))`]),
    ...(filters.externalId === undefined ? [] : [sql`t.external_id = ${filters.externalId}`]),
    ...(filters.ledgerableType === undefined ? [] : [sql`t.ledgerable_type = ${filters.ledgerableType}`]),
    ...(filters.ledgerableUid === undefined ? [] : [sql`t.ledgerable_uid = ${filters.ledgerableUid}`]),
    ...(filters.reversesId === undefined ? [] : [sql`t.reverses_id = ${filters.reversesId}`]),
    ...(filters.partiallyPostsId === undefined ? [] : [sql`t.partially_posts_id = ${filters.partiallyPostsId}`]),
    ...keepsBounds(sql`t.effective_at`, filters.effectiveAt),
    ...keepsBounds(sql`substr(t.effective_at, 1, 10)`, filters.effectiveDate),
    ...keepsBounds(inSeconds(sql`t.posted_at`), filters.postedAt),
    ...keepsBounds(inSeconds(sql`t.created_at`), filters.createdAt),
    ...keepsBounds(inSeconds(sql`t.updated_at`), filters.updatedAt),
    ...(amounts.length === 0 ? [] : [entryOf(sql.join(amounts, sql` and `))]),
    ...(filters.metadata?.length ? [holdsMetadata(sql`t.metadata`, filters.metadata)] : []),
  ];
}

/** One row with the snapshot of a transaction: for the last statement of a batch, read by `readTransactionSnapshot`. */
export function selectTransactionSnapshot(environmentId: number, uid: string): SQL {
  return sql`select ${ledgerTransactionSnapshot} as snapshot from ledger_transactions t ${ledgerTransactionNames}
    where t.uid = ${uid} and t.environment_id = ${environmentId}`;
}

export function readTransactionSnapshot(results: readonly D1Result<unknown>[]): LedgerTransactionSnapshot {
  const [row] = (results.at(-1) as D1Result<{ snapshot: string }>).results;
  if (!row) throw new Error("the transaction is not there");
  return JSON.parse(row.snapshot);
}
