import { z } from "@hono/zod-openapi";
import { describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import { apiEndpoints } from "../../src/http/api/index.ts";
import type { Endpoint } from "../../src/http/endpoint.ts";
import { openApiDocument } from "../../src/http/openapi.ts";
import { v1Endpoints } from "../../src/http/v1/index.ts";
import { Api } from "../support/api.ts";
import { findMismatch } from "../support/documented.ts";

// biome-ignore lint/suspicious/noExplicitAny: the document is looked at as the JSON that it is
type Json = any;

const document: Json = JSON.parse(JSON.stringify(openApiDocument(createApp())));
const METHODS = ["get", "post", "put", "patch", "delete"];
const NEEDED_IN_QUERY = ["GET /v1/records/{id}/candidates reconciliation_id"];

interface Operation {
  name: string;
  method: string;
  path: string;
  operation: Json;
}

const operations: Operation[] = Object.entries<Json>(document.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => method in item).map((method) => ({
    name: `${method.toUpperCase()} ${path}`,
    method,
    path,
    operation: item[method],
  })),
);
const named = operations.map((operation) => [operation.name, operation] as const);
const allEndpoints = [...v1Endpoints, ...apiEndpoints];
const endpoints = allEndpoints.map((endpoint) => [nameOf(endpoint), endpoint] as const);

function nameOf({ method, path }: Endpoint): string {
  return `${method.toUpperCase()} ${path}`;
}

function find(name: string): Json {
  return operations.find((operation) => operation.name === name)?.operation;
}

/** Every media type object of an operation: its bodies, in and out. */
function mediaOf(operation: Json): { type: string; media: Json }[] {
  const contents = [operation.requestBody?.content, ...Object.values<Json>(operation.responses).map((r) => r.content)];
  return contents.flatMap((content) => Object.entries(content ?? {}).map(([type, media]) => ({ type, media })));
}

function resolve(schema: Json): Json {
  const name = /^#\/components\/schemas\/(.+)$/.exec(schema.$ref ?? "")?.[1];
  return name === undefined ? schema : document.components.schemas[name];
}

/** A checker of what a client reads: the document's own schemas, not the ones they were made from. */
function compile(schema: Json): z.ZodType {
  const rename = (value: Json) => JSON.parse(JSON.stringify(value).replaceAll("#/components/schemas/", "#/$defs/"));
  return z.fromJSONSchema({ ...rename(strict(schema)), $defs: rename(strict(document.components.schemas)) });
}

/** The schema with objects closed: an example must not show a member that the schema does not know. */
function strict(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== "object" || schema === null) return schema;
  const { example: _, ...members } = schema;
  const copy = Object.fromEntries(Object.entries(members).map(([key, value]) => [key, strict(value)]));
  const isClosed = copy.type === "object" && "properties" in copy && !("additionalProperties" in copy);
  return isClosed ? { ...copy, additionalProperties: false } : copy;
}

describe("the document", () => {
  it("is served without a key, as OpenAPI 3.1", async () => {
    const reply = await new Api(null).get("/openapi.json");
    expect(reply.status).toBe(200);
    expect(reply.headers.get("content-type")).toBe("application/json");
    expect(reply.body).toEqual(document);
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(document.info).toMatchObject({ title: "Tieout", version: expect.any(String) });
    expect(document.servers ?? [{ url: "/" }]).toEqual([{ url: "/" }]);
  });

  it("has every route and no other", () => {
    const open = ["GET /docs", "GET /health", "GET /openapi.json"];
    expect(operations.map(({ name }) => name).sort()).toEqual([...open, ...endpoints.map(([name]) => name)].sort());
    expect(endpoints.length).toBeGreaterThanOrEqual(17);
  });

  it("calls each operation by a name of its own", () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(ids.filter((id) => !/^[a-z][A-Za-z0-9]+$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("knows the three ways to send a key", () => {
    expect(document.components.securitySchemes).toMatchObject({
      apiKey: { type: "apiKey", in: "header", name: "X-API-KEY" },
      bearer: { type: "http", scheme: "bearer" },
      basic: { type: "http", scheme: "basic" },
    });
    expect(document.security).toEqual([{ apiKey: [] }, { bearer: [] }, { basic: [] }]);
    for (const { operation, path } of operations) {
      expect([path, operation.security]).toEqual([path, /^\/(v1|api)\//.test(path) ? undefined : []]);
    }
  });

  it("names its schemas, and each has an example", () => {
    for (const [name, schema] of Object.entries<Json>(document.components.schemas)) {
      expect(name).toMatch(/^[A-Z][A-Za-z0-9]+$/);
      expect([name, schema.example]).not.toEqual([name, undefined]);
    }
  });

  it("has an answer's examples only where they satisfy its schema", () => {
    const ofDataSource = compile({ $ref: "#/components/schemas/DataSource" });
    const { example } = document.components.schemas.DataSource;
    expect(ofDataSource.safeParse(example).success).toBe(true);
    expect(ofDataSource.safeParse({ ...example, record_count: "0" }).success).toBe(false);
    expect(ofDataSource.safeParse({ ...example, created_at: "yesterday" }).success).toBe(false);
    expect(ofDataSource.safeParse({ ...example, key: undefined }).success).toBe(false);
    expect(ofDataSource.safeParse({ ...example, colour: "red" }).success).toBe(false);
  });
});

describe("the check of answers against the document", () => {
  it("notices what the document does not say", () => {
    const row = { id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a", name: "Staging", mode: "test" };
    const path = `/v1/environments/${row.id}`;
    expect(findMismatch("GET", path, 200, row)).toBeUndefined();
    expect(findMismatch("GET", `${path}?x=1`, 422, {})).toBeUndefined();
    expect(findMismatch("GET", path, 200, { ...row, mode: "prod" })).toContain("schema refuses");
    expect(findMismatch("GET", path, 200, { ...row, colour: "red" })).toContain("does not know");
    expect(findMismatch("GET", path, 409, {})).toContain("does not document");
    expect(findMismatch("GET", path, 204, "")).toContain("does not document");
  });
});

describe.each(named)("%s", (_, { name, method, path, operation }) => {
  it("says what it is for", () => {
    expect(operation.tags).toEqual([expect.stringMatching(/\S/)]);
    expect(operation.summary).toMatch(/^\S.*[^.\s]$/);
  });

  it("describes and types every parameter", () => {
    const parameters: Json[] = operation.parameters ?? [];
    for (const parameter of parameters) {
      expect([parameter.name, parameter.description]).toEqual([parameter.name, expect.stringMatching(/\S/)]);
      expect([parameter.name, resolve(parameter.schema)]).toEqual([
        parameter.name,
        expect.objectContaining({ type: expect.stringMatching(typesOf(parameter)) }),
      ]);
      const isNeeded = parameter.in === "path" || NEEDED_IN_QUERY.includes(`${name} ${parameter.name}`);
      expect([parameter.name, parameter.required]).toEqual([parameter.name, isNeeded]);
    }
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    expect(parameters.filter((parameter) => parameter.in === "path").map((parameter) => parameter.name)).toEqual(
      inPath,
    );
  });

  it("takes an Idempotency-Key, if it is a POST, and says when it gives an answer again", () => {
    const names = (operation.parameters ?? []).map((parameter: Json) => parameter.name);
    expect(names.includes("Idempotency-Key")).toBe(method === "post");
    const replayed = Object.keys(operation.responses).filter(
      (status) => "Idempotent-Replayed" in (operation.responses[status].headers ?? {}),
    );
    const never = ["401", "403", "429", "500"];
    const all = Object.keys(operation.responses).filter((status) => !never.includes(status));
    expect(replayed).toEqual(method === "post" ? all : []);
    if (method === "post") expect(all).toEqual(expect.arrayContaining(["409", "422"]));
  });

  it("has bodies of named schemas, with examples that satisfy them", () => {
    for (const { type, media } of mediaOf(operation)) {
      if (!type.includes("json")) continue;
      expect(media.schema.$ref).toMatch(/^#\/components\/schemas\//);
      const example = media.example ?? resolve(media.schema).example;
      const checked = compile(media.schema).safeParse(example);
      expect([media.schema.$ref, checked.error?.issues ?? []]).toEqual([media.schema.$ref, []]);
    }
    expect(operation.requestBody !== undefined).toBe(hasBody(path, method));
  });
});

/** What a parameter may be: lists have brackets behind their name, named values in it. */
function typesOf({ name, style }: Json): RegExp {
  if (name.endsWith("[]")) return /^array$/;
  return style === "deepObject" ? /^object$/ : /^(string|integer|number|boolean)$/;
}

function hasBody(path: string, method: string): boolean {
  return allEndpoints.some(
    (endpoint) => endpoint.path === path && endpoint.method === method && endpoint.body !== undefined,
  );
}

describe.each(endpoints)("%s", (name, endpoint) => {
  it("has every status that can occur", () => {
    const { responses } = find(name);
    const refusals = [401, 403, 422, 429, 500, ...(endpoint.refusals ?? [])];
    if (endpoint.params) refusals.push(404);
    if (endpoint.body) refusals.push(400, 413, 415);
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(refusals.map(String)));
    for (const status of refusals) {
      expect(responses[status].description).toMatch(/\S/);
      expect(responses[status].content).toEqual(problemOf(endpoint, status));
    }
    const answers = Object.keys(responses).filter((status) => status < "400");
    expect(answers).toEqual(Object.keys(endpoint.answers));
    expect(answers.length).toBeGreaterThan(0);
    for (const response of Object.values<Json>(responses)) expect(response.headers).toHaveProperty("X-Request-Id");
    expect("Location" in (responses["201"]?.headers ?? {})).toBe("201" in responses);
  });

  it("pages as every list of its door does, if it is one", () => {
    const schema = resolve(find(name).responses["200"]?.content?.["application/json"]?.schema ?? {});
    const parameters: Json[] = find(name).parameters ?? [];
    const limit = parameters.find((parameter) => parameter.name === "limit");
    if (schema.type === "array") {
      const perPage = parameters.find((parameter) => parameter.name === "per_page");
      expect(schema.items.$ref).toMatch(/^#\/components\/schemas\//);
      expect(perPage?.schema).toMatchObject({ type: "integer", minimum: 1, maximum: 100, default: 25 });
      expect(parameters.map((parameter) => parameter.name)).toContain("after_cursor");
      const { headers } = find(name).responses["200"];
      expect(Object.keys(headers)).toEqual(expect.arrayContaining(["X-After-Cursor", "X-Per-Page"]));
    }
    const isList = "data" in (schema.properties ?? {}) && "next_cursor" in schema.properties;
    if (!isList) return;
    expect(schema.required.sort()).toEqual(["data", "has_more", "next_cursor"]);
    expect(schema.properties.data.items.$ref).toMatch(/^#\/components\/schemas\//);
    expect(limit?.schema).toMatchObject({ type: "integer", minimum: 1, maximum: 200, default: 50 });
    expect(parameters.map((parameter) => parameter.name)).toContain("cursor");
  });
});

/** How the door of an endpoint says no. */
function problemOf({ path }: Endpoint, status: number): Json {
  if (path.startsWith("/v1/")) {
    const example = expect.objectContaining({ status, instance: path });
    return { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" }, example } };
  }
  const example = { errors: expect.objectContaining({ code: expect.any(String), message: expect.any(String) }) };
  return { "application/json": { schema: { $ref: "#/components/schemas/ApiProblem" }, example } };
}
