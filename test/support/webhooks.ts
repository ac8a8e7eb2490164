import { env } from "cloudflare:workers";
import { v7 as newId } from "uuid";
import type { Bindings, DeliveryMessage } from "../../src/config.ts";
import { formatSecret } from "../../src/core/signature.ts";
import { all, openDb } from "../../src/db/client.ts";
import { type DeliveryRow, fanOutDeliveries, findDelivery } from "../../src/db/deliveries.ts";
import { webhookEndpoints } from "../../src/db/schema.ts";
import type { WebhookEndpointRow } from "../../src/db/webhook-endpoints.ts";
import type { DeliveryDependencies } from "../../src/services/deliver-webhook.ts";

export const bindings = env as unknown as Bindings;
export const db = openDb(bindings.DB);

/** Writes an endpoint's row, by default an enabled one that wants everything. */
export async function newEndpoint(
  environmentId: number,
  fields: Partial<WebhookEndpointRow> = {},
): Promise<WebhookEndpointRow> {
  const [row] = await db.orm
    .insert(webhookEndpoints)
    .values({
      uid: newId(),
      environmentId,
      url: "https://hooks.example.com/",
      eventTypes: ["*"],
      status: "enabled",
      format: "standard",
      secret: newSecret(),
      createdAt: 0,
      updatedAt: 0,
      ...fields,
    })
    .returning();
  return row as WebhookEndpointRow;
}

export function newSecret(): string {
  return formatSecret(crypto.getRandomValues(new Uint8Array(32)));
}

/** Writes an event's row, and the deliveries that it gives rise to; answers their ids. */
export async function newEvent(
  environmentId: number,
  { type = "import.completed", data = { id: "i1" } as unknown, at = 0 } = {},
): Promise<{ eventUid: string; deliveryUids: string[] }> {
  const eventUid = newId();
  await bindings.DB.prepare(
    `insert into events (uid, environment_id, type, occurrence, subject, snapshot, created_at)
      values (?, ?, ?, ?, 'import', ?, ?)`,
  )
    .bind(eventUid, environmentId, type, eventUid, JSON.stringify(data), at)
    .run();
  const rows = await all<{ uid: string }>(db, fanOutDeliveries(environmentId, [eventUid], at));
  return { eventUid, deliveryUids: rows.map(({ uid }) => uid) };
}

export async function readDelivery(environmentId: number, uid: string | undefined): Promise<DeliveryRow> {
  const row = uid === undefined ? undefined : await findDelivery(db, environmentId, uid);
  if (!row) throw new Error(`there is no delivery ${uid}`);
  return row;
}

/** A queue that only remembers what was sent. */
export class RememberingQueue {
  readonly sent: { uid: string; delaySeconds: number }[] = [];
  isBroken = false;

  async sendBatch(messages: Iterable<MessageSendRequest<DeliveryMessage>>): Promise<void> {
    if (this.isBroken) throw new Error("the queue is down");
    const batch = [...messages];
    if (batch.length > 100) throw new Error("a batch has at most 100 messages");
    for (const { body, delaySeconds = 0 } of batch) this.sent.push({ uid: body.delivery_id, delaySeconds });
  }
}

/** From here on the Worker under test wakes nobody: nothing is delivered but what a test delivers itself. */
export function muteQueue(): RememberingQueue {
  const queue = new RememberingQueue();
  Object.assign(env, { WEBHOOKS: queue });
  return queue;
}

export interface Received {
  url: string;
  headers: Headers;
  body: string;
  signal: AbortSignal;
}

type Answer = () => Response | Promise<Response>;

/** A receiver that answers with one thing after the other, and with the last one from then on; its clock is a test's. */
export class Receiver {
  readonly received: Received[] = [];
  readonly queue = new RememberingQueue();
  readonly #answers: Answer[];
  now = Date.parse("2026-01-15T09:30:00Z");

  constructor(...answers: Answer[]) {
    this.#answers = answers;
  }

  get deps(): DeliveryDependencies {
    return {
      db,
      queue: this.queue as unknown as Queue<DeliveryMessage>,
      fetch: async (url, init) => {
        const { headers, body, signal } = init as { headers: HeadersInit; body: string; signal: AbortSignal };
        this.received.push({ url, headers: new Headers(headers), body, signal });
        const answer = this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0];
        if (!answer) throw new TypeError("connection refused");
        return answer();
      },
      now: () => this.now,
      random: () => 0.5,
      urlRules: { allowLocal: false, resolveHost: null },
      timeoutMs: 15_000,
    };
  }
}

export const answering = (status: number, headers?: HeadersInit): Answer => {
  return () => new Response(status === 204 ? null : `answered ${status}`, { status, ...(headers ? { headers } : {}) });
};
