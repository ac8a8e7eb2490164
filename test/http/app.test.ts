import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../src/app.ts";
import { REQUEST_MAX_BYTES } from "../../src/config.ts";
import { Api, BOOTSTRAP_KEY, bootstrap } from "../support/api.ts";
import { newTenant } from "../support/tenant.ts";

const PATH = "/v1/data_sources";
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const JSON_BODY = { "Content-Type": "application/json" };

const anonymous = new Api(null);

/** The app with a database that is gone. */
async function askWithoutDatabase(path: string): Promise<Response> {
  const prepare = () => {
    throw new Error("D1 is down: select secret from api_keys");
  };
  const ctx = createExecutionContext();
  const response = await createApp().fetch(
    new Request(`https://tieout.test${path}`, { headers: { "X-API-KEY": BOOTSTRAP_KEY } }),
    { ...env, DB: { prepare, batch: prepare } } as never,
    ctx,
  );
  await waitOnExecutionContext(ctx);
  return response;
}

describe("every answer", () => {
  it.each([
    ["a success", 200, () => bootstrap.get(PATH)],
    ["health", 200, () => anonymous.get("/health")],
    ["the document", 200, () => anonymous.get("/openapi.json")],
    ["a create", 201, () => bootstrap.post(PATH, { key: "headers", name: "Headers" })],
    ["a delete", 204, () => bootstrap.delete(`${PATH}/headers`)],
    ["unreadable JSON", 400, () => bootstrap.send("POST", PATH, "{", JSON_BODY)],
    ["no key", 401, () => anonymous.get(PATH)],
    ["a missing scope", 403, async () => (await newTenant()).reader.post(PATH, { key: "a", name: "A" })],
    ["an unknown address", 404, () => bootstrap.get("/v1/nothing")],
    ["an unknown address outside the doors", 404, () => anonymous.get("/nothing")],
    ["a method that is not there", 405, () => bootstrap.send("PUT", PATH)],
    ["an unsupported media type", 415, () => bootstrap.send("POST", PATH, "a=1", { "Content-Type": "text/plain" })],
    ["a wrong field", 422, () => bootstrap.post(PATH, {})],
    ["another door's refusal", 404, () => bootstrap.get("/v1/data_sources/none")],
  ] as const)("has a request id and speaks to browsers and caches: %s", async (_, status, ask) => {
    const reply = await ask();
    expect(reply.status).toBe(status);
    expect(reply.headers.get("x-request-id")).toMatch(UUID_V7);
    expect(reply.headers.get("x-content-type-options")).toBe("nosniff");
    expect(reply.headers.get("referrer-policy")).toBe("no-referrer");
    expect(reply.headers.get("x-frame-options")).toBe("DENY");
    expect(reply.headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
    expect(reply.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(reply.headers.get("strict-transport-security")).toMatch(/^max-age=\d{8}/);
    expect(reply.headers.has("access-control-allow-origin")).toBe(false);
    if (status >= 400) {
      expect(reply.headers.get("content-type")).toBe("application/problem+json");
      expect(reply.body).toMatchObject({ status, type: "about:blank", request_id: reply.headers.get("x-request-id") });
      for (const member of ["title", "detail", "code", "instance"])
        expect(reply.body[member]).toEqual(expect.any(String));
      expect(reply.body.errors).toEqual(expect.any(Array));
    }
  });

  it("promises https only where it is https", async () => {
    const response = await createApp().fetch(new Request("http://localhost/health"), env as never);
    expect(response.status).toBe(200);
    expect(response.headers.has("strict-transport-security")).toBe(false);
  });

  it("of the door is nobody's to keep", async () => {
    for (const reply of [await bootstrap.get(PATH), await anonymous.get(PATH), await bootstrap.get("/v1/nothing")]) {
      expect(reply.headers.get("cache-control")).toBe("no-store");
    }
  });

  it("has a request id of its own", async () => {
    const ids = await Promise.all([1, 2, 3].map(async () => (await bootstrap.get(PATH)).headers.get("x-request-id")));
    expect(new Set(ids).size).toBe(3);
  });
});

describe("addresses and methods", () => {
  it.each([
    ["PUT", PATH, ["GET", "HEAD", "POST"]],
    ["DELETE", PATH, ["GET", "HEAD", "POST"]],
    ["POST", `${PATH}/bank`, ["DELETE", "GET", "HEAD", "PATCH"]],
    ["OPTIONS", `${PATH}/bank`, ["DELETE", "GET", "HEAD", "PATCH"]],
    ["POST", "/health", ["GET", "HEAD"]],
    ["DELETE", "/openapi.json", ["GET", "HEAD"]],
  ])("say what they answer to instead of %s %s", async (method, path, allow) => {
    const reply = await bootstrap.send(method, path);
    expect(reply).toMatchObject({ status: 405, body: { code: "method_not_allowed" } });
    expect(reply.headers.get("allow")?.split(", ").sort()).toEqual(allow);
  });

  it.each([
    "/",
    "/v1",
    "/v1/",
    "/v1/nothing",
    "/v1//data_sources",
    `${PATH}/`,
    `${PATH}/bank/more`,
    "/V1/data_sources",
    "/openapiXjson",
    "/%E0%A4%A",
    "/v1/%ff",
    "/v1/__proto__",
    `/v1/${"x".repeat(10_000)}`,
  ])("are not found: %s", async (path) => {
    expect(await bootstrap.get(path)).toMatchObject({ status: 404, body: { code: "not_found" } });
  });

  it("answer HEAD as GET, without the body", async () => {
    for (const path of [PATH, "/health", "/openapi.json", "/v1/nothing"]) {
      const [head, get] = [await bootstrap.send("HEAD", path), await bootstrap.get(path)];
      expect(head.status).toBe(get.status);
      expect(head.headers.get("content-type")).toBe(get.headers.get("content-type"));
      expect(head.body).toBe("");
    }
    expect((await anonymous.send("HEAD", PATH)).status).toBe(401);
  });
});

describe("bodies", () => {
  it.each([
    ["nothing", ""],
    ["half an object", '{"key":"a"'],
    ["a trailing comma", '{"key":"a",}'],
    ["two values", "{}{}"],
    ["a bare word", "key"],
    ["endless depth", "[".repeat(100_000)],
    ["great depth", `${"[".repeat(50_000)}${"]".repeat(50_000)}`],
  ])("that are unreadable are answered 400: %s", async (_, body) => {
    const reply = await bootstrap.send("POST", PATH, body, JSON_BODY);
    expect(reply).toMatchObject({ status: 400, body: { code: "unreadable_json" } });
  });

  it.each([20, 500, 2_000, 2_500, 3_000, 10_000])("are refused with what is nested %i deep", async (depth) => {
    const deep = "[".repeat(depth) + "]".repeat(depth);
    const record = `{"type_key":"none","date":"2026-01-01","amount":1,"direction":"credit","metadata":{"a":${deep}}}`;
    const groups = `{"operand":"and","rules":[`.repeat(depth) + "]}".repeat(depth);
    for (const [path, body] of [
      ["/v1/records", record],
      ["/v1/reconciliation_rules", `{"reconciliation_id":"none","filters":${groups}}`],
      ["/api/ledgers", `{"name":"Main","metadata":{"a":${deep}}}`],
      ["/api/transactions", `{"details":{"a":${deep}}}`],
    ] as const) {
      const reply = await bootstrap.send("POST", path, body, JSON_BODY);
      expect([path, reply.status]).toEqual([path, expect.toBeOneOf([400, 422])]);
    }
  });

  it("that are not UTF-8 are answered 400", async () => {
    const body = new Uint8Array([...new TextEncoder().encode('{"key":"a","name":"'), 0xff, 0xfe, 0x22, 0x7d]);
    const reply = await bootstrap.send("POST", PATH, body, JSON_BODY);
    expect(reply).toMatchObject({ status: 400, body: { code: "unreadable_json" } });
  });

  it.each([
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON",
    "application/merge-patch+json",
  ])("are read as %s", async (type) => {
    const { writer } = await newTenant();
    const body = JSON.stringify({ key: "bank", name: "Bank" });
    expect((await writer.send("POST", PATH, body, { "Content-Type": type })).status).toBe(201);
  });

  it.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/jsonp",
    "json",
  ])("are not read as %s", async (type) => {
    const body = JSON.stringify({ key: "bank", name: "Bank" });
    const reply = await bootstrap.send("POST", PATH, body, { "Content-Type": type });
    expect(reply).toMatchObject({ status: 415, body: { code: "unsupported_media_type" } });
  });

  it("are not read in a Content-Encoding", async () => {
    const { admin } = await newTenant();
    const body = JSON.stringify({ key: "bank", name: "Bank" });
    const send = (encoding: string, method: string, path: string) =>
      admin.send(method, path, body, { ...JSON_BODY, "Content-Encoding": encoding });
    for (const [encoding, method, path] of [
      ["gzip", "POST", PATH],
      ["BR", "PATCH", `${PATH}/bank`],
      ["identity, gzip", "POST", "/v1/records/bulk"],
    ] as const) {
      const reply = await send(encoding, method, path);
      expect(reply).toMatchObject({ status: 415, body: { code: "unsupported_encoding" } });
      expect(reply.headers.get("accept-encoding")).toBe("identity");
    }
    const payments = await send("gzip", "POST", "/api/ledgers");
    expect(payments).toMatchObject({ status: 415, body: { errors: { code: "parameter_invalid" } } });
    expect((await send("Identity", "POST", PATH)).status).toBe(201);
  });

  it("of more than 25 MB are answered 413", async () => {
    const body = `{"key":"bank","name":"${"x".repeat(REQUEST_MAX_BYTES)}"}`;
    const reply = await bootstrap.send("POST", PATH, body, JSON_BODY);
    expect(reply).toMatchObject({ status: 413, body: { code: "too_large" } });
  });

  it("of more than 25 MB are answered 413 where their length is not announced", async () => {
    const chunk = new Uint8Array(1024 * 1024).fill(0x20);
    let sent = 0;
    const stream = new ReadableStream({
      pull(controller) {
        if (sent++ > REQUEST_MAX_BYTES / chunk.length) controller.close();
        else controller.enqueue(chunk.slice());
      },
    });
    const reply = await bootstrap.send("POST", PATH, stream, JSON_BODY);
    expect(reply).toMatchObject({ status: 413, body: { code: "too_large" } });
  });

  it("list at most a thousand wrong fields", async () => {
    const body = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`field_${i}`, i]));
    const reply = await bootstrap.post(PATH, body);
    expect(reply.status).toBe(422);
    expect(reply.body.errors).toHaveLength(1_000);
    expect(reply.body.detail).toContain("5002");
  });

  it.each([
    ["NUL in a value", '{"key":"bank","name":"a\\u0000b"}', ["/name"]],
    ["a lone high surrogate", '{"key":"bank","name":"a\\ud800b"}', ["/name"]],
    ["a lone low surrogate", '{"key":"bank","name":"\\udc00"}', ["/name"]],
    ["both halves in the wrong order", '{"key":"bank","name":"\\udc00\\ud83d"}', ["/name"]],
    ["one of them deep down, and other errors", '{"key":"-","name":[{"a":"\\u0000"}]}', ["/key", "/name", "/name/0/a"]],
  ])("with text that cannot be kept are answered 422: %s", async (_, body, paths) => {
    const { writer } = await newTenant();
    const reply = await writer.send("POST", PATH, body, JSON_BODY);
    expect(reply.status).toBe(422);
    expect(reply.body.errors.map((error: { path: string }) => error.path).sort()).toEqual(paths);
    expect(reply.body.errors.map((error: { code: string }) => error.code)).toContain("invalid_text");
    expect((await writer.get(PATH)).body.data).toEqual([]);
  });

  it("with a text that is longer than any field takes are answered 422", async () => {
    const { writer } = await newTenant();
    const long = "x".repeat(65_537);
    const fields = { date: "2026-01-01", amount: 1, direction: "credit" };
    for (const [path, body, pointer] of [
      ["/v1/records", { type_key: long, ...fields }, "/type_key"],
      [PATH, { key: "bank", name: "Bank", surprise: { deep: [long] } }, "/surprise/deep/0"],
    ] as const) {
      const reply = await writer.post(path, body);
      expect(reply.status).toBe(422);
      expect(reply.body.errors).toContainEqual(expect.objectContaining({ path: pointer, code: "too_long" }));
    }
  });

  it("with a name that cannot be kept are answered 422", async () => {
    for (const name of ["a\\u0000", "\\ud800", "__proto__", "constructor"]) {
      const reply = await bootstrap.send("POST", PATH, `{"key":"bank","name":"Bank","${name}":{"a":1}}`, JSON_BODY);
      expect(reply.status).toBe(422);
      expect(reply.body.errors).toHaveLength(1);
    }
  });

  it("keep every other text as it was sent", async () => {
    const { writer } = await newTenant();
    for (const [index, name] of [
      "💳 \u{10ffff}",
      "\u0001\u001f\u007f",
      "\ufeff\ufffd\uffff",
      "e\u0301 é",
      "'; drop table",
    ].entries()) {
      expect((await writer.post(PATH, { key: `source_${index}`, name })).body.name).toBe(name);
      expect((await writer.get(`${PATH}/source_${index}`)).body.name).toBe(name);
    }
  });
});

describe("parameters", () => {
  it.each([
    ["NUL", "/v1/property_definitions?type_key=%00", "type_key"],
    ["NUL in a cursor", `${PATH}?cursor=a%00`, "cursor"],
    ["bytes that are not UTF-8", "/v1/property_definitions?type_key=%ff", "type_key"],
    ["half an escape", "/v1/property_definitions?type_key=%", "type_key"],
    ["a name with NUL", `${PATH}?%00=1`, "\0"],
  ])("with %s are answered 422", async (_, path, name) => {
    const reply = await bootstrap.get(path);
    expect(reply.status).toBe(422);
    expect(new Set(reply.body.errors.map((error: { path: string }) => error.path))).toEqual(new Set([name]));
  });
});

describe("when the database is gone", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("health says so", async () => {
    const response = await askWithoutDatabase("/health");
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: "unavailable" });
    expect((await anonymous.get("/health")).body).toEqual({ status: "ok" });
  });

  it("the answer says nothing of the inside, and the log finds it by the request id", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const response = await askWithoutDatabase(PATH);
    const body = (await response.json()) as { request_id: string };
    expect(response.status).toBe(500);
    expect(body).toMatchObject({ code: "internal", request_id: response.headers.get("x-request-id"), errors: [] });
    expect(JSON.stringify(body)).not.toMatch(/D1|select|api_keys/);
    expect(logged).toHaveBeenCalledOnce();
    expect(String(logged.mock.calls[0]?.[0])).toContain(body.request_id);
  });
});

describe("the viewer", () => {
  it.each(["/docs", "/docs/"])("answers at %s like every other route", async (path) => {
    const page = await anonymous.get(path);
    expect([page.status, page.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/html")]);
    expect(page.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(page.headers.get("content-security-policy")).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(page.body).not.toMatch(/(src|href)="(https?:)?\/\//);
    const refused = await anonymous.send("POST", path, "{}");
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});
