import { z } from "@hono/zod-openapi";
import { QUERY_LIST_MAX_VALUES } from "../config.ts";
import type { FieldError } from "../core/result.ts";
import { isKeepable, refuseParameter } from "../core/text.ts";

const UNKNOWN_PARAMETER = { code: "unknown_parameter", message: "There is no such parameter here." };
const AS_LIST = { style: "form", explode: true } as const;
const AS_MEMBERS = { style: "deepObject", explode: true } as const;

/** One value or several, any of which will do: `status=a`, or `status[]=a&status[]=b`. */
export function queryList<T extends z.ZodType>(item: T, description: string) {
  return z.array(item).max(QUERY_LIST_MAX_VALUES).optional().meta({ description, param: AS_LIST });
}

/** Named values: `effective_at[gte]=…`. A value without brackets is `eq`, where there is one. */
export function queryMembers<S extends z.ZodRawShape>(shape: S, description: string) {
  return z.strictObject(shape).partial().optional().meta({ description, param: AS_MEMBERS });
}

/** Values under names of the caller's: `metadata[Key Name]=value`. */
export function queryPairs(description: string) {
  return z.record(z.string(), z.string()).optional().meta({ description, param: AS_MEMBERS });
}

/** The query as its schema takes it: what the schema declares with brackets is put together. */
export function gatherParameters(schema: z.ZodType, query: URLSearchParams, errors: FieldError[]) {
  const given: Record<string, unknown> = {};
  const seen = new Set<string>();
  for (const [name, value] of query) {
    const { base, member, isList } = findPlace(schema, name);
    if (seen.has(name) && !isList) {
      errors.push({ path: name, code: "repeated", message: "Give this parameter once." });
    }
    seen.add(name);
    if (!isKeepable(value) || (member !== undefined && !isKeepable(member))) errors.push(refuseParameter(name));
    // zod passes over this name as if it were not there.
    if (base === "__proto__" || member === "__proto__") {
      errors.push({ path: name, ...UNKNOWN_PARAMETER });
    } else if (member === undefined && hasMembers(findDeclared(schema, base))) {
      errors.push({ path: name, code: "invalid_type", message: `Is given as ${name}[…]=….` });
    } else if (isList) {
      put(given, base, [...asList(given[base]), value]);
    } else if (member === undefined) {
      put(given, base, value);
    } else {
      const members = asMembers(given[base]);
      put(members, member, value);
      put(given, base, members);
    }
  }
  return given;
}

/** A refused parameter under the name by which it was sent: `effective_at[gte]` for `/effective_at/gte`. */
export function nameParameter(error: FieldError): FieldError {
  const [base = "", ...members] = error.path
    .slice(1)
    .split("/")
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
  const path = base + members.map((member) => `[${member}]`).join("");
  return { ...error, path, ...(error.code === "unknown_field" ? UNKNOWN_PARAMETER : {}) };
}

/** The schema with its parameters under the names that the document gives them: lists end in brackets. */
export function documentQuery(query: z.ZodObject): z.ZodObject {
  const names = Object.keys(query.shape);
  if (!names.some((name) => isList(query.shape[name]))) return query;
  return z.object(
    Object.fromEntries(
      names.map((name) => [isList(query.shape[name]) ? `${name}[]` : name, query.shape[name] as z.ZodType]),
    ),
  );
}

interface Place {
  base: string;
  member?: string;
  isList: boolean;
}

function findPlace(schema: z.ZodType, name: string): Place {
  const plain = findDeclared(schema, name);
  if (isList(plain)) return { base: name, isList: true };
  if (hasMember(plain, "eq")) return { base: name, member: "eq", isList: false };
  const [, base = "", member = ""] = /^([^[\]]+)\[(.*)\]$/s.exec(name) ?? [];
  const declared = findDeclared(schema, base);
  if (isList(declared) && member === "") return { base, isList: true };
  if (hasMembers(declared) && member !== "") return { base, member, isList: false };
  return { base: name, isList: false };
}

function findDeclared(schema: z.ZodType, name: string): z.ZodType | undefined {
  if (!(schema instanceof z.ZodObject) || !Object.hasOwn(schema.shape, name)) return undefined;
  return schema.shape[name] as z.ZodType;
}

function styleOf(schema: z.ZodType | undefined): unknown {
  return (schema?.meta()?.param as { style?: unknown } | undefined)?.style;
}

function isList(schema: z.ZodType | undefined): boolean {
  return styleOf(schema) === AS_LIST.style;
}

function hasMembers(schema: z.ZodType | undefined): boolean {
  return styleOf(schema) === AS_MEMBERS.style;
}

function hasMember(schema: z.ZodType | undefined, member: string): boolean {
  if (!hasMembers(schema)) return false;
  const inner = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  return inner instanceof z.ZodObject && Object.hasOwn(inner.shape, member);
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function asMembers(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function put(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
