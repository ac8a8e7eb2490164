import { Webhook } from "standardwebhooks";
import { describe, expect, it, vi } from "vitest";
import { WEBHOOK_IN_FLIGHT_MAX } from "../../src/config.ts";
import { listAuditEntries } from "../../src/db/audit-entries.ts";
import { claimDelivery } from "../../src/db/claim-delivery.ts";
import { listEvents } from "../../src/db/events.ts";
import { findWebhookEndpoint } from "../../src/db/webhook-endpoints.ts";
import { deliverWebhook } from "../../src/services/deliver-webhook.ts";
import { resendStragglers } from "../../src/services/resend-stragglers.ts";
import { listFaults } from "../support/integrity.ts";
import { newTenant } from "../support/tenant.ts";
import {
  answering,
  bindings,
  db,
  newEndpoint,
  newEvent,
  newSecret,
  Receiver,
  readDelivery,
} from "../support/webhooks.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

async function newDelivery(receiver: Receiver, fields: Parameters<typeof newEndpoint>[1] = {}) {
  const { environmentId } = await newTenant();
  const endpoint = await newEndpoint(environmentId, fields);
  const { eventUid, deliveryUids } = await newEvent(environmentId, { at: receiver.now });
  const uid = deliveryUids[0] as string;
  return {
    environmentId,
    endpoint,
    eventUid,
    uid,
    deliver: () => deliverWebhook(receiver.deps, uid),
    read: () => readDelivery(environmentId, uid),
    readEndpoint: () => findWebhookEndpoint(db, environmentId, endpoint.uid),
  };
}

it("leaves deliveries that the integrity check finds right, whatever became of their attempts", async () => {
  const tenant = await newTenant();
  await newEndpoint(tenant.environmentId);
  const receiver = new Receiver(answering(500), answering(200), answering(410));
  const uids: string[] = [];
  for (let no = 0; no < 3; no++)
    uids.push(...(await newEvent(tenant.environmentId, { at: receiver.now })).deliveryUids);
  const expectNoFaults = async () => expect(await listFaults(tenant.admin, "webhook_deliveries")).toEqual([]);
  const [failing = "", interrupted = "", gone = ""] = uids;
  await deliverWebhook(receiver.deps, failing);
  await expectNoFaults();
  await claimDelivery(db, interrupted, receiver.now);
  await expectNoFaults();
  receiver.now += HOUR;
  await claimDelivery(db, interrupted, receiver.now);
  await expectNoFaults();
  receiver.now += HOUR;
  await deliverWebhook(receiver.deps, interrupted);
  await deliverWebhook(receiver.deps, gone);
  await expectNoFaults();
  await deliverWebhook(receiver.deps, failing);
  const states = await Promise.all(uids.map((uid) => readDelivery(tenant.environmentId, uid)));
  expect(states.map(({ status, attemptCount }) => [status, attemptCount])).toEqual([
    ["failed", 1],
    ["delivered", 3],
    ["failed", 1],
  ]);
  await expectNoFaults();
});

describe("an attempt that succeeds", () => {
  it("completes the delivery and shows status, latency and the beginning of the answer", async () => {
    const receiver = new Receiver(() => {
      receiver.now += 84;
      return new Response("ä".repeat(2_000));
    });
    const startedAt = receiver.now;
    const { deliver, read } = await newDelivery(receiver);
    expect(await deliver()).toMatchObject({ outcome: "delivered", attempt: 1, statusCode: 200, latencyMs: 84 });
    expect(await read()).toMatchObject({
      status: "delivered",
      attemptCount: 1,
      nextAttemptAt: null,
      leasedUntil: null,
      completedAt: startedAt + 84,
      attempts: [{ no: 1, startedAt, latencyMs: 84, statusCode: 200, error: null, responseBody: "ä".repeat(512) }],
    });
    expect(receiver.queue.sent).toEqual([]);
  });

  it("sends what Standard Webhooks' own client accepts, with the body's id in its header", async () => {
    const receiver = new Receiver(answering(204));
    receiver.now = Date.now();
    const { deliver, endpoint, eventUid } = await newDelivery(receiver);
    await deliver();
    const [sent] = receiver.received;
    const headers = Object.fromEntries(sent?.headers ?? []);
    expect(new Webhook(endpoint.secret).verify(sent?.body ?? "", headers)).toEqual({
      id: eventUid,
      event_type: "import.completed",
      timestamp: new Date(receiver.now).toISOString(),
      data: { id: "i1" },
    });
    expect(headers["webhook-id"]).toBe(eventUid);
    expect(sent?.url).toBe("https://hooks.example.com/");
  });

  it("is signed with the secrets before as long as each is valid", async () => {
    const receiver = new Receiver(answering(204));
    receiver.now = Date.now();
    const [valid, expired] = [newSecret(), newSecret()];
    const { deliver, endpoint } = await newDelivery(receiver, {
      previousSecrets: [
        { secret: valid, until: receiver.now + 1 },
        { secret: expired, until: receiver.now },
      ],
    });
    await deliver();
    const headers = Object.fromEntries(receiver.received[0]?.headers ?? []);
    const body = receiver.received[0]?.body ?? "";
    expect(new Webhook(endpoint.secret).verify(body, headers)).toMatchObject({ event_type: "import.completed" });
    expect(new Webhook(valid).verify(body, headers)).toMatchObject({ event_type: "import.completed" });
    expect(() => new Webhook(expired).verify(body, headers)).toThrow("No matching signature");
  });

  it("ends the endpoint's time of failing", async () => {
    const receiver = new Receiver(answering(200));
    const { deliver, readEndpoint } = await newDelivery(receiver, { failingSince: 1 });
    await deliver();
    expect((await readEndpoint())?.failingSince).toBeNull();
  });

  it("is one although the answer's body breaks off", async () => {
    const receiver = new Receiver(() => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode("begun")),
        pull: (controller) => controller.error(new Error("connection lost")),
      });
      return new Response(body);
    });
    const { deliver, read } = await newDelivery(receiver);
    await deliver();
    expect(await read()).toMatchObject({ status: "delivered", attempts: [{ statusCode: 200, responseBody: "begun" }] });
  });
});

describe("an attempt that fails", () => {
  it("is followed by others on the schedule, with the same body and id, until the delivery has failed", async () => {
    const receiver = new Receiver(answering(500));
    const { deliver, read, eventUid, uid } = await newDelivery(receiver);
    const delays = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR];
    for (const [index, delay] of delays.entries()) {
      expect(await deliver()).toMatchObject({ outcome: "retry", attempt: index + 1 });
      expect(await read()).toMatchObject({ status: "pending", nextAttemptAt: receiver.now + delay });
      expect(receiver.queue.sent.at(-1)).toEqual({ uid, delaySeconds: delay / 1000 });
      receiver.now += delay;
    }
    expect(await deliver()).toMatchObject({ outcome: "failed", attempt: 8 });
    const delivery = await read();
    expect(delivery).toMatchObject({ status: "failed", nextAttemptAt: null, completedAt: receiver.now });
    expect(delivery.attempts.map((attempt) => attempt.no)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(receiver.queue.sent).toHaveLength(7);
    expect(new Set(receiver.received.map(({ headers }) => headers.get("webhook-id")))).toEqual(new Set([eventUid]));
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    expect(new Set(receiver.received.map(({ headers }) => headers.get("webhook-timestamp"))).size).toBe(8);
  });

  it("honours Retry-After", async () => {
    const receiver = new Receiver(answering(503, { "Retry-After": "3600" }));
    const { deliver, read, uid } = await newDelivery(receiver);
    await deliver();
    expect((await read()).nextAttemptAt).toBe(receiver.now + HOUR);
    expect(receiver.queue.sent).toEqual([{ uid, delaySeconds: 3600 }]);
  });

  it("does not follow a redirect", async () => {
    const receiver = new Receiver(answering(302, { Location: "https://elsewhere.example.com/" }));
    const { deliver, read } = await newDelivery(receiver);
    await deliver();
    expect(receiver.received).toHaveLength(1);
    expect(await read()).toMatchObject({ status: "pending", attempts: [{ statusCode: 302 }] });
  });

  it("says that nobody answered", async () => {
    const receiver = new Receiver();
    const { deliver, read } = await newDelivery(receiver);
    await deliver();
    expect(await read()).toMatchObject({
      status: "pending",
      attempts: [{ statusCode: null, error: "connection_failed", responseBody: null }],
    });
  });

  it("says that no answer came in time", async () => {
    const receiver = new Receiver(
      () =>
        new Promise((_, reject) => {
          const signal = receiver.received.at(-1)?.signal;
          signal?.addEventListener("abort", () => reject(signal.reason));
        }),
    );
    const { uid, read } = await newDelivery(receiver);
    await deliverWebhook({ ...receiver.deps, timeoutMs: 1 }, uid);
    expect(await read()).toMatchObject({ status: "pending", attempts: [{ statusCode: null, error: "timeout" }] });
  });

  it("makes no request to an address that is not public", async () => {
    const receiver = new Receiver(answering(200));
    const { deliver, read } = await newDelivery(receiver, { url: "https://169.254.169.254/" });
    await deliver();
    expect(receiver.received).toEqual([]);
    expect(await read()).toMatchObject({ status: "pending", attempts: [{ error: "refused_url" }] });
  });

  it("begins the endpoint's time of failing, which the next failure does not begin again", async () => {
    const receiver = new Receiver(answering(500));
    const { deliver, readEndpoint } = await newDelivery(receiver);
    const failingSince = receiver.now;
    await deliver();
    receiver.now += 5 * SECOND;
    await deliver();
    expect(await readEndpoint()).toMatchObject({ status: "enabled", failingSince });
  });
});

describe("an endpoint that wants no more", () => {
  it("is disabled at once by 410, and the others are told", async () => {
    const receiver = new Receiver(answering(410));
    const { deliver, read, readEndpoint, environmentId, endpoint } = await newDelivery(receiver);
    const other = await newEndpoint(environmentId, { eventTypes: ["webhook_endpoint.disabled"] });
    expect(await deliver()).toMatchObject({ outcome: "gone" });
    expect(await read()).toMatchObject({ status: "failed" });
    expect(await readEndpoint()).toMatchObject({ status: "disabled" });
    const { rows } = await listEvents(db, environmentId, "webhook_endpoint.disabled", { limit: 10, before: null });
    expect(rows).toMatchObject([{ snapshot: { id: endpoint.uid, status: "disabled" } }]);
    expect(rows[0]?.snapshot).not.toHaveProperty("secret");
    const [told] = receiver.queue.sent;
    expect(receiver.queue.sent).toHaveLength(1);
    expect(await readDelivery(environmentId, told?.uid)).toMatchObject({
      endpointUid: other.uid,
      eventType: "webhook_endpoint.disabled",
      status: "pending",
    });
  });

  it("is disabled after five days of nothing but failures, once", async () => {
    const receiver = new Receiver(answering(500));
    const { environmentId, deliver, readEndpoint } = await newDelivery(receiver, {
      failingSince: receiver.now - 5 * DAY,
    });
    const { deliveryUids } = await newEvent(environmentId, { at: receiver.now });
    const second = () => deliverWebhook(receiver.deps, deliveryUids[0] as string);
    const outcomes = await Promise.all([deliver(), second()]);
    expect(outcomes.map(({ outcome }) => outcome)).toContain("retry");
    expect(await readEndpoint()).toMatchObject({ status: "disabled" });
    const { rows } = await listEvents(db, environmentId, "webhook_endpoint.disabled", { limit: 10, before: null });
    expect(rows).toHaveLength(1);
  });

  it("stays enabled a moment before", async () => {
    const receiver = new Receiver(answering(500));
    const { deliver, readEndpoint } = await newDelivery(receiver, { failingSince: receiver.now - 5 * DAY + 1 });
    await deliver();
    expect(await readEndpoint()).toMatchObject({ status: "enabled" });
  });

  it("stays enabled if it was changed while it answered 410", async () => {
    const receiver = new Receiver(async () => {
      await bindings.DB.prepare(
        "update webhook_endpoints set url = 'https://new.example.com/', updated_at = 1 where id = ?",
      )
        .bind(endpoint.id)
        .run();
      return new Response(null, { status: 410 });
    });
    const { deliver, readEndpoint, endpoint } = await newDelivery(receiver);
    await deliver();
    expect(await readEndpoint()).toMatchObject({ status: "enabled", url: "https://new.example.com/" });
  });

  it("stays enabled if it was disabled and enabled again while it answered 410", async () => {
    const receiver = new Receiver(async () => {
      await bindings.DB.prepare("update webhook_endpoints set updated_at = updated_at + 1 where id = ?")
        .bind(endpoint.id)
        .run();
      return new Response(null, { status: 410 });
    });
    const { deliver, readEndpoint, endpoint } = await newDelivery(receiver);
    await deliver();
    expect(await readEndpoint()).toMatchObject({ status: "enabled" });
  });

  it("does not count a failure of the URL that it had before", async () => {
    const receiver = new Receiver(async () => {
      await bindings.DB.prepare("update webhook_endpoints set url = 'https://new.example.com/' where id = ?")
        .bind(endpoint.id)
        .run();
      return new Response(null, { status: 500 });
    });
    const { deliver, readEndpoint, endpoint } = await newDelivery(receiver);
    expect(await deliver()).toMatchObject({ outcome: "retry" });
    expect((await readEndpoint())?.failingSince).toBeNull();
  });

  it("has been failing since an attempt ended, not since it began: meanwhile others may have succeeded", async () => {
    const receiver = new Receiver(() => {
      receiver.now += 14 * SECOND;
      return new Response(null, { status: 500 });
    });
    const { deliver, readEndpoint } = await newDelivery(receiver);
    await deliver();
    expect((await readEndpoint())?.failingSince).toBe(receiver.now);
  });

  it("that is disabled for its failures leaves an entry in the audit trail, by nobody", async () => {
    const { environmentId, deliver, endpoint, uid } = await newDelivery(new Receiver(answering(410)));
    await deliver();
    const page = { limit: 10, before: null };
    const { rows } = await listAuditEntries(db, environmentId, { resourceUid: endpoint.uid }, page);
    expect(rows).toMatchObject([
      {
        action: "webhook_endpoint.disabled",
        keyUid: null,
        requestUid: uid,
        before: { status: "enabled" },
        after: { status: "disabled" },
      },
    ]);
  });

  it("that fails and stays enabled leaves none", async () => {
    const { environmentId, deliver, endpoint } = await newDelivery(new Receiver(answering(500)));
    await deliver();
    const page = { limit: 10, before: null };
    expect((await listAuditEntries(db, environmentId, { resourceUid: endpoint.uid }, page)).rows).toEqual([]);
  });

  it.each([
    ["disabled", "status = 'disabled'"],
    ["deleted", "deleted_at = 1"],
  ])("gets nothing once it is %s: what was due fails without an attempt", async (_, change) => {
    const receiver = new Receiver(answering(200));
    const { deliver, read, endpoint } = await newDelivery(receiver);
    await bindings.DB.prepare(`update webhook_endpoints set ${change} where id = ?`).bind(endpoint.id).run();
    expect(await deliver()).toMatchObject({ outcome: "not_attempted" });
    expect(await read()).toMatchObject({ status: "failed", attemptCount: 0, attempts: [], completedAt: receiver.now });
    expect(receiver.received).toEqual([]);
  });
});

describe("a wake-up", () => {
  it("that comes twice makes one attempt", async () => {
    const receiver = new Receiver(answering(200));
    const { deliver, read } = await newDelivery(receiver);
    await deliver();
    expect(await deliver()).toEqual({ outcome: "skipped" });
    expect(receiver.received).toHaveLength(1);
    expect((await read()).attempts).toHaveLength(1);
  });

  it("that comes several times at once makes one attempt", async () => {
    const receiver = new Receiver(answering(200));
    const { deliver, read } = await newDelivery(receiver);
    const reports = await Promise.all([deliver(), deliver(), deliver(), deliver()]);
    expect(reports.map(({ outcome }) => outcome).sort()).toEqual(["delivered", "skipped", "skipped", "skipped"]);
    expect(receiver.received).toHaveLength(1);
    expect((await read()).attempts).toHaveLength(1);
  });

  it("that comes too early does nothing", async () => {
    const receiver = new Receiver(answering(500));
    const { deliver } = await newDelivery(receiver);
    await deliver();
    receiver.now += 4 * SECOND;
    expect(await deliver()).toEqual({ outcome: "skipped" });
    expect(receiver.received).toHaveLength(1);
  });

  it("for a delivery that does not exist does nothing", async () => {
    const receiver = new Receiver(answering(200));
    const report = await deliverWebhook(receiver.deps, "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a");
    expect(report).toEqual({ outcome: "skipped" });
  });

  it("whose process died after the POST is followed by another attempt with the same id once the lease is over", async () => {
    const receiver = new Receiver(answering(200));
    const { uid, deliver, read, eventUid } = await newDelivery(receiver);
    const dying = {
      ...receiver.deps,
      random: () => {
        throw new Error("the process is killed");
      },
    };
    await expect(deliverWebhook(dying, uid)).rejects.toThrow("killed");
    const interruptedAt = receiver.now;
    receiver.now += 29 * SECOND;
    expect(await deliver()).toEqual({ outcome: "skipped" });
    receiver.now += 2 * SECOND;
    expect(await deliver()).toMatchObject({ outcome: "delivered", attempt: 2 });
    expect(receiver.received.map(({ headers }) => headers.get("webhook-id"))).toEqual([eventUid, eventUid]);
    expect((await read()).attempts).toMatchObject([
      { no: 1, startedAt: interruptedAt, statusCode: null, error: "interrupted" },
      { no: 2, statusCode: 200 },
    ]);
  });

  it("that kills every process comes to an end", async () => {
    const receiver = new Receiver(answering(200));
    const { uid, deliver, read } = await newDelivery(receiver);
    const dying = {
      ...receiver.deps,
      random: () => {
        throw new Error("the process is killed");
      },
    };
    for (let attempt = 1; attempt <= 8; attempt++) {
      const dies = () => deliverWebhook({ ...dying, now: () => receiver.now }, uid);
      await expect(dies()).rejects.toThrow("killed");
      receiver.now += 31 * SECOND;
    }
    expect(await deliver()).toMatchObject({ outcome: "not_attempted" });
    expect(receiver.received).toHaveLength(8);
    const delivery = await read();
    expect(delivery.status).toBe("failed");
    expect(delivery.attempts.map(({ no, error }) => [no, error])).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].map((no) => [no, "interrupted"]),
    );
  });

  it("whose attempt outlived its lease writes nothing over the attempt that followed", async () => {
    const receiver = new Receiver(async () => {
      receiver.now += 31 * SECOND;
      await deliver();
      return new Response(null, { status: 500 });
    }, answering(200));
    const { deliver, read } = await newDelivery(receiver);
    expect(await deliver()).toMatchObject({ outcome: "superseded" });
    expect(await read()).toMatchObject({
      status: "delivered",
      attempts: [{ error: "interrupted" }, { no: 2, statusCode: 200 }],
    });
  });

  it("that the queue does not take is made good by the cron", async () => {
    const receiver = new Receiver(answering(500), answering(200));
    const { deliver, read, uid } = await newDelivery(receiver);
    receiver.queue.isBroken = true;
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    expect(await deliver()).toMatchObject({ outcome: "retry" });
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
    receiver.queue.isBroken = false;
    expect(receiver.queue.sent).toEqual([]);
    await resendStragglers(receiver.deps, receiver.now + 34 * SECOND);
    expect(receiver.queue.sent.map((sent) => sent.uid)).not.toContain(uid);
    receiver.now += 36 * SECOND;
    await resendStragglers(receiver.deps, receiver.now);
    await resendStragglers(receiver.deps, receiver.now);
    expect(receiver.queue.sent.filter((sent) => sent.uid === uid)).toHaveLength(1);
    expect(await deliver()).toMatchObject({ outcome: "delivered" });
    expect((await read()).status).toBe("delivered");
  });
});

describe("the cron's search for stragglers", () => {
  it("finds what never reached the queue, and leaves what is in hand or complete", async () => {
    const receiver = new Receiver(answering(200));
    const lost = await newDelivery(receiver);
    const complete = await newDelivery(receiver);
    await complete.deliver();
    const inHand = await newDelivery(new Receiver());
    receiver.now += 31 * SECOND;
    await bindings.DB.prepare("update deliveries set leased_until = ? where uid = ?")
      .bind(receiver.now + 1, inHand.uid)
      .run();
    await resendStragglers(receiver.deps, receiver.now);
    const sent = receiver.queue.sent.map(({ uid }) => uid);
    expect(sent).toContain(lost.uid);
    expect(sent).not.toContain(complete.uid);
    expect(sent).not.toContain(inHand.uid);
  });
});

describe("a host that has a name", () => {
  const resolving = (receiver: Receiver, addresses: string[]) => {
    const asked: string[] = [];
    const resolveHost = async (host: string) => {
      asked.push(host);
      return addresses;
    };
    return { asked, deps: { ...receiver.deps, urlRules: { allowLocal: false, resolveHost } } };
  };

  it("is looked up before each attempt, and gets it if all its addresses are public", async () => {
    const receiver = new Receiver(answering(500), answering(200));
    const { uid } = await newDelivery(receiver);
    const { deps, asked } = resolving(receiver, ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]);
    expect(await deliverWebhook(deps, uid)).toMatchObject({ outcome: "retry" });
    receiver.now += 10 * SECOND;
    expect(await deliverWebhook(deps, uid)).toMatchObject({ outcome: "delivered" });
    expect(asked).toEqual(["hooks.example.com", "hooks.example.com"]);
  });

  it.each([
    ["refused_url", ["93.184.216.34", "10.0.0.7"]],
    ["refused_url", ["169.254.169.254"]],
    ["refused_url", ["::1"]],
    ["refused_url", ["64:ff9b::a00:7"]],
    ["unresolved_host", []],
  ])("gets nothing and is tried again later: %s for %j", async (error, addresses) => {
    const receiver = new Receiver(answering(200));
    const { uid } = await newDelivery(receiver);
    const { deps } = resolving(receiver, addresses);
    expect(await deliverWebhook(deps, uid)).toMatchObject({ outcome: "retry", error, statusCode: null });
    expect(receiver.received).toEqual([]);
  });
});

describe("an endpoint with as many attempts under way as may be", () => {
  const MORE = 7;

  /** A receiver that answers when it is told to, with one endpoint's deliveries, more than may be under way. */
  async function newQueueBeforeASlowReceiver() {
    const { promise: told, resolve: answerAll } = Promise.withResolvers<void>();
    const receiver = new Receiver(async () => {
      await told;
      return new Response(null, { status: 204 });
    });
    const { environmentId } = await newTenant();
    await newEndpoint(environmentId);
    const uids: string[] = [];
    for (let number = 0; number < WEBHOOK_IN_FLIGHT_MAX + MORE; number++) {
      const { deliveryUids } = await newEvent(environmentId, { at: receiver.now });
      uids.push(deliveryUids[0] as string);
    }
    return { receiver, environmentId, uids, answerAll };
  }

  it("lets further deliveries wait, and the end of each attempt wakes one of them, until none is left", async () => {
    const { receiver, environmentId, uids, answerAll } = await newQueueBeforeASlowReceiver();
    const underWay = uids.slice(0, WEBHOOK_IN_FLIGHT_MAX).map((uid) => deliverWebhook(receiver.deps, uid));
    await vi.waitFor(() => expect(receiver.received).toHaveLength(WEBHOOK_IN_FLIGHT_MAX));
    for (const uid of uids.slice(WEBHOOK_IN_FLIGHT_MAX)) {
      expect(await deliverWebhook(receiver.deps, uid)).toEqual({ outcome: "skipped" });
    }
    await resendStragglers({ db, queue: receiver.deps.queue }, receiver.now + HOUR);
    const resent = new Set(receiver.queue.sent.splice(0).map(({ uid }) => uid));
    expect(uids.map((uid) => resent.has(uid))).toEqual(uids.map((_, index) => index < WEBHOOK_IN_FLIGHT_MAX));

    answerAll();
    const woken = (await Promise.all(underWay)).flatMap(({ next }) => next ?? []);
    expect(woken.sort()).toEqual(uids.slice(WEBHOOK_IN_FLIGHT_MAX).sort());
    for (const uid of woken) {
      const report = await deliverWebhook(receiver.deps, uid);
      expect(report).toMatchObject({ outcome: "delivered", attempt: 1, next: undefined });
    }
    expect(receiver.queue.sent).toEqual([]);
    for (const uid of uids) expect(await readDelivery(environmentId, uid)).toMatchObject({ status: "delivered" });
  });

  it("goes on though an older delivery that is done still says that it waits", async () => {
    const { receiver, uids, answerAll } = await newQueueBeforeASlowReceiver();
    await bindings.DB.prepare(
      "update deliveries set status = 'delivered', next_attempt_at = null, completed_at = 1, waiting_since = 1 where uid = ?",
    )
      .bind(uids[0])
      .run();
    answerAll();
    expect(await deliverWebhook(receiver.deps, uids[1] as string)).toMatchObject({ outcome: "delivered" });
  });

  it("still brings a delivery to its end that kills every process", async () => {
    const { receiver, environmentId, uids } = await newQueueBeforeASlowReceiver();
    const [killer, ...others] = uids as [string, ...string[]];
    const dead = { ...receiver.deps, fetch: refuse, random: dies };
    for (let attempt = 1; attempt <= 8; attempt++) {
      await expect(deliverWebhook(dead, killer)).rejects.toThrow("killed");
      receiver.now += 31 * SECOND;
    }
    for (const uid of others.slice(0, WEBHOOK_IN_FLIGHT_MAX)) {
      await expect(deliverWebhook(dead, uid)).rejects.toThrow("killed");
    }
    expect(await deliverWebhook(receiver.deps, killer)).toEqual({ outcome: "skipped" });
    receiver.now += 31 * SECOND;
    expect(await deliverWebhook(receiver.deps, killer)).toMatchObject({ outcome: "not_attempted" });
    expect(await readDelivery(environmentId, killer)).toMatchObject({ status: "failed", attemptCount: 8 });
  });

  it("does not hold up another endpoint", async () => {
    const { receiver, uids, answerAll } = await newQueueBeforeASlowReceiver();
    const underWay = uids.slice(0, WEBHOOK_IN_FLIGHT_MAX).map((uid) => deliverWebhook(receiver.deps, uid));
    await vi.waitFor(() => expect(receiver.received).toHaveLength(WEBHOOK_IN_FLIGHT_MAX));
    const other = await newDelivery(new Receiver(answering(200)));
    expect(await other.deliver()).toMatchObject({ outcome: "delivered" });
    answerAll();
    await Promise.all(underWay);
  });

  it("whose attempts all died gets its waiting deliveries by way of the cron", async () => {
    const { receiver, environmentId, uids } = await newQueueBeforeASlowReceiver();
    const dead = { ...receiver.deps, fetch: refuse, random: dies };
    for (const uid of uids.slice(0, WEBHOOK_IN_FLIGHT_MAX)) {
      await expect(deliverWebhook(dead, uid)).rejects.toThrow("killed");
    }
    for (const uid of uids.slice(WEBHOOK_IN_FLIGHT_MAX)) await deliverWebhook(receiver.deps, uid);

    const healthy = new Receiver(answering(204));
    healthy.now = receiver.now + 2 * MINUTE;
    await resendStragglers({ db, queue: healthy.deps.queue }, healthy.now);
    const due = healthy.queue.sent.map(({ uid }) => uid);
    for (let uid = due.shift(); uid !== undefined; uid = due.shift()) {
      const { next } = await deliverWebhook(healthy.deps, uid);
      if (next !== undefined) due.push(next);
    }
    for (const uid of uids) expect(await readDelivery(environmentId, uid)).toMatchObject({ status: "delivered" });
  });
});

async function refuse(): Promise<Response> {
  throw new TypeError("connection refused");
}

function dies(): never {
  throw new Error("the process is killed");
}
