import { z } from "@hono/zod-openapi";
import { API_PAGE_DEFAULT_ROWS, API_PAGE_MAX_ROWS } from "../../config.ts";
import { invalid, ok, type Result } from "../../core/result.ts";
import type { Page, PageRequest } from "../../db/page.ts";
import type { ServiceContext } from "../../services/context.ts";
import type { Answer } from "../endpoint.ts";
import { limitQuery, readCursor, writeCursor } from "../pagination.ts";

/** The paging parameters of every list of this door. */
export const pageQuery = {
  per_page: limitQuery(API_PAGE_DEFAULT_ROWS, API_PAGE_MAX_ROWS),
  after_cursor: z.string().optional().meta({ description: "X-After-Cursor of the page before" }),
};

const PAGE_HEADERS = {
  "X-After-Cursor": { description: "Where the next page begins; empty at the end", schema: { type: "string" } },
  "X-Per-Page": { description: "How many rows the page was to have at most", schema: { type: "integer" } },
} as const;

/** What a list answers with: a bare array; its schema's name and example follow from the item's. */
export function pageAnswer<T extends z.ZodType>(item: T) {
  const { id, example } = item.meta() ?? {};
  if (id === undefined) throw new Error("A page's items need a schema with an id.");
  const schema = z.array(item).meta({ id: `${id}List`, example: [example] });
  return { description: "A page, newest first", schema, headers: PAGE_HEADERS };
}

/** Reads `per_page` and `after_cursor`. A cursor of another list or environment is refused like any that is not ours. */
export async function readPage(
  ctx: ServiceContext,
  list: string,
  query: { per_page?: number | undefined; after_cursor?: string | undefined },
): Promise<Result<PageRequest>> {
  const limit = query.per_page ?? API_PAGE_DEFAULT_ROWS;
  if (query.after_cursor === undefined) return ok({ limit, before: null });
  const before = await readCursor(ctx, list, query.after_cursor);
  if (before === undefined) {
    const message = "Must be the X-After-Cursor of a page of this list.";
    return invalid([{ path: "after_cursor", code: "invalid_cursor", message }]);
  }
  return ok({ limit, before });
}

export async function presentPage<Row>(
  ctx: ServiceContext,
  list: string,
  { limit }: PageRequest,
  page: Page<Row>,
  present: (row: Row) => unknown,
): Promise<Answer> {
  const cursor = page.next === null ? "" : await writeCursor(ctx, list, page.next);
  return {
    status: 200,
    body: page.rows.map(present),
    headers: { "X-After-Cursor": cursor, "X-Per-Page": `${limit}` },
  };
}
