import {
  type Bindings,
  type DeliveryMessage,
  WEBHOOK_BATCH_WAIT_MS,
  WEBHOOK_DEAD_LETTER_QUEUE,
  WEBHOOK_LEASE_MS,
  WEBHOOK_QUEUE,
  WEBHOOK_REARM_DELAY_MS,
  WEBHOOK_TIMEOUT_MS,
  WEBHOOK_TURN_MS,
} from "../config.ts";
import { openDb } from "../db/client.ts";
import { putOffDelivery } from "../db/deliveries.ts";
import { type DeliveryDependencies, type DeliveryReport, deliverWebhook } from "../services/deliver-webhook.ts";
import { sendDeliveries } from "../services/send-deliveries.ts";
import { webhookUrlRules } from "./webhook-url-rules.ts";

/** The consumer of both queues of webhooks. */
export async function handleWebhookBatch(
  batch: MessageBatch<DeliveryMessage>,
  env: Bindings,
  ctx: ExecutionContext,
): Promise<void> {
  switch (batch.queue) {
    case WEBHOOK_QUEUE:
      return attemptDeliveries(batch, env, ctx);
    case WEBHOOK_DEAD_LETTER_QUEUE:
      return rearmDeliveries(batch, env);
    default:
      throw new Error(`no consumer for the queue ${batch.queue}`);
  }
}

// A receiver that takes its time must not hold up the queue for others: once its POST is on its way an attempt goes on
// by itself. Its delivery is claimed, so if this process dies, the cron finds the claim run out; and how many there are
// at a time is bounded by the claims of each endpoint.
async function attemptDeliveries(
  batch: MessageBatch<DeliveryMessage>,
  env: Bindings,
  ctx: ExecutionContext,
): Promise<void> {
  const deps: DeliveryDependencies = {
    db: openDb(env.DB),
    queue: env.WEBHOOKS,
    fetch: (url, init) => fetch(url, init),
    now: () => Date.now(),
    random: () => Math.random(),
    urlRules: webhookUrlRules(env),
    timeoutMs: WEBHOOK_TIMEOUT_MS,
  };
  const begun = batch.messages.map((message) => {
    const { promise: isSent, resolve: markSent } = Promise.withResolvers<void>();
    const fetchOnce: DeliveryDependencies["fetch"] = (url, init) => {
      markSent();
      return deps.fetch(url, init);
    };
    const done = attempt({ ...deps, fetch: fetchOnce }, message);
    ctx.waitUntil(done);
    return Promise.race([isSent, done]);
  });
  await Promise.race([Promise.all(begun), scheduler.wait(WEBHOOK_BATCH_WAIT_MS)]);
}

async function attempt(deps: DeliveryDependencies, message: Message<DeliveryMessage>): Promise<void> {
  const { delivery_id } = message.body;
  try {
    const { next } = await deliver(deps, delivery_id);
    message.ack();
    await goOn(deps, next);
  } catch (error) {
    // Our own trouble, the database most likely: the claim has run out by then.
    message.retry({ delaySeconds: Math.ceil(WEBHOOK_LEASE_MS / 1000) + 1 });
    console.error(JSON.stringify({ message: "webhook attempt failed inside", delivery_id, error: String(error) }));
  }
}

// What waited for a place would find it taken if it had to come through the queue first.
async function goOn(deps: DeliveryDependencies, first: string | undefined): Promise<void> {
  const until = deps.now() + WEBHOOK_TURN_MS;
  let next = first;
  while (next !== undefined && deps.now() < until) next = (await deliver(deps, next)).next;
  if (next !== undefined) await sendDeliveries(deps.queue, [next]);
}

async function deliver(deps: DeliveryDependencies, delivery_id: string): Promise<DeliveryReport> {
  const report = await deliverWebhook(deps, delivery_id);
  if (report.outcome !== "skipped") {
    console.log(
      JSON.stringify({
        message: "webhook attempt",
        delivery_id,
        event_id: report.eventId,
        endpoint_id: report.endpointId,
        environment: report.environment,
        attempt: report.attempt,
        status_code: report.statusCode,
        error: report.error,
        latency_ms: report.latencyMs,
        outcome: report.outcome,
      }),
    );
  }
  return report;
}

// Messages come here when attempts failed inside again and again. The row says whether there is still something to do.
async function rearmDeliveries(batch: MessageBatch<DeliveryMessage>, env: Bindings): Promise<void> {
  const db = openDb(env.DB);
  await Promise.all(
    batch.messages.map(async (message) => {
      const { delivery_id } = message.body;
      try {
        const now = Date.now();
        const isPending = await putOffDelivery(db, delivery_id, now + WEBHOOK_REARM_DELAY_MS, now);
        if (isPending) await sendDeliveries(env.WEBHOOKS, [delivery_id], WEBHOOK_REARM_DELAY_MS / 1000);
        console.error(JSON.stringify({ message: "webhook wake-up came to the dead letters", delivery_id, isPending }));
        message.ack();
      } catch (error) {
        message.retry();
        console.error(JSON.stringify({ message: "dead letter was not worked on", delivery_id, error: String(error) }));
      }
    }),
  );
}
