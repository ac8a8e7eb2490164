import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Context } from "hono";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../../src/app.ts";
import { REQUEST_MAX_BYTES } from "../../../src/config.ts";
import type { Failure } from "../../../src/core/result.ts";
import { apiDoor } from "../../../src/http/api/door.ts";
import { pingEndpoints } from "../../../src/http/api/ping.ts";
import type { AppEnv } from "../../../src/http/app-env.ts";
import type { Refusal } from "../../../src/http/refusal.ts";
import { v1Door } from "../../../src/http/v1/door.ts";
import { Api, BOOTSTRAP_KEY, bootstrap } from "../../support/api.ts";
import { itIsGuarded } from "../../support/security.ts";
import { newTenant } from "../../support/tenant.ts";

const PATH = "/api/internal_accounts";
const JSON_BODY = { "Content-Type": "application/json" };
const ACCOUNT = { name: "Operating", currency: "USD" };
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

const anonymous = new Api(null);

/** What the door makes of a failure of a service. */
async function answerTo(failure: Failure) {
  return readRefusal({ kind: "service", failure });
}

async function readRefusal(refusal: Refusal, door = apiDoor) {
  const c = { req: { url: `https://tieout.test${PATH}` }, var: { requestId: UNKNOWN_ID } };
  const response = door.presentRefusal(refusal, c as unknown as Context<AppEnv>);
  return { status: response.status, headers: response.headers, body: await response.json<unknown>() };
}

describe("ping", () => {
  it("answers to a valid key, as Modern Treasury's SDK sends it", async () => {
    const authorization = `Basic ${btoa(`my-organisation:${BOOTSTRAP_KEY}`)}`;
    const reply = await anonymous.send("GET", "/api/ping", undefined, { Authorization: authorization });
    expect(reply).toMatchObject({ status: 200, body: { ping: "pong" } });
    expect(reply.headers.get("content-type")).toBe("application/json");
  });

  it("refuses a wrong password of HTTP Basic", async () => {
    const authorization = `Basic ${btoa("my-organisation:wrong")}`;
    const reply = await anonymous.send("GET", "/api/ping", undefined, { Authorization: authorization });
    expect(reply).toMatchObject({ status: 401, body: { errors: { code: "invalid_key" } } });
    expect(reply.headers.get("www-authenticate")).toMatch(/^Bearer /);
  });

  it("is no parameter's concern", async () => {
    const reply = await bootstrap.get("/api/ping?loud=1");
    expect(reply).toMatchObject({ status: 422, body: { errors: { code: "parameter_invalid", parameter: "loud" } } });
  });

  itIsGuarded({ endpoints: pingEndpoints });
});

describe("refusals of the payments door", () => {
  it.each([
    ["unreadable JSON", 400, "parameter_invalid", () => bootstrap.send("POST", PATH, "{", JSON_BODY)],
    ["no body", 400, "parameter_invalid", () => bootstrap.send("POST", PATH)],
    ["no key", 401, "invalid_key", () => anonymous.get(PATH)],
    ["no key, at an unknown address", 401, "invalid_key", () => anonymous.get("/api/nothing")],
    ["a missing scope", 403, "forbidden", async () => (await newTenant()).reader.post(PATH, ACCOUNT)],
    ["an unknown address", 404, "not_found", () => bootstrap.get("/api/nothing")],
    ["the door itself", 404, "not_found", () => bootstrap.get("/api/")],
    ["an unknown id", 404, "resource_not_found", () => bootstrap.get(`${PATH}/${UNKNOWN_ID}`)],
    ["a malformed id", 404, "resource_not_found", () => bootstrap.get(`${PATH}/none`)],
    ["a method that is not there", 405, "parameter_invalid", () => bootstrap.send("PUT", PATH)],
    [
      "a form",
      415,
      "parameter_invalid",
      () => bootstrap.send("POST", PATH, "a=1", { "Content-Type": "application/x-www-form-urlencoded" }),
    ],
    ["a missing field", 422, "parameter_missing", () => bootstrap.post(PATH, { name: "Operating" })],
    ["a wrong field", 422, "parameter_invalid", () => bootstrap.post(PATH, { ...ACCOUNT, currency: "XXL" })],
  ] as const)("have Modern Treasury's envelope: %s", async (_, status, code, ask) => {
    const reply = await ask();
    expect(reply.status).toBe(status);
    expect(reply.headers.get("content-type")).toBe("application/json");
    expect(reply.headers.get("cache-control")).toBe("no-store");
    expect(reply.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(reply.body).toEqual({ errors: expect.objectContaining({ code, message: expect.stringMatching(/\S/) }) });
  });

  it("of a body that is too large is 413", async () => {
    const reply = await bootstrap.post(PATH, { ...ACCOUNT, name: "x".repeat(REQUEST_MAX_BYTES) });
    expect(reply).toMatchObject({ status: 413, body: { errors: { code: "parameter_invalid" } } });
  });

  it("of an unknown id says so in Modern Treasury's words", async () => {
    const { body } = await bootstrap.get(`${PATH}/${UNKNOWN_ID}`);
    expect(body).toEqual({
      errors: { code: "resource_not_found", message: "Resource not found", parameter: "id" },
    });
  });

  it("of a method name those that are there", async () => {
    const reply = await bootstrap.send("PUT", `${PATH}/${UNKNOWN_ID}`);
    expect(reply.headers.get("allow")?.split(", ").sort()).toEqual(["GET", "HEAD", "PATCH"]);
  });

  it.each([
    [{ currency: "USD" }, "name", "parameter_missing"],
    [{ name: "", currency: "USD" }, "name", "parameter_invalid"],
    [{ ...ACCOUNT, colour: "red" }, "colour", "parameter_invalid"],
    [{ ...ACCOUNT, metadata: { "Key Name": 5 } }, "metadata.Key Name", "parameter_invalid"],
    [{ ...ACCOUNT, party_address: { planet: "Mars" } }, "party_address.planet", "parameter_invalid"],
    [
      { ...ACCOUNT, account_capabilities: [{ payment_type: "ach", direction: "credit" }, { payment_type: "ach" }] },
      "account_capabilities[1].direction",
      "parameter_missing",
    ],
    [{ ...ACCOUNT, parent_account_id: UNKNOWN_ID }, "parent_account_id", "resource_not_found"],
    [{ ...ACCOUNT, party_name: "a\0" }, "party_name", "parameter_invalid"],
  ])("name the field that is wrong: %j", async (body, parameter, code) => {
    const reply = await bootstrap.post(PATH, body);
    expect(reply).toMatchObject({ status: 422, body: { errors: { parameter, code } } });
  });

  it.each([
    ["per_page=0", "per_page"],
    ["per_page=101", "per_page"],
    ["per_page=", "per_page"],
    ["limit=5", "limit"],
    ["metadata=5", "metadata"],
    ["metadata[a]=1&metadata[a]=2", "metadata[a]"],
    ["status=open", "status"],
    ["currency=QQQ", "currency"],
    ["name[a]=1", "name[a]"],
    ["after_cursor=", "after_cursor"],
    ["after_cursor=next", "after_cursor"],
  ])("name the parameter that is wrong: %s", async (query, parameter) => {
    const reply = await bootstrap.get(`${PATH}?${query}`);
    expect(reply).toMatchObject({ status: 422, body: { errors: { parameter, code: "parameter_invalid" } } });
  });

  it("name nothing where the whole body is wrong", async () => {
    const { status, body } = await bootstrap.post(PATH, []);
    expect([status, Object.keys(body.errors).sort()]).toEqual([422, ["code", "message"]]);
  });

  it("of a taken external_id are 409s that are not to be sent again", async () => {
    const { writer } = await newTenant();
    await writer.post(PATH, { ...ACCOUNT, external_id: "a" });
    const reply = await writer.post(PATH, { ...ACCOUNT, external_id: "a" });
    expect(reply).toMatchObject({ status: 409, body: { errors: { code: "conflict", parameter: "external_id" } } });
    expect(reply.headers.get("x-should-retry")).toBe("false");
  });

  it("of a lost race are 409s that are", async () => {
    const reply = await answerTo({ kind: "conflict", detail: "Another one was first.", retryAfterSeconds: 2 });
    expect(reply).toMatchObject({
      status: 409,
      body: { errors: { code: "conflict", message: "Another one was first." } },
    });
    expect([reply.headers.get("retry-after"), reply.headers.get("x-should-retry")]).toEqual(["2", null]);
  });

  it("by state are 422", async () => {
    const bare = await answerTo({ kind: "conflict", detail: "It is archived." });
    expect(bare.status).toBe(422);
    expect(bare.body).toEqual({ errors: { code: "parameter_invalid", message: "It is archived." } });
    const errors = [{ path: "/status", code: "archived", message: "It is." }];
    const named = await answerTo({ kind: "conflict", detail: "It is archived.", errors });
    expect(named).toMatchObject({ status: 422, body: { errors: { parameter: "status" } } });
  });

  it("of too many requests are 429 at both doors", async () => {
    const refusal = { kind: "rate_limited", retryAfterSeconds: 1 } as const;
    const payments = await readRefusal(refusal);
    expect(payments).toMatchObject({ status: 429, body: { errors: { code: "too_many_requests" } } });
    const records = await readRefusal(refusal, v1Door);
    expect(records).toMatchObject({ status: 429, body: { code: "rate_limited" } });
    for (const { headers } of [payments, records]) expect(headers.get("retry-after")).toBe("1");
  });
});

describe("when the database is gone", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("the answer says nothing of the inside, and the log finds it by the request id", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const prepare = () => {
      throw new Error("D1 is down: select secret from api_keys");
    };
    const ctx = createExecutionContext();
    const request = new Request(`https://tieout.test${PATH}`, { headers: { "X-API-KEY": BOOTSTRAP_KEY } });
    const response = await createApp().fetch(request, { ...env, DB: { prepare, batch: prepare } } as never, ctx);
    await waitOnExecutionContext(ctx);
    const body = await response.json<{ errors: { code: string; request_id: string } }>();
    expect(response.status).toBe(500);
    expect(body.errors).toMatchObject({
      code: "internal_error",
      request_id: response.headers.get("x-request-id"),
    });
    expect(JSON.stringify(body)).not.toMatch(/D1|select|api_keys/);
    expect(String(logged.mock.calls[0]?.[0])).toContain(body.errors.request_id);
  });
});
