import { and, eq } from "drizzle-orm";
import { notFound, ok, type Result } from "../core/result.ts";
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
  await runBatch(ctx.db, [...ctx.alongside, removal]);
  return ok(null);
}
