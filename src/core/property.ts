import { parseDay, parseTime } from "./calendar.ts";
import { jsonPointer } from "./field-errors.ts";
import { InexactNumber } from "./json.ts";
import { type FieldError, fail, ok, type Result } from "./result.ts";

export const PROPERTY_TYPES = ["string", "number", "date", "datetime", "boolean"] as const;
export type PropertyType = (typeof PROPERTY_TYPES)[number];

/** What a data source's owner has declared about one key of its records' metadata. */
export interface PropertyDefinition {
  key: string;
  type: PropertyType;
  optional: boolean;
}

export const METADATA_MAX_BYTES = 65_536;
export const METADATA_MAX_DEPTH = 8;
export const METADATA_MAX_KEYS = 200;

export type Metadata = Record<string, unknown>;

/**
 * Checks metadata against a data source's definitions. Undefined keys stay as they are; a `date` may be given as a
 * full time and becomes its UTC day. Lists every problem, with pointers below `/metadata`.
 */
export function parseMetadata(
  input: Metadata,
  definitions: readonly PropertyDefinition[],
): Result<Metadata, FieldError[]> {
  const errors: FieldError[] = listUnkeptValues(input).map(({ path, code, message }) => {
    return { path: jsonPointer(["metadata", ...path]), code, message };
  });
  const metadata: Metadata = { ...input };
  for (const definition of definitions) {
    const pointer = jsonPointer(["metadata", definition.key]);
    const value = Object.hasOwn(input, definition.key) ? input[definition.key] : undefined;
    if (value === undefined || value === null) {
      if (!definition.optional) {
        errors.push({ path: pointer, code: "required", message: `This data source requires "${definition.key}".` });
      }
      continue;
    }
    const parsed = parseProperty(value, definition.type);
    if (parsed === undefined) {
      errors.push({ path: pointer, code: "invalid_type", message: `Must be ${DESCRIPTIONS[definition.type]}.` });
    } else {
      metadata[definition.key] = parsed;
    }
  }
  return errors.length === 0 ? ok(metadata) : fail(errors);
}

const DESCRIPTIONS: Record<PropertyType, string> = {
  string: "a string",
  number: "a number",
  date: "a date (YYYY-MM-DD)",
  datetime: "an RFC 3339 time",
  boolean: "true or false",
};

function parseProperty(value: unknown, type: PropertyType): unknown {
  switch (type) {
    case "string":
    case "boolean":
      return typeof value === type ? value : undefined;
    case "number":
      return typeof value === "number" && Number.isFinite(value) ? value : undefined;
    case "date":
      return typeof value === "string" ? parseDay(value) : undefined;
    case "datetime":
      return typeof value === "string" && parseTime(value) !== undefined ? value : undefined;
  }
}

/** What of a JSON object of the caller's cannot be kept, and where in it. */
export function listUnkeptValues(input: Metadata): UnkeptValue[] {
  return [...checkSize(input), ...listInexact(input, [], 1)];
}

interface UnkeptValue {
  path: PropertyKey[];
  code: string;
  message: string;
}

function checkSize(input: Metadata): UnkeptValue[] {
  const errors: UnkeptValue[] = [];
  if (Object.keys(input).length > METADATA_MAX_KEYS) {
    errors.push({ path: [], code: "too_many_keys", message: `At most ${METADATA_MAX_KEYS} keys are kept.` });
  }
  if (new TextEncoder().encode(JSON.stringify(input)).length > METADATA_MAX_BYTES) {
    errors.push({ path: [], code: "too_large", message: `At most ${METADATA_MAX_BYTES} bytes as JSON are kept.` });
  }
  return errors;
}

function listInexact(value: unknown, path: PropertyKey[], depth: number): UnkeptValue[] {
  if (value instanceof InexactNumber) {
    const message = `The number ${value.source.slice(0, 40)} cannot be kept exactly; send it as a string.`;
    return [{ path, code: "inexact_number", message }];
  }
  if (typeof value !== "object" || value === null) return [];
  if (depth > METADATA_MAX_DEPTH) {
    return [{ path, code: "too_deep", message: `At most ${METADATA_MAX_DEPTH} levels are kept.` }];
  }
  return Object.entries(value).flatMap(([key, child]) => listInexact(child, [...path, key], depth + 1));
}
