import { type LedgerVersionFilters, listLedgerTransactionVersions } from "../db/ledger-transaction-versions.ts";
import { findLedgerTransaction } from "../db/ledger-transactions.ts";
import type { PageRequest } from "../db/page.ts";
import type { ServiceContext } from "./context.ts";
import { findNamed } from "./list-ledger-transactions.ts";

/** A page of versions of ledger transactions, the latest change first. Of a transaction that is not there: none. */
export async function listTransactionVersions(
  ctx: ServiceContext,
  { transactionUid, ...filters }: Omit<LedgerVersionFilters, "transactionId"> & { transactionUid?: string | undefined },
  page: PageRequest,
): ReturnType<typeof listLedgerTransactionVersions> {
  const transaction = await findNamed(transactionUid, (uid) => findLedgerTransaction(ctx.db, ctx.environmentId, uid));
  if (transaction === null) return { rows: [], next: null };
  return listLedgerTransactionVersions(ctx.db, ctx.environmentId, { ...filters, transactionId: transaction?.id }, page);
}
