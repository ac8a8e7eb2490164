import { describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import { SCOPES } from "../../src/core/api-key.ts";
import { ok } from "../../src/core/result.ts";
import { apiEndpoints } from "../../src/http/api/index.ts";
import { endpoint } from "../../src/http/endpoint.ts";
import { openRoutes } from "../../src/http/open-routes.ts";
import { v1Endpoints } from "../../src/http/v1/index.ts";
import { Api } from "../support/api.ts";
import { newTenant, type Tenant } from "../support/tenant.ts";

const endpoints = [...v1Endpoints, ...apiEndpoints];
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";
/** POSTs that write nothing. */
const READING_POSTS = ["previewPaymentRule"];

it("is not possible to declare an endpoint without a scope", () => {
  const rest = {
    method: "get",
    path: "/v1/nothing",
    operationId: "getNothing",
    tag: "Nothing",
    summary: "Nothing",
    answers: {},
    handle: async () => ok({ status: 204 }),
  } as const;
  // @ts-expect-error
  endpoint(rest);
  expect(endpoint({ ...rest, scope: "read" }).scope).toBe("read");
});

it("has no route that is neither an endpoint with a scope nor among the few open ones", () => {
  const handlers = createApp().routes.filter(({ method }) => method !== "ALL");
  const nameOf = ({ method, path }: { method: string; path: string }) =>
    `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`;
  const open = [...new Set(openRoutes.map(nameOf))].filter((name) => !name.startsWith("GET /docs/"));
  expect(handlers.map(nameOf).sort()).toEqual([...endpoints.map(nameOf), ...open, "GET /docs/*"].sort());
  expect(open).toEqual(["GET /health", "GET /openapi.json", "GET /docs"]);
  for (const { scope } of endpoints) expect(SCOPES).toContain(scope);
});

it("lets a read-only key change nothing", () => {
  const readable = endpoints.filter(({ method, scope }) => method !== "get" && scope === "read");
  expect(readable.map(({ operationId }) => operationId)).toEqual(READING_POSTS);
});

describe("a key without the scope, and no key, are refused before anything else is looked at", () => {
  const lesser: Record<string, keyof Pick<Tenant, "reader" | "writer"> | undefined> = {
    write: "reader",
    admin: "writer",
  };

  it.each(endpoints.map((declared) => [declared.operationId, declared] as const))("%s", async (_, declared) => {
    const { method, scope } = declared;
    const path = declared.path.replaceAll(/\{\w+\}/g, UNKNOWN_ID);
    const send = (api: Api) => api.send(method.toUpperCase(), `${path}?no=1`, method === "get" ? undefined : "{");
    expect((await send(new Api(null))).status).toBe(401);
    const key = lesser[scope];
    if (key) expect((await send((await newTenant())[key])).status).toBe(403);
  });
});
