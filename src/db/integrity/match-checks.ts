import { sql } from "drizzle-orm";
import { NO_ENVIRONMENT } from "../expected-payments.ts";
import { type RowCheck, rowCheck } from "./check.ts";

/** Of a match `n`, as the checks put it together: the line item that it is, where it links a transaction with a payment. */
const matchResource = {
  resourceType: sql.raw("iif(n.account_id is null, 'reconciliation_match', 'transaction_line_item')"),
  resourceId: sql.raw("n.uid"),
};

/** Matches are reached through their reconciliations: those of internal accounts have no environment. */
function scanMatches(status: "matched" | "voided"): RowCheck["scan"] {
  return (environmentId, reconciliation, match, limit) => sql`select c.id as a, m.id as b
    from reconciliations c cross join matches m indexed by matches_reconciliation
      on m.reconciliation_id = c.id and m.status = ${status} and m.id > iif(c.id = ${reconciliation}, ${match}, 0)
    where c.environment_id = ${environmentId} and c.id >= ${reconciliation} order by c.id, m.id limit ${limit}`;
}

const ENVIRONMENT = {
  message: "The match belongs to another environment than its reconciliation.",
  expected: sql`iif(n.account_id is null, n.home, ${NO_ENVIRONMENT})`,
  found: sql`n.environment_id`,
};

const LINE_ITEMS = {
  message: "A match of a transaction with an expected payment is one transaction line item.",
  expected: sql`iif(n.account_id is null, 0, 1)`,
  found: sql`(select count(*) from transaction_line_items li where li.match_id = n.id)`,
};

/** What live matches take of their records. */
export const checkMatches = rowCheck({
  ...matchResource,
  scan: scanMatches("matched"),
  fanOut: sql.raw("left join allocations x on x.match_id = page.b"),
  from: (places) => sql`(
      select m.id, m.uid, m.environment_id, m.variance, c.account_id, c.environment_id as home,
        count(x.match_id) as records, coalesce(sum(x.side = 'a'), 0) as on_a, coalesce(sum(x.side = 'b'), 0) as on_b,
        coalesce(sum(iif(x.side = 'a', x.amount * r.direction, 0)), 0) as sum_a,
        coalesce(sum(iif(x.side = 'b', x.amount * r.direction, 0)), 0) as sum_b,
        coalesce(sum(r.currency <> m.currency), 0) as in_other_currencies,
        coalesce(sum(r.deleted_at is not null), 0) as deleted,
        coalesce(sum(x.match_id is not null and rs.side is not x.side), 0) as misplaced,
        coalesce(sum(x.match_id is not null and coalesce(e.match_count, 0) = 0), 0) as without_entry
      from ${places} cross join matches m on m.id = j.value ->> 1 and m.status = 'matched'
      cross join reconciliations c on c.id = m.reconciliation_id
      left join allocations x on x.match_id = m.id left join records r on r.id = x.record_id
      left join entries e on e.reconciliation_id = c.id and e.record_id = x.record_id
      left join reconciliation_sources rs on rs.reconciliation_id = c.id and rs.source_id = r.source_id
      group by m.id
    ) n`,
  pairs: [
    ENVIRONMENT,
    LINE_ITEMS,
    {
      message: "A live match has records on both sides.",
      expected: sql`'both'`,
      found: sql`case when n.on_a > 0 and n.on_b > 0 then 'both' when n.on_a > 0 then 'a' when n.on_b > 0 then 'b'
        else 'neither' end`,
    },
    {
      message: "A transaction line item has one transaction and one expected payment.",
      expected: sql`iif(n.account_id is null, n.records, 2)`,
      found: sql`n.records`,
    },
    {
      message: "The variance is not what Side A's amounts come to, less Side B's.",
      expected: sql`abs(n.sum_a) - abs(n.sum_b)`,
      found: sql`n.variance`,
    },
    { message: "Some of its records are in another currency.", expected: sql`0`, found: sql`n.in_other_currencies` },
    { message: "Some of its records are deleted.", expected: sql`0`, found: sql`n.deleted` },
    { message: "Some of its records are not of their side.", expected: sql`0`, found: sql`n.misplaced` },
    { message: "Some of its records do not know of any match.", expected: sql`0`, found: sql`n.without_entry` },
  ],
});

/** What is left of voided matches. */
export const checkVoidedMatches = rowCheck({
  ...matchResource,
  scan: scanMatches("voided"),
  from: (places) => sql`(
      select m.id, m.uid, m.environment_id, m.reconciliation_id, m.set_key, c.account_id, c.environment_id as home
      from ${places} cross join matches m on m.id = j.value ->> 1 cross join reconciliations c on c.id = m.reconciliation_id
    ) n`,
  pairs: [
    ENVIRONMENT,
    LINE_ITEMS,
    {
      message: "Its records are not among the sets that are left alone.",
      expected: sql`1`,
      found: sql`(select count(*) from voided_sets v
        where v.reconciliation_id = n.reconciliation_id and v.set_key = n.set_key)`,
    },
  ],
});
