import { type SQL, sql } from "drizzle-orm";
import type { StatusCode } from "../core/reconciliation.ts";
import type { RecordSnapshot } from "../core/record-view.ts";
import { all, type Db } from "./client.ts";
import { holdsMetadata } from "./metadata.ts";
import type { Page, PageRequest } from "./page.ts";
import { recordSnapshot } from "./records.ts";
import { pageOfScan } from "./scan.ts";

export interface RecordFilters {
  sourceId?: number | undefined;
  reconciliationId?: number | undefined;
  matchId?: number | undefined;
  bulkRequestId?: number | undefined;
  importId?: number | undefined;
  externalId?: string | undefined;
  status?: StatusCode | undefined;
  direction?: 1 | -1 | undefined;
  currency?: string | undefined;
  dateFrom?: string | undefined;
  dateTo?: string | undefined;
  amountMin?: AmountBound | undefined;
  amountMax?: AmountBound | undefined;
  overdue?: boolean | undefined;
  text?: string | undefined;
  metadata?: { key: string; value: string }[] | undefined;
}

/** A bound in minor units: `usual` for currencies of two decimals, `byCurrency` for those of another number. */
export interface AmountBound {
  usual: number;
  byCurrency: Record<string, number>;
}

/**
 * A page of live records, newest first. Reads at most `PAGE_SCAN_MAX_ROWS` rows of the best index there is and then
 * answers short, saying where to go on.
 */
export async function listRecords(
  db: Db,
  environmentId: number,
  filters: RecordFilters,
  page: PageRequest,
): Promise<Page<RecordSnapshot>> {
  const scan = chooseScan(environmentId, filters, page.before ?? Number.MAX_SAFE_INTEGER);
  const conditions = sql.join(listConditions(filters), sql` and `);
  const found = await pageOfScan(db, scan, page, (scanned, limit) =>
    all<{ id: number; snapshot: string }>(
      db,
      sql`select r.id, ${recordSnapshot} as snapshot
        from (
          select r.id from (${scanned}) scan join records r on r.id = scan.id join data_sources s on s.id = r.source_id
          where r.environment_id = ${environmentId} and r.deleted_at is null and s.deleted_at is null
            and ${conditions}
          order by r.id desc limit ${limit}
        ) found join records r on r.id = found.id join data_sources s on s.id = r.source_id
        order by r.id desc`,
    ),
  );
  return { ...found, rows: found.rows.map((row) => JSON.parse(row.snapshot) as RecordSnapshot) };
}

function chooseScan(environmentId: number, filters: RecordFilters, before: number): SQL {
  if (filters.matchId !== undefined) {
    return sql`select record_id as id from allocations where match_id = ${filters.matchId} and record_id < ${before}`;
  }
  if (filters.bulkRequestId !== undefined) {
    return sql`select id from records where bulk_request_id = ${filters.bulkRequestId} and id < ${before}`;
  }
  if (filters.importId !== undefined) {
    return sql`select id from records where import_id = ${filters.importId} and id < ${before}`;
  }
  if (filters.externalId !== undefined) {
    return sql`select id from records where environment_id = ${environmentId}
      and external_id = ${filters.externalId} and id < ${before}`;
  }
  const touchedOnly = (filters.status ?? 0) > 0 || filters.overdue === true;
  if (filters.reconciliationId !== undefined && touchedOnly) {
    return sql`select record_id as id from entries
      where reconciliation_id = ${filters.reconciliationId} and record_id < ${before}`;
  }
  if (filters.sourceId !== undefined) {
    return sql`select id from records where source_id = ${filters.sourceId} and id < ${before}`;
  }
  return sql`select id from records where environment_id = ${environmentId} and id < ${before}`;
}

function listConditions(filters: RecordFilters): SQL[] {
  const conditions: SQL[] = [sql`true`];
  const add = <T>(value: T | undefined, condition: (value: T) => SQL) => {
    if (value !== undefined) conditions.push(condition(value));
  };
  add(filters.sourceId, (id) => sql`r.source_id = ${id}`);
  add(filters.bulkRequestId, (id) => sql`r.bulk_request_id = ${id}`);
  add(filters.importId, (id) => sql`r.import_id = ${id}`);
  add(filters.externalId, (text) => sql`r.external_id = ${text}`);
  add(filters.direction, (sign) => sql`r.direction = ${sign}`);
  add(filters.currency, (code) => sql`r.currency = ${code}`);
  add(filters.dateFrom, (day) => sql`r.date >= ${day}`);
  add(filters.dateTo, (day) => sql`r.date <= ${day}`);
  add(filters.amountMin, (bound) => sql`r.amount >= ${boundOf(bound)}`);
  add(filters.amountMax, (bound) => sql`r.amount <= ${boundOf(bound)}`);
  add(
    filters.text,
    (text) => sql`(instr(lower(r.description), lower(${text})) > 0 or instr(lower(r.external_id), lower(${text})) > 0)`,
  );
  const metadata = filters.metadata ?? [];
  if (metadata.length > 0) conditions.push(holdsMetadata(sql`r.metadata`, metadata));
  if (filters.reconciliationId === undefined) {
    add(
      filters.status,
      (code) => sql`case when s.reconciliation_count = 0 or r.touched_count = 0 then 0
      when r.reconciled_count = s.reconciliation_count then 2 else 1 end = ${code}`,
    );
    add(filters.overdue, (wanted) => {
      const overdue = sql`exists (select 1 from entries e join reconciliation_sources rs
        on rs.reconciliation_id = e.reconciliation_id and rs.source_id = r.source_id
        join reconciliations c on c.id = e.reconciliation_id and c.account_id is null
        where e.record_id = r.id and e.overdue_at is not null)`;
      return wanted ? overdue : sql`not ${overdue}`;
    });
  } else {
    const reconciliationId = filters.reconciliationId;
    conditions.push(sql`exists (select 1 from reconciliation_sources
      where reconciliation_id = ${reconciliationId} and source_id = r.source_id)`);
    const entry = (column: SQL) =>
      sql`(select ${column} from entries where reconciliation_id = ${reconciliationId} and record_id = r.id)`;
    add(filters.status, (code) => sql`coalesce(${entry(sql`status`)}, 0) = ${code}`);
    add(filters.overdue, (wanted) =>
      wanted ? sql`${entry(sql`overdue_at`)} is not null` : sql`${entry(sql`overdue_at`)} is null`,
    );
  }
  return conditions;
}

function boundOf(bound: AmountBound): SQL {
  return sql`coalesce(json_extract(${JSON.stringify(bound.byCurrency)}, '$.' || r.currency), ${bound.usual})`;
}
