import { createRoute, type RouteConfig, type z } from "@hono/zod-openapi";
import type { Door, Endpoint } from "./endpoint.ts";
import { documentQuery } from "./query-parameters.ts";

const REFUSAL_DESCRIPTIONS: Record<number, string> = {
  400: "The body is not readable JSON.",
  401: "No API key, or one that is not valid.",
  403: "The API key lacks the scope that this needs.",
  404: "There is nothing under this id in the key's environment.",
  409: "The request conflicts with the state of the resource.",
  413: "The body is larger than 25 MB.",
  415: "The body is not declared as JSON.",
  422: "A field or parameter is wrong; every wrong one is listed.",
  500: "Something went wrong inside; the request id finds it in the logs.",
};

const HEADERS = {
  "X-Request-Id": { description: "Finds this request in the logs", schema: { type: "string", format: "uuid" } },
} as const;
const HEADERS_OF_CREATED = {
  ...HEADERS,
  Location: { description: "Path of the new resource", schema: { type: "string" } },
} as const;

/** An endpoint as the OpenAPI document has it, with every status that can occur. */
export function describeEndpoint(spec: Endpoint, door: Door): RouteConfig {
  const refusals = new Set<number>([401, 403, 422, 500, ...(spec.refusals ?? [])]);
  if (spec.params) refusals.add(404);
  if (spec.body) for (const status of [400, 413, 415]) refusals.add(status);
  const responses: RouteConfig["responses"] = {};
  for (const [status, answer] of Object.entries(spec.answers)) {
    const { description, schema } = answer;
    const isMade = status === "201" || (status === "202" && schema !== undefined);
    const headers = { ...(isMade ? HEADERS_OF_CREATED : HEADERS), ...answer.headers };
    responses[status] = schema
      ? { description, headers, content: { "application/json": { schema } } }
      : { description, headers };
  }
  for (const status of [...refusals].sort()) {
    responses[status] = {
      description: door.statusDescriptions?.[status] ?? (REFUSAL_DESCRIPTIONS[status] as string),
      headers: HEADERS,
      content: {
        [door.problemContentType]: { schema: door.problemSchema, example: door.problemExample(status, spec.path) },
      },
    };
  }
  return createRoute({
    method: spec.method,
    path: spec.path,
    operationId: spec.operationId,
    tags: [spec.tag],
    summary: spec.summary,
    ...(spec.description ? { description: spec.description } : {}),
    request: {
      ...(spec.params ? { params: spec.params as z.ZodObject } : {}),
      ...(spec.query ? { query: documentQuery(spec.query as z.ZodObject) } : {}),
      ...(spec.body ? { body: { required: true, content: { "application/json": { schema: spec.body } } } } : {}),
    },
    responses,
  });
}
