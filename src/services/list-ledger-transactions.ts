import { findLedgerAccount } from "../db/ledger-accounts.ts";
import type { LedgerOrder } from "../db/ledger-order.ts";
import {
  findLedgerTransaction,
  type LedgerTransactionFilters,
  type LedgerTransactionRow,
  listLedgerTransactions,
} from "../db/ledger-transactions.ts";
import { findLedger } from "../db/ledgers.ts";
import type { Page, PageRequest } from "../db/page.ts";
import type { ServiceContext } from "./context.ts";

type Named = "ledgerId" | "accountId" | "reversesId" | "partiallyPostsId";

/** The filters of the database, but what they name goes by its public id. */
export interface NamedTransactionFilters extends Omit<LedgerTransactionFilters, Named> {
  ledgerUid?: string | undefined;
  accountUid?: string | undefined;
  reversesUid?: string | undefined;
  partiallyPostsUid?: string | undefined;
}

/** A page of ledger transactions. Where a filter names what is not there, there are none. */
export async function listTransactions(
  ctx: ServiceContext,
  { ledgerUid, accountUid, reversesUid, partiallyPostsUid, ...filters }: NamedTransactionFilters,
  order: LedgerOrder,
  page: PageRequest,
): Promise<Page<LedgerTransactionRow>> {
  const { db, environmentId } = ctx;
  const [ledger, account, reversed, partlyPosted] = await Promise.all([
    findNamed(ledgerUid, (uid) => findLedger(db, environmentId, uid)),
    findNamed(accountUid, (uid) => findLedgerAccount(db, environmentId, uid)),
    findNamed(reversesUid, (uid) => findLedgerTransaction(db, environmentId, uid)),
    findNamed(partiallyPostsUid, (uid) => findLedgerTransaction(db, environmentId, uid)),
  ]);
  if ([ledger, account, reversed, partlyPosted].includes(null)) return { rows: [], next: null };
  const ids = {
    ledgerId: ledger?.id,
    accountId: account?.id,
    reversesId: reversed?.id,
    partiallyPostsId: partlyPosted?.id,
  };
  return listLedgerTransactions(db, environmentId, { ...filters, ...ids }, order, page);
}

/** Undefined where nothing is named, null where what is named is not there. */
export async function findNamed<Row>(
  uid: string | undefined,
  find: (uid: string) => Promise<Row | undefined>,
): Promise<Row | null | undefined> {
  return uid === undefined ? undefined : ((await find(uid)) ?? null);
}
