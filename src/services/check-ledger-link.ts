import type { SQL } from "drizzle-orm";
import type { LedgerStatus } from "../core/ledger/balance.ts";
import type { FieldError } from "../core/result.ts";
import { findExpectedPayment } from "../db/expected-payments.ts";
import { findInternalAccount } from "../db/internal-accounts.ts";
import type { LedgerScope } from "../db/ledger-commit.ts";
import { linkPayment, unlinkPayment } from "../db/ledger-links.ts";
import type { ServiceContext } from "./context.ts";

/** What a ledger account or transaction stands for, as it is sent. */
export interface LedgerLink {
  ledgerableType: string | null;
  ledgerableUid: string | null;
}

/** What is wrong with the link of a new or changed ledger transaction that is to have this status. */
export async function checkTransactionLink(
  ctx: ServiceContext,
  link: LedgerLink,
  status: LedgerStatus,
): Promise<FieldError[]> {
  const errors = checkPair(link);
  if (errors.length > 0 || link.ledgerableUid === null) return errors;
  const payment = await findExpectedPayment(ctx.db, ctx.environmentId, link.ledgerableUid);
  if (!payment) return refuseLink("not_found", "There is no such expected payment.");
  if (payment.ledger_transaction_id !== null) {
    return refuseLink("taken", "The expected payment has a ledger transaction already.");
  }
  if (payment.status === "reconciled" || payment.status === "archived") {
    return refuseLink("invalid", `The expected payment is ${payment.status}.`);
  }
  return status === "pending"
    ? []
    : refuseLink("invalid", "Only a pending ledger transaction corresponds to an open expected payment.");
}

function refuseLink(code: string, message: string): FieldError[] {
  return [{ path: "/ledgerable_id", code, message }];
}

/** What a ledger transaction's new link means for expected payments; it stands after the transaction in its batch. */
export function moveLink(
  { environmentId, now }: LedgerScope,
  transactionUid: string,
  fromPaymentUid: string | null,
  toPaymentUid: string | null,
): SQL[] {
  if (fromPaymentUid === toPaymentUid) return [];
  return [
    ...(fromPaymentUid === null ? [] : [unlinkPayment(environmentId, fromPaymentUid, transactionUid, now)]),
    ...(toPaymentUid === null ? [] : linkPayment(environmentId, toPaymentUid, transactionUid, now)),
  ];
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
