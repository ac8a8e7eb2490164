import { type SQL, sql } from "drizzle-orm";
import type { PropertyDefinition, PropertyType } from "../core/property.ts";
import { all, type Db, jsonList } from "./client.ts";
import { EXPECTED_PAYMENTS } from "./expected-payments.ts";

export interface SourceWithDefinitions {
  id: number;
  key: string;
  /** The only currency of its records, if it belongs to an internal account. */
  currency: string | null;
  definitions: PropertyDefinition[];
}

/** A live data source with what binds new writes of its records, in one query. */
export async function findSourceWithDefinitions(
  db: Db,
  environmentId: number,
  key: string,
): Promise<SourceWithDefinitions | undefined> {
  return findSource(
    db,
    sql`s.environment_id = ${environmentId} and s.key = ${key} and s.deleted_at is null
    and s.type <> ${EXPECTED_PAYMENTS}`,
  );
}

/** The same of all that have one of these keys, in no particular order. */
export async function listSourcesWithDefinitions(
  db: Db,
  environmentId: number,
  keys: readonly string[],
): Promise<SourceWithDefinitions[]> {
  return listSources(
    db,
    sql`s.environment_id = ${environmentId} and s.key in (select value from json_each(${jsonList(keys)}))
    and s.deleted_at is null and s.type <> ${EXPECTED_PAYMENTS}`,
  );
}

/** The same by the number of its row. */
export async function findSourceById(db: Db, id: number): Promise<SourceWithDefinitions | undefined> {
  return findSource(db, sql`s.id = ${id} and s.deleted_at is null`);
}

/** The same of the data source that an internal account has for its transactions. */
export async function findAccountSource(
  db: Db,
  environmentId: number,
  accountUid: string,
): Promise<SourceWithDefinitions | undefined> {
  return findSource(db, sql`a.environment_id = ${environmentId} and a.uid = ${accountUid}`);
}

async function findSource(db: Db, condition: SQL): Promise<SourceWithDefinitions | undefined> {
  const [source] = await listSources(db, condition);
  return source;
}

async function listSources(db: Db, condition: SQL): Promise<SourceWithDefinitions[]> {
  const rows = await all<{
    id: number;
    key: string;
    currency: string | null;
    property: string | null;
    type: PropertyType;
    optional: number;
  }>(
    db,
    sql`select s.id, s.key, a.currency, d.key as property, d.type, d.optional
      from data_sources s
      left join internal_accounts a on a.source_id = s.id
      left join property_definitions d on d.source_id = s.id
      where ${condition}`,
  );
  const sources = new Map<number, SourceWithDefinitions>();
  for (const { id, key, currency, property, type, optional } of rows) {
    const source = sources.get(id) ?? { id, key, currency, definitions: [] };
    if (property !== null) source.definitions.push({ key: property, type, optional: optional === 1 });
    sources.set(id, source);
  }
  return [...sources.values()];
}
