import type { ExpectedPaymentSnapshot } from "../core/payment/expected-payment-view.ts";
import { findInternalAccount } from "../db/internal-accounts.ts";
import { type ExpectedPaymentFilters, listExpectedPayments } from "../db/list-expected-payments.ts";
import type { Page, PageRequest } from "../db/page.ts";
import type { ServiceContext } from "./context.ts";
import { findNamed } from "./list-ledger-transactions.ts";

/** The filters of the database, but the internal account goes by its public id. */
export interface ExpectedPaymentQuery extends Omit<ExpectedPaymentFilters, "accountId"> {
  accountUid?: string | undefined;
}

/** A page of expected payments. Those of an account that is not there are none. */
export async function listExpectedPaymentsBy(
  ctx: ServiceContext,
  { accountUid, ...filters }: ExpectedPaymentQuery,
  page: PageRequest,
): Promise<Page<ExpectedPaymentSnapshot>> {
  const account = await findNamed(accountUid, (uid) => findInternalAccount(ctx.db, ctx.environmentId, uid));
  if (account === null) return { rows: [], next: null };
  return listExpectedPayments(ctx.db, ctx.environmentId, { ...filters, accountId: account?.id }, page);
}
