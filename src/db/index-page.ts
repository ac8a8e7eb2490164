import { type SQL, sql } from "drizzle-orm";
import { INDEX_CHECK_PAGE_CHARS, INDEX_CHECK_PAGE_ROWS } from "../config.ts";
import { type Db, jsonList, runBatch } from "./client.ts";
import { type ItemRow, itemColumns, joinItem } from "./items.ts";
import type { Position, SourceState } from "./news.ts";

/** How far D1 is with a reconciliation. */
export interface IndexState {
  generation: number;
  chain_no: number;
  chain_hash: string;
  sources: Omit<SourceState, "side">[];
}

/** A page of what an index has to hold, with the state of D1 at that very moment; undefined if it is deleted. */
export interface IndexPage<Content> {
  state: IndexState;
  content: Content;
}

async function readPage<Content>(
  db: Db,
  reconciliationId: number,
  positions: readonly Position[],
  statements: SQL[],
  present: (results: D1Result<unknown>[]) => Content,
): Promise<IndexPage<Content> | undefined> {
  const known = jsonList(positions.map(({ sourceId, no }) => [sourceId, no]));
  const [reconciliations, sources, ...results] = await runBatch(db, [
    sql`select generation, chain_no, chain_hash from reconciliations
      where id = ${reconciliationId} and deleted_at is null`,
    sql`select rs.source_id, s.change_no, ch.token as token_at_position
      from reconciliation_sources rs cross join data_sources s on s.id = rs.source_id
      left join json_each(${known}) p on p.value ->> 0 = s.id
      left join changes ch on ch.source_id = s.id and ch.no = p.value ->> 1
      where rs.reconciliation_id = ${reconciliationId}`,
    ...statements,
  ]);
  const [state] = (reconciliations?.results ?? []) as Omit<IndexState, "sources">[];
  if (!state) return undefined;
  return { state: { ...state, sources: sources?.results as IndexState["sources"] }, content: present(results) };
}

export interface ItemsPage {
  rows: ItemRow[];
  /** The row number up to which these are all that may be open; null if there are no records beyond. */
  upTo: number | null;
}

/** Records of a data source after a row number, as far as they may be open, from among a bounded number of records. */
export function readItemsPage(
  db: Db,
  reconciliationId: number,
  positions: readonly Position[],
  sourceId: number,
  after: number,
): Promise<IndexPage<ItemsPage> | undefined> {
  const scanned = sql`select id from records indexed by records_source where source_id = ${sourceId} and id > ${after}
    order by id limit ${INDEX_CHECK_PAGE_ROWS}`;
  const statements = [
    sql`select count(*) as count, max(id) as last from (${scanned})`,
    sql`select ${itemColumns} from (${scanned}) scanned cross join records r on r.id = scanned.id
      ${joinItem(reconciliationId)}
      where r.deleted_at is null and r.is_adjustment = 0 and coalesce(e.status, 0) <> 2`,
  ];
  return readPage(db, reconciliationId, positions, statements, ([counted, rows]) => {
    const [{ count, last }] = counted?.results as [{ count: number; last: number | null }];
    return { rows: rows?.results as ItemRow[], upTo: count < INDEX_CHECK_PAGE_ROWS ? null : last };
  });
}

/** Keys of voided sets in order, from the first that is not before `from` and `skip` more; none after the last one. */
export function readVoidedSetsPage(
  db: Db,
  reconciliationId: number,
  positions: readonly Position[],
  { from, skip }: { from: string; skip: number },
): Promise<IndexPage<string[]> | undefined> {
  const statement = sql`select set_key from (
      select set_key, sum(length(set_key)) over (order by set_key) - length(set_key) as chars_before
      from (select set_key from voided_sets where reconciliation_id = ${reconciliationId} and set_key >= ${from}
        order by set_key limit ${INDEX_CHECK_PAGE_ROWS} offset ${skip}))
    where chars_before < ${INDEX_CHECK_PAGE_CHARS} order by set_key`;
  return readPage(db, reconciliationId, positions, [statement], ([rows]) =>
    (rows?.results as { set_key: string }[]).map(({ set_key }) => set_key),
  );
}
