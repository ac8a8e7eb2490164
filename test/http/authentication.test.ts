import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { API_KEY_CACHE_MS } from "../../src/config.ts";
import { Api, BOOTSTRAP_KEY, bootstrap } from "../support/api.ts";
import { newTenant } from "../support/tenant.ts";

const { DB } = env as unknown as { DB: D1Database };
const PATH = "/v1/data_sources";

const basic = (text: string) => `Basic ${btoa(text)}`;
const anonymous = new Api(null);

async function statusWith(headers: Record<string, string>): Promise<number> {
  return (await anonymous.send("GET", PATH, undefined, headers)).status;
}

async function newKey(): Promise<{ id: string; key: string; admin: Api }> {
  const { admin } = await newTenant();
  const { body } = await admin.post("/v1/api_keys", { name: "A key", scopes: ["read"] });
  return { id: body.id, key: body.key, admin };
}

async function readLastUsed(id: string): Promise<number | null | undefined> {
  return (
    await DB.prepare("select last_used_at from api_keys where uid = ?").bind(id).first<{ last_used_at: number }>()
  )?.last_used_at;
}

describe("authentication", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ["X-API-KEY", { "X-API-KEY": BOOTSTRAP_KEY }],
    ["x-api-key in lower case", { "x-api-key": BOOTSTRAP_KEY }],
    ["a bearer token", { Authorization: `Bearer ${BOOTSTRAP_KEY}` }],
    ["a bearer token, its scheme in lower case", { Authorization: `bearer ${BOOTSTRAP_KEY}` }],
    ["the password of Basic", { Authorization: basic(`any-organisation:${BOOTSTRAP_KEY}`) }],
    ["the password of Basic without a user", { Authorization: basic(`:${BOOTSTRAP_KEY}`) }],
  ])("takes the key as %s", async (_, headers) => {
    expect(await statusWith(headers)).toBe(200);
  });

  it.each([
    ["nothing", {}],
    ["an empty key", { "X-API-KEY": "" }],
    ["a wrong key", { "X-API-KEY": "tk_live_wrong" }],
    ["the key's digest", { "X-API-KEY": "0".repeat(64) }],
    ["a wrong bearer token", { Authorization: "Bearer tk_live_wrong" }],
    ["a bearer without a token", { Authorization: "Bearer" }],
    ["a bearer with two tokens", { Authorization: `Bearer ${BOOTSTRAP_KEY} ${BOOTSTRAP_KEY}` }],
    ["the bare key", { Authorization: BOOTSTRAP_KEY }],
    ["another scheme", { Authorization: `Digest ${BOOTSTRAP_KEY}` }],
    ["the key as Basic's user", { Authorization: basic(`${BOOTSTRAP_KEY}:`) }],
    ["Basic without a colon", { Authorization: basic(BOOTSTRAP_KEY) }],
    ["Basic that is not base64", { Authorization: "Basic %%%" }],
    ["a wrong password", { Authorization: basic("organisation:wrong") }],
    ["a very long key", { "X-API-KEY": "k".repeat(10_000) }],
  ])("answers 401 to %s", async (_, headers) => {
    const reply = await anonymous.send("GET", PATH, undefined, headers);
    expect(reply).toMatchObject({ status: 401, body: { code: "invalid_key", status: 401, errors: [] } });
    expect(reply.headers.get("www-authenticate")).toMatch(/^Bearer /);
    expect(reply.headers.get("content-type")).toBe("application/problem+json");
  });

  it("answers 401 before it says whether an address exists", async () => {
    expect((await anonymous.get("/v1/nothing")).status).toBe(401);
    expect((await anonymous.send("PUT", PATH)).status).toBe(401);
  });

  it("lets write include read, and admin both", async () => {
    const { admin, writer, reader } = await newTenant();
    for (const [api, read, write, administer] of [
      [reader, 200, 403, 403],
      [writer, 200, 201, 403],
      [admin, 200, 201, 200],
    ] as const) {
      expect((await api.get(PATH)).status).toBe(read);
      expect((await api.post(PATH, { key: `source_${read}_${administer}`, name: "Source" })).status).toBe(write);
      expect((await api.get("/v1/api_keys")).status).toBe(administer);
    }
  });

  it("names the scope that is missing", async () => {
    const { reader } = await newTenant();
    const reply = await reader.post(PATH, { key: "bank", name: "Bank" });
    expect(reply).toMatchObject({ status: 403, body: { code: "missing_scope" } });
    expect(reply.body.detail).toContain('"write"');
  });

  it("refuses a revoked key within ten seconds, even where it was remembered", async () => {
    const { id, key, admin } = await newKey();
    const holder = new Api(key);
    expect((await holder.get(PATH)).status).toBe(200);
    expect((await admin.delete(`/v1/api_keys/${id}`)).status).toBe(204);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + API_KEY_CACHE_MS });
    expect((await holder.get(PATH)).status).toBe(401);
    expect(API_KEY_CACHE_MS).toBeLessThan(10_000);
  });

  it("refuses a revoked key at once where it was not in use", async () => {
    const { id, key, admin } = await newKey();
    await admin.delete(`/v1/api_keys/${id}`);
    expect((await new Api(key).get(PATH)).status).toBe(401);
  });

  it("notes when a key was last used, to the minute", async () => {
    const { id, key, admin } = await newKey();
    expect(await readLastUsed(id)).toBeNull();
    const startedAt = Date.now();
    await new Api(key).get(PATH);
    await vi.waitUntil(async () => (await readLastUsed(id)) !== null);
    const first = await readLastUsed(id);
    expect(first).toBeGreaterThanOrEqual(startedAt);
    expect((await admin.get(`/v1/api_keys/${id}`)).body.last_used_at).toBe(new Date(first as number).toISOString());

    vi.useFakeTimers({ toFake: ["Date"], now: startedAt + 120_000 });
    await new Api(key).get(PATH);
    vi.useRealTimers();
    await vi.waitUntil(async () => (await readLastUsed(id)) !== first);
    expect(await readLastUsed(id)).toBe(startedAt + 120_000);
  });

  it("lets the bootstrap key administer the default live environment", async () => {
    const { body } = await bootstrap.get("/v1/environments?limit=200");
    const oldest = body.data.at(-1);
    expect(oldest.mode).toBe("live");
    const { body: made } = await bootstrap.post("/v1/api_keys", { name: "First", scopes: ["admin"] });
    expect(made.environment_id).toBe(oldest.id);
  });
});
