import { type SQL, sql } from "drizzle-orm";
import { all, type Db, first as firstRow } from "./client.ts";
import { isJobUnfinished } from "./jobs.ts";
import { firstUuid } from "./uuid.ts";

/** Keeps further pieces of a file's text, the first of which is the one after `first` others. */
export function insertChunks(importUid: string, first: number, contents: readonly string[]): SQL[] {
  return contents.map(
    (content, place) =>
      sql`insert into import_chunks (import_uid, no, content) values (${importUid}, ${first + place}, ${content})`,
  );
}

/** One piece of a file's text; undefined if it is not there. */
export async function findChunk(db: Db, importUid: string, no: number): Promise<string | undefined> {
  const row = await firstRow<{ content: string }>(
    db,
    sql`select content from import_chunks where import_uid = ${importUid} and no = ${no}`,
  );
  return row?.content;
}

/** Deletes the text of a file, unless an import of it is at work. */
export function deleteChunks(importUid: string): SQL {
  return sql`delete from import_chunks where import_uid = ${importUid}
    and not exists (select 1 from imports where uid = ${importUid} and ${isJobUnfinished})`;
}

/**
 * Files whose text is kept though no import at work has it, among those whose upload began before an instant (ms):
 * uploads that broke off, and imports that were given up.
 */
export async function listLeftFiles(db: Db, before: number, limit: number): Promise<string[]> {
  const rows = await all<{ uid: string }>(
    db,
    sql`select import_uid as uid from import_chunks where no = 0 and import_uid < ${firstUuid(before)}
      and not exists (select 1 from imports where uid = import_uid and ${isJobUnfinished}) limit ${limit}`,
  );
  return rows.map(({ uid }) => uid);
}
