import { and, eq, isNull, sql } from "drizzle-orm";
import { invalid, notFound, ok, type Result } from "../core/result.ts";
import type { WebhookFormat } from "../core/webhook-message.ts";
import { auditChange } from "../db/audit-entries.ts";
import { runBatch } from "../db/client.ts";
import { webhookEndpoints } from "../db/schema.ts";
import { findWebhookEndpoint, type WebhookEndpointRow } from "../db/webhook-endpoints.ts";
import { checkWebhookUrl } from "./check-webhook-url.ts";
import type { ServiceContext } from "./context.ts";

export interface WebhookEndpointPatch {
  url?: string | undefined;
  eventTypes?: string[] | undefined;
  description?: string | null | undefined;
  status?: "enabled" | "disabled" | undefined;
  format?: WebhookFormat | undefined;
}

/** Changes an endpoint. One that is enabled, or sent elsewhere, starts with a clean record of failures. */
export async function updateWebhookEndpoint(
  ctx: ServiceContext,
  uid: string,
  patch: WebhookEndpointPatch,
): Promise<Result<WebhookEndpointRow>> {
  const refused = await checkWebhookUrl(ctx.webhookUrlRules, patch.url);
  if (refused.length > 0) {
    const isThere = (await findWebhookEndpoint(ctx.db, ctx.environmentId, uid)) !== undefined;
    return isThere ? invalid(refused) : notFound("webhook endpoint");
  }
  const forgives = patch.url !== undefined || patch.status === "enabled";
  // An attempt that is under way disables nothing that was changed meanwhile, so each change has an instant of its own.
  const updatedAt = sql`max(updated_at + 1, ${ctx.now()})`;
  const write = ctx.db.orm
    .update(webhookEndpoints)
    .set({ ...patch, updatedAt, ...(forgives ? { failingSince: null } : {}) })
    .where(
      and(
        eq(webhookEndpoints.uid, uid),
        eq(webhookEndpoints.environmentId, ctx.environmentId),
        isNull(webhookEndpoints.deletedAt),
      ),
    );
  const change = { action: "webhook_endpoint.updated", uid } as const;
  await runBatch(ctx.db, [...ctx.alongside, ...auditChange(ctx, change, [write])]);
  const row = await findWebhookEndpoint(ctx.db, ctx.environmentId, uid);
  return row ? ok(row) : notFound("webhook endpoint");
}
