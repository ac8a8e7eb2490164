import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { plainPath } from "../../core/field-errors.ts";
import type { Failure, FieldError } from "../../core/result.ts";
import type { AppEnv } from "../app-env.ts";
import type { Door } from "../endpoint.ts";
import { describeTooLarge, exampleRefusal, type Refusal, UNSUPPORTED_ENCODING } from "../refusal.ts";

/** Modern Treasury's codes, and one for what it has no code for. */
const CODES = [
  "parameter_invalid",
  "parameter_missing",
  "resource_not_found",
  "not_found",
  "forbidden",
  "invalid_key",
  "conflict",
  "too_many_requests",
  "internal_error",
] as const;

interface Problem {
  status: number;
  code: (typeof CODES)[number];
  message: string;
  parameter?: string | undefined;
  headers?: Record<string, string>;
}

const RESOURCE_NOT_FOUND: Problem = {
  status: 404,
  code: "resource_not_found",
  message: "Resource not found",
  parameter: "id",
};

const TAKEN: Failure = {
  kind: "conflict",
  detail: "The external_id is taken.",
  errors: [{ path: "/external_id", code: "taken", message: "Another one has it." }],
};

const EXAMPLE_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

const problemSchema = z
  .object({
    errors: z.object({
      code: z.enum(CODES),
      message: z.string(),
      parameter: z.string().optional().meta({ description: "The first field or parameter that is wrong" }),
      request_id: z.string().optional().meta({ description: "Of answers with status 500" }),
    }),
  })
  .meta({
    id: "ApiProblem",
    description: "Modern Treasury's error envelope",
    example: presentProblem(describeRefusal(exampleRefusal(422, TAKEN)), EXAMPLE_ID),
  });

/** The door for payments: Modern Treasury's wire format. */
export const apiDoor: Door = {
  problemSchema,
  problemContentType: "application/json",
  statusDescriptions: {
    409: "The external_id is taken, or another request got there first.",
    422: "A field or parameter is wrong, the first of which is named, or the state of a resource does not allow this.",
  },
  problemExample(status) {
    return presentProblem(describeRefusal(exampleRefusal(status, TAKEN)), EXAMPLE_ID);
  },
  presentRefusal(refusal: Refusal, c: Context<AppEnv>): Response {
    const problem = describeRefusal(refusal);
    return new Response(JSON.stringify(presentProblem(problem, c.var.requestId)), {
      status: problem.status,
      headers: { "Content-Type": "application/json", ...problem.headers },
    });
  },
};

function presentProblem({ status, code, message, parameter }: Problem, requestId: string) {
  return {
    errors: {
      code,
      message,
      ...(parameter === undefined ? {} : { parameter }),
      ...(status === 500 ? { request_id: requestId } : {}),
    },
  };
}

function describeRefusal(refusal: Refusal): Problem {
  switch (refusal.kind) {
    case "unreadable":
      return { status: 400, code: "parameter_invalid", message: "The body is not readable JSON." };
    case "unauthenticated":
      return {
        status: 401,
        code: "invalid_key",
        message: "Send a valid API key as the password of HTTP Basic, as X-API-KEY or as a bearer token.",
        // Not Basic: a browser would ask its user for a password.
        headers: { "WWW-Authenticate": 'Bearer realm="tieout"' },
      };
    case "missing_scope":
      return { status: 403, code: "forbidden", message: `This API key lacks the scope "${refusal.scope}".` };
    case "not_found":
      return RESOURCE_NOT_FOUND;
    case "unknown_address":
      return { status: 404, code: "not_found", message: "There is nothing at this address." };
    case "method_not_allowed": {
      const allow = refusal.allow.join(", ");
      return {
        status: 405,
        code: "parameter_invalid",
        message: `This address answers to ${allow}.`,
        headers: { Allow: allow },
      };
    }
    case "too_large":
      return { status: 413, code: "parameter_invalid", message: describeTooLarge(refusal.maxBytes) };
    case "unsupported_media_type":
      return { status: 415, code: "parameter_invalid", message: "Send the body as application/json." };
    case "unsupported_encoding":
      return { code: "parameter_invalid", ...UNSUPPORTED_ENCODING };
    case "rate_limited":
      return {
        status: 429,
        code: "too_many_requests",
        message: "Too many requests at once: wait, then send this one again.",
        headers: { "Retry-After": `${refusal.retryAfterSeconds}` },
      };
    case "internal":
      return { status: 500, code: "internal_error", message: "Something went wrong on our side." };
    case "service":
      return describeFailure(refusal.failure);
  }
}

function describeFailure(failure: Failure): Problem {
  switch (failure.kind) {
    case "not_found":
      return RESOURCE_NOT_FOUND;
    case "invalid":
      return describeField(failure.errors[0] as FieldError);
    case "conflict":
      return describeConflict(failure);
    case "forbidden":
      return { status: 403, code: "forbidden", message: failure.detail };
  }
}

function describeField({ path, code, message }: FieldError): Problem {
  return { status: 422, code: codeOf(code), message, parameter: nameOf(path) };
}

function codeOf(fieldCode: string): Problem["code"] {
  if (fieldCode === "required") return "parameter_missing";
  return fieldCode === "not_found" ? "resource_not_found" : "parameter_invalid";
}

/** Query parameters have their names; what is said of a body as a whole names nothing. */
function nameOf(path: string): string | undefined {
  if (path === "") return undefined;
  return path.startsWith("/") ? plainPath(path) : path;
}

/** A client of Modern Treasury's sends a 409 again by itself; what cannot end otherwise is no 409, or says so. */
function describeConflict({ detail, errors = [], retryAfterSeconds }: Failure & { kind: "conflict" }): Problem {
  if (retryAfterSeconds !== undefined) {
    return { status: 409, code: "conflict", message: detail, headers: { "Retry-After": `${retryAfterSeconds}` } };
  }
  const [first] = errors;
  const parameter = first && nameOf(first.path);
  if (first?.code === "taken" && /(^|\.)external_id$/.test(parameter ?? "")) {
    return { status: 409, code: "conflict", message: detail, parameter, headers: { "X-Should-Retry": "false" } };
  }
  return { status: 422, code: "parameter_invalid", message: detail, parameter };
}
