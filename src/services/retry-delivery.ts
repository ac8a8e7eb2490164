import { sql } from "drizzle-orm";
import { WEBHOOK_ATTEMPTS_MAX } from "../config.ts";
import { conflict, fail, notFound, ok, type Result } from "../core/result.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { type DeliveryRow, findDelivery } from "../db/deliveries.ts";
import { expectThat } from "../db/guard.ts";
import { endpointIsEnabled } from "../db/webhook-endpoints.ts";
import type { ServiceContext } from "./context.ts";
import { sendDeliveries } from "./send-deliveries.ts";

/**
 * Makes another attempt of a delivery at once, whatever became of it. If that fails, what the schedule still grants
 * after this number of attempts goes on.
 */
export async function retryDelivery(ctx: ServiceContext, uid: string): Promise<Result<DeliveryRow>> {
  const delivery = await findDelivery(ctx.db, ctx.environmentId, uid);
  if (!delivery) return notFound("webhook delivery");
  const now = ctx.now();
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(endpointIsEnabled(delivery.endpointId)),
      expectThat(sql`exists (select 1 from deliveries
        where id = ${delivery.id} and attempt_count < ${WEBHOOK_ATTEMPTS_MAX} and coalesce(leased_until, 0) <= ${now})`),
      sql`update deliveries set status = 'pending', next_attempt_at = ${now}, completed_at = null
        where id = ${delivery.id}`,
    ]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    return explainRefusal(ctx, uid);
  }
  await sendDeliveries(ctx.webhooks, [uid]);
  const retried = await findDelivery(ctx.db, ctx.environmentId, uid);
  return retried ? ok(retried) : notFound("webhook delivery");
}

async function explainRefusal(ctx: ServiceContext, uid: string): Promise<Result<never>> {
  const delivery = await findDelivery(ctx.db, ctx.environmentId, uid);
  if (!delivery) return notFound("webhook delivery");
  if (delivery.attemptCount >= WEBHOOK_ATTEMPTS_MAX) {
    return conflict(`This delivery has had its ${WEBHOOK_ATTEMPTS_MAX} attempts; replay the event instead.`);
  }
  if ((delivery.leasedUntil ?? 0) > ctx.now()) {
    return fail({ kind: "conflict", detail: "An attempt is under way.", retryAfterSeconds: 5 });
  }
  return conflict("The webhook endpoint is disabled or deleted.");
}
