import { sql } from "drizzle-orm";
import type { LedgerTransactionVersionSnapshot } from "../core/ledger/transaction-view.ts";
import { all, type Db, jsonList } from "./client.ts";
import { type Bounds, inSeconds, keepsBounds } from "./comparison.ts";
import { entrySnapshot } from "./ledger-entries.ts";
import { cutByEntries } from "./ledger-transactions.ts";
import type { Page, PageRequest } from "./page.ts";
import { pageOfScan } from "./scan.ts";

export interface LedgerVersionFilters {
  transactionId?: number | undefined;
  createdAt?: Bounds<number> | undefined;
  version?: Bounds<number> | undefined;
}

const links = sql.raw(`json_object('ledgerable_type', w.ledgerable_type, 'ledgerable_id', w.ledgerable_uid,
  'reverses_id', (select o.uid from ledger_transactions o where o.id = t.reverses_id),
  'reversed_by_id', (select o.uid from ledger_transactions o
    where o.reverses_id = t.id and o.reverses_id is not null and o.status <> 'archived'),
  'partially_posts_id', (select o.uid from ledger_transactions o where o.id = t.partially_posts_id))`);

const snapshot = sql`json_object('version_id', w.uid, 'id', t.uid, 'is_live', v.mode = 'live', 'ledger_id', l.uid,
  'version', w.version, 'status', w.status, 'description', w.description, 'metadata', json(w.metadata),
  'effective_at', w.effective_at, 'posted_at', w.posted_at, 'external_id', w.external_id, 'links', json(${links}),
  'archived_reason', w.archived_reason, 'created_at', w.created_at,
  'entries', json((select json_group_array(json(${entrySnapshot}) order by e.id)
    from ledger_entries e join ledger_accounts a on a.id = e.account_id
    where e.transaction_id = t.id and e.since_version <= w.version
      and (e.until_version is null or e.until_version > w.version))))`;

/** What transactions were after each of their changes, the latest change first. */
export async function listLedgerTransactionVersions(
  db: Db,
  environmentId: number,
  filters: LedgerVersionFilters,
  page: PageRequest,
): Promise<Page<{ id: number; snapshot: LedgerTransactionVersionSnapshot }>> {
  const conditions = [
    sql`w.environment_id = ${environmentId}`,
    ...keepsBounds(inSeconds(sql`w.created_at`), filters.createdAt),
    ...keepsBounds(sql`w.version`, filters.version),
  ];
  const { scan, scanOrder } = chooseScan(environmentId, filters.transactionId, page.before);
  const found = await pageOfScan(
    db,
    scan,
    page,
    (scanned, limit) =>
      all<{ id: number; entryCount: number }>(
        db,
        sql`select w.id, w.entry_count as "entryCount" from (${scanned}) s
          cross join ledger_transaction_versions w on w.id = s.id
          where ${sql.join(conditions, sql` and `)} order by w.id desc limit ${limit}`,
      ),
    scanOrder,
  );
  const kept = cutByEntries(found);
  const rows = await all<{ id: number; snapshot: string }>(
    db,
    sql`select w.id, ${snapshot} as snapshot from json_each(${jsonList(kept.rows.map(({ id }) => id))}) j
      cross join ledger_transaction_versions w on w.id = j.value
      cross join ledger_transactions t on t.id = w.transaction_id
      join ledgers l on l.id = t.ledger_id join environments v on v.id = t.environment_id order by j.key`,
  );
  return { rows: rows.map((row) => ({ id: row.id, snapshot: JSON.parse(row.snapshot) })), next: kept.next };
}

function chooseScan(environmentId: number, transactionId: number | undefined, before: number | null) {
  if (transactionId === undefined) {
    return {
      scan: sql`select id from ledger_transaction_versions
        where environment_id = ${environmentId} and id < ${before ?? Number.MAX_SAFE_INTEGER}`,
      scanOrder: sql`id desc`,
    };
  }
  // Within a transaction the order of versions is that in which they were made, and it has an index.
  const beyond = sql`version < (select version from ledger_transaction_versions where id = ${before})`;
  return {
    scan: sql`select id from ledger_transaction_versions
      where transaction_id = ${transactionId} and ${before === null ? sql`true` : beyond}`,
    scanOrder: sql`version desc`,
  };
}
