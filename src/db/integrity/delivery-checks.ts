import { sql } from "drizzle-orm";
import { INTEGRITY_PAGE_MAX_JOINED_ROWS } from "../../config.ts";
import { rowCheck, scanTable } from "./check.ts";

/** Endpoints of deliveries that are pending and do not wait, those due first; as many as may be read for a page. */
const endpointsToBeServed = sql`select endpoint_id from deliveries
  where status = 'pending' and waiting_since is null and next_attempt_at >= 0
  order by next_attempt_at limit ${INTEGRITY_PAGE_MAX_JOINED_ROWS}`;

/** Webhook deliveries: what they deliver and where to is there, and those that wait know until when. */
export const checkDeliveries = rowCheck({
  resourceType: sql`'webhook_delivery'`,
  resourceId: sql`d.uid`,
  scan: scanTable("deliveries"),
  fanOut: sql.raw("left join attempts x on x.delivery_id = page.a"),
  from: (places) => sql`${places} cross join deliveries d on d.id = j.value ->> 0`,
  pairs: [
    {
      message: "Its event is not there, or of another environment.",
      expected: sql`1`,
      found: sql`exists (select 1 from events v where v.id = d.event_id and v.environment_id = d.environment_id)`,
    },
    {
      message: "Its endpoint is not there, or of another environment.",
      expected: sql`1`,
      found: sql`exists (select 1 from webhook_endpoints w
        where w.id = d.endpoint_id and w.environment_id = d.environment_id)`,
    },
    {
      message: "It knows when it is to be attempted if and only if it is pending.",
      expected: sql`d.status = 'pending'`,
      found: sql`d.next_attempt_at is not null`,
    },
    {
      message: "It knows when it was completed if and only if it is not pending.",
      expected: sql`d.status <> 'pending'`,
      found: sql`d.completed_at is not null`,
    },
    {
      message: "An attempt of a completed delivery is under way.",
      expected: sql`0`,
      found: sql`d.status <> 'pending' and d.leased_until is not null`,
    },
    {
      message: "It waits for another attempt to end, though it is completed or in an attempt itself.",
      expected: sql`0`,
      found: sql`d.waiting_since is not null and (d.status <> 'pending' or d.leased_until is not null)`,
    },
    {
      message: "It waits, and no other delivery to its endpoint is to be attempted, whose end would wake it.",
      expected: sql`1`,
      // No index has what was never attempted by its endpoint; nothing is said where too much would have to be read.
      found: sql`case when d.waiting_since is null then 1
        when exists (select 1 from deliveries u where u.endpoint_id = d.endpoint_id and u.leased_until > 0) then 1
        when d.endpoint_id in (${endpointsToBeServed}) then 1
        else (select count(*) from (${endpointsToBeServed})) = ${INTEGRITY_PAGE_MAX_JOINED_ROWS} end`,
    },
    {
      message: "The number of its attempts is not that of those listed and the one that is under way.",
      expected: sql`(select count(*) from attempts t where t.delivery_id = d.id) + (d.leased_until is not null)`,
      found: sql`d.attempt_count`,
    },
    {
      message: "It is delivered, and no attempt was answered with success.",
      expected: sql`1`,
      found: sql`d.status <> 'delivered' or exists (select 1 from attempts t
        where t.delivery_id = d.id and t.status_code between 200 and 299)`,
    },
  ],
});
