import { type SQL, sql } from "drizzle-orm";
import type { Side } from "../core/matching/item.ts";
import type { RunType } from "../core/reconciliation.ts";
import { all, type Db, first } from "./client.ts";
import { cutPage, type Page, type PageRequest } from "./page.ts";

export interface ReconciliationSourceRow {
  source_id: number;
  key: string;
  side: Side;
  record_count: number;
  partial_count: number;
  reconciled_count: number;
}

export interface ReconciliationRow {
  id: number;
  uid: string;
  name: string;
  run_type: RunType;
  expected_within_days: number | null;
  generation: number;
  created_at: number;
  updated_at: number;
  sources: ReconciliationSourceRow[];
}

const columns = sql.raw(`c.id, c.uid, c.name, c.run_type, c.expected_within_days, c.generation, c.created_at,
  c.updated_at, (
    select json_group_array(json_object('source_id', s.id, 'key', s.key, 'side', rs.side,
      'record_count', s.record_count, 'partial_count', rs.partial_count, 'reconciled_count', rs.reconciled_count
    ) order by rs.side, rs.position)
    from reconciliation_sources rs join data_sources s on s.id = rs.source_id where rs.reconciliation_id = c.id
  ) as sources`);

type Stored = Omit<ReconciliationRow, "sources"> & { sources: string };

export async function findReconciliation(
  db: Db,
  environmentId: number,
  uid: string,
): Promise<ReconciliationRow | undefined> {
  const row = await first<Stored>(
    db,
    sql`select ${columns} from reconciliations c
      where c.uid = ${uid} and c.environment_id = ${environmentId} and c.deleted_at is null
        and c.account_id is null`,
  );
  return row && read(row);
}

/** The row number of a reconciliation, deleted ones included: what they have done stays readable. */
export async function findReconciliationId(db: Db, environmentId: number, uid: string): Promise<number | undefined> {
  const row = await first<{ id: number }>(
    db,
    sql`select id from reconciliations
      where uid = ${uid} and environment_id = ${environmentId} and account_id is null`,
  );
  return row?.id;
}

export async function listReconciliations(
  db: Db,
  environmentId: number,
  page: PageRequest,
): Promise<Page<ReconciliationRow>> {
  const rows = await all<Stored>(
    db,
    sql`select ${columns} from reconciliations c
      where c.environment_id = ${environmentId} and c.id < ${page.before ?? Number.MAX_SAFE_INTEGER}
        and c.deleted_at is null and c.account_id is null
      order by c.id desc limit ${page.limit + 1}`,
  );
  return cutPage(rows.map(read), page.limit);
}

/** Condition for guards: the reconciliation is there and as it was read. */
export function reconciliationIsAt(id: number, generation: number): SQL {
  return sql`exists (select 1 from reconciliations
    where id = ${id} and generation = ${generation} and deleted_at is null)`;
}

/** Condition for guards: the reconciliation has no live match. */
export function hasNoLiveMatch(id: number): SQL {
  return sql`not exists (select 1 from matches where reconciliation_id = ${id} and status = 'matched')`;
}

/**
 * The next generation. It grows by a random step: after a restore of the database to an earlier time the numbers of
 * what is forgotten do not come again.
 */
export const nextGeneration: SQL = sql.raw("generation + 1 + abs(random() % 1000000000)");

/** Statements that let go of all its data sources. */
export function detachSources(id: number): SQL[] {
  return [
    sql`update data_sources set reconciliation_count = reconciliation_count - 1
      where id in (select source_id from reconciliation_sources where reconciliation_id = ${id})`,
    sql`delete from reconciliation_sources where reconciliation_id = ${id}`,
  ];
}

function read(row: Stored): ReconciliationRow {
  return { ...row, sources: JSON.parse(row.sources) as ReconciliationSourceRow[] };
}
