import type { Mode } from "../core/api-key.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
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
  const uid = ctx.newId();
  const insert = ctx.db.orm.insert(environments).values({ ...input, uid, createdAt: ctx.now() });
  const change = { action: "environment.created", uid, environmentId: null } as const;
  await runBatch(ctx.db, [...ctx.alongside, ...auditChange(ctx, change, [insert])]);
  const row = await findEnvironment(ctx.db, "all", uid);
  if (!row) throw new Error(`environment ${uid} is not there after its batch`);
  return ok(row);
}
