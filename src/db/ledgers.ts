import { type SQL, sql } from "drizzle-orm";
import type { LedgerSnapshot } from "../core/ledger/ledger-view.ts";
import { all, type Db, first, jsonList } from "./client.ts";
import { type Bounds, inSeconds, keepsBounds } from "./comparison.ts";
import { holdsMetadata } from "./metadata.ts";
import type { Page, PageRequest } from "./page.ts";
import { pageOfScan } from "./scan.ts";

export interface LedgerRow extends LedgerSnapshot {
  id: number;
}

export interface LedgerFilters {
  uids?: string[] | undefined;
  metadata?: { key: string; value: string }[] | undefined;
  createdAt?: Bounds<number> | undefined;
  updatedAt?: Bounds<number> | undefined;
}

const columns = sql`l.id, l.uid, l.name, l.description, l.metadata, l.created_at as "createdAt",
  l.updated_at as "updatedAt", l.discarded_at as "discardedAt",
  (select uid from ledger_accounts where id = l.clearing_account_id) as "clearingAccountUid"`;

type StoredLedger = Omit<LedgerRow, "metadata"> & { metadata: string };

/** A ledger, also one that is discarded. */
export async function findLedger(db: Db, environmentId: number, uid: string): Promise<LedgerRow | undefined> {
  const row = await first<StoredLedger>(
    db,
    sql`select ${columns} from ledgers l where l.uid = ${uid} and l.environment_id = ${environmentId}`,
  );
  return row && readLedger(row);
}

export async function listLedgers(
  db: Db,
  environmentId: number,
  filters: LedgerFilters,
  page: PageRequest,
): Promise<Page<LedgerRow>> {
  const before = page.before ?? Number.MAX_SAFE_INTEGER;
  const scan =
    filters.uids === undefined
      ? sql`select id from ledgers where environment_id = ${environmentId} and id < ${before}`
      : sql`select id from ledgers where uid in (select value from json_each(${jsonList(filters.uids)})) and id < ${before}`;
  const conditions = [
    sql`l.environment_id = ${environmentId} and l.discarded_at is null`,
    ...keepsBounds(inSeconds(sql`l.created_at`), filters.createdAt),
    ...keepsBounds(inSeconds(sql`l.updated_at`), filters.updatedAt),
    ...(filters.metadata?.length ? [holdsMetadata(sql`l.metadata`, filters.metadata)] : []),
  ];
  const found = await pageOfScan(db, scan, page, (scanned, limit) =>
    all<StoredLedger>(
      db,
      sql`select ${columns} from (${scanned}) s join ledgers l on l.id = s.id
        where ${sql.join(conditions, sql` and `)} order by l.id desc limit ${limit}`,
    ),
  );
  return { ...found, rows: found.rows.map(readLedger) };
}

function readLedger(row: StoredLedger): LedgerRow {
  return { ...row, metadata: JSON.parse(row.metadata) };
}

/** A condition for guards: the ledger is there and not discarded. */
export function ledgerIsLive(id: number): SQL {
  return sql`exists (select 1 from ledgers where id = ${id} and discarded_at is null)`;
}

/** A condition for guards: the ledger has accounts that are not discarded. */
export function hasAccounts(id: number): SQL {
  return sql`exists (select 1 from ledger_accounts where ledger_id = ${id} and discarded_at is null)`;
}
