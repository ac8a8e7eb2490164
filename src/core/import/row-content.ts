import canonicalize from "canonicalize";
import { sha256Hex } from "../digest.ts";
import type { RecordFields } from "../record.ts";

const DIGEST_CHARS = 32;

/**
 * What a row says, as a digest of its `FileRow.content`: two rows have the same one if they read the same, however dates
 * and amounts are written.
 */
export async function digestContent(content: RecordFields): Promise<string> {
  const text = canonicalize(content);
  if (text === undefined) throw new Error("a record is a JSON object");
  return (await sha256Hex(text)).slice(0, DIGEST_CHARS);
}

/** The identity of a row without an `external_id` in its data source: what it says, and the how-manyth of its file it is. */
export function contentKeyOf(digest: string, occurrence: number): string {
  return `${digest}.${occurrence}`;
}
