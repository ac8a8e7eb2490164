import { z } from "@hono/zod-openapi";
import { createApp } from "../../src/app.ts";
import type { Scope } from "../../src/core/api-key.ts";
import { apiEndpoints } from "../../src/http/api/index.ts";
import { openApiDocument } from "../../src/http/openapi.ts";
import { v1Endpoints } from "../../src/http/v1/index.ts";

// biome-ignore lint/suspicious/noExplicitAny: the document is looked at as the JSON that it is
export type Json = any;

export interface Operation {
  id: string;
  /** In capitals. */
  method: string;
  /** `/v1/records/{id}` */
  path: string;
  scope: Scope;
  /** Of the query, as the document has them. */
  query: Json[];
  body?: { type: string; schema: Json; isForm: boolean };
  responses: Record<string, Json>;
}

const METHODS = ["get", "post", "put", "patch", "delete"];

const document: Json = JSON.parse(JSON.stringify(openApiDocument(createApp())));

/** Every operation of both doors. */
export const operations: Operation[] = Object.entries<Json>(document.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => method in item && /^\/(v1|api)\//.test(path)).map((method) =>
    describe(path, method, item[method]),
  ),
);

function describe(path: string, method: string, operation: Json): Operation {
  const endpoint = [...v1Endpoints, ...apiEndpoints].find((one) => one.path === path && one.method === method);
  if (!endpoint) throw new Error(`no endpoint ${method} ${path}`);
  const [content] = Object.entries<Json>(operation.requestBody?.content ?? {});
  return {
    id: operation.operationId,
    method: method.toUpperCase(),
    path,
    scope: endpoint.scope,
    query: (operation.parameters ?? []).filter((parameter: Json) => parameter.in === "query"),
    ...(content && {
      body: { type: content[0], schema: content[1].schema, isForm: content[0] === "multipart/form-data" },
    }),
    responses: operation.responses,
  };
}

export function resolve(schema: Json): Json {
  const name = /^#\/components\/schemas\/(.+)$/.exec(schema?.$ref ?? "")?.[1];
  return name === undefined ? schema : document.components.schemas[name];
}

/** What the document shows as an example of a schema. */
export function examplesOf(schema: Json): Json[] {
  const { example, examples } = resolve(schema);
  return [...(examples ?? []), ...(example === undefined ? [] : [example])];
}

const patterns = operations.map((operation) => ({
  operation,
  pattern: new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
}));

/** What a request asks for, by its address; several methods may be answered there. */
export function findOperations(pathname: string): Operation[] {
  return patterns.filter(({ pattern }) => pattern.test(pathname)).map(({ operation }) => operation);
}

/** In what an answer differs from what the document says of its operation; undefined if it does not. */
export function findDeviation(
  operation: Operation,
  status: number,
  headers: Headers,
  body: unknown,
): string | undefined {
  const response = operation.responses[status];
  if (!response) return `answers ${status}, which is not documented`;
  if (status === 201 && !headers.has("location")) return "answers 201 without a Location";
  const contentType = headers.get("content-type");
  if (!response.content) return body === "" && contentType === null ? undefined : `answers ${status} with a body`;
  const schema = response.content[contentType ?? ""]?.schema;
  if (!schema) return `answers ${status} as ${contentType}, which is not documented`;
  return findViolation(schema, body);
}

/** What a refusal at an address that has no operation looks like. */
export function findRefusalDeviation(pathname: string, headers: Headers, body: unknown): string | undefined {
  const isApi = /^\/api(\/|$)/.test(pathname);
  const contentType = isApi ? "application/json" : "application/problem+json";
  if (headers.get("content-type") !== contentType) return `is a refusal as ${headers.get("content-type")}`;
  return findViolation({ $ref: `#/components/schemas/${isApi ? "ApiProblem" : "Problem"}` }, body);
}

const compiled = new Map<string, z.ZodType>();

function findViolation(schema: Json, body: unknown): string | undefined {
  const key = JSON.stringify(schema);
  let checker = compiled.get(key);
  if (!checker) {
    checker = z.fromJSONSchema({ ...rename(close(schema)), $defs: definitions });
    compiled.set(key, checker);
  }
  const checked = checker.safeParse(body);
  return checked.success ? undefined : `its schema refuses the body: ${checked.error.message}`;
}

const definitions = rename(close(document.components.schemas));

function rename(value: Json): Json {
  return JSON.parse(JSON.stringify(value).replaceAll("#/components/schemas/", "#/$defs/"));
}

/** The schema with objects closed: an answer must not have a member that the schema does not know. */
function close(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(close);
  if (typeof schema !== "object" || schema === null) return schema;
  const { example: _, ...members } = schema;
  const copy = Object.fromEntries(Object.entries(members).map(([key, value]) => [key, close(value)]));
  const isClosed = copy.type === "object" && "properties" in copy && !("additionalProperties" in copy);
  return isClosed ? { ...copy, additionalProperties: false } : copy;
}

/** The text of the document: what stands in it is no secret. */
export const documentText = JSON.stringify(document);
