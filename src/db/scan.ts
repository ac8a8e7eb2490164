import { type SQL, sql } from "drizzle-orm";
import { PAGE_SCAN_MAX_ROWS } from "../config.ts";
import { type Db, first } from "./client.ts";
import { cutPage, type Page, type PageRequest } from "./page.ts";

/** How many more ids than the page has rows are looked at first: most pages are full by then. */
const FIRST_SCAN_FACTOR = 4;

/**
 * A page of what `select` finds among the ids of a scan of an index, newest first unless another order is given. Looks
 * at `PAGE_SCAN_MAX_ROWS` ids at most, then answers short and says where to go on.
 */
export async function pageOfScan<Row extends { id: number }>(
  db: Db,
  scan: SQL,
  page: PageRequest,
  select: (scanned: SQL, limit: number) => Promise<Row[]>,
  order: SQL = NEWEST_FIRST,
): Promise<Page<Row>> {
  const ordered = sql`${scan} order by ${order}`;
  const short = await scanFor(db, ordered, page, select, FIRST_SCAN_FACTOR * page.limit);
  return short.isCut ? (await scanFor(db, ordered, page, select, PAGE_SCAN_MAX_ROWS)).page : short.page;
}

const NEWEST_FIRST = sql`id desc`;

/** `isCut`: the ids ran out before the page was full, and there are more of them. */
async function scanFor<Row extends { id: number }>(
  db: Db,
  scan: SQL,
  page: PageRequest,
  select: (scanned: SQL, limit: number) => Promise<Row[]>,
  maxIds: number,
): Promise<{ page: Page<Row>; isCut: boolean }> {
  const scanned = sql`${scan} limit ${maxIds}`;
  const found = cutPage(await select(scanned, page.limit + 1), page.limit);
  if (found.next !== null) return { page: found, isCut: false };
  const last = await first<{ id: number }>(db, sql`${scan} limit 1 offset ${maxIds - 1}`);
  return { page: { rows: found.rows, next: last?.id ?? null }, isCut: last !== undefined };
}
