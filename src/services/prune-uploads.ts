import { IMPORT_PRUNE_MAX_FILES, IMPORT_PRUNE_MAX_PAGES, UPLOAD_MAX_MS } from "../config.ts";
import type { Db } from "../db/client.ts";
import { listLeftFiles } from "../db/import-chunks.ts";
import { clearImport } from "./clear-import.ts";

/** Deletes what uploads that broke off and imports that were given up have left; answers of how many files. For the cron. */
export async function pruneUploads(db: Db, now: number): Promise<number> {
  const uids = await listLeftFiles(db, now - UPLOAD_MAX_MS, IMPORT_PRUNE_MAX_FILES);
  for (const uid of uids) {
    for (let page = 0; page < IMPORT_PRUNE_MAX_PAGES; page++) if ((await clearImport(db, uid)) === "done") break;
  }
  return uids.length;
}
