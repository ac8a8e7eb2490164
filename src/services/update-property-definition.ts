import { and, eq } from "drizzle-orm";
import { notFound, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { runBatch } from "../db/client.ts";
import { findPropertyDefinition, type PropertyDefinitionRow } from "../db/property-definitions.ts";
import { propertyDefinitions } from "../db/schema.ts";
import type { ServiceContext } from "./context.ts";

export interface PropertyDefinitionPatch {
  name?: string | undefined;
  optional?: boolean | undefined;
}

export async function updatePropertyDefinition(
  ctx: ServiceContext,
  uid: string,
  patch: PropertyDefinitionPatch,
): Promise<Result<PropertyDefinitionRow>> {
  const write = ctx.db.orm
    .update(propertyDefinitions)
    .set({ ...patch, updatedAt: ctx.now() })
    .where(and(eq(propertyDefinitions.environmentId, ctx.environmentId), eq(propertyDefinitions.uid, uid)));
  const change = { action: "property_definition.updated", uid } as const;
  await runBatch(ctx.db, [...ctx.alongside, ...auditChange(ctx, change, [write])]);
  const row = await findPropertyDefinition(ctx.db, ctx.environmentId, uid);
  return row ? ok(row) : notFound("property definition");
}
