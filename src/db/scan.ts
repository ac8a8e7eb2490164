import { type SQL, sql } from "drizzle-orm";
import { PAGE_SCAN_MAX_ROWS } from "../config.ts";
import { type Db, first } from "./client.ts";
import { cutPage, type Page, type PageRequest } from "./page.ts";

/**
 * A page of what `select` finds among the ids of a scan of an index, newest first. Looks at `PAGE_SCAN_MAX_ROWS` ids
 * at most, then answers short and says where to go on.
 */
export async function pageOfScan<Row extends { id: number }>(
  db: Db,
  scan: SQL,
  page: PageRequest,
  select: (scanned: SQL, limit: number) => Promise<Row[]>,
): Promise<Page<Row>> {
  const scanned = sql`${scan} order by id desc limit ${PAGE_SCAN_MAX_ROWS}`;
  const found = cutPage(await select(scanned, page.limit + 1), page.limit);
  if (found.next !== null) return found;
  const end = await first<{ count: number; last: number }>(
    db,
    sql`select count(*) as count, min(id) as last from (${scanned})`,
  );
  return { rows: found.rows, next: end?.count === PAGE_SCAN_MAX_ROWS ? end.last : null };
}
