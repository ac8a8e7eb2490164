import { WEBHOOK_ENDPOINTS_MAX } from "../config.ts";
import { conflict, invalid, ok, type Result } from "../core/result.ts";
import { formatSecret, SECRET_BYTES } from "../core/signature.ts";
import type { WebhookFormat } from "../core/webhook-message.ts";
import { auditChange } from "../db/audit-entries.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { expectThat } from "../db/guard.ts";
import { webhookEndpoints } from "../db/schema.ts";
import { findWebhookEndpoint, hasFewerEndpointsThan, type WebhookEndpointRow } from "../db/webhook-endpoints.ts";
import { checkWebhookUrl } from "./check-webhook-url.ts";
import type { ServiceContext } from "./context.ts";

export interface NewWebhookEndpoint {
  url: string;
  eventTypes: string[];
  description: string | null;
  status: "enabled" | "disabled";
  format: WebhookFormat;
}

/** Makes an endpoint with a fresh secret, which only this answer and that of a rotation show. */
export async function createWebhookEndpoint(
  ctx: ServiceContext,
  input: NewWebhookEndpoint,
): Promise<Result<WebhookEndpointRow>> {
  const refused = await checkWebhookUrl(ctx.webhookUrlRules, input.url);
  if (refused.length > 0) return invalid(refused);
  const uid = ctx.newId();
  const now = ctx.now();
  const insert = ctx.db.orm
    .insert(webhookEndpoints)
    .values({ ...input, uid, environmentId: ctx.environmentId, secret: newSecret(), createdAt: now, updatedAt: now });
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(hasFewerEndpointsThan(ctx.environmentId, WEBHOOK_ENDPOINTS_MAX)),
      ...auditChange(ctx, { action: "webhook_endpoint.created", uid }, [insert]),
    ]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    return conflict(`An environment may have at most ${WEBHOOK_ENDPOINTS_MAX} webhook endpoints.`);
  }
  const row = await findWebhookEndpoint(ctx.db, ctx.environmentId, uid);
  if (!row) return conflict("The webhook endpoint was deleted at the same moment.");
  return ok(row);
}

export function newSecret(): string {
  return formatSecret(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
}
