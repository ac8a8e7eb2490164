import { and, desc, eq, isNull, lt, type SQL, sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import { cutPage, type Page, type PageRequest } from "./page.ts";
import { webhookEndpoints } from "./schema.ts";

export type WebhookEndpointRow = typeof webhookEndpoints.$inferSelect;

export async function findWebhookEndpoint(
  db: Db,
  environmentId: number,
  uid: string,
): Promise<WebhookEndpointRow | undefined> {
  const [row] = await db.orm
    .select()
    .from(webhookEndpoints)
    .where(
      and(
        eq(webhookEndpoints.uid, uid),
        eq(webhookEndpoints.environmentId, environmentId),
        isNull(webhookEndpoints.deletedAt),
      ),
    );
  return row;
}

export async function listWebhookEndpoints(
  db: Db,
  environmentId: number,
  page: PageRequest,
): Promise<Page<WebhookEndpointRow>> {
  const rows = await db.orm
    .select()
    .from(webhookEndpoints)
    .where(
      and(
        eq(webhookEndpoints.environmentId, environmentId),
        isNull(webhookEndpoints.deletedAt),
        page.before === null ? undefined : lt(webhookEndpoints.id, page.before),
      ),
    )
    .orderBy(desc(webhookEndpoints.id))
    .limit(page.limit + 1);
  return cutPage(rows, page.limit);
}

/** A condition for guards: the endpoint is there and takes deliveries. */
export function endpointIsEnabled(id: number): SQL {
  return sql`exists (select 1 from webhook_endpoints where id = ${id} and status = 'enabled' and deleted_at is null)`;
}

/** A condition for guards: the environment has fewer endpoints than this. */
export function hasFewerEndpointsThan(environmentId: number, limit: number): SQL {
  return sql`(select count(*) from webhook_endpoints
    where environment_id = ${environmentId} and deleted_at is null) < ${limit}`;
}

/** An endpoint as it was when an attempt at it began. */
export interface AttemptedEndpoint {
  id: number;
  uid: string;
  url: string;
  updatedAt: number;
}

/** Notes that an endpoint has answered well at this URL. */
export function noteSuccess({ id, url }: AttemptedEndpoint): SQL {
  return sql`update webhook_endpoints set failing_since = null
    where id = ${id} and url = ${url} and failing_since is not null`;
}

/** Notes that an endpoint has failed at this URL, at an instant (ms), unless it is known to be failing. */
export function noteFailure({ id, url }: AttemptedEndpoint, at: number): SQL {
  return sql`update webhook_endpoints set failing_since = ${at}
    where id = ${id} and url = ${url} and failing_since is null`;
}

/**
 * The statements that disable an endpoint, with the event that says so, unless it was changed since the attempt began:
 * what failed may have been repaired. With `failingBefore` only if it has been failing since then or longer.
 */
export function disableEndpoint(
  environmentId: number,
  { id, updatedAt }: AttemptedEndpoint,
  event: { uid: string; occurrence: string; snapshot: unknown },
  now: number,
  failingBefore: number | null,
): SQL[] {
  const failing = failingBefore === null ? sql`true` : sql`failing_since <= ${failingBefore}`;
  return [
    sql`insert into events (environment_id, created_at, subject, uid, type, occurrence, snapshot)
      select ${environmentId}, ${now}, 'webhook_endpoint', ${event.uid}, 'webhook_endpoint.disabled',
        ${event.occurrence}, ${JSON.stringify(event.snapshot)}
      from webhook_endpoints where id = ${id} and status = 'enabled' and deleted_at is null
        and updated_at = ${updatedAt} and ${failing}`,
    sql`update webhook_endpoints set status = 'disabled', updated_at = max(updated_at + 1, ${now})
      where id = ${id} and exists (select 1 from events where uid = ${event.uid})`,
  ];
}
