import { v7 as newId } from "uuid";
import { IMPORT_MAX_PROBLEMS } from "../config.ts";
import { findDifference, type Holder } from "../core/import/difference.ts";
import type { ImportProblem } from "../core/import/problem.ts";
import type { FileRow } from "../core/import/read-row.ts";
import { contentKeyOf, digestContent } from "../core/import/row-content.ts";
import type { RecordFields } from "../core/record.ts";
import type { Db } from "../db/client.ts";
import { listHolders, listTaken, readContentCounts } from "../db/import-contents.ts";

export interface NewRow {
  uid: string;
  fields: RecordFields;
  contentKey: string | null;
}

/** Which rows of a slice are new to the data source, and how often each content has come in the file with them. */
export interface NewRows {
  created: NewRow[];
  counts: Map<string, number>;
  /** What is wrong with rows that are not new, the first ones. */
  problems: ImportProblem[];
}

/** Where the rows come from; `idColumn` is what the file calls their `external_id`. */
export interface RowOrigin {
  importId: number;
  sourceId: number;
  idColumn: string | null;
}

/** A row is there already if its `external_id` is, or without one if what it says has come as often as in this file. */
export async function identifyRows(
  db: Db,
  { importId, sourceId, idColumn }: RowOrigin,
  rows: readonly FileRow[],
): Promise<NewRows> {
  const digests = await Promise.all(
    rows.map(({ fields, content }) => (fields.externalId === null ? digestContent(content) : null)),
  );
  const wanted = [...new Set(digests.filter((digest) => digest !== null))];
  const externalIds = rows.flatMap(({ fields }) => fields.externalId ?? []);
  const [counted, holders] = await Promise.all([
    wanted.length === 0 ? new Map<string, number>() : readContentCounts(db, importId, wanted),
    externalIds.length === 0 ? new Map<string, Holder>() : listHolders(db, sourceId, externalIds),
  ]);
  const counts = new Map<string, number>();
  const contentKeys = digests.map((digest) => {
    if (digest === null) return null;
    const occurrence = (counts.get(digest) ?? counted.get(digest) ?? 0) + 1;
    counts.set(digest, occurrence);
    return contentKeyOf(digest, occurrence);
  });
  const keys = contentKeys.filter((key) => key !== null);
  const known = keys.length === 0 ? new Set<string>() : await listTaken(db, sourceId, keys);
  const news: NewRows = { created: [], counts, problems: [] };
  for (const [place, row] of rows.entries()) {
    takeRow(news, row, { contentKey: contentKeys[place] ?? null, known, holders, idColumn });
  }
  return news;
}

interface Identity {
  contentKey: string | null;
  known: ReadonlySet<string>;
  /** With the rows that were taken before: of two with one `external_id` the first is new. */
  holders: Map<string, Holder>;
  idColumn: string | null;
}

function takeRow(news: NewRows, row: FileRow, { contentKey, known, holders, idColumn }: Identity): void {
  const { fields } = row;
  const holder = fields.externalId === null ? undefined : holders.get(fields.externalId);
  if (holder) {
    if (news.problems.length === IMPORT_MAX_PROBLEMS) return;
    const problem = findDifference(row, holder, idColumn);
    if (problem) news.problems.push(problem);
    return;
  }
  if (contentKey !== null && known.has(contentKey)) return;
  const uid = newId();
  news.created.push({ uid, fields, contentKey });
  if (fields.externalId !== null) holders.set(fields.externalId, { uid, ...fields });
}
