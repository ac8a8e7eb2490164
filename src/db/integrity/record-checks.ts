import { sql } from "drizzle-orm";
import { NO_ENVIRONMENT } from "../expected-payments.ts";
import { rowCheck } from "./check.ts";
import { sourceResource } from "./differences.ts";

/** Of a record `r`: the expected payment that it stands for, if it is one. */
const recordResource = {
  resourceType: sql.raw(
    "iif(exists (select 1 from expected_payments p where p.record_id = r.id), 'expected_payment', 'record')",
  ),
  resourceId: sql.raw("coalesce((select p.uid from expected_payments p where p.record_id = r.id), r.uid)"),
};

const countPairs = (status: string) =>
  sql.raw(`(select count(*) from entries e cross join reconciliations c on c.id = e.reconciliation_id
    where e.record_id = r.id and e.status ${status} and c.account_id is null)`);

const allocationsOf = sql.raw("left join allocations x on x.record_id = page.b");

/** What stands on a record, against its matches. Records are reached through their sources: some have no environment. */
export const checkRecords = rowCheck({
  ...recordResource,
  scan: (environmentId, source, record, limit) => sql`select s.id as a, r.id as b
    from data_sources s cross join records r indexed by records_source
      on r.source_id = s.id and r.id > iif(s.id = ${source}, ${record}, 0)
    where s.environment_id = ${environmentId} and s.id >= ${source} order by s.id, r.id limit ${limit}`,
  fanOut: allocationsOf,
  from: (places) => sql`${places} cross join records r on r.id = j.value ->> 1
    cross join data_sources s on s.id = r.source_id`,
  pairs: [
    {
      message: "It belongs to another environment than its data source.",
      expected: sql`iif(s.type = 'expected_payments', ${NO_ENVIRONMENT}, s.environment_id)`,
      found: sql`r.environment_id`,
    },
    {
      message: "A record that is deleted has live matches.",
      expected: sql`0`,
      found: sql`iif(r.deleted_at is null, 0, (select count(*) from allocations x
        cross join matches m on m.id = x.match_id and m.status = 'matched' where x.record_id = r.id))`,
    },
    {
      message: "It does not know in how many reconciliations it is matched.",
      expected: countPairs("> 0"),
      found: sql`r.touched_count`,
    },
    {
      message: "It does not know in how many reconciliations it is matched in full.",
      expected: countPairs("= 2"),
      found: sql`r.reconciled_count`,
    },
    {
      message: "It does not know how many live transaction line items it has.",
      expected: sql`(select count(*) from transaction_line_items li
          where li.transaction_id = r.id and li.discarded_at is null)
        + (select count(*) from expected_payments p cross join transaction_line_items li on li.payment_id = p.id
          where p.record_id = r.id and li.discarded_at is null)`,
      found: sql`r.payment_links`,
    },
  ],
});

/** The state of a record in a reconciliation, against the live matches that it comes from. */
export const checkEntries = rowCheck({
  ...recordResource,
  about: sql.raw("'In reconciliation ' || n.reconciliation_uid"),
  scan: (environmentId, reconciliation, record, limit) => sql`select c.id as a, e.record_id as b
    from reconciliations c cross join entries e
      on e.reconciliation_id = c.id and e.record_id > iif(c.id = ${reconciliation}, ${record}, 0)
    where c.environment_id = ${environmentId} and c.id >= ${reconciliation}
    order by c.id, e.record_id limit ${limit}`,
  fanOut: allocationsOf,
  from: (places) => sql`(
      select c.uid as reconciliation_uid, e.record_id, e.amount, e.matched, e.match_count, e.status,
        count(m.id) as live_count, coalesce(sum(iif(m.id is null, 0, x.amount)), 0) as live_amount
      from ${places} cross join reconciliations c on c.id = j.value ->> 0
      cross join entries e on e.reconciliation_id = c.id and e.record_id = j.value ->> 1
      left join allocations x on x.record_id = e.record_id
      left join matches m on m.id = x.match_id and m.reconciliation_id = e.reconciliation_id and m.status = 'matched'
      group by e.reconciliation_id, e.record_id
    ) n cross join records r on r.id = n.record_id`,
  pairs: [
    {
      message: "The matched amount is not the sum of what its live matches take.",
      expected: sql`n.live_amount`,
      found: sql`n.matched`,
    },
    {
      message: "The number of its matches is not that of its live matches.",
      expected: sql`n.live_count`,
      found: sql`n.match_count`,
    },
    {
      // What nothing is matched with may still have the amount of before an edit; the next match writes it anew.
      message: "The amount that is to be matched is not the record's.",
      expected: sql`case when n.match_count = 0 then n.amount
        when n.live_amount >= r.amount_lower then n.live_amount else r.amount end`,
      found: sql`n.amount`,
    },
    {
      message: "The status is not what its live matches make it.",
      expected: sql`case when n.live_count = 0 then 0
        when n.live_amount >= coalesce(r.amount_lower, r.amount) then 2 else 1 end`,
      found: sql`n.status`,
    },
  ],
});

const countPlaces = (condition: string) =>
  sql.raw(`(select count(*) from reconciliation_sources rs cross join reconciliations c on c.id = rs.reconciliation_id
    where rs.source_id = s.id and ${condition})`);

/** What a data source counts of the reconciliations that it takes part in, and how far they say that they are. */
export const checkDataSources = rowCheck({
  ...sourceResource,
  scan: (environmentId, source, _, limit) => sql`select id as a, 0 as b from data_sources
    where environment_id = ${environmentId} and id > ${source} order by id limit ${limit}`,
  from: (places) => sql`${places} cross join data_sources s on s.id = j.value ->> 0`,
  pairs: [
    {
      message: "It does not know how many reconciliations it takes part in.",
      expected: countPlaces("c.account_id is null"),
      found: sql`s.reconciliation_count`,
    },
    {
      message: "It does not know in how many reconciliations of internal accounts it takes part.",
      expected: countPlaces("c.account_id is not null"),
      found: sql`s.payment_count`,
    },
    {
      message: "More changes are noted as taken in than there are.",
      expected: sql`0`,
      found: sql`(select count(*) from reconciliation_sources rs
        where rs.source_id = s.id and max(rs.seen_no, s.settled_no) > s.change_no)`,
    },
  ],
});
