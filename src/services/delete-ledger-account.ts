import { sql } from "drizzle-orm";
import { conflict, notFound, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { findConstraint, first, runBatch } from "../db/client.ts";
import { expectThat } from "../db/guard.ts";
import {
  findLedgerAccount,
  hasEntries,
  isClearingAccount,
  type LedgerAccountRow,
  ledgerAccountIsLive,
} from "../db/ledger-accounts.ts";
import type { ServiceContext } from "./context.ts";

/** Discards a ledger account that nothing has been entered in, or only what was discarded or archived. */
export async function deleteLedgerAccount(ctx: ServiceContext, uid: string): Promise<Result<LedgerAccountRow>> {
  const account = await findLedgerAccount(ctx.db, ctx.environmentId, uid);
  if (!account?.isLive) return notFound("ledger account");
  const now = ctx.now();
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(ledgerAccountIsLive(account.id)),
      expectThat(sql`not ${hasEntries(account.id)}`),
      expectThat(sql`not ${isClearingAccount(account.id)}`),
      ...auditChange(ctx, { action: "ledger_account.deleted", uid }, [
        sql`update ledger_accounts set discarded_at = ${now}, updated_at = ${now} where id = ${account.id}`,
      ]),
    ]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    return explainRefusal(ctx, account, error);
  }
  return ok((await findLedgerAccount(ctx.db, ctx.environmentId, uid)) as LedgerAccountRow);
}

async function explainRefusal(ctx: ServiceContext, account: LedgerAccountRow, error: unknown): Promise<Result<never>> {
  const facts = await first<{ entries: number; clearing: number; live: number }>(
    ctx.db,
    sql`select ${hasEntries(account.id)} as entries, ${isClearingAccount(account.id)} as clearing,
      ${ledgerAccountIsLive(account.id)} as live`,
  );
  if (facts?.live === 0) return notFound("ledger account");
  if (facts?.entries === 1) return conflict("The account has entries; they are kept, and so is the account.");
  if (facts?.clearing === 1) return conflict("The account is the clearing account of its ledger.");
  // Else the guard spoke for a statement of the caller's.
  throw error;
}
