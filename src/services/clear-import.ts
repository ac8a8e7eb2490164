import { IMPORT_CLEAR_PAGE_ROWS } from "../config.ts";
import { type Db, runBatch } from "../db/client.ts";
import { deleteChunks } from "../db/import-chunks.ts";
import { deleteContents } from "../db/import-contents.ts";

/**
 * Deletes some of what was kept for an import that is over, or for an upload that none was made of; says whether there
 * is more. The text goes last: as long as it is there the cron knows of the rest.
 */
export async function clearImport(db: Db, uid: string): Promise<"more" | "done"> {
  const [contents] = await runBatch(db, [deleteContents(uid, IMPORT_CLEAR_PAGE_ROWS)]);
  if ((contents?.meta.changes ?? 0) === IMPORT_CLEAR_PAGE_ROWS) return "more";
  await runBatch(db, [deleteChunks(uid)]);
  return "done";
}
