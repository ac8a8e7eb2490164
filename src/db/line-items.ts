import { type SQL, sql } from "drizzle-orm";
import type { LineItemSnapshot } from "../core/payment/line-item-view.ts";
import { all, type Db, first, jsonList } from "./client.ts";
import type { Page, PageRequest } from "./page.ts";
import { pageOfScan } from "./scan.ts";

export interface LineItemRow {
  id: number;
  /** The internal account of both that it links, by its public id. */
  accountUid: string;
  snapshot: LineItemSnapshot;
}

export interface LineItemFilters {
  uids?: string[] | undefined;
  transactionUid?: string | undefined;
  paymentUid?: string | undefined;
  direction?: 1 | -1 | undefined;
}

const columns = sql.raw(`li.id, a.uid as "accountUid", json_object('id', li.uid, 'is_live', v.mode = 'live',
  'amount', li.amount, 'direction', t.direction, 'counterparty_id', p.variables ->> '$[0].counterparty_id',
  'expected_payment_id', p.uid, 'transaction_id', t.uid, 'group_id', li.group_uid, 'created_at', li.created_at,
  'updated_at', li.updated_at, 'discarded_at', li.discarded_at) as snapshot`);

const joins = sql.raw(`cross join records t on t.id = li.transaction_id
  cross join expected_payments p on p.id = li.payment_id cross join internal_accounts a on a.id = p.account_id
  cross join environments v on v.id = li.environment_id`);

interface StoredLineItem {
  id: number;
  accountUid: string;
  snapshot: string;
}

function readLineItem(row: StoredLineItem): LineItemRow {
  return { ...row, snapshot: JSON.parse(row.snapshot) };
}

/** A line item, also one that is discarded. */
export async function findLineItem(db: Db, environmentId: number, uid: string): Promise<LineItemRow | undefined> {
  const row = await first<StoredLineItem>(
    db,
    sql`select ${columns} from transaction_line_items li ${joins}
      where li.uid = ${uid} and li.environment_id = ${environmentId}`,
  );
  return row && readLineItem(row);
}

/** A page of those that are not discarded, newest first, after at most `PAGE_SCAN_MAX_ROWS` rows of an index. */
export async function listLineItems(
  db: Db,
  environmentId: number,
  filters: LineItemFilters,
  page: PageRequest,
): Promise<Page<LineItemRow>> {
  const before = page.before ?? Number.MAX_SAFE_INTEGER;
  const scan = sql`select id from transaction_line_items where ${chooseIndex(environmentId, filters)} and id < ${before}`;
  const conditions = sql.join(listConditions(environmentId, filters), sql` and `);
  const found = await pageOfScan(db, scan, page, (scanned, limit) =>
    all<StoredLineItem>(
      db,
      sql`select ${columns} from (${scanned}) s cross join transaction_line_items li on li.id = s.id ${joins}
        where ${conditions} order by li.id desc limit ${limit}`,
    ),
  );
  return { ...found, rows: found.rows.map(readLineItem) };
}

function chooseIndex(environmentId: number, { uids, transactionUid, paymentUid }: LineItemFilters): SQL {
  if (uids !== undefined) return sql`uid in (select value from json_each(${jsonList(uids)}))`;
  if (transactionUid !== undefined) {
    return sql`transaction_id = (select id from records where uid = ${transactionUid})`;
  }
  if (paymentUid !== undefined) return sql`payment_id = (select id from expected_payments where uid = ${paymentUid})`;
  return sql`environment_id = ${environmentId}`;
}

function listConditions(environmentId: number, filters: LineItemFilters): SQL[] {
  const { transactionUid, paymentUid, direction } = filters;
  return [
    sql`li.environment_id = ${environmentId} and li.discarded_at is null`,
    ...(transactionUid === undefined ? [] : [sql`t.uid = ${transactionUid}`]),
    ...(paymentUid === undefined ? [] : [sql`p.uid = ${paymentUid}`]),
    ...(direction === undefined ? [] : [sql`t.direction = ${direction}`]),
  ];
}
