import type { Page, PageRequest } from "../db/page.ts";
import { findAccountSource } from "../db/source-definitions.ts";
import { listTransactions, type TransactionFilters, type TransactionRow } from "../db/transactions.ts";
import type { ServiceContext } from "./context.ts";
import { findNamed } from "./list-ledger-transactions.ts";

/** The filters of the database, but the account goes by its public id. */
export interface NamedTransactionFilters extends Omit<TransactionFilters, "sourceId"> {
  accountUid?: string | undefined;
}

/** A page of transactions; none where the account is not there. */
export async function listTransactionsBy(
  ctx: ServiceContext,
  { accountUid, ...filters }: NamedTransactionFilters,
  page: PageRequest,
): Promise<Page<TransactionRow>> {
  const source = await findNamed(accountUid, (uid) => findAccountSource(ctx.db, ctx.environmentId, uid));
  if (source === null) return { rows: [], next: null };
  return listTransactions(ctx.db, ctx.environmentId, { ...filters, sourceId: source?.id }, page);
}
