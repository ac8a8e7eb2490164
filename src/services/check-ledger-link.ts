import type { FieldError } from "../core/result.ts";
import { findInternalAccount } from "../db/internal-accounts.ts";
import type { ServiceContext } from "./context.ts";

/** What a ledger account or transaction stands for, as it is sent. */
export interface LedgerLink {
  ledgerableType: string | null;
  ledgerableUid: string | null;
}

/** What is wrong with the link of a new or changed ledger transaction. */
export async function checkTransactionLink(_ctx: ServiceContext, link: LedgerLink): Promise<FieldError[]> {
  const errors = checkPair(link);
  if (errors.length > 0 || link.ledgerableUid === null) return errors;
  return [{ path: "/ledgerable_id", code: "not_found", message: "There is no such expected payment." }];
}

/** What is wrong with the link of a new ledger account. */
export async function checkAccountLink(ctx: ServiceContext, link: LedgerLink): Promise<FieldError[]> {
  const errors = checkPair(link);
  if (errors.length > 0 || link.ledgerableUid === null) return errors;
  if (await findInternalAccount(ctx.db, ctx.environmentId, link.ledgerableUid)) return [];
  return [{ path: "/ledgerable_id", code: "not_found", message: "There is no such internal account." }];
}

function checkPair({ ledgerableType, ledgerableUid }: LedgerLink): FieldError[] {
  if ((ledgerableType === null) === (ledgerableUid === null)) return [];
  const path = ledgerableType === null ? "/ledgerable_type" : "/ledgerable_id";
  return [{ path, code: "required", message: "ledgerable_type and ledgerable_id go together." }];
}
