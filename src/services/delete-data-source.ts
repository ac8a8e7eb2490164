import { sql } from "drizzle-orm";
import { conflict, notFound, ok, type Result } from "../core/result.ts";
import { auditChange, auditDeletedWith } from "../db/audit-entries.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { findDataSource, INTERNAL_ACCOUNT, isSourceInUse, sourceInUse } from "../db/data-sources.ts";
import { expectThat } from "../db/guard.ts";
import type { ServiceContext } from "./context.ts";

/**
 * Deletes a data source. Its records go with it: they are reached through their source only. A matched record belongs
 * to a reconciliation that uses the source, so one expectation covers both.
 */
export async function deleteDataSource(ctx: ServiceContext, key: string): Promise<Result<null>> {
  const source = await findDataSource(ctx.db, ctx.environmentId, key);
  if (!source) return notFound("data source");
  if (source.type === INTERNAL_ACCOUNT) return conflict("An internal account has this data source and keeps it.");
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(sql`not ${sourceInUse(source.id)}`),
      auditDeletedWith(ctx, "property_definition.deleted", source.id),
      ...auditChange(ctx, { action: "data_source.deleted", uid: key }, [
        sql`update data_sources set deleted_at = ${ctx.now()} where id = ${source.id} and deleted_at is null`,
        sql`delete from property_definitions where source_id = ${source.id}`,
      ]),
    ]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    // Else the guard spoke for a statement of the caller's.
    if (!(await isSourceInUse(ctx.db, source.id))) throw error;
    return conflict("A reconciliation uses this data source; take it out of the reconciliation first.");
  }
  return ok(null);
}
