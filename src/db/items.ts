import { type SQL, sql } from "drizzle-orm";
import type { Side, Sign } from "../core/matching/item.ts";
import type { IndexedItem } from "../core/matching/item-index.ts";
import { toPaymentFacts } from "../core/payment/payment-item.ts";
import { computeDueDay } from "../core/reconciliation.ts";
import { all, type Db, first, jsonList } from "./client.ts";

/** A record as a reconciliation sees it, read together with its entry. */
export interface ItemRow {
  id: number;
  uid: string;
  source_id: number;
  type_key: string;
  side: Side;
  version: number;
  date: string;
  amount: number;
  currency: string;
  direction: Sign;
  description: string | null;
  external_id: string | null;
  metadata: string;
  expected_by: string | null;
  is_adjustment: number;
  is_pending: number;
  /** What the payments door knows of it, and the least that reconciles it; null for all else. */
  attributes: string | null;
  amount_lower: number | null;
  deleted_at: number | null;
  matched: number;
  match_count: number;
  status: number;
  overdue_at: number | null;
  ambiguous_at: number | null;
}

/** The columns of `ItemRow`, of a record `r`, a source `s`, its place `rs` in the reconciliation and an entry `e`. */
export const itemColumns: SQL =
  sql.raw(`r.id, r.uid, r.source_id, s.key as type_key, rs.side, r.version, r.date, r.amount,
  r.currency, r.direction, r.description, r.external_id, r.metadata, r.expected_by, r.is_adjustment, r.is_pending,
  r.attributes, r.amount_lower, r.deleted_at,
  coalesce(e.matched, 0) as matched, coalesce(e.match_count, 0) as match_count, coalesce(e.status, 0) as status,
  e.overdue_at, e.ambiguous_at`);

/** Joins what `itemColumns` needs to a record `r`. */
export function joinItem(reconciliationId: number | SQL): SQL {
  return sql`join data_sources s on s.id = r.source_id
    join reconciliation_sources rs on rs.reconciliation_id = ${reconciliationId} and rs.source_id = r.source_id
    left join entries e on e.reconciliation_id = ${reconciliationId} and e.record_id = r.id`;
}

export function listItems(db: Db, reconciliationId: number, recordIds: readonly number[]): Promise<ItemRow[]> {
  return all<ItemRow>(
    db,
    sql`select ${itemColumns} from json_each(${jsonList(recordIds)}) j cross join records r on r.id = j.value
      ${joinItem(reconciliationId)}`,
  );
}

/** What of a reconciliation decides how a record is an item of it. */
export interface ItemScope {
  expectedWithinDays: number | null;
  /** The internal account whose payments it reconciles. */
  accountUid: string | null;
}

/** A reconciliation of /v1, for those who do not ask when its items fall due. */
export const PLAIN_ITEMS: ItemScope = { expectedWithinDays: null, accountUid: null };

/**
 * True for what automation may match: there, not matched in full, and not made to even out a manual match. A pending
 * transaction is of use for its account's own reconciliation only.
 */
export function isOpen(row: ItemRow, { accountUid }: Pick<ItemScope, "accountUid">): boolean {
  const isAwaited = row.is_pending === 1 && accountUid === null;
  return row.deleted_at === null && row.status !== 2 && row.is_adjustment === 0 && !isAwaited;
}

export function toItem(row: ItemRow, { expectedWithinDays, accountUid }: ItemScope): IndexedItem {
  const isDue = row.overdue_at === null && (accountUid === null || row.side === "b");
  return {
    id: row.id,
    uid: row.uid,
    side: row.side,
    sourceId: row.source_id,
    typeKey: row.type_key,
    version: row.version,
    date: row.date,
    amount: row.amount,
    open: row.amount - row.matched,
    matches: row.match_count,
    currency: row.currency,
    sign: row.direction,
    description: row.description,
    externalId: row.external_id,
    metadata: JSON.parse(row.metadata),
    due: isDue ? computeDueDay(row.date, row.expected_by, expectedWithinDays) : null,
    ...(row.ambiguous_at === null ? {} : { isMarked: true }),
    ...(accountUid === null ? {} : { payment: toPaymentFacts(row.side, row, accountUid) }),
  };
}

/** Records by their public ids as a reconciliation sees them; `side` is null for one whose source is on neither side. */
export function listItemsByUid(
  db: Db,
  reconciliationId: number,
  environmentId: number,
  uids: readonly string[],
): Promise<(Omit<ItemRow, "side"> & { side: Side | null })[]> {
  return all(
    db,
    sql`select ${itemColumns} from json_each(${jsonList(uids)}) j
      cross join records r on r.uid = j.value and r.environment_id = ${environmentId} and r.deleted_at is null
      cross join data_sources s on s.id = r.source_id and s.deleted_at is null
      left join reconciliation_sources rs on rs.reconciliation_id = ${reconciliationId} and rs.source_id = r.source_id
      left join entries e on e.reconciliation_id = ${reconciliationId} and e.record_id = r.id`,
  );
}

/** The transaction with this id as an internal account's reconciliation sees it; none if it is of another account. */
export function findTransactionItem(db: Db, reconciliationId: number, uid: string): Promise<ItemRow | undefined> {
  return first<ItemRow>(
    db,
    sql`select ${itemColumns} from records r ${joinItem(reconciliationId)}
      where r.uid = ${uid} and rs.side = 'a' and r.deleted_at is null and r.is_adjustment = 0`,
  );
}

/** The record of the expected payment with this id, likewise; none of an archived one. */
export function findPaymentItem(db: Db, reconciliationId: number, paymentUid: string): Promise<ItemRow | undefined> {
  return first<ItemRow>(
    db,
    sql`select ${itemColumns} from expected_payments p join records r on r.id = p.record_id ${joinItem(reconciliationId)}
      where p.uid = ${paymentUid} and rs.side = 'b' and r.deleted_at is null`,
  );
}
