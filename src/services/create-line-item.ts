import type { ExpectedPaymentSnapshot } from "../core/payment/expected-payment-view.ts";
import type { LineItemSnapshot } from "../core/payment/line-item-view.ts";
import type { TransactionSnapshot } from "../core/payment/transaction-view.ts";
import { type FieldError, invalid, notFound, ok, type Result } from "../core/result.ts";
import { findExpectedPayment } from "../db/expected-payments.ts";
import { findLineItem } from "../db/line-items.ts";
import { findTransaction } from "../db/transactions.ts";
import type { ServiceContext } from "./context.ts";

/** `amount` in minor units. */
export interface NewLink {
  transactionUid: string;
  paymentUid: string;
  amount: number;
}

/** Reconciles an expected payment by hand, wholly or in part, through the Reconciler of its internal account. */
export async function createLineItem(ctx: ServiceContext, link: NewLink): Promise<Result<LineItemSnapshot>> {
  const [row, payment] = await Promise.all([
    findTransaction(ctx.db, ctx.environmentId, link.transactionUid),
    findExpectedPayment(ctx.db, ctx.environmentId, link.paymentUid),
  ]);
  const transaction = row?.snapshot;
  const errors = listMisplaced(transaction, payment);
  if (errors.length > 0 || !transaction) return invalid(errors);
  const command = { ...link, lineItemUid: ctx.newId() };
  const made = await ctx.reconcilers.linkByHand(transaction.internal_account_id, command, ctx.alongside);
  if (!made.ok) return made;
  const item = await findLineItem(ctx.db, ctx.environmentId, made.value.lineItemUid);
  return item ? ok(item.snapshot) : notFound("line item");
}

/** What the Reconciler of one account cannot see: it knows the open payments of its own. */
function listMisplaced(
  transaction: TransactionSnapshot | undefined,
  payment: ExpectedPaymentSnapshot | undefined,
): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (field: string, code: string, message: string) => errors.push({ path: `/${field}`, code, message });
  if (!transaction) refuse("transaction_id", "not_found", "There is no such transaction.");
  if (!payment) refuse("expected_payment_id", "not_found", "There is no such expected payment.");
  if (!transaction || !payment) return errors;
  if (payment.status === "archived") {
    refuse("expected_payment_id", "archived", "The expected payment is archived.");
  } else if (payment.variables[0]?.internal_account_id !== transaction.internal_account_id) {
    refuse("expected_payment_id", "other_account", "The expected payment is of another internal account.");
  }
  return errors;
}
