import type { BalanceBounds } from "../core/ledger/account-view.ts";
import { invalid, notFound, ok, type Result } from "../core/result.ts";
import { findLedgerAccount, type LedgerAccountRow } from "../db/ledger-accounts.ts";
import { readSumsAtLockVersion, readSumsWithin } from "../db/ledger-balances.ts";
import type { ServiceContext } from "./context.ts";

/** A ledger account with its sums between the bounds, or as they were at a lock version. */
export async function readLedgerAccount(
  ctx: ServiceContext,
  uid: string,
  bounds: BalanceBounds,
  asOfLockVersion: number | undefined,
): Promise<Result<LedgerAccountRow>> {
  const account = await findLedgerAccount(ctx.db, ctx.environmentId, uid);
  if (!account) return notFound("ledger account");
  if (asOfLockVersion === undefined) {
    const sums = (await readSumsWithin(ctx.db, [account], bounds)).get(account.id);
    return ok({ ...account, sums: sums ?? account.sums });
  }
  const sums = await readSumsAtLockVersion(ctx.db, account, asOfLockVersion);
  if (sums) return ok({ ...account, sums });
  const message = `The account's lock version is ${account.lockVersion}.`;
  return invalid([{ path: "balances[as_of_lock_version]", code: "invalid", message }]);
}
