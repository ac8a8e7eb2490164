import { env } from "cloudflare:workers";
import { v7 as newId } from "uuid";
import { sha256Hex } from "../../src/core/digest.ts";
import { Api } from "./api.ts";

export interface Tenant {
  environmentId: number;
  environmentUid: string;
  /** The keys themselves, for clients that are not an `Api`. */
  keys: { admin: string; writer: string; reader: string };
  admin: Api;
  writer: Api;
  reader: Api;
}

/** A fresh environment with one key of each scope. */
export async function newTenant(): Promise<Tenant> {
  const { DB } = env as unknown as { DB: D1Database };
  const environmentUid = newId();
  const now = Date.now();
  const environment = await DB.prepare(
    "insert into environments (uid, name, mode, created_at) values (?, 'Tenant', 'test', ?) returning id",
  )
    .bind(environmentUid, now)
    .first<{ id: number }>();
  if (!environment) throw new Error("the environment was not made");
  const insertKey = DB.prepare(
    `insert into api_keys (uid, environment_id, name, digest, prefix, scopes, created_at)
      values (?, ?, ?, ?, 'tk_test_', ?, ?)`,
  );
  const keys = { admin: newKey(), writer: newKey(), reader: newKey() };
  const scopes = { admin: ["admin"], writer: ["write"], reader: ["read"] };
  const rows = (["admin", "writer", "reader"] as const).map(async (name) =>
    insertKey.bind(newId(), environment.id, name, await sha256Hex(keys[name]), JSON.stringify(scopes[name]), now),
  );
  await DB.batch(await Promise.all(rows));
  return {
    environmentId: environment.id,
    environmentUid,
    keys,
    admin: new Api(keys.admin),
    writer: new Api(keys.writer),
    reader: new Api(keys.reader),
  };
}

function newKey(): string {
  return `tk_test_${newId()}`;
}
