import { sql } from "drizzle-orm";
import { notFound, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { runBatch } from "../db/client.ts";
import { findWebhookEndpoint } from "../db/webhook-endpoints.ts";
import type { ServiceContext } from "./context.ts";

/** Deletes an endpoint. Its deliveries stay readable; those under way fail when they fall due. */
export async function deleteWebhookEndpoint(ctx: ServiceContext, uid: string): Promise<Result<null>> {
  const endpoint = await findWebhookEndpoint(ctx.db, ctx.environmentId, uid);
  if (!endpoint) return notFound("webhook endpoint");
  await runBatch(ctx.db, [
    ...ctx.alongside,
    ...auditChange(ctx, { action: "webhook_endpoint.deleted", uid }, [
      sql`update webhook_endpoints set deleted_at = ${ctx.now()}, secret = '', previous_secrets = null
        where id = ${endpoint.id} and deleted_at is null`,
    ]),
  ]);
  return ok(null);
}
