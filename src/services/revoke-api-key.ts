import { and, eq, gt, isNull, or } from "drizzle-orm";
import { notFound, ok, type Result } from "../core/result.ts";
import { findApiKey } from "../db/api-keys.ts";
import { auditChange } from "../db/audit-entries.ts";
import { runBatch } from "../db/client.ts";
import { apiKeys } from "../db/schema.ts";
import type { ServiceContext } from "./context.ts";
import { visibleEnvironments } from "./visible-environments.ts";

/** Revokes a key at once and for good; a key that is revoked already keeps its time. */
export async function revokeApiKey(ctx: ServiceContext, uid: string): Promise<Result<null>> {
  const row = await findApiKey(ctx.db, visibleEnvironments(ctx), uid);
  if (!row) return notFound("API key");
  const now = ctx.now();
  const revoke = ctx.db.orm
    .update(apiKeys)
    .set({ revokedAt: now })
    .where(and(eq(apiKeys.id, row.id), or(isNull(apiKeys.revokedAt), gt(apiKeys.revokedAt, now))));
  const change = { action: "api_key.revoked", uid, environmentId: row.environmentId } as const;
  await runBatch(ctx.db, [...ctx.alongside, ...auditChange(ctx, change, [revoke])]);
  return ok(null);
}
