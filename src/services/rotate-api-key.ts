import { sql } from "drizzle-orm";
import { conflict, notFound, ok, type Result } from "../core/result.ts";
import { type ApiKeyRow, findApiKey } from "../db/api-keys.ts";
import { auditChange } from "../db/audit-entries.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { findEnvironment } from "../db/environments.ts";
import { expectThat } from "../db/guard.ts";
import { apiKeys } from "../db/schema.ts";
import type { ServiceContext } from "./context.ts";
import { makeKey } from "./create-api-key.ts";
import { visibleEnvironments } from "./visible-environments.ts";

/** Makes a key that may do what another one may, which is revoked once the overlap (ms) is over. */
export async function rotateApiKey(
  ctx: ServiceContext,
  uid: string,
  overlapMs: number,
): Promise<Result<{ row: ApiKeyRow; key: string }>> {
  const sight = visibleEnvironments(ctx);
  const old = await findApiKey(ctx.db, sight, uid);
  const environment = old && (await findEnvironment(ctx.db, sight, old.environmentUid));
  if (!environment) return notFound("API key");
  if (old.revokedAt !== null) return isGoing();
  const { key, digest, prefix } = await makeKey(environment.mode);
  const newUid = ctx.newId();
  const { name, scopes, environmentId } = old;
  const now = ctx.now();
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(sql`exists (select 1 from api_keys where id = ${old.id} and revoked_at is null)`),
      ...auditChange(ctx, { action: "api_key.created", uid: newUid, environmentId }, [
        ctx.db.orm.insert(apiKeys).values({ uid: newUid, environmentId, name, digest, prefix, scopes, createdAt: now }),
      ]),
      ...auditChange(ctx, { action: "api_key.rotated", uid, environmentId }, [
        sql`update api_keys set revoked_at = ${now + overlapMs} where id = ${old.id}`,
      ]),
    ]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    // Else the guard spoke for a statement of the caller's.
    if ((await findApiKey(ctx.db, sight, uid))?.revokedAt === null) throw error;
    return isGoing();
  }
  const row = await findApiKey(ctx.db, sight, newUid);
  if (!row) throw new Error(`API key ${newUid} is not there after its batch`);
  return ok({ row, key });
}

function isGoing(): Result<never> {
  return conflict("This API key is revoked, or has been rotated already; make another one.");
}
