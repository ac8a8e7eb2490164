import { and, desc, eq, isNull, lt, ne, type SQL, sql } from "drizzle-orm";
import { type Db, first, jsonList } from "./client.ts";
import { EXPECTED_PAYMENTS } from "./expected-payments.ts";
import { cutPage, type Page, type PageRequest } from "./page.ts";
import { dataSources } from "./schema.ts";

export type DataSourceRow = typeof dataSources.$inferSelect;

/** The type of a data source that belongs to an internal account. */
export const INTERNAL_ACCOUNT = "internal_account";

export async function findDataSource(db: Db, environmentId: number, key: string): Promise<DataSourceRow | undefined> {
  const [row] = await db.orm
    .select()
    .from(dataSources)
    .where(
      and(
        eq(dataSources.environmentId, environmentId),
        eq(dataSources.key, key),
        isNull(dataSources.deletedAt),
        ne(dataSources.type, EXPECTED_PAYMENTS),
      ),
    );
  return row;
}

export async function listDataSources(db: Db, environmentId: number, page: PageRequest): Promise<Page<DataSourceRow>> {
  const rows = await db.orm
    .select()
    .from(dataSources)
    .where(
      and(
        eq(dataSources.environmentId, environmentId),
        isNull(dataSources.deletedAt),
        ne(dataSources.type, EXPECTED_PAYMENTS),
        page.before === null ? undefined : lt(dataSources.id, page.before),
      ),
    )
    .orderBy(desc(dataSources.id))
    .limit(page.limit + 1);
  return cutPage(rows, page.limit);
}

/** A condition for guards: the data source is there. */
export function dataSourceExists(id: number): SQL {
  return sql`exists (select 1 from data_sources where id = ${id} and deleted_at is null)`;
}

/** A condition for guards: all these data sources are there. */
export function sourcesExist(ids: readonly number[]): SQL {
  return sql`not exists (select 1 from json_each(${jsonList(ids)}) j left join data_sources s on s.id = j.value
    where s.id is null or s.deleted_at is not null)`;
}

/** A condition for guards: a reconciliation uses the data source. */
export function sourceInUse(id: number): SQL {
  return sql`exists (select 1 from reconciliation_sources where source_id = ${id})`;
}

export async function isSourceInUse(db: Db, id: number): Promise<boolean> {
  const row = await first<{ inUse: number }>(db, sql`select ${sourceInUse(id)} as inUse`);
  return row?.inUse === 1;
}
