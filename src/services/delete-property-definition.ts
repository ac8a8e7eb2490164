import { and, eq } from "drizzle-orm";
import { notFound, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { runBatch } from "../db/client.ts";
import { findPropertyDefinition } from "../db/property-definitions.ts";
import { propertyDefinitions } from "../db/schema.ts";
import type { ServiceContext } from "./context.ts";

/** Lifts a definition. Values under its key stay in the records that have them. */
export async function deletePropertyDefinition(ctx: ServiceContext, uid: string): Promise<Result<null>> {
  const row = await findPropertyDefinition(ctx.db, ctx.environmentId, uid);
  if (!row) return notFound("property definition");
  const removal = ctx.db.orm
    .delete(propertyDefinitions)
    .where(and(eq(propertyDefinitions.environmentId, ctx.environmentId), eq(propertyDefinitions.uid, uid)));
  const change = { action: "property_definition.deleted", uid } as const;
  await runBatch(ctx.db, [...ctx.alongside, ...auditChange(ctx, change, [removal])]);
  return ok(null);
}
