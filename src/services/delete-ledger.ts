import { sql } from "drizzle-orm";
import { conflict, notFound, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { findConstraint, first, runBatch } from "../db/client.ts";
import { expectThat } from "../db/guard.ts";
import { findLedger, hasAccounts, type LedgerRow, ledgerIsLive } from "../db/ledgers.ts";
import type { ServiceContext } from "./context.ts";

/** Discards a ledger that has no accounts, or none that are not discarded. */
export async function deleteLedger(ctx: ServiceContext, uid: string): Promise<Result<LedgerRow>> {
  const ledger = await findLedger(ctx.db, ctx.environmentId, uid);
  if (!ledger || ledger.discardedAt !== null) return notFound("ledger");
  const now = ctx.now();
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(ledgerIsLive(ledger.id)),
      expectThat(sql`not ${hasAccounts(ledger.id)}`),
      ...auditChange(ctx, { action: "ledger.deleted", uid }, [
        sql`update ledgers set discarded_at = ${now}, updated_at = ${now} where id = ${ledger.id}`,
      ]),
    ]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    const row = await first<{ is: number }>(ctx.db, sql`select ${hasAccounts(ledger.id)} as "is"`);
    if (row?.is === 1) return conflict("The ledger has accounts; delete them first.");
    if ((await findLedger(ctx.db, ctx.environmentId, uid))?.discardedAt !== null) return notFound("ledger");
    throw error;
  }
  return ok((await findLedger(ctx.db, ctx.environmentId, uid)) as LedgerRow);
}
