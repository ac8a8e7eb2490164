import { z } from "zod";
import { METADATA_MAX_BYTES, METADATA_MAX_KEYS } from "./property.ts";
import type { FieldError } from "./result.ts";

/** Metadata of the payments door: texts under names of the caller's. */
export type TextMetadata = Record<string, string>;

/** A change of metadata: null removes a name, what is not named stays. */
export type MetadataChange = Record<string, string | null>;

/** The wire form of metadata, whole or as a change: an empty text stands for null. */
export const metadataSchema = z
  .record(z.string(), z.string().nullable())
  .transform(
    (given): MetadataChange =>
      Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value === "" ? null : value])),
  )
  .refine((change) => metadataFits(keepValues(change)), { error: describeLimits(), params: { code: "too_large" } });

/** The metadata of something new: what a change leaves in nothing. */
export function keepValues(change: MetadataChange): TextMetadata {
  return Object.fromEntries(Object.entries(change).filter((pair): pair is [string, string] => pair[1] !== null));
}

/** The outcome of a change. */
export function mergeMetadata(metadata: TextMetadata, change: MetadataChange): TextMetadata {
  return keepValues(Object.fromEntries([...Object.entries(metadata), ...Object.entries(change)]));
}

/** Whether metadata is within the limits of every resource. */
export function metadataFits(metadata: TextMetadata): boolean {
  const bytes = new TextEncoder().encode(JSON.stringify(metadata)).length;
  return Object.keys(metadata).length <= METADATA_MAX_KEYS && bytes <= METADATA_MAX_BYTES;
}

/** The refusal of a change whose outcome `metadataFits` says no to. */
export const METADATA_TOO_LARGE: FieldError = { path: "/metadata", code: "too_large", message: describeLimits() };

function describeLimits(): string {
  return `May have at most ${METADATA_MAX_KEYS} names and ${METADATA_MAX_BYTES} bytes.`;
}
