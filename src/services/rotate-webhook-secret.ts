import { sql } from "drizzle-orm";
import { WEBHOOK_PREVIOUS_SECRETS_MAX, WEBHOOK_SECRET_OVERLAP_MS } from "../config.ts";
import { conflict, fail, notFound, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { expectThat } from "../db/guard.ts";
import { findWebhookEndpoint, type WebhookEndpointRow } from "../db/webhook-endpoints.ts";
import type { ServiceContext } from "./context.ts";
import { newSecret } from "./create-webhook-endpoint.ts";

/** Gives an endpoint a fresh secret; those before it sign as well until each has had its full overlap. */
export async function rotateWebhookSecret(ctx: ServiceContext, uid: string): Promise<Result<WebhookEndpointRow>> {
  const endpoint = await findWebhookEndpoint(ctx.db, ctx.environmentId, uid);
  if (!endpoint) return notFound("webhook endpoint");
  const now = ctx.now();
  const valid = (endpoint.previousSecrets ?? []).filter(({ until }) => until > now);
  if (valid.length >= WEBHOOK_PREVIOUS_SECRETS_MAX) {
    return conflict(`${valid.length} secrets before this one are still valid; each is for 24 hours.`);
  }
  const previous = [{ secret: endpoint.secret, until: now + WEBHOOK_SECRET_OVERLAP_MS }, ...valid];
  const secret = newSecret();
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      // A secret that is rotated out twice at once would be lost without its overlap.
      expectThat(sql`(select secret from webhook_endpoints
        where id = ${endpoint.id} and deleted_at is null) = ${endpoint.secret}`),
      ...auditChange(ctx, { action: "webhook_endpoint.secret_rotated", uid }, [
        sql`update webhook_endpoints set secret = ${secret}, previous_secrets = ${JSON.stringify(previous)},
            updated_at = max(updated_at + 1, ${now})
          where id = ${endpoint.id}`,
      ]),
    ]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    return fail({
      kind: "conflict",
      detail: "The secret was rotated, or the endpoint deleted, at the same moment.",
      retryAfterSeconds: 1,
    });
  }
  const rotated = await findWebhookEndpoint(ctx.db, ctx.environmentId, uid);
  return rotated ? ok({ ...rotated, secret }) : notFound("webhook endpoint");
}
