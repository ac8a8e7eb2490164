import { z } from "@hono/zod-openapi";
import { listFieldErrors } from "../core/field-errors.ts";
import { parseJson } from "../core/json.ts";
import type { FieldError } from "../core/result.ts";
import { listUnkeepable, TOO_LONG } from "../core/text.ts";
import type { ServiceContext } from "../services/context.ts";
import type { Endpoint, EndpointInput, Shape } from "./endpoint.ts";
import { gatherParameters, nameParameter } from "./query-parameters.ts";
import { Refused } from "./refusal.ts";

/** A request as it came; its body is read only where one is wanted. */
export interface RawRequest {
  request: Request;
  params: Record<string, string>;
  readBody(): Promise<Uint8Array>;
}

/**
 * What a request says to an endpoint, checked against what the endpoint declares; every wrong field is in the refusal,
 * with the errors that are known already.
 */
export async function readInput(
  spec: Endpoint,
  ctx: ServiceContext,
  { request, params: rawParams, readBody }: RawRequest,
  known: readonly FieldError[],
): Promise<Omit<EndpointInput<Shape, Shape, Shape>, "ctx" | "readForm">> {
  const params = spec.params?.safeParse(rawParams);
  if (params && !params.success) throw new Refused({ kind: "not_found" });
  const errors = [...known];
  const query = checkQuery(spec, request, errors);
  const rawBody =
    spec.body === undefined || spec.isForm
      ? undefined
      : await readJson(request, readBody, spec.isBodyOptional ?? false);
  const body = await checkBody(spec, ctx, rawBody, params?.data, errors);
  if (errors.length > 0) throw new Refused({ kind: "service", failure: { kind: "invalid", errors } });
  return { params: params?.data, query, body, rawBody: spec.rowsIn === undefined ? rawBody : undefined } as Omit<
    EndpointInput<Shape, Shape, Shape>,
    "ctx" | "readForm"
  >;
}

async function checkBody(
  spec: Endpoint,
  ctx: ServiceContext,
  rawBody: unknown,
  params: unknown,
  errors: FieldError[],
): Promise<unknown> {
  if (spec.body === undefined || spec.isForm) return undefined;
  const unkeepable = listUnkeepable(spec.rowsIn === undefined ? rawBody : leaveOut(rawBody, spec.rowsIn));
  // The service cannot add to a refusal that is certain already; the schema can.
  if (spec.bodyCheckedByService && errors.length + unkeepable.length === 0) return undefined;
  const parsed = spec.body.safeParse(rawBody, { reportInput: true });
  const found = parsed.success ? [] : listFieldErrors(parsed.error);
  // The database takes no text of any length.
  const canLookUp = !unkeepable.some(({ code }) => code === TOO_LONG);
  if (spec.checkNames && canLookUp && found.length + unkeepable.length + errors.length > 0) {
    addErrors(found, await spec.checkNames(ctx, membersOf(rawBody), params));
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

function leaveOut(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
}

function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function checkQuery(spec: Endpoint, request: Request, errors: FieldError[]): unknown {
  const schema = spec.query ?? NO_QUERY;
  const parsed = schema.safeParse(gatherParameters(schema, new URL(request.url).searchParams, errors));
  if (parsed.success) return parsed.data;
  for (const error of listFieldErrors(parsed.error)) errors.push(nameParameter(error));
  return undefined;
}

const NO_QUERY = z.strictObject({});

/** An empty body is an empty object where none is needed. */
async function readJson(request: Request, readBody: () => Promise<Uint8Array>, isOptional: boolean): Promise<unknown> {
  const bytes = await readBody();
  if (isOptional && bytes.length === 0) return {};
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
