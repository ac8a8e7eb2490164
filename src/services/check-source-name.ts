import type { FieldError } from "../core/result.ts";
import { findDataSource } from "../db/data-sources.ts";
import type { ServiceContext } from "./context.ts";

/** The refusal of a `type_key` in a body (`/type_key`) or query (`type_key`) that names no data source. */
export function unknownSource(path: string, key: string): FieldError {
  return { path, code: "unknown_data_source", message: `There is no data source "${key.slice(0, 64)}".` };
}

/** The refusal of a body's `type_key`, if it names no data source. */
export async function checkSourceName(ctx: ServiceContext, key: unknown): Promise<FieldError[]> {
  if (typeof key !== "string") return [];
  const source = await findDataSource(ctx.db, ctx.environmentId, key);
  return source ? [] : [unknownSource("/type_key", key)];
}
