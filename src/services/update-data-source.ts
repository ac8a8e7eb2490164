import { and, eq, isNull } from "drizzle-orm";
import { notFound, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { runBatch } from "../db/client.ts";
import { type DataSourceRow, findDataSource } from "../db/data-sources.ts";
import { dataSources } from "../db/schema.ts";
import type { ServiceContext } from "./context.ts";

export interface DataSourcePatch {
  name?: string | undefined;
  description?: string | null | undefined;
}

export async function updateDataSource(
  ctx: ServiceContext,
  key: string,
  patch: DataSourcePatch,
): Promise<Result<DataSourceRow>> {
  const source = await findDataSource(ctx.db, ctx.environmentId, key);
  if (!source) return notFound("data source");
  const write = ctx.db.orm
    .update(dataSources)
    .set({ ...patch, updatedAt: ctx.now() })
    .where(and(eq(dataSources.id, source.id), isNull(dataSources.deletedAt)));
  const change = { action: "data_source.updated", uid: key } as const;
  await runBatch(ctx.db, [...ctx.alongside, ...auditChange(ctx, change, [write])]);
  const row = await findDataSource(ctx.db, ctx.environmentId, key);
  return row ? ok(row) : notFound("data source");
}
