import { contentKeyOf, digestContent } from "../core/import/row-content.ts";
import type { RecordFields } from "../core/record.ts";
import type { Db } from "../db/client.ts";
import { listTaken, readContentCounts } from "../db/import-contents.ts";

export interface NewRow {
  fields: RecordFields;
  contentKey: string | null;
}

/** Which rows of a slice are new to the data source, and how often each content has come in the file with them. */
export interface NewRows {
  created: NewRow[];
  counts: Map<string, number>;
}

/** A row is there already if its `external_id` is, or without one if what it says has come as often as in this file. */
export async function identifyRows(
  db: Db,
  { id, sourceId }: { id: number; sourceId: number },
  rows: readonly RecordFields[],
): Promise<NewRows> {
  const digests = await Promise.all(rows.map((row) => (row.externalId === null ? digestContent(row) : null)));
  const wanted = [...new Set(digests.filter((digest) => digest !== null))];
  const externalIds = rows.flatMap(({ externalId }) => externalId ?? []);
  const [counted, taken] = await Promise.all([
    wanted.length === 0 ? new Map<string, number>() : readContentCounts(db, id, wanted),
    externalIds.length === 0 ? new Set<string>() : listTaken(db, sourceId, "external_id", externalIds),
  ]);
  const counts = new Map<string, number>();
  const keyed = rows.map((fields, place): NewRow => {
    const digest = digests[place] ?? null;
    if (digest === null) return { fields, contentKey: null };
    const occurrence = (counts.get(digest) ?? counted.get(digest) ?? 0) + 1;
    counts.set(digest, occurrence);
    return { fields, contentKey: contentKeyOf(digest, occurrence) };
  });
  const keys = keyed.flatMap(({ contentKey }) => contentKey ?? []);
  const known = keys.length === 0 ? new Set<string>() : await listTaken(db, sourceId, "content_key", keys);
  return { created: keyed.filter((row) => isNew(row, taken, known)), counts };
}

/** Notes what it has seen: of two rows with one `external_id` the first is new. */
function isNew({ fields, contentKey }: NewRow, taken: Set<string>, known: ReadonlySet<string>): boolean {
  if (contentKey !== null) return !known.has(contentKey);
  const externalId = fields.externalId as string;
  if (taken.has(externalId)) return false;
  taken.add(externalId);
  return true;
}
