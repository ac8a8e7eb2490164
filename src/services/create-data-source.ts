import { conflict, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { type DataSourceRow, findDataSource } from "../db/data-sources.ts";
import { dataSources } from "../db/schema.ts";
import type { ServiceContext } from "./context.ts";

export interface NewDataSource {
  key: string;
  name: string;
  description: string | null;
}

/** Makes a data source of type `api`. Its key is taken for as long as it exists. */
export async function createDataSource(ctx: ServiceContext, input: NewDataSource): Promise<Result<DataSourceRow>> {
  const now = ctx.now();
  const insert = ctx.db.orm
    .insert(dataSources)
    .values({ ...input, environmentId: ctx.environmentId, type: "api", createdAt: now, updatedAt: now });
  try {
    const change = { action: "data_source.created", uid: input.key } as const;
    await runBatch(ctx.db, [...ctx.alongside, ...auditChange(ctx, change, [insert])]);
  } catch (error) {
    if (!findConstraint(error)?.name.startsWith("data_sources.")) throw error;
    return conflict(`The key "${input.key}" is taken in this environment.`, [
      { path: "/key", code: "taken", message: "Another data source has this key." },
    ]);
  }
  const row = await findDataSource(ctx.db, ctx.environmentId, input.key);
  if (!row) return conflict("The data source was deleted at the same moment.");
  return ok(row);
}
