import { conflict, invalid, notFound, ok, type Result } from "../core/result.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { replayDeliveries, selectReplayEnd } from "../db/deliveries.ts";
import { findEventPlace } from "../db/events.ts";
import { expectThat } from "../db/guard.ts";
import { endpointIsEnabled, findWebhookEndpoint } from "../db/webhook-endpoints.ts";
import type { ServiceContext } from "./context.ts";
import { sendDeliveries } from "./send-deliveries.ts";

export interface Replay {
  deliveryCount: number;
  /** The event after which another replay goes on; null if every event was looked at. */
  nextAfter: string | null;
}

/**
 * Delivers to an endpoint anew, under their own ids, the events that it wants: those since an instant (ms), or those
 * after an event, as they happened.
 */
export async function replayEndpoint(
  ctx: ServiceContext,
  endpointUid: string,
  since: number,
  after: string | null,
): Promise<Result<Replay>> {
  const endpoint = await findWebhookEndpoint(ctx.db, ctx.environmentId, endpointUid);
  if (!endpoint) return notFound("webhook endpoint");
  const place = after === null ? { createdAt: since, id: 0 } : await findEventPlace(ctx.db, ctx.environmentId, after);
  if (!place || place.createdAt < since) {
    const message = "Must be the id of an event since then: next_after of the replay before.";
    return invalid([{ path: "/after", code: "unknown_event", message }]);
  }
  const from = { since: place.createdAt, afterId: place.id };
  let results: D1Result<unknown>[];
  try {
    results = await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(endpointIsEnabled(endpoint.id)),
      selectReplayEnd(ctx.environmentId, from),
      ...replayDeliveries(ctx.environmentId, endpoint.id, from, ctx.now()),
    ]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    return conflict("The webhook endpoint is disabled; enable it first.");
  }
  const [end, , inserted] = results.slice(-3) as [
    D1Result<{ uid: string }>,
    D1Result<unknown>,
    D1Result<{ uid: string }>,
  ];
  const uids = inserted.results.map((row) => row.uid);
  await sendDeliveries(ctx.webhooks, uids);
  return ok({ deliveryCount: uids.length, nextAfter: end.results[0]?.uid ?? null });
}
