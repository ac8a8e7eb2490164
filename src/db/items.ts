import { type SQL, sql } from "drizzle-orm";
import type { Side, Sign } from "../core/matching/item.ts";
import type { IndexedItem } from "../core/matching/item-index.ts";
import { computeDueDay } from "../core/reconciliation.ts";
import { all, type Db, jsonList } from "./client.ts";

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
  deleted_at: number | null;
  matched: number;
  match_count: number;
  status: number;
  overdue_at: number | null;
}

/** The columns of `ItemRow`, of a record `r`, a source `s`, its place `rs` in the reconciliation and an entry `e`. */
export const itemColumns: SQL =
  sql.raw(`r.id, r.uid, r.source_id, s.key as type_key, rs.side, r.version, r.date, r.amount,
  r.currency, r.direction, r.description, r.external_id, r.metadata, r.expected_by, r.is_adjustment, r.deleted_at,
  coalesce(e.matched, 0) as matched, coalesce(e.match_count, 0) as match_count, coalesce(e.status, 0) as status,
  e.overdue_at`);

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

/** True for what automation may match: there, not matched in full, and not made to even out a manual match. */
export function isOpen(row: ItemRow): boolean {
  return row.deleted_at === null && row.status !== 2 && row.is_adjustment === 0;
}

export function toItem(row: ItemRow, expectedWithinDays: number | null): IndexedItem {
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
    due: row.overdue_at === null ? computeDueDay(row.date, row.expected_by, expectedWithinDays) : null,
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
