import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { PROBLEM_MAX_ERRORS } from "../../config.ts";
import type { Failure, FieldError } from "../../core/result.ts";
import type { AppEnv } from "../app-env.ts";
import type { Door } from "../endpoint.ts";
import { describeTooLarge, exampleRefusal, type Refusal, UNSUPPORTED_ENCODING } from "../refusal.ts";

const NOT_ALLOWED: Failure = { kind: "conflict", detail: "The state of the resource does not allow this." };

const EXAMPLE_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

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
  .meta({
    id: "Problem",
    description: "RFC 9457 problem details",
    example: presentProblem(describeRefusal(exampleRefusal(422, NOT_ALLOWED)), "/v1/data_sources", EXAMPLE_ID),
  });

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
  problemExample(status, path) {
    return presentProblem(describeRefusal(exampleRefusal(status, NOT_ALLOWED)), path, EXAMPLE_ID);
  },
  presentRefusal(refusal: Refusal, c: Context<AppEnv>): Response {
    const problem = describeRefusal(refusal);
    const body = presentProblem(problem, new URL(c.req.url).pathname, c.var.requestId);
    return new Response(JSON.stringify(body), {
      status: problem.status,
      headers: { "Content-Type": "application/problem+json", ...problem.headers },
    });
  },
};

function presentProblem({ status, title, code, detail, errors = [] }: Problem, instance: string, requestId: string) {
  return { type: "about:blank", title, status, detail, code, instance, request_id: requestId, errors };
}

function describeRefusal(refusal: Refusal): Problem {
  switch (refusal.kind) {
    case "unreadable":
      return refusal.isForm
        ? { status: 400, title: "Bad Request", code: "unreadable_form", detail: "The body is not a readable form." }
        : { status: 400, title: "Bad Request", code: "unreadable_json", detail: "The body is not readable JSON." };
    case "unauthenticated":
      return {
        status: 401,
        title: "Unauthorized",
        code: "invalid_key",
        detail: "Send a valid API key as X-API-KEY, as a bearer token, or as the password of HTTP Basic.",
        // Not Basic, though it is accepted: a browser would ask the dashboard's user for a password.
        headers: { "WWW-Authenticate": 'Bearer realm="tieout"' },
      };
    case "missing_scope":
      return {
        status: 403,
        title: "Forbidden",
        code: "missing_scope",
        detail: `This API key lacks the scope "${refusal.scope}".`,
      };
    case "not_found":
    case "unknown_address":
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
      return {
        status: 413,
        title: "Content Too Large",
        code: "too_large",
        detail: describeTooLarge(refusal.maxBytes),
      };
    case "unsupported_media_type":
      return {
        status: 415,
        title: "Unsupported Media Type",
        code: "unsupported_media_type",
        detail: `Send the body as ${refusal.isForm ? "multipart/form-data" : "application/json"}.`,
      };
    case "unsupported_encoding": {
      const { message: detail, ...others } = UNSUPPORTED_ENCODING;
      return { title: "Unsupported Media Type", code: "unsupported_encoding", detail, ...others };
    }
    case "rate_limited":
      return {
        status: 429,
        title: "Too Many Requests",
        code: "rate_limited",
        detail: "Too many requests at once: wait, then send this one again.",
        headers: { "Retry-After": `${refusal.retryAfterSeconds}` },
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
        errors: failure.errors.slice(0, PROBLEM_MAX_ERRORS),
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
