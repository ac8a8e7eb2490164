import { createExecutionContext, createMessageBatch, getQueueResult, waitOnExecutionContext } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type Bindings,
  type DeliveryMessage,
  WEBHOOK_DEAD_LETTER_QUEUE,
  WEBHOOK_QUEUE,
  WEBHOOK_REARM_DELAY_MS,
} from "../../src/config.ts";
import { handleWebhookBatch } from "../../src/runtime/webhook-queue.ts";
import { newTenant } from "../support/tenant.ts";
import { bindings, newEndpoint, newEvent, RememberingQueue, readDelivery } from "../support/webhooks.ts";

afterEach(() => vi.unstubAllGlobals());

const silent = { log: () => undefined, warn: () => undefined, error: () => undefined };

/** The Worker's bindings with a queue that only remembers, so that nothing happens but what a test does. */
function newWorker(overrides: Partial<Bindings> = {}) {
  const queue = new RememberingQueue();
  const env = { ...bindings, WEBHOOKS: queue as unknown as Queue<DeliveryMessage>, ...overrides };
  return { queue, env };
}

async function receive(env: Bindings, queue: string, deliveryUids: readonly string[]) {
  vi.stubGlobal("console", silent);
  const messages = deliveryUids.map((uid, index) => ({
    id: `${index}`,
    timestamp: new Date(),
    attempts: 1,
    body: { delivery_id: uid },
  }));
  const batch = createMessageBatch<DeliveryMessage>(queue, messages);
  const ctx = createExecutionContext();
  await handleWebhookBatch(batch, env, ctx);
  return { batch, ctx, result: () => getQueueResult(batch, ctx) };
}

function stubFetch(answer: (url: string) => Response | Promise<Response>) {
  const calls: string[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    calls.push(url);
    return answer(url);
  });
  return calls;
}

async function newDeliveries(urls: string[]) {
  const { environmentId } = await newTenant();
  for (const url of urls) await newEndpoint(environmentId, { url });
  const { deliveryUids } = await newEvent(environmentId, { at: Date.now() });
  const status = async (index: number) => (await readDelivery(environmentId, deliveryUids[index])).status;
  return { environmentId, deliveryUids, status };
}

describe("the consumer of wake-ups", () => {
  it("attempts each delivery of a batch on its own", async () => {
    const { env, queue } = newWorker();
    const { deliveryUids, status } = await newDeliveries(["https://good.example.com/", "https://bad.example.com/"]);
    stubFetch((url) => new Response(null, { status: url.includes("good") ? 204 : 500 }));
    const { result } = await receive(env, WEBHOOK_QUEUE, deliveryUids);
    expect(await result()).toMatchObject({ outcome: "ok", retryMessages: [] });
    expect([await status(0), await status(1)]).toEqual(["delivered", "pending"]);
    expect(queue.sent).toMatchObject([{ uid: deliveryUids[1] }]);
  });

  it("makes one attempt when the same batch comes twice", async () => {
    const { env } = newWorker();
    const { deliveryUids, status } = await newDeliveries(["https://good.example.com/"]);
    const calls = stubFetch(() => new Response(null, { status: 204 }));
    for (const _ of [1, 2]) {
      const { result } = await receive(env, WEBHOOK_QUEUE, [...deliveryUids, ...deliveryUids]);
      expect(await result()).toMatchObject({ outcome: "ok", retryMessages: [] });
    }
    expect(calls).toHaveLength(1);
    expect(await status(0)).toBe("delivered");
  });

  it("waits for no receiver's answer", async () => {
    const { env } = newWorker();
    vi.stubGlobal("scheduler", { wait: () => new Promise(() => undefined) });
    const { deliveryUids, status } = await newDeliveries(["https://slow.example.com/", "https://good.example.com/"]);
    const slow = Promise.withResolvers<Response>();
    stubFetch((url) => (url.includes("slow") ? slow.promise : new Response(null, { status: 204 })));
    const { ctx } = await receive(env, WEBHOOK_QUEUE, deliveryUids);
    await vi.waitFor(async () => expect([await status(0), await status(1)]).toEqual(["pending", "delivered"]));
    slow.resolve(new Response(null, { status: 204 }));
    await waitOnExecutionContext(ctx);
    expect(await status(0)).toBe("delivered");
  });

  it("asks for the message again when the database fails", async () => {
    const { env } = newWorker({ DB: brokenDatabase() });
    const { deliveryUids } = await newDeliveries(["https://good.example.com/"]);
    const calls = stubFetch(() => new Response(null, { status: 204 }));
    const { result } = await receive(env, WEBHOOK_QUEUE, deliveryUids);
    expect(await result()).toMatchObject({ retryMessages: [{ msgId: "0" }] });
    expect(calls).toEqual([]);
  });

  it("does not take messages of a queue that it does not know", async () => {
    const { env } = newWorker();
    await expect(receive(env, "another", [])).rejects.toThrow("no consumer for the queue another");
  });
});

describe("the consumer of dead letters", () => {
  it("arms a pending delivery again, also when the same letter comes twice", async () => {
    const { env, queue } = newWorker();
    const { environmentId, deliveryUids } = await newDeliveries(["https://good.example.com/"]);
    const before = Date.now();
    for (const _ of [1, 2]) {
      const { result } = await receive(env, WEBHOOK_DEAD_LETTER_QUEUE, deliveryUids);
      expect(await result()).toMatchObject({ outcome: "ok", explicitAcks: ["0"], retryMessages: [] });
    }
    const delivery = await readDelivery(environmentId, deliveryUids[0]);
    expect(delivery).toMatchObject({ status: "pending", attemptCount: 0 });
    expect(delivery.nextAttemptAt).toBeGreaterThanOrEqual(before + WEBHOOK_REARM_DELAY_MS);
    expect(delivery.nextAttemptAt).toBeLessThanOrEqual(Date.now() + WEBHOOK_REARM_DELAY_MS);
    const expected = { uid: deliveryUids[0], delaySeconds: WEBHOOK_REARM_DELAY_MS / 1000 };
    expect(queue.sent).toEqual([expected, expected]);
  });

  it("leaves a completed delivery alone", async () => {
    const { env, queue } = newWorker();
    const { deliveryUids, status } = await newDeliveries(["https://good.example.com/"]);
    stubFetch(() => new Response(null, { status: 204 }));
    await (await receive(env, WEBHOOK_QUEUE, deliveryUids)).result();
    const { result } = await receive(env, WEBHOOK_DEAD_LETTER_QUEUE, deliveryUids);
    expect(await result()).toMatchObject({ explicitAcks: ["0"] });
    expect(await status(0)).toBe("delivered");
    expect(queue.sent).toEqual([]);
  });

  it("keeps the letter when the database fails", async () => {
    const { env } = newWorker({ DB: brokenDatabase() });
    const { deliveryUids } = await newDeliveries(["https://good.example.com/"]);
    const { result } = await receive(env, WEBHOOK_DEAD_LETTER_QUEUE, deliveryUids);
    expect(await result()).toMatchObject({ retryMessages: [{ msgId: "0" }] });
  });
});

function brokenDatabase(): D1Database {
  const fail = () => {
    throw new Error("D1_ERROR: the database is down");
  };
  return { prepare: fail, batch: fail } as unknown as D1Database;
}
