import { type SQL, sql } from "drizzle-orm";
import { PAGE_MAX_MATCHED_RECORDS } from "../config.ts";
import type { MatchSnapshot } from "../core/match-view.ts";
import { all, type Db, first, jsonList } from "./client.ts";
import { cutByWeight, cutPage, type Page, type PageRequest } from "./page.ts";
import { pageOfScan } from "./scan.ts";

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

/**
 * A page of matches, newest first. Where the filters are more than an index answers, it looks at `PAGE_SCAN_MAX_ROWS`
 * matches at most and then answers short, saying where to go on; so it does where the matches have very many records.
 */
export async function listMatches(
  db: Db,
  environmentId: number,
  filters: MatchFilters,
  page: PageRequest,
): Promise<Page<MatchSnapshot>> {
  const { scan, rest } = chooseScan(environmentId, filters, page.before ?? Number.MAX_SAFE_INTEGER);
  const weigh = (found: SQL) =>
    all<WeighedMatch>(db, sql`select found.id, ${matchWeight} as weight from (${found}) found order by found.id desc`);
  const conditions = listConditions(environmentId, rest);
  // A record's links with expected payments are matches, too, of no environment.
  const isExact = Object.keys(rest).length === 0 && filters.recordId === undefined;
  const found = isExact
    ? cutPage(await weigh(sql`${scan} order by id desc limit ${page.limit + 1}`), page.limit)
    : await pageOfScan(db, scan, page, (scanned, limit) =>
        weigh(sql`select m.id from (${scanned}) scan cross join matches m on m.id = scan.id
            where ${sql.join(conditions, sql` and `)} order by m.id desc limit ${limit}`),
      );
  const { rows, next } = cutByWeight(found, PAGE_MAX_MATCHED_RECORDS);
  const snapshots = await all<{ snapshot: string }>(
    db,
    sql`select ${matchSnapshot} as snapshot from json_each(${jsonList(rows.map(({ id }) => id))}) j
      cross join matches m on m.id = j.value order by j.key`,
  );
  return { rows: snapshots.map(({ snapshot }) => JSON.parse(snapshot) as MatchSnapshot), next };
}

export interface WeighedMatch {
  id: number;
  /** Its records. */
  weight: number;
}

/** The number of records of a match with the id `found.id`. */
export const matchWeight: SQL = sql.raw("(select count(*) from allocations a where a.match_id = found.id)");

/** The index range that the filters narrow best, and the filters that are left to be asked of each of its matches. */
function chooseScan(environmentId: number, filters: MatchFilters, before: number): { scan: SQL; rest: MatchFilters } {
  const { recordId, ruleId, reconciliationId, status, ...others } = filters;
  const given = <F extends MatchFilters>(rest: F) =>
    Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as F;
  if (recordId !== undefined) {
    const scan = sql`select match_id as id from allocations where record_id = ${recordId} and match_id < ${before}`;
    return { scan, rest: given({ ...others, ruleId, reconciliationId, status }) };
  }
  if (ruleId !== undefined) {
    const scan = sql`select id from matches where rule_id = ${ruleId} and id < ${before}`;
    return { scan, rest: given({ ...others, reconciliationId, status }) };
  }
  if (reconciliationId !== undefined) {
    // The index has the status before the row number: both statuses are two ranges, each in order.
    const ranges = (status === undefined ? ["matched", "voided"] : [status]).map(
      (status) => sql`select id from matches
        where reconciliation_id = ${reconciliationId} and status = ${status} and id < ${before}`,
    );
    return { scan: sql.join(ranges, sql` union all `), rest: given(others) };
  }
  const scan = sql`select id from matches where environment_id = ${environmentId} and id < ${before}`;
  return { scan, rest: given({ ...others, status }) };
}

function listConditions(environmentId: number, filters: MatchFilters): SQL[] {
  const conditions = [sql`m.environment_id = ${environmentId}`];
  if (filters.reconciliationId !== undefined) conditions.push(sql`m.reconciliation_id = ${filters.reconciliationId}`);
  if (filters.ruleId !== undefined) conditions.push(sql`m.rule_id = ${filters.ruleId}`);
  if (filters.method !== undefined) conditions.push(sql`m.method = ${filters.method}`);
  if (filters.status !== undefined) conditions.push(sql`m.status = ${filters.status}`);
  return conditions;
}
