import { sql } from "drizzle-orm";
import { rowCheck, scanTable } from "./check.ts";

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
      message: "More attempts are listed than were counted.",
      expected: sql`0`,
      found: sql`(select max(count(*) - d.attempt_count, 0) from attempts t where t.delivery_id = d.id)`,
    },
  ],
});
