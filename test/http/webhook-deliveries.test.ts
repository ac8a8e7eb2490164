import { describe, expect, it } from "vitest";
import { WEBHOOK_ATTEMPTS_MAX } from "../../src/config.ts";
import { webhookDeliveryEndpoints } from "../../src/http/v1/webhook-deliveries.ts";
import { deliverWebhook } from "../../src/services/deliver-webhook.ts";
import { itIsGuarded } from "../support/security.ts";
import { newTenant } from "../support/tenant.ts";
import { answering, bindings, muteQueue, newEndpoint, newEvent, Receiver, readDelivery } from "../support/webhooks.ts";

const PATH = "/v1/webhook_deliveries";
const UNKNOWN = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

const url = "http://127.0.0.1:9/hook";
const queue = muteQueue();

const change = (uid: string | undefined, assignments: string) =>
  bindings.DB.prepare(`update deliveries set ${assignments} where uid = ?`).bind(uid).run();

const FAILED = "status = 'failed', next_attempt_at = null, completed_at = 1";
const FAR_OFF = "next_attempt_at = 99999999999999";

describe("webhook deliveries", () => {
  itIsGuarded({
    endpoints: webhookDeliveryEndpoints,
    prepare: async ({ environmentId }) => {
      await newEndpoint(environmentId, { url });
      return { id: (await newEvent(environmentId)).deliveryUids[0] as string };
    },
  });
});

describe("reading deliveries", () => {
  it("shows every attempt", async () => {
    const { reader, environmentId } = await newTenant();
    const endpoint = await newEndpoint(environmentId);
    const receiver = new Receiver(answering(500), answering(200));
    const { eventUid, deliveryUids } = await newEvent(environmentId, { at: receiver.now });
    const uid = deliveryUids[0] as string;
    await deliverWebhook(receiver.deps, uid);
    receiver.now += 5_000;
    await deliverWebhook(receiver.deps, uid);
    const reply = await reader.get(`${PATH}/${uid}`);
    const attempt = { latency_ms: 0, error: null };
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({
      id: uid,
      event_id: eventUid,
      event_type: "import.completed",
      endpoint_id: endpoint.uid,
      status: "delivered",
      attempts: [
        {
          ...attempt,
          number: 1,
          started_at: "2026-01-15T09:30:00.000Z",
          status_code: 500,
          response_body: "answered 500",
        },
        {
          ...attempt,
          number: 2,
          started_at: "2026-01-15T09:30:05.000Z",
          status_code: 200,
          response_body: "answered 200",
        },
      ],
      next_attempt_at: null,
      created_at: "2026-01-15T09:30:00.000Z",
      completed_at: "2026-01-15T09:30:05.000Z",
    });
  });

  it("does not know an id that nobody gave", async () => {
    const { reader } = await newTenant();
    expect((await reader.get(`${PATH}/${UNKNOWN}`)).status).toBe(404);
    expect((await reader.get(`${PATH}/nonsense`)).status).toBe(404);
  });

  it("lists by endpoint, event and status, newest first", async () => {
    const { reader, environmentId } = await newTenant();
    const [first, second] = [await newEndpoint(environmentId, { url }), await newEndpoint(environmentId, { url })];
    const older = await newEvent(environmentId);
    const newer = await newEvent(environmentId);
    await change(older.deliveryUids[0], FAILED);
    await change(older.deliveryUids[1], FAR_OFF);
    await Promise.all(newer.deliveryUids.map((uid) => change(uid, FAR_OFF)));
    const list = async (query: string) =>
      (await reader.get(`${PATH}?${query}`)).body.data.map((delivery: { id: string }) => delivery.id);
    expect(await list("")).toEqual([...older.deliveryUids, ...newer.deliveryUids].reverse());
    expect(await list(`endpoint_id=${first.uid}`)).toEqual([newer.deliveryUids[0], older.deliveryUids[0]]);
    expect(await list(`event_id=${older.eventUid}`)).toEqual([...older.deliveryUids].reverse());
    expect(await list(`event_id=${older.eventUid}&endpoint_id=${second.uid}`)).toEqual([older.deliveryUids[1]]);
    expect(await list("status=failed")).toEqual([older.deliveryUids[0]]);
    expect(await list("status=delivered")).toEqual([]);
    expect(await list(`status=pending&endpoint_id=${first.uid}`)).toEqual([newer.deliveryUids[0]]);
  });

  it("pages without skipping or repeating while deliveries are added", async () => {
    const { reader, environmentId } = await newTenant();
    await newEndpoint(environmentId, { url });
    const made = [];
    for (let i = 0; i < 5; i++) made.unshift((await newEvent(environmentId)).deliveryUids[0]);
    const seen = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const query: string = cursor === "" ? "limit=2" : `limit=2&cursor=${cursor}`;
      const { body } = await reader.get(`${PATH}?${query}`);
      seen.push(...body.data.map((delivery: { id: string }) => delivery.id));
      cursor = body.next_cursor;
      await newEvent(environmentId);
    }
    expect(seen).toEqual(made);
  });

  it.each([
    [`endpoint_id=${UNKNOWN}`, "endpoint_id"],
    [`event_id=${UNKNOWN}`, "event_id"],
    ["endpoint_id=nonsense", "endpoint_id"],
    ["status=lost", "status"],
    ["limit=201", "limit"],
    ["cursor=nonsense", "cursor"],
    ["nope=1", "nope"],
  ])("refuses ?%s", async (query, path) => {
    const { reader } = await newTenant();
    const reply = await reader.get(`${PATH}?${query}`);
    expect(reply.status).toBe(422);
    expect(reply.body.errors).toMatchObject([{ path }]);
  });

  it("refuses another environment's endpoint and event as filters", async () => {
    const [{ reader }, owner] = await Promise.all([newTenant(), newTenant()]);
    const { uid } = await newEndpoint(owner.environmentId, { url });
    const { eventUid } = await newEvent(owner.environmentId);
    const reply = await reader.get(`${PATH}?endpoint_id=${uid}&event_id=${eventUid}`);
    expect(reply.status).toBe(422);
    expect(reply.body.errors).toMatchObject([{ path: "endpoint_id" }, { path: "event_id" }]);
  });
});

describe("retrying a delivery", () => {
  async function newDelivery(assignments: string, endpoint: Record<string, string | number> = {}) {
    const tenant = await newTenant();
    await newEndpoint(tenant.environmentId, { url });
    const { deliveryUids } = await newEvent(tenant.environmentId);
    const uid = deliveryUids[0] as string;
    await change(uid, assignments);
    for (const [column, value] of Object.entries(endpoint)) {
      await bindings.DB.prepare(`update webhook_endpoints set ${column} = ? where environment_id = ?`)
        .bind(value, tenant.environmentId)
        .run();
    }
    return { ...tenant, uid, retry: () => tenant.writer.send("POST", `${PATH}/${uid}/retry`) };
  }

  it.each([
    ["failed", FAILED],
    ["delivered", "status = 'delivered', next_attempt_at = null, completed_at = 1"],
    ["waiting for its next attempt", FAR_OFF],
  ])("makes it due at once when it is %s", async (_, assignments) => {
    const { uid, retry } = await newDelivery(assignments);
    const before = Date.now();
    const reply = await retry();
    expect(reply).toMatchObject({ status: 202, body: { id: uid, status: "pending", completed_at: null } });
    expect(queue.sent).toContainEqual({ uid, delaySeconds: 0 });
    expect(Date.parse(reply.body.next_attempt_at)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(reply.body.next_attempt_at)).toBeLessThanOrEqual(Date.now());
  });

  it.each([
    ["fails again when the schedule grants nothing more", 8, "failed"],
    ["goes on with what the schedule still grants", 2, "pending"],
  ])("%s", async (_, attemptCount, status) => {
    const { environmentId, uid, retry } = await newDelivery(`${FAILED}, attempt_count = ${attemptCount}`);
    await retry();
    const receiver = new Receiver(answering(500));
    receiver.now = Date.now();
    await deliverWebhook({ ...receiver.deps, urlRules: { allowLocal: true, resolveHost: null } }, uid);
    expect(await readDelivery(environmentId, uid)).toMatchObject({ status, attemptCount: attemptCount + 1 });
    expect(receiver.received).toHaveLength(1);
  });

  it("is refused while an attempt is under way", async () => {
    const { retry } = await newDelivery(`leased_until = ${Date.now() + 60_000}`);
    const reply = await retry();
    expect(reply.status).toBe(409);
    expect(reply.headers.get("retry-after")).toBe("5");
  });

  it("is refused after too many attempts", async () => {
    const { retry } = await newDelivery(`${FAILED}, attempt_count = ${WEBHOOK_ATTEMPTS_MAX}`);
    expect(await retry()).toMatchObject({ status: 409, body: { detail: expect.stringContaining("attempts") } });
  });

  it.each([
    ["disabled", { status: "disabled" }],
    ["deleted", { deleted_at: 1 }],
  ])("is refused while the endpoint is %s", async (_, endpoint) => {
    const { environmentId, uid, retry } = await newDelivery(FAILED, endpoint);
    expect(await retry()).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining("disabled or deleted") },
    });
    expect((await readDelivery(environmentId, uid)).status).toBe("failed");
  });

  it("does not know an id that nobody gave", async () => {
    const { writer } = await newTenant();
    expect((await writer.send("POST", `${PATH}/${UNKNOWN}/retry`)).status).toBe(404);
  });
});
