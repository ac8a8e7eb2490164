import { type SQL, sql } from "drizzle-orm";
import type { TransactionSnapshot } from "../core/payment/transaction-view.ts";
import { all, type Db, first } from "./client.ts";
import { holdsMetadata } from "./metadata.ts";
import type { Page, PageRequest } from "./page.ts";
import { pageOfScan } from "./scan.ts";

export interface TransactionRow {
  id: number;
  sourceId: number;
  /** Of its record. */
  version: number;
  snapshot: TransactionSnapshot;
}

export interface TransactionFilters {
  sourceId?: number | undefined;
  isPosted?: boolean | undefined;
  asOfDateFrom?: string | undefined;
  asOfDateTo?: string | undefined;
  direction?: 1 | -1 | undefined;
  type?: string | undefined;
  /** A part of what the vendor says, in any case of letters. */
  description?: string | undefined;
  metadata: { key: string; value: string }[];
}

/** A JSON object of a transaction `r`, its account `a` and its environment `v`, as `TransactionSnapshot`. */
export const transactionSnapshot: SQL = sql.raw(`json_object('id', r.uid, 'is_live', v.mode = 'live',
  'internal_account_id', a.uid, 'amount', r.amount, 'currency', r.currency, 'direction', r.direction,
  'as_of_date', r.date, 'description', r.description, 'metadata', json(r.metadata), 'is_pending', r.is_pending,
  'is_reconciled', coalesce((select sum(li.amount) from transaction_line_items li
    where li.transaction_id = r.id and li.discarded_at is null), -1) = r.amount,
  'attributes', json(r.attributes), 'created_at', r.created_at, 'updated_at', r.updated_at)`);

/** Joins what `transactionSnapshot` needs to a transaction `r`. */
export const transactionJoins: SQL = sql.raw(
  "cross join internal_accounts a on a.source_id = r.source_id cross join environments v on v.id = r.environment_id",
);

const isTransaction = sql.raw("r.attributes is not null and r.deleted_at is null");

interface StoredTransaction {
  id: number;
  sourceId: number;
  version: number;
  snapshot: string;
}

const columns = sql`r.id, r.source_id as "sourceId", r.version, ${transactionSnapshot} as snapshot`;

/** One row with the snapshot of a transaction; none if it is deleted or of another environment. */
export function selectTransaction(environmentId: number, uid: string): SQL {
  return sql`select ${columns} from records r ${transactionJoins}
    where r.uid = ${uid} and r.environment_id = ${environmentId} and ${isTransaction}`;
}

export function readTransaction(row: StoredTransaction): TransactionRow {
  return { ...row, snapshot: JSON.parse(row.snapshot) };
}

export async function findTransaction(db: Db, environmentId: number, uid: string): Promise<TransactionRow | undefined> {
  const row = await first<StoredTransaction>(db, selectTransaction(environmentId, uid));
  return row && readTransaction(row);
}

/** A page, newest first, after at most `PAGE_SCAN_MAX_ROWS` rows of the best index there is. */
export async function listTransactions(
  db: Db,
  environmentId: number,
  filters: TransactionFilters,
  page: PageRequest,
): Promise<Page<TransactionRow>> {
  const before = page.before ?? Number.MAX_SAFE_INTEGER;
  const scan =
    filters.sourceId === undefined
      ? sql`select id from records where environment_id = ${environmentId} and attributes is not null and id < ${before}`
      : sql`select id from records where source_id = ${filters.sourceId} and id < ${before}`;
  const conditions = sql.join(listConditions(environmentId, filters), sql` and `);
  const found = await pageOfScan(db, scan, page, (scanned, limit) =>
    all<StoredTransaction>(
      db,
      sql`select ${columns} from (
          select r.id from (${scanned}) s cross join records r on r.id = s.id
          where ${conditions} order by r.id desc limit ${limit}
        ) found cross join records r on r.id = found.id ${transactionJoins} order by r.id desc`,
    ),
  );
  return { ...found, rows: found.rows.map(readTransaction) };
}

function listConditions(environmentId: number, filters: TransactionFilters): SQL[] {
  const conditions: SQL[] = [isTransaction, sql`r.environment_id = ${environmentId}`];
  const add = <T>(value: T | undefined, condition: (value: T) => SQL) => {
    if (value !== undefined) conditions.push(condition(value));
  };
  add(filters.isPosted, (isPosted) => sql`r.is_pending = ${isPosted ? 0 : 1}`);
  add(filters.asOfDateFrom, (day) => sql`r.date >= ${day}`);
  add(filters.asOfDateTo, (day) => sql`r.date <= ${day}`);
  add(filters.direction, (sign) => sql`r.direction = ${sign}`);
  add(filters.type, (type) => sql`coalesce(r.attributes ->> 'type', 'other') = ${type}`);
  add(filters.description, (text) => sql`instr(lower(r.description), lower(${text})) > 0`);
  if (filters.metadata.length > 0) conditions.push(holdsMetadata(sql`r.metadata`, filters.metadata));
  return conditions;
}
