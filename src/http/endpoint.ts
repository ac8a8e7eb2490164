import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { REQUEST_MAX_BYTES } from "../config.ts";
import type { Scope } from "../core/api-key.ts";
import type { FieldError, Result } from "../core/result.ts";
import type { ServiceContext } from "../services/context.ts";
import type { UploadPart } from "../services/receive-upload.ts";
import type { AppEnv } from "./app-env.ts";
import { cutBytes, readBytes } from "./body-bytes.ts";
import { describeEndpoint } from "./endpoint-description.ts";
import { readInput } from "./endpoint-input.ts";
import { readFormParts } from "./form-parts.ts";
import { answerOnce, listKeyErrors } from "./idempotency.ts";
import { recoverAnswer } from "./recover-answer.ts";
import { type Refusal, Refused } from "./refusal.ts";
import { fingerprintRequest } from "./request-fingerprint.ts";

export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** A header that an answer has beyond those that all have, for the document. */
export interface AnswerHeader {
  description: string;
  schema: { type: "string" | "integer" };
}

export type Shape = z.ZodType | undefined;
type Parsed<S extends Shape> = S extends z.ZodType ? z.output<S> : undefined;

export interface EndpointInput<P extends Shape, Q extends Shape, B extends Shape> {
  ctx: ServiceContext;
  params: Parsed<P>;
  query: Parsed<Q>;
  body: Parsed<B>;
  /** The body as sent, for services that check it themselves against what the database says; not where it holds rows. */
  rawBody: unknown;
  /** The parts of the body, as they come, where it is a form. */
  readForm(): AsyncIterable<UploadPart>;
}

export interface MadeThing {
  uid: string;
  path: string;
  body: unknown;
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
  /** The body may be left out: then it is an empty object. */
  isBodyOptional?: boolean;
  /** What the body may come to, if that is less than `REQUEST_MAX_BYTES`. */
  maxBytes?: number;
  /** The handler checks the body itself; the schema is documentation only. */
  bodyCheckedByService?: boolean;
  /** The body is a form, multipart/form-data, which the handler reads; the schema is documentation only. */
  isForm?: boolean;
  /** A member of the body that holds rows, whose texts are looked at row by row later. */
  rowsIn?: string;
  /**
   * Looks up what a body names. It is asked only when the schema refuses the body, so that one answer lists every wrong
   * field; otherwise the service looks.
   */
  checkNames?(ctx: ServiceContext, body: Record<string, unknown>, params: Parsed<P>): Promise<FieldError[]>;
  answers: Record<number, { description: string; schema?: z.ZodType; headers?: Record<string, AnswerHeader> }>;
  /** Statuses that this endpoint may refuse with, beyond those that follow from its shape. */
  refusals?: (404 | 409 | 422)[];
  /**
   * Of a POST: the address of what a request has made, of which only its own path, its body and the id are known that
   * it was to give; null where nothing shows it. By default the id below that path, if there is such an address.
   */
  locate?(made: MadeThing): string | null;
  handle(input: EndpointInput<P, Q, B>): Promise<Result<Answer>>;
}

/** An endpoint whose types have done their work. */
export interface Endpoint extends Omit<EndpointSpec<Shape, Shape, Shape>, "handle"> {
  handle(input: EndpointInput<Shape, Shape, Shape>): Promise<Result<Answer>>;
}

export function endpoint<P extends Shape = undefined, Q extends Shape = undefined, B extends Shape = undefined>(
  spec: EndpointSpec<P, Q, B>,
): Endpoint {
  const noBody = spec.method === "post" && spec.body === undefined ? { body: NO_BODY, isBodyOptional: true } : {};
  return { ...spec, ...noBody } as unknown as Endpoint;
}

/** Of a POST that needs none: what is sent nevertheless would be lost without a word. */
const NO_BODY = z.strictObject({}).meta({ id: "NoBody", description: "Nothing", example: {} });

/** What differs between the two doors: how a refusal looks on the wire, and how it is documented. */
export interface Door {
  problemSchema: z.ZodType;
  problemContentType: string;
  /** What a status means here, where that is not what it means at the other door. */
  statusDescriptions?: Record<number, string>;
  /** What a refusal with this status looks like on this path, for the document. */
  problemExample(status: number, path: string): unknown;
  presentRefusal(refusal: Refusal, c: Context<AppEnv>): Response;
}

export function registerEndpoints(app: OpenAPIHono<AppEnv>, door: Door, endpoints: readonly Endpoint[]): void {
  for (const spec of endpoints) {
    app.openAPIRegistry.registerPath(describeEndpoint(spec, door));
    app.on(spec.method.toUpperCase(), spec.path.replaceAll(/\{(\w+)\}/g, ":$1"), async (c) => {
      const ctx = c.var.authorize(spec.scope);
      const key = spec.method === "post" ? c.req.header("Idempotency-Key") : undefined;
      const errors = key === undefined ? [] : listKeyErrors(key);
      if (key === undefined || errors.length > 0) return respond(spec, c, ctx, undefined, errors);
      const body = await readBytes(c.req.raw, maxBytesOf(spec));
      return answerOnce({
        ctx,
        request: { key, secret: c.var.apiKey, fingerprint: await fingerprintRequest(c.req.raw, body) },
        respond: (held) => respond(spec, c, held, body, []),
        present: (refusal) => door.presentRefusal(refusal, c),
        recover: (uid) => recoverAnswer({ app, c, spec, endpoints, body }, uid),
      });
    });
  }
}

function maxBytesOf({ maxBytes = REQUEST_MAX_BYTES }: Endpoint): number {
  return maxBytes;
}

async function respond(
  spec: Endpoint,
  c: Context<AppEnv>,
  ctx: ServiceContext,
  body: Uint8Array | undefined,
  errors: FieldError[],
): Promise<Response> {
  const request = c.req.raw;
  const readBody = async () => body ?? (await readBytes(request, maxBytesOf(spec)));
  const input = await readInput(spec, ctx, { request, readBody, params: c.req.param() }, errors);
  const readForm = () => readFormParts(request, body === undefined ? request.body : cutBytes(body));
  const result = await spec.handle({ ctx, ...input, readForm });
  if (!result.ok) throw new Refused({ kind: "service", failure: result.failure });
  const { status, headers } = result.value;
  const payload = result.value.body === undefined ? null : JSON.stringify(result.value.body);
  return new Response(payload, {
    status,
    headers: { ...(payload === null ? {} : { "Content-Type": "application/json" }), ...headers },
  });
}
