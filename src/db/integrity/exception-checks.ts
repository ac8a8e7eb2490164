import { sql } from "drizzle-orm";
import { rowCheck } from "./check.ts";

/** Exceptions of the pairs of reconciliation and data source, against the records that they are about. */
export const checkExceptions = rowCheck({
  resourceType: sql`iif(n.uid is null, 'reconciliation', 'reconciliation_exception')`,
  resourceId: sql`coalesce(n.uid, n.reconciliation_uid)`,
  about: sql`'Data source ' || n.key`,
  scan: (environmentId, reconciliation, source, limit) => sql`select c.id as a, p.value as b
    from reconciliations c cross join json_each((
      select json_group_array(source_id) from (
        select source_id from reconciliation_sources where reconciliation_id = c.id
        union select source_id from reconciliation_exceptions where reconciliation_id = c.id))) p
    where c.environment_id = ${environmentId} and c.id >= ${reconciliation} and c.account_id is null
      and p.value > iif(c.id = ${reconciliation}, ${source}, 0)
    order by c.id, p.value limit ${limit}`,
  fanOut: sql.raw("left join exception_days x on x.reconciliation_id = page.a and x.source_id = page.b"),
  from: (places) => sql`(
      select c.id as reconciliation_id, s.id as source_id, x.dismissed_count, c.uid as reconciliation_uid, c.environment_id as home, s.key, x.uid, x.environment_id, x.status,
        c.deleted_at is null and exists (select 1 from exception_days d
          where d.reconciliation_id = c.id and d.source_id = s.id)
        and exists (select 1 from reconciliation_sources rs
          where rs.reconciliation_id = c.id and rs.source_id = s.id) as is_left
      from ${places} cross join reconciliations c on c.id = j.value ->> 0
      cross join data_sources s on s.id = j.value ->> 1
      left join reconciliation_exceptions x on x.reconciliation_id = c.id and x.source_id = s.id
    ) n`,
  pairs: [
    {
      message: "The exception belongs to another environment than its reconciliation.",
      expected: sql`iif(n.uid is null, null, n.home)`,
      found: sql`n.environment_id`,
    },
    {
      // A person may have dismissed it.
      message: "An exception is open if and only if records are overdue or ambiguous.",
      expected: sql`case when n.status = 'dismissed' then 'dismissed' when n.is_left then 'open' else 'closed' end`,
      found: sql`case when n.status = 'dismissed' then 'dismissed' when n.status in ('open', 'investigating') then 'open'
        else 'closed' end`,
    },
    {
      message: "More records are overdue or ambiguous than it was dismissed with.",
      expected: sql`0`,
      found: sql`iif(n.status = 'dismissed' and n.is_left, (select max(sum(d.count) - n.dismissed_count, 0)
        from exception_days d where d.reconciliation_id = n.reconciliation_id and d.source_id = n.source_id), 0)`,
    },
  ],
});
