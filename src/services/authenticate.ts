import { and, eq, gt, isNull, lt, or } from "drizzle-orm";
import { API_KEY_USE_RESOLUTION_MS } from "../config.ts";
import type { Scope } from "../core/api-key.ts";
import { sha256Hex } from "../core/digest.ts";
import type { Db } from "../db/client.ts";
import { apiKeys, environments } from "../db/schema.ts";

export interface Caller {
  environmentId: number;
  environmentUid: string;
  mode: "live" | "test";
  /** Row number and id of the key; null for the bootstrap key. */
  keyId: number | null;
  keyUid: string | null;
  scopes: readonly Scope[];
  /** When the key is going to be revoked, in ms; null if that is not known yet. */
  validUntil: number | null;
}

/** Whose key this is; undefined for an unknown or revoked one. */
export async function authenticate(
  db: Db,
  key: string,
  bootstrapKey: string | undefined,
  now: number,
): Promise<Caller | undefined> {
  const digest = await sha256Hex(key);
  // Digests are compared, so that the time this takes says nothing about the bootstrap key.
  if (bootstrapKey && digest === (await sha256Hex(bootstrapKey))) return findBootstrapCaller(db);
  const [row] = await db.orm
    .select({
      keyId: apiKeys.id,
      keyUid: apiKeys.uid,
      scopes: apiKeys.scopes,
      environmentId: environments.id,
      environmentUid: environments.uid,
      mode: environments.mode,
      validUntil: apiKeys.revokedAt,
    })
    .from(apiKeys)
    .innerJoin(environments, eq(environments.id, apiKeys.environmentId))
    .where(and(eq(apiKeys.digest, digest), or(isNull(apiKeys.revokedAt), gt(apiKeys.revokedAt, now))));
  return row && { ...row, scopes: row.scopes as Scope[] };
}

async function findBootstrapCaller(db: Db): Promise<Caller | undefined> {
  // The migrations make the default live environment first of all.
  const [row] = await db.orm
    .select({ environmentId: environments.id, environmentUid: environments.uid, mode: environments.mode })
    .from(environments)
    .where(eq(environments.mode, "live"))
    .orderBy(environments.id)
    .limit(1);
  return row && { ...row, keyId: null, keyUid: null, scopes: ["admin"], validUntil: null };
}

/** Notes that a key is in use, to the minute. */
export async function noteKeyUse(db: Db, keyId: number, now: number): Promise<void> {
  const stale = or(isNull(apiKeys.lastUsedAt), lt(apiKeys.lastUsedAt, now - API_KEY_USE_RESOLUTION_MS));
  await db.orm
    .update(apiKeys)
    .set({ lastUsedAt: now })
    .where(and(eq(apiKeys.id, keyId), stale));
}
