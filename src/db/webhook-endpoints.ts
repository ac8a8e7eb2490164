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
