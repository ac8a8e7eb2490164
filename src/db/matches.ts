import { type SQL, sql } from "drizzle-orm";
import type { MatchSnapshot } from "../core/match-view.ts";
import { all, type Db, first } from "./client.ts";
import { cutPage, type Page, type PageRequest } from "./page.ts";

/** A JSON object of a match `m`, in the form of `MatchSnapshot`. */
export const matchSnapshot: SQL = sql.raw(`(
  select json_object('id', m.uid, 'reconciliation_id', c.uid, 'rule_id', ru.uid, 'rule_version', m.rule_version,
    'method', m.method, 'status', m.status, 'variance', m.variance, 'currency', m.currency,
    'records', (
      select json_group_array(json_object('record_id', r.uid, 'side', a.side, 'amount', a.amount) order by a.side, r.id)
      from allocations a join records r on r.id = a.record_id where a.match_id = m.id),
    'explanation', json(m.explanation), 'filters', json_extract(v.definition, '$.filters'),
    'created_at', m.created_at, 'voided_at', m.voided_at, 'void_reason', m.void_reason,
    'previous_hash', l.previous_hash, 'hash', l.hash)
  from reconciliations c
  join links l on l.reconciliation_id = c.id and l.no = m.link_no
  left join reconciliation_rules ru on ru.id = m.rule_id
  left join rule_versions v on v.rule_id = m.rule_id and v.version = m.rule_version
  where c.id = m.reconciliation_id)`);

export interface MatchFilters {
  reconciliationId?: number | undefined;
  ruleId?: number | undefined;
  recordId?: number | undefined;
  method?: "automatic" | "manual" | undefined;
  status?: "matched" | "voided" | undefined;
}

export async function findMatchSnapshot(
  db: Db,
  environmentId: number,
  uid: string,
): Promise<MatchSnapshot | undefined> {
  const row = await first<{ snapshot: string }>(
    db,
    sql`select ${matchSnapshot} as snapshot from matches m where m.uid = ${uid} and m.environment_id = ${environmentId}`,
  );
  return row && (JSON.parse(row.snapshot) as MatchSnapshot);
}

export async function findMatchId(db: Db, environmentId: number, uid: string): Promise<number | undefined> {
  const row = await first<{ id: number }>(
    db,
    sql`select id from matches where uid = ${uid} and environment_id = ${environmentId}`,
  );
  return row?.id;
}

export async function listMatches(
  db: Db,
  environmentId: number,
  filters: MatchFilters,
  page: PageRequest,
): Promise<Page<MatchSnapshot>> {
  const rows = await all<{ id: number; snapshot: string }>(
    db,
    sql`select m.id, ${matchSnapshot} as snapshot
      from (${selectMatchIds(environmentId, filters, page)}) found join matches m on m.id = found.id
      order by m.id desc`,
  );
  const { rows: kept, next } = cutPage(rows, page.limit);
  return { rows: kept.map((row) => JSON.parse(row.snapshot) as MatchSnapshot), next };
}

function selectMatchIds(environmentId: number, filters: MatchFilters, page: PageRequest): SQL {
  const conditions = [sql`m.environment_id = ${environmentId}`, sql`m.id < ${page.before ?? Number.MAX_SAFE_INTEGER}`];
  if (filters.reconciliationId !== undefined) conditions.push(sql`m.reconciliation_id = ${filters.reconciliationId}`);
  if (filters.ruleId !== undefined) conditions.push(sql`m.rule_id = ${filters.ruleId}`);
  if (filters.method !== undefined) conditions.push(sql`m.method = ${filters.method}`);
  if (filters.status !== undefined) conditions.push(sql`m.status = ${filters.status}`);
  const from =
    filters.recordId === undefined
      ? sql`matches m`
      : sql`allocations a cross join matches m on m.id = a.match_id and a.record_id = ${filters.recordId}`;
  return sql`select m.id from ${from} where ${sql.join(conditions, sql` and `)} order by m.id desc limit ${page.limit + 1}`;
}
