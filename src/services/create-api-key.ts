import { API_KEY_SECRET_BYTES, formatApiKey, type Mode, type Scope } from "../core/api-key.ts";
import { sha256Hex } from "../core/digest.ts";
import { type FieldError, invalid, ok, type Result } from "../core/result.ts";
import { type ApiKeyRow, findApiKey } from "../db/api-keys.ts";
import { auditChange } from "../db/audit-entries.ts";
import { runBatch } from "../db/client.ts";
import { findEnvironment } from "../db/environments.ts";
import { apiKeys } from "../db/schema.ts";
import type { ServiceContext } from "./context.ts";
import { visibleEnvironments } from "./visible-environments.ts";

export interface NewApiKey {
  name: string;
  scopes: Scope[];
  /** By default the caller's. */
  environmentUid: string | undefined;
}

/** Makes a key of an environment that the caller may name. The key itself is in this answer and nowhere else. */
export async function createApiKey(
  ctx: ServiceContext,
  input: NewApiKey,
): Promise<Result<{ row: ApiKeyRow; key: string }>> {
  const sight = visibleEnvironments(ctx);
  const environment = await findEnvironment(ctx.db, sight, input.environmentUid ?? ctx.environmentUid);
  if (!environment) return invalid([unknownEnvironment]);
  const { key, digest, prefix } = await makeKey(environment.mode);
  const uid = ctx.newId();
  const insert = ctx.db.orm.insert(apiKeys).values({
    uid,
    environmentId: environment.id,
    name: input.name,
    digest,
    prefix,
    scopes: input.scopes,
    createdAt: ctx.now(),
  });
  const change = { action: "api_key.created", uid, environmentId: environment.id } as const;
  await runBatch(ctx.db, [...ctx.alongside, ...auditChange(ctx, change, [insert])]);
  const row = await findApiKey(ctx.db, sight, uid);
  if (!row) throw new Error(`API key ${uid} is not there after its batch`);
  return ok({ row, key });
}

export async function makeKey(mode: Mode): Promise<{ key: string; digest: string; prefix: string }> {
  const { key, prefix } = formatApiKey(mode, crypto.getRandomValues(new Uint8Array(API_KEY_SECRET_BYTES)));
  return { key, digest: await sha256Hex(key), prefix };
}

/** The refusal of a body's `environment_id`, if it names none that the caller may name. */
export async function checkEnvironmentName(ctx: ServiceContext, uid: unknown): Promise<FieldError[]> {
  if (typeof uid !== "string") return [];
  const environment = await findEnvironment(ctx.db, visibleEnvironments(ctx), uid);
  return environment ? [] : [unknownEnvironment];
}

const unknownEnvironment: FieldError = {
  path: "/environment_id",
  code: "unknown_environment",
  message: "There is no such environment for this key.",
};
