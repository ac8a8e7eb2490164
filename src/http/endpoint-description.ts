import { createRoute, type RouteConfig, z } from "@hono/zod-openapi";
import { REQUEST_MAX_BYTES } from "../config.ts";
import type { Door, Endpoint } from "./endpoint.ts";
import { documentQuery } from "./query-parameters.ts";
import { describeTooLarge } from "./refusal.ts";

const REFUSAL_DESCRIPTIONS: Record<number, string> = {
  400: "The body is not readable JSON.",
  401: "No API key, or one that is not valid.",
  403: "The API key lacks the scope that this needs.",
  404: "There is nothing under this id in the key's environment.",
  409: "The request conflicts with the state of the resource, or one with the same Idempotency-Key is under way.",
  415: "The body is not declared as JSON, or has a Content-Encoding.",
  422: "A field or parameter is wrong; every wrong one is listed.",
  429: "More requests came than one API key may send, or than are taken from one place with unknown keys.",
  500: "Something went wrong inside; the request id finds it in the logs.",
};

const FORM_REFUSAL_DESCRIPTIONS: Record<number, string> = {
  400: "The body is not a readable form.",
  415: "The body is not declared as multipart/form-data, or has a Content-Encoding.",
};

const HEADERS = {
  "X-Request-Id": { description: "Finds this request in the logs", schema: { type: "string", format: "uuid" } },
} as const;
const LOCATION = {
  Location: { description: "Path of the new resource", schema: { type: "string" } },
} as const;
const RETRY_AFTER = {
  "Retry-After": { description: "In how many seconds to send the request again", schema: { type: "integer" } },
} as const;
const REPLAYED = {
  "Idempotent-Replayed": {
    description: "true if this is what the first request with this Idempotency-Key was answered",
    schema: { type: "string" },
  },
} as const;

const IDEMPOTENCY_HEADER = z.object({
  "Idempotency-Key": z.string().min(1).max(255).optional().meta({
    description:
      "Makes sending the request again safe: for 24 hours the same key with the same request gets the first answer. Visible ASCII characters",
  }),
});

/** What is answered anew each time, so never a replay. */
const NEVER_REPLAYED = [401, 403, 429, 500];

/** An endpoint as the OpenAPI document has it, with every status that can occur. */
export function describeEndpoint(spec: Endpoint, door: Door): RouteConfig {
  const refusals = new Set<number>([401, 403, 422, 429, 500, ...(spec.refusals ?? [])]);
  if (spec.params) refusals.add(404);
  if (spec.body) for (const status of [400, 413, 415]) refusals.add(status);
  if (spec.method === "post") refusals.add(409);
  const headersOf = (status: number) => ({
    ...HEADERS,
    ...(status === 429 ? RETRY_AFTER : {}),
    ...(spec.method === "post" && !NEVER_REPLAYED.includes(status) ? REPLAYED : {}),
  });
  const bodyType = spec.isForm ? "multipart/form-data" : "application/json";
  const responses: RouteConfig["responses"] = {};
  for (const [status, answer] of Object.entries(spec.answers)) {
    const { description, schema } = answer;
    const isMade = status === "201" || (status === "202" && schema !== undefined);
    const headers = { ...headersOf(Number(status)), ...(isMade ? LOCATION : {}), ...answer.headers };
    responses[status] = schema
      ? { description, headers, content: { "application/json": { schema } } }
      : { description, headers };
  }
  for (const status of [...refusals].sort()) {
    responses[status] = {
      description:
        (spec.isForm ? FORM_REFUSAL_DESCRIPTIONS[status] : undefined) ??
        (status === 413 ? describeTooLarge(spec.maxBytes ?? REQUEST_MAX_BYTES) : undefined) ??
        door.statusDescriptions?.[status] ??
        (REFUSAL_DESCRIPTIONS[status] as string),
      headers: headersOf(status),
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
      ...(spec.method === "post" ? { headers: IDEMPOTENCY_HEADER } : {}),
      ...(spec.params ? { params: spec.params as z.ZodObject } : {}),
      ...(spec.query ? { query: documentQuery(spec.query as z.ZodObject) } : {}),
      ...(spec.body
        ? { body: { required: !spec.isBodyOptional, content: { [bodyType]: { schema: spec.body } } } }
        : {}),
    },
    responses,
  });
}
