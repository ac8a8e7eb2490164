import { v7 as newId } from "uuid";
import { COMMIT_MAX_TRIES } from "../config.ts";
import type { Item } from "../core/matching/item.ts";
import { pairKeyOf } from "../core/matching/set-key.ts";
import { type Failure, type FieldError, fail, invalid, notFound, ok, type Result } from "../core/result.ts";
import { findConstraint, type Statement } from "../db/client.ts";
import { findPaymentItem, findTransactionItem, type ItemRow, toItem } from "../db/items.ts";
import { scopeOf } from "../db/match-commit.ts";
import { readNews } from "../db/news.ts";
import { commitMatches, type PlannedMatch } from "./commit-matches.ts";
import { explainConstraint } from "./create-ledger-transaction.ts";
import type { LinkCommand } from "./reconcilers.ts";
import type { WorkDependencies } from "./work-off.ts";

/** Links a transaction with an expected payment of the same internal account, for an amount that a person gives. */
export async function linkByHand(
  deps: WorkDependencies,
  command: LinkCommand,
  alongside: readonly Statement[],
): Promise<Result<{ lineItemUid: string }, Failure>> {
  for (let tries = 0; tries < COMMIT_MAX_TRIES; tries++) {
    const news = await readNews(deps.db, deps.reconciliationUid, []);
    if (!news || news.reconciliation.account_id === null) return notFound("internal account");
    const { id } = news.reconciliation;
    const transaction = await findTransactionItem(deps.db, id, command.transactionUid);
    const payment = await findPaymentItem(deps.db, id, command.paymentUid);
    const errors = listMisfits(transaction, payment, command.amount);
    if (errors.length > 0 || !transaction || !payment) return invalid(errors);
    const scope = { expectedWithinDays: null, accountUid: deps.reconciliationUid };
    const match = planLink(toItem(transaction, scope), toItem(payment, scope), command);
    const outcome = await commitMatches(
      deps.db,
      scopeOf(deps.reconciliationUid, news.reconciliation, deps.now()),
      [match],
      alongside,
    );
    if (outcome.kind === "committed") {
      deps.sendDeliveries(outcome.deliveryUids);
      return ok({ lineItemUid: match.uid });
    }
    if (outcome.kind === "refused") return explainRefusal(outcome.error);
  }
  return fail(KEEPS_CHANGING);
}

/** What the linked ledger transaction cannot be is for the caller to put right; all else is a lost race. */
function explainRefusal(error: unknown): Result<never, Failure> {
  return findConstraint(error)?.kind === "check" ? explainConstraint(error) : fail(KEEPS_CHANGING);
}

const KEEPS_CHANGING: Failure = {
  kind: "conflict",
  detail: "One of the two keeps changing at the same moment.",
  retryAfterSeconds: 1,
};

function planLink(transaction: Item, payment: Item, { lineItemUid, amount }: LinkCommand): PlannedMatch {
  return {
    uid: lineItemUid ?? newId(),
    rule: null,
    currency: transaction.currency,
    variance: 0,
    allocations: [
      { item: transaction, side: "a", amount },
      { item: payment, side: "b", amount },
    ],
    explanation: [],
    setKey: pairKeyOf(transaction.id, payment.id),
  };
}

/** Everything that keeps the two from being linked for this amount, in minor units. */
function listMisfits(transaction: ItemRow | undefined, payment: ItemRow | undefined, amount: number): FieldError[] {
  const ofTransaction = (code: string, message: string) => ({ path: "/transaction_id", code, message });
  const ofPayment = (code: string, message: string) => ({ path: "/expected_payment_id", code, message });
  const errors: FieldError[] = [];
  if (!transaction) errors.push(ofTransaction("not_found", "There is no such transaction of this internal account."));
  if (!payment) errors.push(ofPayment("not_found", "There is no such expected payment of this internal account."));
  if (!transaction || !payment) return errors;
  if (transaction.is_pending === 1) errors.push(ofTransaction("pending", "The transaction is not posted yet."));
  if (payment.status === 2) errors.push(ofPayment("reconciled", "The expected payment is reconciled already."));
  if (payment.direction !== transaction.direction) {
    errors.push(ofPayment("other_direction", "The expected payment has the other direction."));
  }
  if (payment.currency !== transaction.currency) {
    errors.push(ofPayment("other_currency", "The expected payment is in another currency."));
  }
  const rest = { transaction: transaction.amount - transaction.matched, payment: payment.amount - payment.matched };
  const most = Math.min(rest.transaction, payment.status === 2 ? rest.transaction : rest.payment);
  if (amount < 1 || amount > most) {
    const message = `Must be from 1 to ${most}: ${rest.transaction} of the transaction and ${rest.payment} of the expected payment are open.`;
    errors.push({ path: "/amount", code: "out_of_range", message });
  }
  return errors;
}
