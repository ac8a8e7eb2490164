import { REPLAY_MAX_EVENTS } from "../config.ts";
import { conflict, notFound, ok, type Result } from "../core/result.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { countEventsSince, replayDeliveries } from "../db/deliveries.ts";
import { expectThat } from "../db/guard.ts";
import { endpointIsEnabled, findWebhookEndpoint } from "../db/webhook-endpoints.ts";
import type { ServiceContext } from "./context.ts";
import { sendDeliveries } from "./send-deliveries.ts";

export interface Replay {
  deliveryCount: number;
  /** Where to go on with another replay, in ms; null if every event was looked at. */
  nextSince: number | null;
}

/** Delivers to an endpoint anew, under their own ids, the events since an instant (ms) that it wants. */
export async function replayEndpoint(ctx: ServiceContext, endpointUid: string, since: number): Promise<Result<Replay>> {
  const endpoint = await findWebhookEndpoint(ctx.db, ctx.environmentId, endpointUid);
  if (!endpoint) return notFound("webhook endpoint");
  let results: D1Result<unknown>[];
  try {
    results = await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(endpointIsEnabled(endpoint.id)),
      countEventsSince(ctx.environmentId, since),
      ...replayDeliveries(ctx.environmentId, endpoint.id, since, ctx.now()),
    ]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    return conflict("The webhook endpoint is disabled; enable it first.");
  }
  const [counted, , inserted] = results.slice(-3) as [
    D1Result<{ count: number; last: number }>,
    D1Result<unknown>,
    D1Result<{ uid: string }>,
  ];
  const uids = inserted.results.map((row) => row.uid);
  await sendDeliveries(ctx.webhooks, uids);
  const scanned = counted.results[0];
  const wasCut = scanned !== undefined && scanned.count === REPLAY_MAX_EVENTS;
  return ok({ deliveryCount: uids.length, nextSince: wasCut ? scanned.last : null });
}
