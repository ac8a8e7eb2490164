import { parseNewRecord, type RecordFields } from "../core/record.ts";
import { type FieldError, fail, type Result } from "../core/result.ts";
import type { SourceWithDefinitions } from "../db/source-definitions.ts";
import { unknownSource } from "./check-source-name.ts";

/** The key of the data source that a new record is sent to, if it names one. */
export function nameSource(input: unknown): string | undefined {
  const typeKey = (input as { type_key?: unknown } | null)?.type_key;
  return typeof typeKey === "string" ? typeKey : undefined;
}

/** Reads a new record as /v1 sends it against the data source that it names, if there is one. Lists all that is wrong. */
export function checkNewRecord(
  input: unknown,
  source: SourceWithDefinitions | undefined,
): Result<RecordFields, FieldError[]> {
  const parsed = parseNewRecord(input, source?.definitions ?? [], source?.currency);
  const typeKey = nameSource(input);
  if (typeKey === undefined || source) return parsed;
  return fail([...(parsed.ok ? [] : parsed.failure), unknownSource("/type_key", typeKey)]);
}
