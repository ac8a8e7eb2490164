import { findLedgerAccount } from "../db/ledger-accounts.ts";
import { type LedgerEntryFilters, type LedgerEntryRow, listLedgerEntries } from "../db/ledger-entries.ts";
import type { LedgerOrder } from "../db/ledger-order.ts";
import { findLedgerTransaction } from "../db/ledger-transactions.ts";
import type { Page, PageRequest } from "../db/page.ts";
import type { ServiceContext } from "./context.ts";
import { findNamed } from "./list-ledger-transactions.ts";

/** The filters of the database, but what they name goes by its public id. */
export interface NamedEntryFilters extends Omit<LedgerEntryFilters, "accountId" | "transactionId"> {
  accountUid?: string | undefined;
  transactionUid?: string | undefined;
}

/** A page of ledger entries. Where a filter names what is not there, there are none. */
export async function listEntries(
  ctx: ServiceContext,
  { accountUid, transactionUid, ...filters }: NamedEntryFilters,
  order: LedgerOrder,
  page: PageRequest,
): Promise<Page<LedgerEntryRow>> {
  const { db, environmentId } = ctx;
  const [account, transaction] = await Promise.all([
    findNamed(accountUid, (uid) => findLedgerAccount(db, environmentId, uid)),
    findNamed(transactionUid, (uid) => findLedgerTransaction(db, environmentId, uid)),
  ]);
  if (account === null || transaction === null) return { rows: [], next: null };
  const ids = { accountId: account?.id, transactionId: transaction?.id };
  return listLedgerEntries(db, environmentId, { ...filters, ...ids }, order, page);
}
