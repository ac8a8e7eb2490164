import { z } from "@hono/zod-openapi";
import { PAGE_DEFAULT_ROWS, PAGE_MAX_ROWS } from "../config.ts";
import { sha256Hex } from "../core/digest.ts";
import { invalid, ok, type Result } from "../core/result.ts";
import type { Page, PageRequest } from "../db/page.ts";
import type { ServiceContext } from "../services/context.ts";

/** A parameter that bounds the number of rows. */
export function limitQuery(defaultRows: number, maxRows: number) {
  return z
    .string()
    .regex(/^\d{1,4}$/, "Must be a whole number.")
    .transform(Number)
    .refine((n) => n >= 1 && n <= maxRows, `Must be 1 to ${maxRows}.`)
    .optional()
    .meta({
      type: "integer",
      minimum: 1,
      maximum: maxRows,
      default: defaultRows,
      description: "How many rows to answer with at most",
    } as never);
}

/** The paging parameters of every /v1 list. */
export const pageQuery = {
  limit: limitQuery(PAGE_DEFAULT_ROWS, PAGE_MAX_ROWS),
  cursor: z.string().optional().meta({ description: "next_cursor of the page before" }),
};

/** The schema of a page; its name in the document and its example follow from the item's. */
export function pageOf<T extends z.ZodType>(item: T) {
  const { id, example } = item.meta() ?? {};
  const page = z.object({ data: z.array(item), next_cursor: z.string().nullable(), has_more: z.boolean() });
  if (id === undefined) throw new Error("A page's items need a schema with an id.");
  return page.meta({ id: `${id}Page`, example: { data: [example], next_cursor: null, has_more: false } });
}

/** Reads `limit` and `cursor`. A cursor of another list or environment is refused like one that was never ours. */
export async function readPage(
  ctx: ServiceContext,
  list: string,
  query: { limit?: number | undefined; cursor?: string | undefined },
): Promise<Result<PageRequest>> {
  const limit = query.limit ?? PAGE_DEFAULT_ROWS;
  if (query.cursor === undefined) return ok({ limit, before: null });
  const before = await readCursor(ctx, list, query.cursor);
  if (before === undefined) {
    return invalid([
      { path: "cursor", code: "invalid_cursor", message: "Must be the next_cursor of a page of this list." },
    ]);
  }
  return ok({ limit, before });
}

export async function presentPage<Row>(
  ctx: ServiceContext,
  list: string,
  page: Page<Row>,
  present: (row: Row) => unknown,
): Promise<{ status: number; body: unknown }> {
  const nextCursor = page.next === null ? null : await writeCursor(ctx, list, page.next);
  return {
    status: 200,
    body: { data: page.rows.map(present), next_cursor: nextCursor, has_more: nextCursor !== null },
  };
}

/** The position that a cursor of this list and environment stands for; undefined if it is not one. */
export async function readCursor(ctx: ServiceContext, list: string, cursor: string): Promise<number | undefined> {
  const position = /^[A-Za-z0-9]{1,12}\.[0-9a-f]{16}$/.test(cursor) ? cursor.split(".")[0] : undefined;
  if (position === undefined) return undefined;
  const before = Number.parseInt(position, 36);
  if (!Number.isSafeInteger(before)) return undefined;
  return (await writeCursor(ctx, list, before)) === cursor ? before : undefined;
}

export async function writeCursor(ctx: ServiceContext, list: string, position: number): Promise<string> {
  const check = await sha256Hex(`${list}\n${ctx.environmentUid}\n${position}`);
  return `${position.toString(36)}.${check.slice(0, 16)}`;
}
