import { type SQL, sql } from "drizzle-orm";
import type { Finding, Place } from "../../core/integrity.ts";
import { all, type Db, jsonList } from "../client.ts";

/** Two values of a row that have to be the same; NULL is the same as NULL. */
export interface Pair {
  message: string;
  expected: SQL;
  found: SQL;
}

/** What has to hold of the rows at some places. */
export interface Comparison {
  resourceType: SQL;
  resourceId: SQL;
  /** Added to the messages: which of the resource's rows it is. */
  about?: SQL;
  /** What follows `from`; each `value` of the list, as `j`, is the place of a row. */
  from(places: SQL): SQL;
  pairs: readonly Pair[];
}

const SHOWN_MAX_CHARS = 500;

interface Difference {
  type: string;
  id: string;
  about: string | null;
  no: number;
  expected: string | null;
  found: string | null;
}

/** Everything that does not hold of the rows at these places, in one statement: all of it is of one moment. */
export async function findDifferences(
  db: Db,
  { resourceType, resourceId, about, from, pairs }: Comparison,
  places: readonly Place[],
): Promise<Finding[]> {
  if (places.length === 0) return [];
  const values = sql.join(
    pairs.map(({ expected, found }, no) => sql`json_array(${sql.raw(String(no))}, ${expected}, ${found})`),
    sql`, `,
  );
  const rows = await all<Difference>(
    db,
    sql`select compared.type, compared.id, compared.about, c.value ->> 0 as no,
        substr(cast(c.value ->> 1 as text), 1, ${SHOWN_MAX_CHARS}) as expected,
        substr(cast(c.value ->> 2 as text), 1, ${SHOWN_MAX_CHARS}) as found
      from (
        select ${resourceType} as type, ${resourceId} as id, ${about ?? sql`null`} as about,
          json_array(${values}) as pairs
        from ${from(sql`json_each(${jsonList(places)}) j`)}
      ) compared cross join json_each(compared.pairs) c
      where c.value ->> 1 is not c.value ->> 2`,
  );
  return rows.map(({ type, id, about, no, expected, found }) => {
    const { message } = pairs[no] as Pair;
    return { resourceType: type, resourceId: id, expected, found, message: about ? `${about}: ${message}` : message };
  });
}

/** The type and id under which the user knows a data source; one of expected payments is its internal account. */
export const sourceResource = {
  resourceType: sql.raw("iif(s.type = 'expected_payments', 'internal_account', 'data_source')"),
  resourceId: sql.raw("iif(s.type = 'expected_payments', substr(s.key, instr(s.key, '~') + 1), s.key)"),
};

/** The same of a reconciliation; that of an internal account has the account's id. */
export const reconciliationResource = {
  resourceType: sql.raw("iif(c.account_id is null, 'reconciliation', 'internal_account')"),
  resourceId: sql.raw("c.uid"),
};
