import { v7 as newId } from "uuid";
import type { Mode } from "../core/api-key.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { runBatch } from "../db/client.ts";
import { type EnvironmentRow, findEnvironment } from "../db/environments.ts";
import { environments } from "../db/schema.ts";
import type { ServiceContext } from "./context.ts";

export interface NewEnvironment {
  name: string;
  mode: Mode;
}

/** Makes an environment; only the bootstrap key may. */
export async function createEnvironment(ctx: ServiceContext, input: NewEnvironment): Promise<Result<EnvironmentRow>> {
  if (!ctx.isBootstrap) return fail({ kind: "forbidden", detail: "Only the bootstrap key makes environments." });
  const uid = newId();
  const insert = ctx.db.orm.insert(environments).values({ ...input, uid, createdAt: ctx.now() });
  await runBatch(ctx.db, [...ctx.alongside, insert]);
  const row = await findEnvironment(ctx.db, "all", uid);
  if (!row) throw new Error(`environment ${uid} is not there after its batch`);
  return ok(row);
}
