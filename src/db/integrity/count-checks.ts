import { sql } from "drizzle-orm";
import { INTEGRITY_COUNT_PAGE_ROWS } from "../../config.ts";
import { countCheck } from "./count-check.ts";
import { holdsWithoutChanges } from "./counted-changes.ts";
import { reconciliationResource, sourceResource } from "./differences.ts";
import { recordsToken } from "./reconciliation-token.ts";

// A record counts until it is deleted; only that of an expected payment may come back.
const thatMayCount = sql.raw("(r.deleted_at is not null or s.type = 'expected_payments')");

const COUNT = { message: "It does not know how many there are" };

/** How many records a data source has. */
export const checkRecordCounts = countCheck({
  measures: [COUNT],
  list: (environmentId, after, limit) => sql`select id, record_count as size from data_sources
    where environment_id = ${environmentId} and id > ${after} order by id limit ${limit}`,
  read: (
    environmentId,
    starts,
  ) => sql`select s.id, ${sourceResource.resourceType} as type, ${sourceResource.resourceId} as name,
      cast(s.change_no as text) as token, ${holdsWithoutChanges(thatMayCount)} as holds,
      json_array(0, null, json_object('records', json_array(s.record_count))) as kept, (
        select json_array(count(*), iif(count(*) = ${INTEGRITY_COUNT_PAGE_ROWS}, max(counted.id), null),
          json_object('records', json_array(coalesce(sum(counted.is_live), 0))))
        from (
          select r.id, r.deleted_at is null as is_live from records r indexed by records_source
          where r.source_id = s.id and r.id > j.value ->> 1 order by r.id limit ${INTEGRITY_COUNT_PAGE_ROWS}
        ) counted
      ) as found
    from json_each(${starts}) j cross join data_sources s
      on s.id = j.value ->> 0 and s.environment_id = ${environmentId} order by j.key`,
});

// A payment that is closed short changes its status by no link of the chain, but by a change of its source.
const entriesToken = recordsToken(
  sql`select rs.source_id from reconciliation_sources rs
    where rs.reconciliation_id = c.id and rs.side = 'b' and c.account_id is not null`,
  sql`null`,
);

/** How many records of each data source a reconciliation has matched in part, and in full. */
export const checkReconciliationCounts = countCheck({
  measures: [COUNT],
  list: (environmentId, after, limit) => sql`select c.id, coalesce((
      select sum(rs.partial_count + rs.reconciled_count) from reconciliation_sources rs
      where rs.reconciliation_id = c.id), 0) as size
    from reconciliations c where c.environment_id = ${environmentId} and c.id > ${after} order by c.id limit ${limit}`,
  read: (environmentId, starts) => sql`select c.id, ${reconciliationResource.resourceType} as type,
      ${reconciliationResource.resourceId} as name,
      ${entriesToken.token} as token, ${entriesToken.holds} as holds, (
        select json_array(0, null, json_group_object(s.key || ' ' || k.key, json_array(k.value)))
        from reconciliation_sources rs cross join data_sources s on s.id = rs.source_id
        cross join json_each(json_object('partially reconciled', rs.partial_count, 'reconciled', rs.reconciled_count)) k
        where rs.reconciliation_id = c.id
      ) as kept, (
        select json_array(coalesce(sum(counted.rows), 0),
          iif(sum(counted.rows) = ${INTEGRITY_COUNT_PAGE_ROWS}, max(counted.last), null),
          json_group_object(counted.name, json_array(counted.rows)) filter (where counted.name is not null))
        from (
          select count(*) as rows, max(e.record_id) as last,
            s.key || case e.status when 1 then ' partially reconciled' when 2 then ' reconciled' end as name
          from (
            select record_id, status from entries
            where reconciliation_id = c.id and record_id > j.value ->> 1
            order by record_id limit ${INTEGRITY_COUNT_PAGE_ROWS}
          ) e cross join records r on r.id = e.record_id cross join data_sources s on s.id = r.source_id
          group by 3
        ) counted
      ) as found
    from json_each(${starts}) j cross join reconciliations c
      on c.id = j.value ->> 0 and c.environment_id = ${environmentId} order by j.key`,
});
