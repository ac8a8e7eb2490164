import { describe, expect, it } from "vitest";
import { REPLAY_MAX_EVENTS } from "../../src/config.ts";
import { webhookEndpointEndpoints } from "../../src/http/v1/webhook-endpoints.ts";
import type { Api } from "../support/api.ts";
import { itIsGuarded } from "../support/security.ts";
import { newTenant } from "../support/tenant.ts";
import { bindings, muteQueue, newEndpoint, newEvent, readDelivery } from "../support/webhooks.ts";

const PATH = "/v1/webhook_endpoints";
const UNKNOWN = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";
const SECRET = /^whsec_[A-Za-z0-9+/]{43}=$/;

const url = "http://127.0.0.1:9/hook";
const queue = muteQueue();

async function make(api: Api, body: object = {}) {
  const reply = await api.post(PATH, { url, ...body });
  expect(reply.status).toBe(201);
  return reply.body;
}

describe("webhook endpoints", () => {
  itIsGuarded({
    endpoints: webhookEndpointEndpoints,
    prepare: async ({ environmentId }) => ({ id: (await newEndpoint(environmentId, { url })).uid }),
  });
});

describe("making a webhook endpoint", () => {
  it("answers with the endpoint and its secret", async () => {
    const { admin } = await newTenant();
    const reply = await admin.post(PATH, {
      url,
      event_types: ["record.reconciled", "webhook_endpoint.disabled"],
      description: "Ledger",
      format: "modern_treasury",
    });
    expect(reply.status).toBe(201);
    expect(reply.headers.get("location")).toBe(`${PATH}/${reply.body.id}`);
    expect(reply.body).toEqual({
      id: expect.any(String),
      url,
      event_types: ["record.reconciled", "webhook_endpoint.disabled"],
      description: "Ledger",
      status: "enabled",
      format: "modern_treasury",
      created_at: expect.stringMatching(/Z$/),
      updated_at: reply.body.created_at,
      secret: expect.stringMatching(SECRET),
    });
  });

  it("wants every event in the standard format unless told otherwise", async () => {
    const { admin } = await newTenant();
    expect(await make(admin)).toMatchObject({ event_types: ["*"], format: "standard", description: null });
  });

  it("shows the secret in no other answer", async () => {
    const { admin } = await newTenant();
    const { id } = await make(admin);
    expect((await admin.get(`${PATH}/${id}`)).body).not.toHaveProperty("secret");
    expect((await admin.get(PATH)).body.data[0]).not.toHaveProperty("secret");
    expect((await admin.patch(`${PATH}/${id}`, { description: "x" })).body).not.toHaveProperty("secret");
  });

  it.each([
    ["no URL", {}, "/url", "required"],
    ["a URL that is no text", { url: 5 }, "/url", "invalid_type"],
    ["a metadata service", { url: "http://169.254.169.254/" }, "/url", "refused_url"],
    ["a private address", { url: "https://0xc0a80101/" }, "/url", "refused_url"],
    ["user-info", { url: "https://a:b@example.com/" }, "/url", "refused_url"],
    ["no event type", { url, event_types: [] }, "/event_types", "too_small"],
    ["too many event types", { url, event_types: Array(51).fill("*") }, "/event_types", "too_big"],
    ["an unknown event type", { url, event_types: ["*", "nope"] }, "/event_types/1", "invalid_value"],
    ["a ping, which nobody subscribes to", { url, event_types: ["ping"] }, "/event_types/0", "invalid_value"],
    ["an event type twice", { url, event_types: ["*", "*"] }, "/event_types", "repeated"],
    ["an unknown format", { url, format: "xml" }, "/format", "invalid_value"],
    ["an unknown status", { url, status: "paused" }, "/status", "invalid_value"],
    ["a secret of one's own", { url, secret: "whsec_AAAA" }, "/secret", "unknown_field"],
    ["a description that is too long", { url, description: "x".repeat(1001) }, "/description", "too_big"],
  ])("refuses %s", async (_, body, path, code) => {
    const { admin } = await newTenant();
    const reply = await admin.post(PATH, body);
    expect(reply.status).toBe(422);
    expect(reply.body.errors).toContainEqual({ path, code, message: expect.any(String) });
    expect((await admin.get(PATH)).body.data).toEqual([]);
  });

  it("lists every wrong field, the URL's host included", async () => {
    const { admin } = await newTenant();
    const reply = await admin.post(PATH, { url: "https://10.0.0.1/", format: "xml", nope: 1 });
    expect(reply.status).toBe(422);
    expect(reply.body.errors.map((error: { path: string }) => error.path).sort()).toEqual(["/format", "/nope", "/url"]);
  });
});

describe("reading webhook endpoints", () => {
  it("pages through them, newest first, also with a read-only key", async () => {
    const { admin, reader } = await newTenant();
    const ids = [];
    for (const description of ["1", "2", "3"]) ids.unshift((await make(admin, { description })).id);
    const first = await reader.get(`${PATH}?limit=2`);
    expect(first.body).toMatchObject({ data: [{ id: ids[0] }, { id: ids[1] }], has_more: true });
    await make(admin);
    const second = await reader.get(`${PATH}?limit=2&cursor=${first.body.next_cursor}`);
    expect(second.body).toMatchObject({ data: [{ id: ids[2] }], has_more: false, next_cursor: null });
    expect(second.body.data).toHaveLength(1);
  });

  it.each([`${PATH}/${UNKNOWN}`, `${PATH}/nonsense`])("does not know %s", async (path) => {
    const { admin } = await newTenant();
    expect((await admin.get(path)).status).toBe(404);
    expect((await admin.delete(path)).status).toBe(404);
    expect((await admin.patch(path, {})).status).toBe(404);
    expect((await admin.patch(path, { url: "https://10.0.0.1/" })).status).toBe(404);
    expect((await admin.send("POST", `${path}/test`)).status).toBe(404);
    expect((await admin.send("POST", `${path}/rotate_secret`)).status).toBe(404);
    expect((await admin.post(`${path}/replay`, { since: "2026-01-15T00:00:00Z" })).status).toBe(404);
  });

  it.each(["limit=0", "limit=201", "cursor=nonsense", "nope=1"])("refuses ?%s", async (query) => {
    const { reader } = await newTenant();
    expect((await reader.get(`${PATH}?${query}`)).status).toBe(422);
  });
});

describe("changing a webhook endpoint", () => {
  it("changes what is given and nothing else", async () => {
    const { admin } = await newTenant();
    const { id, secret: _, ...made } = await make(admin, { description: "old" });
    const reply = await admin.patch(`${PATH}/${id}`, { event_types: ["import.completed"], status: "disabled" });
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({
      ...made,
      id,
      event_types: ["import.completed"],
      status: "disabled",
      updated_at: expect.any(String),
    });
    expect(Date.parse(reply.body.updated_at)).toBeGreaterThan(Date.parse(made.updated_at));
    expect((await admin.get(`${PATH}/${id}`)).body).toEqual(reply.body);
  });

  it("forgets earlier failures when it is enabled", async () => {
    const { admin, environmentId } = await newTenant();
    const { uid, id } = await newEndpoint(environmentId, { url, status: "disabled", failingSince: 1 });
    expect((await admin.patch(`${PATH}/${uid}`, { status: "enabled" })).body.status).toBe("enabled");
    const row = await bindings.DB.prepare("select failing_since from webhook_endpoints where id = ?").bind(id).first();
    expect(row).toEqual({ failing_since: null });
  });

  it.each([
    [{ url: "https://localhost.localdomain.local/" }, "/url"],
    [{ url: null }, "/url"],
    [{ event_types: ["nope"] }, "/event_types/0"],
    [{ id: UNKNOWN }, "/id"],
    [{ secret: "whsec_AAAA" }, "/secret"],
  ])("refuses %o", async (body, path) => {
    const { admin } = await newTenant();
    const { id } = await make(admin);
    const reply = await admin.patch(`${PATH}/${id}`, body);
    expect(reply.status).toBe(422);
    expect(reply.body.errors).toMatchObject([{ path }]);
  });
});

describe("deleting a webhook endpoint", () => {
  it("takes it away and leaves its deliveries readable", async () => {
    const { admin, environmentId } = await newTenant();
    const { uid } = await newEndpoint(environmentId, { url });
    const { deliveryUids } = await newEvent(environmentId);
    expect((await admin.delete(`${PATH}/${uid}`)).status).toBe(204);
    expect((await admin.get(`${PATH}/${uid}`)).status).toBe(404);
    expect((await admin.delete(`${PATH}/${uid}`)).status).toBe(404);
    expect((await admin.get(PATH)).body.data).toEqual([]);
    const delivery = await admin.get(`/v1/webhook_deliveries/${deliveryUids[0]}`);
    expect(delivery.body).toMatchObject({ endpoint_id: uid });
    expect((await newEvent(environmentId)).deliveryUids).toEqual([]);
  });
});

describe("rotating a secret", () => {
  it("shows the new one, and keeps each of those before valid for 24 hours", async () => {
    const { admin, environmentId } = await newTenant();
    const { uid, id, secret } = await newEndpoint(environmentId, { url });
    const before = Date.now();
    const first = await admin.send("POST", `${PATH}/${uid}/rotate_secret`);
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ id: uid, url, secret: expect.stringMatching(SECRET) });
    const second = await admin.send("POST", `${PATH}/${uid}/rotate_secret`);
    const row = await bindings.DB.prepare("select secret, previous_secrets from webhook_endpoints where id = ?")
      .bind(id)
      .first<{ secret: string; previous_secrets: string }>();
    expect(row?.secret).toBe(second.body.secret);
    const previous = JSON.parse(row?.previous_secrets ?? "") as { secret: string; until: number }[];
    expect(previous.map((kept) => kept.secret)).toEqual([first.body.secret, secret]);
    for (const { until } of previous) {
      expect(until).toBeGreaterThanOrEqual(before + 24 * 3_600_000);
      expect(until).toBeLessThanOrEqual(Date.now() + 24 * 3_600_000);
    }
  });

  it("drops secrets that are no longer valid", async () => {
    const { admin, environmentId } = await newTenant();
    const previousSecrets = [{ secret: "whsec_AAAA", until: Date.now() - 1 }];
    const { uid, id, secret } = await newEndpoint(environmentId, { url, previousSecrets });
    await admin.send("POST", `${PATH}/${uid}/rotate_secret`);
    const row = await bindings.DB.prepare("select previous_secrets from webhook_endpoints where id = ?")
      .bind(id)
      .first<{ previous_secrets: string }>();
    expect(JSON.parse(row?.previous_secrets ?? "")).toEqual([{ secret, until: expect.any(Number) }]);
  });

  it("is refused while too many are valid", async () => {
    const { admin } = await newTenant();
    const { id } = await make(admin);
    const statuses = [];
    for (let i = 0; i < 6; i++) statuses.push((await admin.send("POST", `${PATH}/${id}/rotate_secret`)).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 409]);
  });

  it("loses no secret when it is done several times at once", async () => {
    const { admin } = await newTenant();
    const { id, secret } = await make(admin);
    const replies = await Promise.all([1, 2, 3].map(() => admin.send("POST", `${PATH}/${id}/rotate_secret`)));
    const shown = replies.filter(({ status }) => status === 200).map(({ body }) => body.secret);
    const refused = replies.filter(({ status }) => status !== 200);
    for (const reply of refused) {
      expect(reply.status).toBe(409);
      expect(reply.headers.get("retry-after")).toBe("1");
    }
    const row = await bindings.DB.prepare("select secret, previous_secrets from webhook_endpoints where uid = ?")
      .bind(id)
      .first<{ secret: string; previous_secrets: string }>();
    const kept = [row?.secret, ...JSON.parse(row?.previous_secrets ?? "").map((old: { secret: string }) => old.secret)];
    expect(kept.sort()).toEqual([secret, ...shown].sort());
  });
});

describe("testing a webhook endpoint", () => {
  it("sends a ping to it and to nobody else", async () => {
    const { writer, environmentId } = await newTenant();
    const { uid } = await newEndpoint(environmentId, { url, eventTypes: ["import.completed"] });
    await newEndpoint(environmentId, { url });
    const reply = await writer.send("POST", `${PATH}/${uid}/test`);
    expect(reply.status).toBe(202);
    expect(reply.body).toMatchObject({ endpoint_id: uid, event_type: "ping", status: "pending" });
    expect(reply.headers.get("location")).toBe(`/v1/webhook_deliveries/${reply.body.id}`);
    expect(queue.sent).toContainEqual({ uid: reply.body.id, delaySeconds: 0 });
    const event = await writer.get(`/v1/events/${reply.body.event_id}`);
    expect(event.body).toMatchObject({ event_type: "ping", data: { endpoint_id: uid } });
    expect((await writer.get("/v1/webhook_deliveries")).body.data).toHaveLength(1);
  });

  it("is refused while it is disabled", async () => {
    const { writer, environmentId } = await newTenant();
    const { uid } = await newEndpoint(environmentId, { url, status: "disabled" });
    expect((await writer.send("POST", `${PATH}/${uid}/test`)).status).toBe(409);
    expect((await writer.get("/v1/events")).body.data).toEqual([]);
  });
});

describe("a POST that needs no body", () => {
  it.each([
    ["is refused with one that says something", '{"nonsense":1}', 422],
    ["is refused with one that is no JSON", "nonsense", 400],
    ["is carried out with an empty one", "{}", 202],
    ["is carried out with none", "", 202],
  ])("%s", async (_, body, status) => {
    const { admin, environmentId } = await newTenant();
    const { uid } = await newEndpoint(environmentId, { url });
    const headers = { "Content-Type": "application/json" };
    expect((await admin.send("POST", `${PATH}/${uid}/test`, body, headers)).status).toBe(status);
  });
});

describe("replaying events", () => {
  const at = Date.parse("2026-01-15T09:30:00Z");

  it("delivers anew what the endpoint wants since then, under the events' own ids", async () => {
    const { writer, environmentId } = await newTenant();
    const stranger = await newTenant();
    await newEvent(stranger.environmentId, { at });
    await newEvent(environmentId, { at: at - 1 });
    const { eventUid: wanted } = await newEvent(environmentId, { at });
    const { eventUid: later } = await newEvent(environmentId, { at: at + 90_000_000 });
    await newEvent(environmentId, { at, type: "record.reconciled" });
    await newEvent(environmentId, { at, type: "ping" });
    const { uid } = await newEndpoint(environmentId, { url, eventTypes: ["import.completed"] });
    const reply = await writer.post(`${PATH}/${uid}/replay`, { since: "2026-01-15T10:30:00+01:00" });
    expect(reply).toMatchObject({ status: 202, body: { deliveries: 2, next_after: null } });
    const { data } = (await writer.get(`/v1/webhook_deliveries?endpoint_id=${uid}`)).body;
    expect(data.map((delivery: { event_id: string }) => delivery.event_id)).toEqual([later, wanted]);
    for (const { id } of data) expect(queue.sent).toContainEqual({ uid: id, delaySeconds: 0 });
  });

  it("goes on behind the last event that it looked at, also among those of one millisecond", async () => {
    const { writer, environmentId } = await newTenant();
    const { uid } = await newEndpoint(environmentId, { url });
    await bindings.DB.prepare(
      `insert into events (uid, environment_id, type, occurrence, subject, snapshot, created_at)
        with recursive n(no) as (select 1 union all select no + 1 from n where no < ?1)
        select printf('0198b1f2-7c3a-7d4e-8f5a-%012d', no + ?2), ?2, 'import.completed', 'same ' || ?2 || ' ' || no,
          'import', '{}', ?3 from n`,
    )
      .bind(REPLAY_MAX_EVENTS + 2, environmentId, at)
      .run();
    const since = "2026-01-15T09:30:00Z";
    const first = await writer.post(`${PATH}/${uid}/replay`, { since });
    expect(first).toMatchObject({ status: 202, body: { deliveries: REPLAY_MAX_EVENTS } });
    const after = first.body.next_after;
    const second = await writer.post(`${PATH}/${uid}/replay`, { since, after });
    expect(second).toMatchObject({ status: 202, body: { deliveries: 2, next_after: null } });
  });

  it("says that it looked at all where there are just as many as it looks at", async () => {
    const { writer, environmentId } = await newTenant();
    const { uid } = await newEndpoint(environmentId, { url });
    await bindings.DB.prepare(
      `insert into events (uid, environment_id, type, occurrence, subject, snapshot, created_at)
        with recursive n(no) as (select 1 union all select no + 1 from n where no < ?1)
        select printf('0198b1f2-7c3a-7d4e-8f5b-%012d', no + ?2 * 10000), ?2, 'import.completed',
          'as many ' || ?2 || ' ' || no, 'import', '{}', ?3 from n`,
    )
      .bind(REPLAY_MAX_EVENTS, environmentId, at)
      .run();
    const reply = await writer.post(`${PATH}/${uid}/replay`, { since: "2026-01-15T00:00:00Z" });
    expect(reply).toMatchObject({ status: 202, body: { deliveries: REPLAY_MAX_EVENTS, next_after: null } });
  });

  it("does not go on behind an event of another environment, of an earlier time, or of no time", async () => {
    const { writer, environmentId } = await newTenant();
    const stranger = await newTenant();
    const { uid } = await newEndpoint(environmentId, { url });
    const { eventUid: foreign } = await newEvent(stranger.environmentId, { at });
    const { eventUid: earlier } = await newEvent(environmentId, { at: at - 1 });
    for (const after of [foreign, earlier, "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a"]) {
      const reply = await writer.post(`${PATH}/${uid}/replay`, { since: "2026-01-15T09:30:00Z", after });
      expect(reply).toMatchObject({ status: 422, body: { errors: [{ path: "/after", code: "unknown_event" }] } });
    }
  });

  it("leaves alone what is under way to the endpoint already", async () => {
    const { writer, environmentId } = await newTenant();
    const { uid } = await newEndpoint(environmentId, { url });
    const { deliveryUids } = await newEvent(environmentId, { at });
    const replay = () => writer.post(`${PATH}/${uid}/replay`, { since: "2026-01-15T00:00:00Z" });
    expect((await replay()).body.deliveries).toBe(0);
    await bindings.DB.prepare(
      "update deliveries set status = 'failed', next_attempt_at = null, completed_at = 1 where uid = ?",
    )
      .bind(deliveryUids[0])
      .run();
    expect((await replay()).body.deliveries).toBe(1);
    expect((await replay()).body.deliveries).toBe(0);
    expect((await readDelivery(environmentId, deliveryUids[0])).status).toBe("failed");
  });

  it("finds nothing since a time to come", async () => {
    const { writer, environmentId } = await newTenant();
    const { uid } = await newEndpoint(environmentId, { url });
    await newEvent(environmentId, { at });
    const reply = await writer.post(`${PATH}/${uid}/replay`, { since: "2999-01-01T00:00:00Z" });
    expect(reply).toMatchObject({ status: 202, body: { deliveries: 0, next_after: null } });
  });

  it("is refused while the endpoint is disabled", async () => {
    const { writer, environmentId } = await newTenant();
    const { uid } = await newEndpoint(environmentId, { url, status: "disabled" });
    const reply = await writer.post(`${PATH}/${uid}/replay`, { since: "2026-01-15T00:00:00Z" });
    expect(reply.status).toBe(409);
  });

  it.each([
    [{}, "/since", "required"],
    [{ since: "yesterday" }, "/since", "invalid_time"],
    [{ since: "2026-02-30T00:00:00Z" }, "/since", "invalid_time"],
    [{ since: "2026-01-15" }, "/since", "invalid_time"],
    [{ since: "2026-01-15T00:00:00Z", until: 1 }, "/until", "unknown_field"],
  ])("refuses %o", async (body, path, code) => {
    const { writer, environmentId } = await newTenant();
    const { uid } = await newEndpoint(environmentId, { url });
    const reply = await writer.post(`${PATH}/${uid}/replay`, body);
    expect(reply.status).toBe(422);
    expect(reply.body.errors).toEqual([{ path, code, message: expect.any(String) }]);
  });
});
