import { and, desc, eq, getTableColumns, lt, type SQL, sql } from "drizzle-orm";
import { type Db, first } from "./client.ts";
import { cutPage, type Page, type PageRequest } from "./page.ts";
import { dataSources, propertyDefinitions } from "./schema.ts";

export type PropertyDefinitionRow = typeof propertyDefinitions.$inferSelect & { typeKey: string };

const columns = { ...getTableColumns(propertyDefinitions), typeKey: dataSources.key };

export async function findPropertyDefinition(
  db: Db,
  environmentId: number,
  uid: string,
): Promise<PropertyDefinitionRow | undefined> {
  const [row] = await db.orm
    .select(columns)
    .from(propertyDefinitions)
    .innerJoin(dataSources, eq(dataSources.id, propertyDefinitions.sourceId))
    .where(and(eq(propertyDefinitions.environmentId, environmentId), eq(propertyDefinitions.uid, uid)));
  return row;
}

/** Those of one data source, or of all if `sourceId` is null. */
export async function listPropertyDefinitions(
  db: Db,
  environmentId: number,
  sourceId: number | null,
  page: PageRequest,
): Promise<Page<PropertyDefinitionRow>> {
  const rows = await db.orm
    .select(columns)
    .from(propertyDefinitions)
    .innerJoin(dataSources, eq(dataSources.id, propertyDefinitions.sourceId))
    .where(
      and(
        // The plus keeps SQLite off the environment's index, on which one source's few rows may lie far apart.
        sourceId === null
          ? eq(propertyDefinitions.environmentId, environmentId)
          : sql`${propertyDefinitions.sourceId} = ${sourceId} and +${propertyDefinitions.environmentId} = ${environmentId}`,
        page.before === null ? undefined : lt(propertyDefinitions.id, page.before),
      ),
    )
    .orderBy(desc(propertyDefinitions.id))
    .limit(page.limit + 1);
  return cutPage(rows, page.limit);
}

/** A condition for guards: the data source has fewer than `max` definitions. */
export function hasFewerDefinitionsThan(sourceId: number, max: number): SQL {
  return sql`(select count(*) from property_definitions where source_id = ${sourceId}) < ${max}`;
}

export async function isFullOfDefinitions(db: Db, sourceId: number, max: number): Promise<boolean> {
  const row = await first<{ hasRoom: number }>(db, sql`select ${hasFewerDefinitionsThan(sourceId, max)} as hasRoom`);
  return row?.hasRoom === 0;
}
