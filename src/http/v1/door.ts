import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Failure, FieldError } from "../../core/result.ts";
import type { AppEnv } from "../app-env.ts";
import type { Door } from "../endpoint.ts";
import type { Refusal } from "../refusal.ts";

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    instance: z.string(),
    request_id: z.string(),
    errors: z.array(
      z.object({ path: z.string(), code: z.string(), message: z.string(), record_id: z.string().optional() }),
    ),
  })
  .meta({ id: "Problem", description: "RFC 9457 problem details" });

interface Problem {
  status: number;
  title: string;
  code: string;
  detail: string;
  errors?: FieldError[];
  headers?: Record<string, string>;
}

/** The door for records: RFC 9457 problem details. */
export const v1Door: Door = {
  problemSchema,
  problemContentType: "application/problem+json",
  presentRefusal(refusal: Refusal, c: Context<AppEnv>): Response {
    const { status, title, code, detail, errors = [], headers } = describeRefusal(refusal);
    const body = {
      type: "about:blank",
      title,
      status,
      detail,
      code,
      instance: new URL(c.req.url).pathname,
      request_id: c.var.requestId,
      errors,
    };
    return new Response(JSON.stringify(body), {
      status,
      headers: { "Content-Type": "application/problem+json", ...headers },
    });
  },
};

function describeRefusal(refusal: Refusal): Problem {
  switch (refusal.kind) {
    case "unreadable":
      return { status: 400, title: "Bad Request", code: "unreadable_json", detail: "The body is not readable JSON." };
    case "unauthenticated":
      return {
        status: 401,
        title: "Unauthorized",
        code: "invalid_key",
        detail: "Send a valid API key as X-API-KEY, as a bearer token, or as the password of HTTP Basic.",
        headers: { "WWW-Authenticate": 'Bearer realm="tieout", Basic realm="tieout"' },
      };
    case "missing_scope":
      return {
        status: 403,
        title: "Forbidden",
        code: "missing_scope",
        detail: `This API key lacks the scope "${refusal.scope}".`,
      };
    case "not_found":
      return { status: 404, title: "Not Found", code: "not_found", detail: "There is nothing at this address." };
    case "method_not_allowed":
      return {
        status: 405,
        title: "Method Not Allowed",
        code: "method_not_allowed",
        detail: `This address answers to ${refusal.allow.join(", ")}.`,
        headers: { Allow: refusal.allow.join(", ") },
      };
    case "too_large":
      return { status: 413, title: "Content Too Large", code: "too_large", detail: "The body may have at most 25 MB." };
    case "unsupported_media_type":
      return {
        status: 415,
        title: "Unsupported Media Type",
        code: "unsupported_media_type",
        detail: "Send the body as application/json.",
      };
    case "internal":
      return {
        status: 500,
        title: "Internal Server Error",
        code: "internal",
        detail: "Something went wrong on our side. The request id finds it in the logs.",
      };
    case "service":
      return describeFailure(refusal.failure);
  }
}

function describeFailure(failure: Failure): Problem {
  switch (failure.kind) {
    case "not_found":
      return {
        status: 404,
        title: "Not Found",
        code: "not_found",
        detail: `There is no such ${failure.resource} in this environment.`,
      };
    case "invalid":
      return {
        status: 422,
        title: "Unprocessable Content",
        code: "invalid",
        detail: failure.errors.length === 1 ? "One field is wrong." : `${failure.errors.length} fields are wrong.`,
        errors: failure.errors,
      };
    case "conflict":
      return {
        status: 409,
        title: "Conflict",
        code: "conflict",
        detail: failure.detail,
        errors: failure.errors ?? [],
        ...(failure.retryAfterSeconds === undefined
          ? {}
          : { headers: { "Retry-After": `${failure.retryAfterSeconds}` } }),
      };
    case "forbidden":
      return { status: 403, title: "Forbidden", code: "forbidden", detail: failure.detail };
  }
}
