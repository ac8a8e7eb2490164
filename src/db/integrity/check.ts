import { type SQL, sql } from "drizzle-orm";
import { INTEGRITY_PAGE_MAX_JOINED_ROWS } from "../../config.ts";
import type { CheckPage, Place } from "../../core/integrity.ts";
import { all, type Db } from "../client.ts";
import { type Comparison, findDifferences } from "./differences.ts";

/** Looks at the next rows of an environment after a place, about `limit` of them. */
export type IntegrityCheck = (db: Db, environmentId: number, after: Place, limit: number) => Promise<CheckPage>;

export interface RowCheck extends Comparison {
  /** The places of rows after one, in order and with a limit, as columns `a` and `b`. */
  scan(environmentId: number, a: string | number, b: string | number, limit: number): SQL;
  /** Joins to a row `page` of the scan what is read for it, where there may be very much of it. */
  fanOut?: SQL;
}

interface ScannedRow {
  a: string | number;
  b: string | number;
  weight: number;
}

/** A check that looks at rows one by one. A page ends early where very much is to be read for its rows. */
export function rowCheck(check: RowCheck): IntegrityCheck {
  return async (db, environmentId, [a = 0, b = 0], limit) => {
    const rows = await all<ScannedRow>(db, selectPlaces(check, check.scan(environmentId, a, b, limit)));
    const weight = rows.reduce((total, row) => total + row.weight, 0);
    const isCut = check.fanOut !== undefined && weight >= INTEGRITY_PAGE_MAX_JOINED_ROWS;
    // What is to be read for the last one may be more than was counted.
    const kept = isCut && rows.length > 1 ? rows.slice(0, -1) : rows;
    const places = kept.map((row): Place => [row.a, row.b]);
    const findings = await findDifferences(db, check, places);
    const isEnd = !isCut && rows.length < limit;
    return { checked: kept.length, findings, unsettled: [], next: isEnd ? null : (places.at(-1) ?? null) };
  };
}

function selectPlaces({ fanOut }: RowCheck, scan: SQL): SQL {
  if (!fanOut) return sql`select a, b, 1 as weight from (${scan})`;
  // A left join keeps the order of the scan, so that the limit takes the first rows with all that belongs to them.
  return sql`select a, b, count(*) as weight
    from (select page.a, page.b from (${scan}) page ${fanOut} limit ${INTEGRITY_PAGE_MAX_JOINED_ROWS})
    group by a, b order by a, b`;
}

/** The scan of a table that has the environment's number and a row number of its own. */
export function scanTable(table: string): RowCheck["scan"] {
  const name = sql.raw(table);
  return (environmentId, a, _, limit) => sql`select id as a, 0 as b from ${name}
    where environment_id = ${environmentId} and id > ${a} order by id limit ${limit}`;
}
