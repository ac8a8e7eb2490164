import { findInternalAccount } from "../db/internal-accounts.ts";
import type { Page, PageRequest } from "../db/page.ts";
import { listPaymentRules, type PaymentRuleRow } from "../db/payment-rules.ts";
import type { ServiceContext } from "./context.ts";
import { findNamed } from "./list-ledger-transactions.ts";

/** A page of rules. Where the filter names an internal account that is not there, there are none. */
export async function listRulesOfPayments(
  ctx: ServiceContext,
  filters: { status?: "active" | "inactive" | undefined; accountUid?: string | undefined },
  page: PageRequest,
): Promise<Page<PaymentRuleRow>> {
  const { db, environmentId } = ctx;
  const account = await findNamed(filters.accountUid, (uid) => findInternalAccount(db, environmentId, uid));
  if (account === null) return { rows: [], next: null };
  return listPaymentRules(db, environmentId, { status: filters.status, accountId: account?.id }, page);
}
