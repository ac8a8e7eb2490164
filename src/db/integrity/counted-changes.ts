import { type SQL, sql } from "drizzle-orm";
import { INTEGRITY_COUNT_MAX_CHANGES } from "../../config.ts";

/**
 * Of a data source `s` whose token is the number of its last change, for a `CountCheck`: that none of its changes since
 * the token is of a record `r` that has been counted and of which this is true. What arrives comes after all that is
 * counted, so that a source is counted while it grows.
 */
export function holdsWithoutChanges(mayMatter: SQL): SQL {
  const before = sql.raw("cast(j.value ->> 3 as integer)");
  const until = sql`${before} + ${INTEGRITY_COUNT_MAX_CHANGES}`;
  return sql`(s.change_no >= ${before} and s.change_no <= ${until} and not exists (
    select 1 from changes ch cross join records r on r.id = ch.record_id
    where ch.source_id = s.id and ch.no > ${before} and ch.no <= ${until} and ch.record_id <= j.value ->> 1
      and ${mayMatter}))`;
}
