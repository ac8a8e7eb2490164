import { and, eq, isNull } from "drizzle-orm";
import { notFound, ok, type Result } from "../core/result.ts";
import { findApiKey } from "../db/api-keys.ts";
import { runBatch } from "../db/client.ts";
import { apiKeys } from "../db/schema.ts";
import type { ServiceContext } from "./context.ts";
import { visibleEnvironments } from "./visible-environments.ts";

/** Revokes a key for good; a key that is revoked already keeps its time. */
export async function revokeApiKey(ctx: ServiceContext, uid: string): Promise<Result<null>> {
  const row = await findApiKey(ctx.db, visibleEnvironments(ctx), uid);
  if (!row) return notFound("API key");
  const revoke = ctx.db.orm
    .update(apiKeys)
    .set({ revokedAt: ctx.now() })
    .where(and(eq(apiKeys.id, row.id), isNull(apiKeys.revokedAt)));
  await runBatch(ctx.db, [...ctx.alongside, revoke]);
  return ok(null);
}
