import { type SQL, sql } from "drizzle-orm";
import { INTEGRITY_COUNT_PAGE_ROWS } from "../../config.ts";
import type { IntegrityCheck } from "./check.ts";
import { type CountCheck, countCheck } from "./count-check.ts";
import { holdsWithoutChanges } from "./counted-changes.ts";
import { currencyName, pageOfDays, pageOfRows, splitSum } from "./day-pages.ts";
import { reconciliationResource, sourceResource } from "./differences.ts";
import { LINKS_TOKEN, NO_SOURCES, type ReconciliationToken, recordsToken } from "./reconciliation-token.ts";

const COUNT = { message: "Its days do not add up to the number of records" };
const AMOUNT = { message: "Its days do not add up to the amount of the records", isAmount: true };
const OPEN_AMOUNT = { message: "Its days do not add up to the open amount of the records", isAmount: true };
const MATCHED_AMOUNT = { message: "Its days do not add up to the matched amount of the records", isAmount: true };

const joinSource = sql.raw("cross join data_sources s on s.id = t.source_id");
const ofReconciliation = sql.raw("d.reconciliation_id = c.id");

/** What data sources have of posted records. */
export const checkSourceDays = countCheck({
  measures: [COUNT, AMOUNT],
  list: (environmentId, after, limit) => sql`select id, record_count as size from data_sources
    where environment_id = ${environmentId} and id > ${after} order by id limit ${limit}`,
  read: (
    environmentId,
    starts,
  ) => sql`select s.id, ${sourceResource.resourceType} as type, ${sourceResource.resourceId} as name,
      cast(s.change_no as text) as token, ${holdsWithoutChanges(sql`true`)} as holds,
      ${pageOfRows(
        sql`select r.id as no, r.amount, iif(r.deleted_at is null and r.is_pending = 0, ${currencyName("r")}, null) as name
          from records r indexed by records_source
          where r.source_id = s.id and r.id > j.value ->> 1 order by r.id limit ${INTEGRITY_COUNT_PAGE_ROWS}`,
        [sql`count(*)`, splitSum("t.amount")],
      )} as found,
      ${pageOfDays({
        table: "source_days",
        owner: sql`d.source_id = s.id`,
        key: ["currency", "direction", "date"],
        name: currencyName("t"),
        joins: sql``,
        sums: ["count", "amount_high", "amount_low"],
      })} as kept
    from json_each(${starts}) j cross join data_sources s
      on s.id = j.value ->> 0 and s.environment_id = ${environmentId} order by j.key`,
});

/** A check of what reconciliations keep by day, those of internal accounts excepted: these have no summaries. */
function checkDays(
  measures: CountCheck["measures"],
  parts: { size: SQL; token: ReconciliationToken; found: SQL; kept: SQL },
): IntegrityCheck {
  return countCheck({
    measures,
    list: (environmentId, after, limit) => sql`select c.id, ${parts.size} as size from reconciliations c
      where c.environment_id = ${environmentId} and c.id > ${after} and c.account_id is null order by c.id limit ${limit}`,
    read: (environmentId, starts) => sql`select c.id, ${reconciliationResource.resourceType} as type,
        ${reconciliationResource.resourceId} as name, ${parts.token.token} as token,
        ${parts.token.holds} as holds, ${parts.found} as found,
        ${parts.kept} as kept
      from json_each(${starts}) j cross join reconciliations c
        on c.id = j.value ->> 0 and c.environment_id = ${environmentId} order by j.key`,
  });
}

/** A page of what stands on the records of a reconciliation. */
function pageOfEntries(name: SQL, columns: SQL, sums: readonly SQL[]): SQL {
  return pageOfRows(
    sql`select e.record_id as no, ${columns}, ${name} as name
      from (
        select record_id, status, matched, overdue_at, ambiguous_at from entries
        where reconciliation_id = c.id and record_id > j.value ->> 1
        order by record_id limit ${INTEGRITY_COUNT_PAGE_ROWS}
      ) e cross join records r on r.id = e.record_id cross join data_sources s on s.id = r.source_id`,
    sums,
  );
}

/** What reconciliations have of matched records; what was changed after a match says nothing of what is there now. */
export const checkSummaryDays = checkDays([COUNT, AMOUNT, MATCHED_AMOUNT], {
  size: sql`c.chain_no + coalesce((select sum(rs.partial_count + rs.reconciled_count) from reconciliation_sources rs
    where rs.reconciliation_id = c.id), 0)`,
  token: recordsToken(NO_SOURCES, sql`null`),
  found: pageOfEntries(
    sql`s.key || ' ' || ${currencyName("r")} || case e.status when 1 then ' partially reconciled' when 2 then ' reconciled' end`,
    sql`r.amount, e.matched`,
    [sql`count(*)`, splitSum("t.amount"), splitSum("t.matched")],
  ),
  kept: pageOfDays({
    table: "summary_days",
    owner: ofReconciliation,
    key: ["source_id", "currency", "direction", "status", "date", "day"],
    name: sql`s.key || ' ' || ${currencyName("t")} || case t.status when 1 then ' partially reconciled' when 2 then ' reconciled' end`,
    joins: joinSource,
    sums: ["count", "amount_high", "amount_low", "matched_high", "matched_low"],
  }),
});

const openException = "(e.overdue_at is not null or e.ambiguous_at is not null) and e.status <> 2";

/** What reconciliations have of overdue and ambiguous records. */
export const checkExceptionDays = checkDays(
  [
    COUNT,
    { message: "Its days do not add up to the number of overdue records" },
    { message: "Its days do not add up to the number of ambiguous records" },
    OPEN_AMOUNT,
  ],
  {
    size: sql`coalesce((select sum(rs.partial_count + rs.reconciled_count) from reconciliation_sources rs
        where rs.reconciliation_id = c.id), 0)
      + coalesce((select sum(d.count) from exception_days d where d.reconciliation_id = c.id), 0)`,
    // Nothing but the number itself tells of a record that has become overdue by the clock.
    token: recordsToken(
      sql`select source_id from reconciliation_sources where reconciliation_id = c.id
        union select source_id from reconciliation_exceptions where reconciliation_id = c.id`,
      sql`c.generation || '/' || coalesce(c.marks_token, 0) || '/' || coalesce((
        select sum(d.overdue_count) from exception_days d where d.reconciliation_id = c.id), 0)`,
    ),
    found: pageOfEntries(
      sql`iif(${sql.raw(openException)}, s.key || ' ' || ${currencyName("r")}, null)`,
      sql`e.overdue_at, e.ambiguous_at, r.amount - e.matched as open`,
      [sql`count(*)`, sql`count(t.overdue_at)`, sql`count(t.ambiguous_at)`, splitSum("t.open")],
    ),
    kept: pageOfDays({
      table: "exception_days",
      owner: ofReconciliation,
      key: ["source_id", "currency", "direction", "date"],
      name: sql`s.key || ' ' || ${currencyName("t")}`,
      joins: joinSource,
      sums: ["count", "overdue_count", "ambiguous_count", "amount_high", "amount_low"],
    }),
  },
);

const joinRule = (row: "m" | "t") => sql.raw(`left join reconciliation_rules u on u.id = ${row}.rule_id`);
const ruleName = sql.raw("coalesce(u.uid, 'by hand')");

/** Links with the number of their matches' records. A match that the page has not all of is left to the next one. */
const pageOfLinks = sql`(
  select json_array(coalesce(sum(named.rows), 0), iif(max(named.is_full), max(named.last), null),
    json_group_object(named.name, json_array(named.matches, named.records)) filter (where named.name is not null))
  from (
    select sum(k.rows) as rows, max(k.no) as last, max(k.is_full) as is_full, ${ruleName} as name,
      sum(k.sign) as matches, sum(k.sign * k.records) as records
    from (
      select no, match_id, iif(kind = 'match', 1, -1) as sign, count(*) as rows, count(record_id) as records,
        max(no) over () as last, sum(count(*)) over () = ${INTEGRITY_COUNT_PAGE_ROWS} as is_full
      from (
        select l.no, l.match_id, l.kind, a.record_id from links l left join allocations a on a.match_id = l.match_id
        where l.reconciliation_id = c.id and l.no > j.value ->> 1 order by l.no limit ${INTEGRITY_COUNT_PAGE_ROWS}
      )
      group by no
    ) k cross join matches m on m.id = k.match_id ${joinRule("m")}
    where not (k.is_full and k.no = k.last) group by 4
  ) named)`;

/** What the chains of reconciliations say of the live matches of each rule. */
export const checkRuleDays = checkDays(
  [
    { message: "Its days do not add up to the number of matches" },
    { message: "Its days do not add up to the number of matched records" },
  ],
  {
    size: sql`c.chain_no`,
    token: LINKS_TOKEN,
    found: pageOfLinks,
    kept: pageOfDays({
      table: "rule_days",
      owner: ofReconciliation,
      key: ["rule_id", "day"],
      name: ruleName,
      joins: joinRule("t"),
      sums: ["matches", "records"],
    }),
  },
);
