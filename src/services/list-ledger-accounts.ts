import type { BalanceBounds } from "../core/ledger/account-view.ts";
import { type LedgerAccountFilters, type LedgerAccountRow, listLedgerAccounts } from "../db/ledger-accounts.ts";
import { readSumsWithin } from "../db/ledger-balances.ts";
import { findLedger } from "../db/ledgers.ts";
import type { Page, PageRequest } from "../db/page.ts";
import type { ServiceContext } from "./context.ts";

/** A page of ledger accounts, each with its sums between the bounds. Of a ledger that is not there: none. */
export async function listAccountsWithin(
  ctx: ServiceContext,
  { ledgerUid, ...filters }: Omit<LedgerAccountFilters, "ledgerId"> & { ledgerUid?: string | undefined },
  bounds: BalanceBounds,
  page: PageRequest,
): Promise<Page<LedgerAccountRow>> {
  const ledger = ledgerUid === undefined ? undefined : await findLedger(ctx.db, ctx.environmentId, ledgerUid);
  if (ledgerUid !== undefined && !ledger) return { rows: [], next: null };
  const found = await listLedgerAccounts(ctx.db, ctx.environmentId, { ...filters, ledgerId: ledger?.id }, page);
  const sums = await readSumsWithin(ctx.db, found.rows, bounds);
  return { ...found, rows: found.rows.map((row) => ({ ...row, sums: sums.get(row.id) ?? row.sums })) };
}
