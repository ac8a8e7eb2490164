import { createRoute, type OpenAPIHono, type RouteConfig, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { REQUEST_MAX_BYTES } from "../config.ts";
import type { Scope } from "../core/api-key.ts";
import { listFieldErrors } from "../core/field-errors.ts";
import { parseJson } from "../core/json.ts";
import type { FieldError, Result } from "../core/result.ts";
import { isKeepable, listUnkeepable, refuseParameter } from "../core/text.ts";
import type { ServiceContext } from "../services/context.ts";
import type { AppEnv } from "./app-env.ts";
import { type Refusal, Refused } from "./refusal.ts";

export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

type Shape = z.ZodType | undefined;
type Parsed<S extends Shape> = S extends z.ZodType ? z.output<S> : undefined;

export interface EndpointInput<P extends Shape, Q extends Shape, B extends Shape> {
  ctx: ServiceContext;
  params: Parsed<P>;
  query: Parsed<Q>;
  body: Parsed<B>;
  /** The body as sent, for services that check it themselves against what the database says. */
  rawBody: unknown;
}

interface EndpointSpec<P extends Shape, Q extends Shape, B extends Shape> {
  method: "get" | "post" | "patch" | "delete";
  /** `/v1/records/{id}` */
  path: string;
  operationId: string;
  tag: string;
  summary: string;
  description?: string;
  scope: Scope;
  params?: P;
  query?: Q;
  body?: B;
  /** The handler checks the body itself; the schema is documentation only. */
  bodyCheckedByService?: boolean;
  /**
   * Looks up what a body names. It is asked only when the schema refuses the body, so that one answer lists every wrong
   * field; otherwise the service looks.
   */
  checkNames?(ctx: ServiceContext, body: Record<string, unknown>): Promise<FieldError[]>;
  answers: Record<number, { description: string; schema?: z.ZodType }>;
  /** Statuses that this endpoint may refuse with, beyond those that follow from its shape. */
  refusals?: (404 | 409 | 422)[];
  handle(input: EndpointInput<P, Q, B>): Promise<Result<Answer>>;
}

/** An endpoint whose types have done their work. */
export interface Endpoint extends Omit<EndpointSpec<Shape, Shape, Shape>, "handle"> {
  handle(input: EndpointInput<Shape, Shape, Shape>): Promise<Result<Answer>>;
}

export function endpoint<P extends Shape = undefined, Q extends Shape = undefined, B extends Shape = undefined>(
  spec: EndpointSpec<P, Q, B>,
): Endpoint {
  return spec as unknown as Endpoint;
}

/** What differs between the two doors: how a refusal looks on the wire, and how it is documented. */
export interface Door {
  problemSchema: z.ZodType;
  problemContentType: string;
  /** What a refusal with this status looks like on this path, for the document. */
  problemExample(status: number, path: string): unknown;
  presentRefusal(refusal: Refusal, c: Context<AppEnv>): Response;
}

export function registerEndpoints(app: OpenAPIHono<AppEnv>, door: Door, endpoints: readonly Endpoint[]): void {
  for (const spec of endpoints) {
    app.openAPIRegistry.registerPath(describe(spec, door));
    app.on(spec.method.toUpperCase(), spec.path.replaceAll(/\{(\w+)\}/g, ":$1"), async (c) => {
      const ctx = c.var.authorize(spec.scope);
      const input = await readInput(spec, ctx, c.req.raw, c.req.param());
      const result = await spec.handle({ ctx, ...input });
      if (!result.ok) throw new Refused({ kind: "service", failure: result.failure });
      const { status, body, headers } = result.value;
      const payload = body === undefined ? null : JSON.stringify(body);
      return new Response(payload, {
        status,
        headers: { ...(payload === null ? {} : { "Content-Type": "application/json" }), ...headers },
      });
    });
  }
}

async function readInput(
  spec: Endpoint,
  ctx: ServiceContext,
  request: Request,
  rawParams: Record<string, string>,
): Promise<Omit<EndpointInput<Shape, Shape, Shape>, "ctx">> {
  const params = spec.params?.safeParse(rawParams);
  if (params && !params.success) throw new Refused({ kind: "not_found" });
  const errors: FieldError[] = [];
  const query = checkQuery(spec, request, errors);
  const rawBody = spec.body === undefined ? undefined : await readJson(request);
  const body = await checkBody(spec, ctx, rawBody, errors);
  if (errors.length > 0) throw new Refused({ kind: "service", failure: { kind: "invalid", errors } });
  return { params: params?.data, query, body, rawBody } as Omit<EndpointInput<Shape, Shape, Shape>, "ctx">;
}

async function checkBody(
  spec: Endpoint,
  ctx: ServiceContext,
  rawBody: unknown,
  errors: FieldError[],
): Promise<unknown> {
  if (spec.body === undefined) return undefined;
  const unkeepable = listUnkeepable(rawBody);
  // The service cannot add to a refusal that is certain already; the schema can.
  if (spec.bodyCheckedByService && errors.length + unkeepable.length === 0) return undefined;
  const parsed = spec.body.safeParse(rawBody, { reportInput: true });
  const found = parsed.success ? [] : listFieldErrors(parsed.error);
  if (spec.checkNames && found.length + unkeepable.length + errors.length > 0) {
    addErrors(found, await spec.checkNames(ctx, membersOf(rawBody)));
  }
  addErrors(found, unkeepable);
  for (const error of found) errors.push(error);
  return parsed.data;
}

/** One refusal of a field is enough: what comes later says nothing about a field that is refused already. */
function addErrors(found: FieldError[], later: readonly FieldError[]): void {
  const named = new Set(found.map((error) => error.path));
  for (const error of later) if (!named.has(error.path)) found.push(error);
}

function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

const UNKNOWN_PARAMETER = { code: "unknown_parameter", message: "There is no such parameter here." };

function checkQuery(spec: Endpoint, request: Request, errors: FieldError[]): unknown {
  const given: Record<string, string> = {};
  for (const [name, value] of new URL(request.url).searchParams) {
    if (Object.hasOwn(given, name)) errors.push({ path: name, code: "repeated", message: "Give this parameter once." });
    if (!isKeepable(value)) errors.push(refuseParameter(name));
    // zod passes over this name as if it were not there.
    if (name === "__proto__") {
      errors.push({ path: name, ...UNKNOWN_PARAMETER });
      continue;
    }
    Object.defineProperty(given, name, { value, enumerable: true, configurable: true });
  }
  const parsed = (spec.query ?? NO_QUERY).safeParse(given);
  if (parsed.success) return parsed.data;
  const fromSchema = listFieldErrors(parsed.error).map((error) => ({
    ...error,
    path: error.path.slice(1).replaceAll("~1", "/").replaceAll("~0", "~"),
    ...(error.code === "unknown_field" ? UNKNOWN_PARAMETER : {}),
  }));
  for (const error of fromSchema) errors.push(error);
  return undefined;
}

const NO_QUERY = z.strictObject({});

async function readJson(request: Request): Promise<unknown> {
  const bytes = await readBytes(request);
  const contentType = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (contentType !== "application/json" && !contentType?.endsWith("+json")) {
    if (contentType !== undefined || bytes.length > 0) throw new Refused({ kind: "unsupported_media_type" });
  }
  try {
    return parseJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    throw new Refused({ kind: "unreadable" });
  }
}

async function readBytes(request: Request): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > REQUEST_MAX_BYTES) throw new Refused({ kind: "too_large" });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > REQUEST_MAX_BYTES) throw new Refused({ kind: "too_large" });
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

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

function describe(spec: Endpoint, door: Door): RouteConfig {
  const refusals = new Set<number>([401, 403, 422, 500, ...(spec.refusals ?? [])]);
  if (spec.params) refusals.add(404);
  if (spec.body) for (const status of [400, 413, 415]) refusals.add(status);
  const responses: RouteConfig["responses"] = {};
  for (const [status, answer] of Object.entries(spec.answers)) {
    const { description, schema } = answer;
    const headers = status === "201" ? HEADERS_OF_CREATED : HEADERS;
    responses[status] = schema
      ? { description, headers, content: { "application/json": { schema } } }
      : { description, headers };
  }
  for (const status of [...refusals].sort()) {
    responses[status] = {
      description: REFUSAL_DESCRIPTIONS[status] as string,
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
      ...(spec.query ? { query: spec.query as z.ZodObject } : {}),
      ...(spec.body ? { body: { required: true, content: { "application/json": { schema: spec.body } } } } : {}),
    },
    responses,
  });
}
