import { type SQL, sql } from "drizzle-orm";
import { INTEGRITY_COUNT_MAX_CHANGES, INTEGRITY_COUNT_MAX_LINKS } from "../../config.ts";

/** What a `CountCheck` reads of a reconciliation `c` to know whether what it has counted of its records is still so. */
export interface ReconciliationToken {
  token: SQL;
  holds: SQL;
}

const before = (part: number) => sql.raw(`json_extract(j.value ->> 3, '$[${part}]')`);
const counted = sql.raw("<= j.value ->> 1");

/** The chain tells of every change of what is matched: a record with which something is cannot be changed otherwise. */
const chain = {
  parts: sql.raw("c.chain_no, c.chain_hash"),
  isContinued: sql`(${before(0)} = 0 or exists (select 1 from links l
    where l.reconciliation_id = c.id and l.no = ${before(0)} and l.hash = ${before(1)}))`,
};

/** For what is counted of the links themselves, which are only ever added. */
export const LINKS_TOKEN: ReconciliationToken = {
  token: sql`json_array(${chain.parts})`,
  holds: chain.isContinued,
};

/**
 * For what is counted of the reconciliation's records: none of those counted is among the records of its links since
 * then, or among the changes of these `sources` (rows with a `source_id`), and `rest` is what it was.
 */
export function recordsToken(sources: SQL, rest: SQL): ReconciliationToken {
  const places = sql`select s.id, s.change_no from (${sources}) p cross join data_sources s on s.id = p.source_id`;
  const knownNo = sql.raw(`coalesce(j.value ->> 3 ->> '$[3]' ->> ('$."' || q.id || '"'), q.change_no)`);
  return {
    token: sql`json_array(${chain.parts}, ${rest}, (select json_group_object(q.id, q.change_no) from (${places}) q))`,
    holds: sql`(${rest} is ${before(2)} and ${chain.isContinued}
      and c.chain_no - ${before(0)} <= ${INTEGRITY_COUNT_MAX_LINKS} and not exists (
        select 1 from links l cross join allocations x on x.match_id = l.match_id
        where l.reconciliation_id = c.id and l.no > ${before(0)}
          and l.no <= ${before(0)} + ${INTEGRITY_COUNT_MAX_LINKS} and x.record_id ${counted})
      and not exists (select 1 from (${places}) q
        where q.change_no - ${knownNo} not between 0 and ${INTEGRITY_COUNT_MAX_CHANGES} or exists (
          select 1 from changes ch where ch.source_id = q.id and ch.no > ${knownNo}
            and ch.no <= ${knownNo} + ${INTEGRITY_COUNT_MAX_CHANGES} and ch.record_id ${counted})))`,
  };
}

export const NO_SOURCES = sql`select null as source_id`;
