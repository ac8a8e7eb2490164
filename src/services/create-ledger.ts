import { sql } from "drizzle-orm";
import type { TextMetadata } from "../core/metadata.ts";
import { ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { runBatch } from "../db/client.ts";
import { findLedger, type LedgerRow } from "../db/ledgers.ts";
import type { ServiceContext } from "./context.ts";

export interface NewLedger {
  name: string;
  description: string | null;
  metadata: TextMetadata;
}

export async function createLedger(ctx: ServiceContext, input: NewLedger): Promise<Result<LedgerRow>> {
  const uid = ctx.newId();
  const now = ctx.now();
  await runBatch(ctx.db, [
    ...ctx.alongside,
    ...auditChange(ctx, { action: "ledger.created", uid }, [
      sql`insert into ledgers (uid, environment_id, name, description, metadata, created_at, updated_at)
        values (${uid}, ${ctx.environmentId}, ${input.name}, ${input.description}, ${JSON.stringify(input.metadata)},
          ${now}, ${now})`,
    ]),
  ]);
  return ok((await findLedger(ctx.db, ctx.environmentId, uid)) as LedgerRow);
}
