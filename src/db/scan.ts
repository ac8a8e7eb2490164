import { type SQL, sql } from "drizzle-orm";
import { PAGE_SCAN_MAX_ROWS } from "../config.ts";
import { type Db, first } from "./client.ts";
import { cutPage, type Page, type PageRequest } from "./page.ts";

/** How many more ids than the page has rows are looked at first: most pages are full by then. */
const FIRST_SCAN_FACTOR = 4;

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
  const short = await scanFor(db, scan, page, select, FIRST_SCAN_FACTOR * page.limit);
  return short.isCut ? (await scanFor(db, scan, page, select, PAGE_SCAN_MAX_ROWS)).page : short.page;
}

/** `isCut`: the ids ran out before the page was full, and there are more of them. */
async function scanFor<Row extends { id: number }>(
  db: Db,
  scan: SQL,
  page: PageRequest,
  select: (scanned: SQL, limit: number) => Promise<Row[]>,
  maxIds: number,
): Promise<{ page: Page<Row>; isCut: boolean }> {
  const scanned = sql`${scan} order by id desc limit ${maxIds}`;
  const found = cutPage(await select(scanned, page.limit + 1), page.limit);
  if (found.next !== null) return { page: found, isCut: false };
  const end = await first<{ count: number; last: number }>(
    db,
    sql`select count(*) as count, min(id) as last from (${scanned})`,
  );
  const isCut = end?.count === maxIds;
  return { page: { rows: found.rows, next: isCut ? end.last : null }, isCut };
}
