import { sql } from "drizzle-orm";
import type { PropertyDefinition, PropertyType } from "../core/property.ts";
import { all, type Db } from "./client.ts";
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
  const rows = await all<{
    id: number;
    currency: string | null;
    property: string | null;
    type: PropertyType;
    optional: number;
  }>(
    db,
    sql`select s.id, a.currency, d.key as property, d.type, d.optional
      from data_sources s
      left join internal_accounts a on a.source_id = s.id
      left join property_definitions d on d.source_id = s.id
      where s.environment_id = ${environmentId} and s.key = ${key} and s.deleted_at is null
        and s.type <> ${EXPECTED_PAYMENTS}`,
  );
  const [source] = rows;
  if (!source) return undefined;
  const definitions = rows.flatMap((row) =>
    row.property === null ? [] : [{ key: row.property, type: row.type, optional: row.optional === 1 }],
  );
  return { id: source.id, key, currency: source.currency, definitions };
}
