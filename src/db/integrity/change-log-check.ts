import { sql } from "drizzle-orm";
import { INTEGRITY_COUNT_PAGE_GROUPS } from "../../config.ts";
import type { CheckPage, Place } from "../../core/integrity.ts";
import { all, type Db } from "../client.ts";
import { type Comparison, findDifferences, sourceResource } from "./differences.ts";

/** Numbers of a source's changes, from one on and up to another one, and whether these are all that it says there are. */
type Range = [sourceId: number, from: number, to: number, isLast: 0 | 1];

const range = sql.raw("ch.source_id = s.id and ch.no > j.value ->> 1 and ch.no <= j.value ->> 2");

const DENSITY: Comparison = {
  ...sourceResource,
  about: sql.raw("'Changes ' || ((j.value ->> 1) + 1) || ' to ' || (j.value ->> 2)"),
  from: (places) => sql`${places} cross join data_sources s on s.id = j.value ->> 0`,
  pairs: [
    {
      message: "The log has gaps.",
      expected: sql`(j.value ->> 2) - (j.value ->> 1)`,
      found: sql`(select count(*) from changes ch where ${range})`,
    },
    {
      message: "The log names records of another data source.",
      expected: sql`0`,
      found: sql`(select count(*) from changes ch left join records r on r.id = ch.record_id
        where ${range} and r.source_id is not s.id)`,
    },
    {
      message: "The log goes on after the last change that the data source knows.",
      expected: sql`null`,
      found: sql`iif(j.value ->> 3, (select ch.no from changes ch
        where ch.source_id = s.id and ch.no > s.change_no order by ch.no limit 1), null)`,
    },
  ],
};

/** The change logs that Reconcilers read: the numbers of each are dense, and end where the source says. */
export async function checkChangeLogs(
  db: Db,
  environmentId: number,
  [source = 0, no = 0]: Place,
  limit: number,
): Promise<CheckPage> {
  const sources = await all<{ id: number; change_no: number }>(
    db,
    sql`select id, change_no from data_sources where environment_id = ${environmentId} and id >= ${source}
      order by id limit ${INTEGRITY_COUNT_PAGE_GROUPS}`,
  );
  const ranges: Range[] = [];
  let checked = 0;
  for (const { id, change_no } of sources) {
    if (checked >= limit) break;
    const from = id === source ? Number(no) : 0;
    const to = Math.max(from, Math.min(change_no, from + limit - checked));
    ranges.push([id, from, to, to >= change_no ? 1 : 0]);
    checked += to - from;
  }
  const findings = await findDifferences(db, DENSITY, ranges);
  return { checked, findings, unsettled: [], next: findNext(ranges, sources.length) };
}

function findNext(ranges: readonly Range[], sources: number): Place | null {
  const last = ranges.at(-1);
  if (!last) return null;
  const [id, , to, isLast] = last;
  if (!isLast) return [id, to];
  return ranges.length < sources || sources === INTEGRITY_COUNT_PAGE_GROUPS ? [id + 1, 0] : null;
}
