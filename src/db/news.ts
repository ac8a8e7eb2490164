import { sql } from "drizzle-orm";
import { TAIL_PAGE_ROWS } from "../config.ts";
import type { Side } from "../core/matching/item.ts";
import type { RunType } from "../core/reconciliation.ts";
import { all, type Db, jsonList, runBatch } from "./client.ts";
import { type ItemRow, itemColumns, joinItem } from "./items.ts";
import { isUnfinished } from "./runs.ts";

export interface Position {
  sourceId: number;
  no: number;
  token: number | null;
}

export interface ReconciliationState {
  id: number;
  environment_id: number;
  generation: number;
  run_type: RunType;
  expected_within_days: number | null;
  due_generation: number;
  chain_no: number;
  chain_hash: string;
  next_due: string | null;
  marks_token: number | null;
  deleted_at: number | null;
  /** 1 while a run of it is pending or under way. */
  has_run: number;
  /** The internal account whose payments it reconciles; its uid is the reconciliation's. */
  account_id: number | null;
}

export interface SourceState {
  source_id: number;
  side: Side;
  change_no: number;
  /** Token of the change at the position that was asked about; null if there is no such change. */
  token_at_position: number | null;
}

export type ChangedItem = ItemRow & { change_id: number; no: number; token: number };

export interface News {
  reconciliation: ReconciliationState;
  sources: SourceState[];
  /** Changed records as they are now, in the order of their changes; at most `TAIL_PAGE_ROWS` of each source. */
  changes: ChangedItem[];
}

/**
 * Everything that a Reconciler needs to know of D1 since its positions, in one round trip to the primary; undefined
 * when the reconciliation is not there.
 */
export async function readNews(db: Db, uid: string, positions: readonly Position[]): Promise<News | undefined> {
  const known = jsonList(positions.map(({ sourceId, no }) => [sourceId, no]));
  const [reconciliations, sources, changes] = await runBatch(db, [
    sql`select id, environment_id, generation, run_type, expected_within_days, due_generation, chain_no, chain_hash, next_due,
        marks_token, deleted_at, account_id, exists (select 1 from runs where reconciliation_id = reconciliations.id and ${isUnfinished}) as has_run
      from reconciliations where uid = ${uid}`,
    sql`select rs.source_id, rs.side, s.change_no, ch.token as token_at_position
      from reconciliations c join reconciliation_sources rs on rs.reconciliation_id = c.id
      join data_sources s on s.id = rs.source_id
      left join json_each(${known}) p on p.value ->> 0 = s.id
      left join changes ch on ch.source_id = s.id and ch.no = p.value ->> 1
      where c.uid = ${uid} order by rs.source_id`,
    // The numbers are dense, so that a bound on them bounds the rows.
    sql`select ch.id as change_id, ch.no, ch.token, ${itemColumns}
      from json_each(${known}) p cross join changes ch on ch.source_id = p.value ->> 0
        and ch.no > p.value ->> 1 and ch.no <= (p.value ->> 1) + ${TAIL_PAGE_ROWS}
      cross join records r on r.id = ch.record_id
      ${joinItem(sql`(select id from reconciliations where uid = ${uid})`)}
      order by ch.id`,
  ]);
  const reconciliation = reconciliations?.results[0] as ReconciliationState | undefined;
  if (!reconciliation) return undefined;
  return {
    reconciliation,
    sources: sources?.results as SourceState[],
    changes: changes?.results as ChangedItem[],
  };
}

export interface ActiveRule {
  id: number;
  uid: string;
  version: number;
  definition: string;
}

/** The active rules of a reconciliation, lower priority number first, then the older one. */
export function listActiveRules(db: Db, reconciliationId: number): Promise<ActiveRule[]> {
  return all<ActiveRule>(
    db,
    sql`select r.id, r.uid, r.version, v.definition from reconciliation_rules r
      join rule_versions v on v.rule_id = r.id and v.version = r.version
      where r.reconciliation_id = ${reconciliationId} and r.deleted_at is null and r.status = 'active'
      order by r.priority, r.id`,
  );
}

/** What matches and voidings after a link of the chain have touched; and that link's own hash. */
export async function readChainSince(
  db: Db,
  reconciliationId: number,
  no: number,
): Promise<{ hash: string | null; recordIds: number[]; voidedSets: string[] }> {
  const [own, touched, voided] = await runBatch(db, [
    sql`select hash from links where reconciliation_id = ${reconciliationId} and no = ${no}`,
    sql`select distinct a.record_id from links l join allocations a on a.match_id = l.match_id
      where l.reconciliation_id = ${reconciliationId} and l.no > ${no}`,
    sql`select m.set_key from links l join matches m on m.id = l.match_id
      where l.reconciliation_id = ${reconciliationId} and l.no > ${no} and l.kind = 'void'`,
  ]);
  const rows = (touched?.results ?? []) as { record_id: number }[];
  return {
    hash: (own?.results[0] as { hash: string } | undefined)?.hash ?? null,
    recordIds: rows.map((row) => row.record_id),
    voidedSets: ((voided?.results ?? []) as { set_key: string }[]).map((row) => row.set_key),
  };
}

const VOIDED_SETS_PAGE_ROWS = 1_000;
/** A key grows with its set; a page is to be one bound value again. */
const VOIDED_SETS_PAGE_CHARS = 500_000;

/** Keys of voided sets in order, a page after a key; empty after the last one. */
export async function listVoidedSets(db: Db, reconciliationId: number, after: string): Promise<string[]> {
  const rows = await all<{ set_key: string }>(
    db,
    sql`select set_key from (
        select set_key, sum(length(set_key)) over (order by set_key) - length(set_key) as chars_before
        from (select set_key from voided_sets where reconciliation_id = ${reconciliationId} and set_key > ${after}
          order by set_key limit ${VOIDED_SETS_PAGE_ROWS}))
      where chars_before < ${VOIDED_SETS_PAGE_CHARS} order by set_key`,
  );
  return rows.map((row) => row.set_key);
}
