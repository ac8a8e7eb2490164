import { sql } from "drizzle-orm";
import { PING, subjectOf } from "../core/event.ts";
import { conflict, notFound, ok, type Result } from "../core/result.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { type DeliveryRow, findDelivery, insertDelivery } from "../db/deliveries.ts";
import { expectThat } from "../db/guard.ts";
import { endpointIsEnabled, findWebhookEndpoint } from "../db/webhook-endpoints.ts";
import type { ServiceContext } from "./context.ts";
import { sendDeliveries } from "./send-deliveries.ts";

/** Sends a ping to one endpoint, in the way of every other event. */
export async function sendPing(ctx: ServiceContext, endpointUid: string): Promise<Result<DeliveryRow>> {
  const endpoint = await findWebhookEndpoint(ctx.db, ctx.environmentId, endpointUid);
  if (!endpoint) return notFound("webhook endpoint");
  const uid = ctx.newId();
  const eventUid = ctx.newId();
  const now = ctx.now();
  const snapshot = JSON.stringify({ endpoint_id: endpointUid });
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(endpointIsEnabled(endpoint.id)),
      sql`insert into events (environment_id, uid, type, occurrence, subject, snapshot, created_at)
        values (${ctx.environmentId}, ${eventUid}, ${PING}, ${`${PING} ${eventUid}`}, ${subjectOf(PING)}, ${snapshot}, ${now})`,
      insertDelivery(ctx.environmentId, { uid, eventUid, endpointId: endpoint.id }, now),
    ]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    return conflict("The webhook endpoint is disabled; enable it first.");
  }
  const delivery = await findDelivery(ctx.db, ctx.environmentId, uid);
  await sendDeliveries(ctx.webhooks, [uid]);
  return delivery ? ok(delivery) : notFound("webhook delivery");
}
