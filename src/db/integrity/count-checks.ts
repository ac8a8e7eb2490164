import { type SQL, sql } from "drizzle-orm";
import { INTEGRITY_COUNT_MAX_TRIES, INTEGRITY_COUNT_PAGE_GROUPS, INTEGRITY_COUNT_PAGE_ROWS } from "../../config.ts";
import type { CheckPage, Finding, Place } from "../../core/integrity.ts";
import { all, type Db, jsonList } from "../client.ts";
import type { IntegrityCheck } from "./check.ts";
import { reconciliationResource, sourceResource } from "./differences.ts";

/** Numbers by what they count. */
type Counts = Record<string, number>;

/** Something that keeps counts of rows that may be too many to be counted at once. */
interface CountCheck {
  /** Those after one, with about how many rows each has, as columns `id` and `size`. */
  list(environmentId: number, after: number, limit: number): SQL;
  /**
   * Of each value `[id, after]` of the list: what it counts, its rows from there on, and a token that is another one
   * whenever the count of any of its rows may be; all of it as in `GroupRow`.
   */
  read(starts: SQL): SQL;
}

interface GroupRow {
  id: number;
  type: string;
  name: string;
  token: string;
  /** What it says that there are: JSON of `Counts`. */
  kept: string;
  /** JSON of the number of rows that were counted, the last one of them, and `Counts`. */
  page: string;
}

/** How far the counting of one group is. */
interface Tally {
  id: number;
  after: number;
  token: string;
  tries: number;
  counts: Counts;
}

/**
 * Compares counts with what they count. What is too much for one statement is counted in pages, which belong together
 * as long as its token stays the same; else counting begins anew, a few times.
 */
function countCheck(check: CountCheck): IntegrityCheck {
  return (db, environmentId, place) => {
    const tally = readTally(place);
    return tally ? countOn(db, check, tally) : countNext(db, environmentId, check, Number(place[0] ?? 0));
  };
}

async function countNext(db: Db, environmentId: number, check: CountCheck, after: number): Promise<CheckPage> {
  const groups = await all<{ id: number; size: number }>(
    db,
    check.list(environmentId, after, INTEGRITY_COUNT_PAGE_GROUPS),
  );
  const chosen = cutBySize(groups);
  const rows = await all<GroupRow>(db, check.read(jsonList(chosen.map(({ id }) => [id, 0]))));
  const page: CheckPage = { checked: 0, findings: [], unsettled: [], next: null };
  for (const row of rows) {
    const tally = { id: row.id, after: 0, token: row.token, tries: 1, counts: {} };
    const isDone = takeIn(page, row, tally);
    if (!isDone) return page;
  }
  const last = chosen.at(-1);
  const isEnd = chosen.length === groups.length && groups.length < INTEGRITY_COUNT_PAGE_GROUPS;
  return { ...page, next: last && !isEnd ? [last.id] : null };
}

function cutBySize<Group extends { size: number }>(groups: readonly Group[]): Group[] {
  let total = 0;
  const end = groups.findIndex(({ size }, place) => {
    total += size;
    return place > 0 && total > INTEGRITY_COUNT_PAGE_ROWS;
  });
  return groups.slice(0, end === -1 ? groups.length : end);
}

async function countOn(db: Db, check: CountCheck, tally: Tally): Promise<CheckPage> {
  const page: CheckPage = { checked: 0, findings: [], unsettled: [], next: [tally.id] };
  const [row] = await all<GroupRow>(db, check.read(jsonList([[tally.id, tally.after]])));
  if (!row) return page;
  if (row.token === tally.token) {
    takeIn(page, row, tally);
  } else if (tally.tries < INTEGRITY_COUNT_MAX_TRIES) {
    page.next = writeTally({ ...tally, after: 0, token: row.token, tries: tally.tries + 1, counts: {} });
  } else {
    const message = "It kept changing while its rows were counted.";
    page.unsettled.push({ resourceType: row.type, resourceId: row.name, message });
  }
  return page;
}

/** Adds a page of a group's rows to what was counted of it. Answers whether that was the last one. */
function takeIn(page: CheckPage, row: GroupRow, tally: Tally): boolean {
  const [rows, last, found] = JSON.parse(row.page) as [number, number | null, Counts];
  const counts = { ...tally.counts };
  for (const [name, count] of Object.entries(found)) counts[name] = (counts[name] ?? 0) + count;
  page.checked += rows;
  if (rows === INTEGRITY_COUNT_PAGE_ROWS && last !== null) {
    page.next = writeTally({ ...tally, after: last, counts });
    return false;
  }
  page.findings.push(...compareCounts(row, counts));
  return true;
}

function compareCounts({ type, name: resourceId, kept }: GroupRow, counts: Counts): Finding[] {
  const said = JSON.parse(kept) as Counts;
  return [...new Set([...Object.keys(said), ...Object.keys(counts)])].flatMap((name) => {
    const [expected, found] = [counts[name] ?? 0, said[name] ?? 0];
    const message = `It does not know how many there are: ${name}.`;
    return expected === found
      ? []
      : [{ resourceType: type, resourceId, expected: `${expected}`, found: `${found}`, message }];
  });
}

function readTally([id, after, token, tries, counts]: Place): Tally | undefined {
  if (counts === undefined) return undefined;
  return {
    id: Number(id),
    after: Number(after),
    token: String(token),
    tries: Number(tries),
    counts: JSON.parse(String(counts)),
  };
}

function writeTally({ id, after, token, tries, counts }: Tally): Place {
  return [id, after, token, tries, JSON.stringify(counts)];
}

/** How many records a data source has. */
export const checkRecordCounts = countCheck({
  list: (environmentId, after, limit) => sql`select id, record_count as size from data_sources
    where environment_id = ${environmentId} and id > ${after} order by id limit ${limit}`,
  read: (starts) => sql`select s.id, ${sourceResource.resourceType} as type, ${sourceResource.resourceId} as name,
      cast(s.change_no as text) as token, json_object('records', s.record_count) as kept, (
        select json_array(count(*), max(counted.id), json_object('records', coalesce(sum(counted.is_live), 0)))
        from (
          select r.id, r.deleted_at is null as is_live from records r indexed by records_source
          where r.source_id = s.id and r.id > j.value ->> 1 order by r.id limit ${INTEGRITY_COUNT_PAGE_ROWS}
        ) counted
      ) as page
    from json_each(${starts}) j cross join data_sources s on s.id = j.value ->> 0 order by j.key`,
});

/** How many records of each data source a reconciliation has matched in part, and in full. */
export const checkReconciliationCounts = countCheck({
  list: (environmentId, after, limit) => sql`select c.id, coalesce((
      select sum(rs.partial_count + rs.reconciled_count) from reconciliation_sources rs
      where rs.reconciliation_id = c.id), 0) as size
    from reconciliations c where c.environment_id = ${environmentId} and c.id > ${after} order by c.id limit ${limit}`,
  // A payment that is closed short changes its status by no link of the chain, but by a change of its source.
  read: (starts) => sql`select c.id, ${reconciliationResource.resourceType} as type,
      ${reconciliationResource.resourceId} as name,
      c.chain_no || '/' || c.chain_hash || '/' || coalesce((
        select sum(s.change_no) from reconciliation_sources rs cross join data_sources s on s.id = rs.source_id
        where rs.reconciliation_id = c.id and rs.side = 'b' and c.account_id is not null), 0) as token, (
        select json_group_object(s.key || ' ' || k.key, k.value)
        from reconciliation_sources rs cross join data_sources s on s.id = rs.source_id
        cross join json_each(json_object('partially reconciled', rs.partial_count, 'reconciled', rs.reconciled_count)) k
        where rs.reconciliation_id = c.id
      ) as kept, (
        select json_array(coalesce(sum(counted.count), 0), max(counted.last),
          json_group_object(counted.name, counted.count) filter (where counted.name is not null))
        from (
          select count(*) as count, max(e.record_id) as last,
            s.key || case e.status when 1 then ' partially reconciled' when 2 then ' reconciled' end as name
          from (
            select record_id, status from entries
            where reconciliation_id = c.id and record_id > j.value ->> 1
            order by record_id limit ${INTEGRITY_COUNT_PAGE_ROWS}
          ) e cross join records r on r.id = e.record_id cross join data_sources s on s.id = r.source_id
          group by s.id, e.status
        ) counted
      ) as page
    from json_each(${starts}) j cross join reconciliations c on c.id = j.value ->> 0 order by j.key`,
});
