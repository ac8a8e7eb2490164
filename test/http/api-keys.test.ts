import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { sha256Hex } from "../../src/core/digest.ts";
import { apiKeyEndpoints } from "../../src/http/v1/api-keys.ts";
import { Api, bootstrap } from "../support/api.ts";
import { itIsGuarded } from "../support/security.ts";
import { newTenant, type Tenant } from "../support/tenant.ts";

const { DB } = env as unknown as { DB: D1Database };
const HOUR_MS = 60 * 60 * 1_000;
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

async function makeKey(by: Api, fields: object = {}) {
  const reply = await by.post("/v1/api_keys", { name: "A key", scopes: ["read"], ...fields });
  expect(reply.status).toBe(201);
  return reply.body;
}

describe("API keys", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("are shown once and work at once", async () => {
    const { admin, environmentUid } = await newTenant();
    const made = await admin.post("/v1/api_keys", { name: "Nightly import", scopes: ["write"] });
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(`/v1/api_keys/${made.body.id}`);
    const { key, ...shown } = made.body;
    expect(key).toMatch(/^tk_test_[A-Za-z0-9_-]{43}$/);
    expect(key.startsWith(shown.prefix)).toBe(true);
    expect(shown).toEqual({
      id: expect.any(String),
      name: "Nightly import",
      environment_id: environmentUid,
      scopes: ["write"],
      prefix: expect.stringMatching(/^tk_test_.{4,6}$/),
      last_used_at: null,
      created_at: expect.stringMatching(/Z$/),
      revoked_at: null,
    });
    const read = await admin.get(`/v1/api_keys/${shown.id}`);
    expect(read).toMatchObject({ status: 200, body: shown });
    expect(read.body).not.toHaveProperty("key");
    const listed = await admin.get("/v1/api_keys");
    expect(listed.body.data[0]).toEqual(shown);
    const source = await new Api(key).post("/v1/data_sources", { key: "bank", name: "Bank" });
    expect(source.status).toBe(201);
    expect((await admin.get("/v1/data_sources/bank")).status).toBe(200);
  });

  it("are kept as their SHA-256 digest only", async () => {
    const { admin } = await newTenant();
    const { id, key } = await makeKey(admin);
    const row = await DB.prepare("select * from api_keys where uid = ?").bind(id).first();
    expect(row).toMatchObject({ digest: await sha256Hex(key) });
    expect(JSON.stringify(row)).not.toContain(key);
  });

  it("say by their prefix whether they are live", async () => {
    const { body: live } = await bootstrap.post("/v1/environments", { name: "Second shop", mode: "live" });
    const { key } = await makeKey(bootstrap, { environment_id: live.id });
    expect(key).toMatch(/^tk_live_/);
  });

  it("belong to the caller's environment unless the bootstrap key names another", async () => {
    const { environmentUid, admin } = await newTenant();
    const own = await makeKey(bootstrap);
    expect(own.environment_id).not.toBe(environmentUid);
    const named = await makeKey(bootstrap, { environment_id: environmentUid, scopes: ["admin"] });
    expect(named.environment_id).toBe(environmentUid);
    const { body } = await new Api(named.key).get("/v1/environments");
    expect(body.data).toMatchObject([{ id: environmentUid }]);
    expect((await makeKey(admin, { environment_id: environmentUid })).environment_id).toBe(environmentUid);
  });

  it("are refused for a foreign environment as for an unknown one", async () => {
    const [mine, other] = await Promise.all([newTenant(), newTenant()]);
    const replies = await Promise.all([
      mine.admin.post("/v1/api_keys", { name: "x", scopes: ["read"], environment_id: other.environmentUid }),
      mine.admin.post("/v1/api_keys", { name: "x", scopes: ["read"], environment_id: UNKNOWN_ID }),
      bootstrap.post("/v1/api_keys", { name: "x", scopes: ["read"], environment_id: UNKNOWN_ID }),
    ]);
    for (const reply of replies) {
      expect(reply.status).toBe(422);
      expect(reply.body.errors).toEqual([expect.objectContaining({ path: "/environment_id" })]);
      expect(reply.body.errors).toEqual(replies[0]?.body.errors);
    }
    expect((await other.admin.get("/v1/api_keys")).body.data).toHaveLength(3);
  });

  it.each([
    ["no scopes", { name: "x", scopes: [] }, ["/scopes"]],
    ["an unknown scope", { name: "x", scopes: ["read", "root"] }, ["/scopes/1"]],
    ["a scope twice", { name: "x", scopes: ["read", "read"] }, ["/scopes"]],
    ["scopes that are no list", { name: "x", scopes: "read" }, ["/scopes"]],
    ["a malformed environment", { name: "x", scopes: ["read"], environment_id: "1" }, ["/environment_id"]],
    [
      "everything at once",
      { scopes: null, key: "mine", environment_id: 5 },
      ["/environment_id", "/key", "/name", "/scopes"],
    ],
  ])("are refused with %s", async (_, body, paths) => {
    const reply = await bootstrap.post("/v1/api_keys", body);
    expect(reply.status).toBe(422);
    expect(reply.body.errors.map((error: { path: string }) => error.path).sort()).toEqual(paths);
  });

  it("are listed newest first, to the bootstrap key those of all environments", async () => {
    const [mine, other] = await Promise.all([newTenant(), newTenant()]);
    const first = await makeKey(mine.admin);
    const second = await makeKey(other.admin);
    const idsOf = async (api: Api) =>
      (await api.get("/v1/api_keys?limit=200")).body.data.map((key: { id: string }) => key.id);
    expect((await idsOf(bootstrap)).slice(0, 2)).toEqual([second.id, first.id]);
    expect(await idsOf(mine.admin)).toHaveLength(4);
    expect((await idsOf(mine.admin))[0]).toBe(first.id);
    expect(await idsOf(mine.admin)).not.toContain(second.id);
    expect((await bootstrap.get(`/v1/api_keys/${first.id}`)).status).toBe(200);
  });

  it("are revoked by DELETE, and stay as they are when revoked again", async () => {
    const { admin } = await newTenant();
    const { id } = await makeKey(admin);
    const gone = await admin.delete(`/v1/api_keys/${id}`);
    expect(gone).toMatchObject({ status: 204, body: "" });
    const { body: revoked } = await admin.get(`/v1/api_keys/${id}`);
    expect(revoked.revoked_at).toMatch(/Z$/);
    expect((await admin.delete(`/v1/api_keys/${id}`)).status).toBe(204);
    expect((await bootstrap.delete(`/v1/api_keys/${id}`)).status).toBe(204);
    expect((await admin.get(`/v1/api_keys/${id}`)).body).toEqual(revoked);
    expect((await admin.get("/v1/api_keys")).body.data[0]).toEqual(revoked);
  });

  it("are not found under an unknown id", async () => {
    for (const id of [UNKNOWN_ID, "nope"]) {
      expect((await bootstrap.get(`/v1/api_keys/${id}`)).status).toBe(404);
      expect((await bootstrap.delete(`/v1/api_keys/${id}`)).status).toBe(404);
    }
  });

  it("are not revoked by another environment", async () => {
    const [mine, other] = await Promise.all([newTenant(), newTenant()]);
    const { id, key } = await makeKey(mine.admin);
    expect((await other.admin.delete(`/v1/api_keys/${id}`)).status).toBe(404);
    expect((await new Api(key).get("/v1/data_sources")).status).toBe(200);
  });

  it("are rotated: a new one of the same kind, and the old one valid for the overlap", async () => {
    const { admin, environmentUid } = await newTenant();
    const old = await makeKey(admin, { name: "Nightly", scopes: ["write"] });
    const startedAt = Date.now();
    const rotated = await admin.post(`/v1/api_keys/${old.id}/rotate`, { overlap_hours: 2 });
    expect(rotated.status).toBe(201);
    const { id, key, ...rest } = rotated.body;
    expect(rotated.headers.get("location")).toBe(`/v1/api_keys/${id}`);
    expect([id, key]).not.toContain(old.id);
    expect(key).not.toBe(old.key);
    expect(rest).toMatchObject({
      name: "Nightly",
      scopes: ["write"],
      environment_id: environmentUid,
      revoked_at: null,
    });
    const { body: leaving } = await admin.get(`/v1/api_keys/${old.id}`);
    const end = Date.parse(leaving.revoked_at);
    expect(end - 2 * HOUR_MS).toBeGreaterThanOrEqual(startedAt);
    expect(end - 2 * HOUR_MS).toBeLessThanOrEqual(Date.now());
    for (const valid of [old.key, key]) expect((await new Api(valid).get("/v1/data_sources")).status).toBe(200);
    vi.useFakeTimers({ toFake: ["Date"], now: end - 1 });
    for (const valid of [old.key, key]) expect((await new Api(valid).get("/v1/data_sources")).status).toBe(200);
    vi.setSystemTime(end);
    expect((await new Api(old.key).get("/v1/data_sources")).status).toBe(401);
    expect((await new Api(key).get("/v1/data_sources")).status).toBe(200);
  });

  it("are rotated at once with no overlap, and by default with one of 24 hours", async () => {
    const { admin } = await newTenant();
    const [atOnce, later] = [await makeKey(admin), await makeKey(admin)];
    expect((await admin.post(`/v1/api_keys/${atOnce.id}/rotate`, { overlap_hours: 0 })).status).toBe(201);
    expect((await new Api(atOnce.key).get("/v1/data_sources")).status).toBe(401);
    expect((await admin.send("POST", `/v1/api_keys/${later.id}/rotate`)).status).toBe(201);
    const { body } = await admin.get(`/v1/api_keys/${later.id}`);
    expect(Math.round((Date.parse(body.revoked_at) - Date.now()) / HOUR_MS)).toBe(24);
  });

  it("are rotated once, and never after they were revoked", async () => {
    const { admin } = await newTenant();
    const [twice, revoked] = [await makeKey(admin), await makeKey(admin)];
    const replies = await Promise.all([1, 2, 3].map(() => admin.post(`/v1/api_keys/${twice.id}/rotate`, {})));
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    await admin.delete(`/v1/api_keys/${revoked.id}`);
    expect((await admin.post(`/v1/api_keys/${revoked.id}/rotate`, {})).status).toBe(409);
    expect((await admin.get("/v1/api_keys?limit=200")).body.data).toHaveLength(6);
  });

  it("are revoked at once by DELETE while they are being rotated out", async () => {
    const { admin } = await newTenant();
    const { id, key } = await makeKey(admin);
    await admin.post(`/v1/api_keys/${id}/rotate`, { overlap_hours: 168 });
    expect((await admin.delete(`/v1/api_keys/${id}`)).status).toBe(204);
    const { body } = await admin.get(`/v1/api_keys/${id}`);
    expect(Date.parse(body.revoked_at)).toBeLessThanOrEqual(Date.now());
    expect((await new Api(key).get("/v1/data_sources")).status).toBe(401);
  });

  it.each([-1, 169, 1.5, "24", null])("are not rotated with an overlap of %s hours", async (overlap_hours) => {
    const { admin } = await newTenant();
    const { id } = await makeKey(admin);
    const reply = await admin.post(`/v1/api_keys/${id}/rotate`, { overlap_hours });
    expect(reply.status).toBe(422);
    expect(reply.body.errors).toEqual([expect.objectContaining({ path: "/overlap_hours" })]);
  });

  itIsGuarded({
    endpoints: apiKeyEndpoints,
    prepare: async ({ admin }: Tenant) => ({ id: (await makeKey(admin)).id }),
  });
});
