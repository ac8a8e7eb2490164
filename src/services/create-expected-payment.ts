import { LEDGER_MAX_TRIES } from "../config.ts";
import { dayOf } from "../core/calendar.ts";
import type { TextMetadata } from "../core/metadata.ts";
import type { AccountingLine } from "../core/payment/accounting-line.ts";
import type { GivenVariable } from "../core/payment/expected-payment-schema.ts";
import type { ExpectedPaymentSnapshot } from "../core/payment/expected-payment-view.ts";
import { completeVariables, describePaymentRecord, listOtherCurrencies } from "../core/payment/payment-record.ts";
import { conflict, type FieldError, invalid, ok, type Result } from "../core/result.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { fanOutDeliveries } from "../db/deliveries.ts";
import { findPaymentAccount, insertExpectedPayment, type PaymentAccount } from "../db/expected-payment-commit.ts";
import { insertLedgerEvents, insertPaymentEvents } from "../db/payment-events.ts";
import { readAfterMatching } from "./change-expected-payment.ts";
import type { ServiceContext } from "./context.ts";
import { explainConstraint } from "./create-ledger-transaction.ts";
import {
  insideLedgerTransaction,
  type LedgerPlan,
  type PaymentLedger,
  planPaymentLedger,
} from "./plan-payment-ledger.ts";
import { sendAnnouncement } from "./send-announcement.ts";

export type NewAccountingLine = Pick<AccountingLine, "amount" | "description" | "metadata" | "accounting_category_id">;

export interface NewExpectedPayment {
  variables: GivenVariable[];
  description: string | null;
  externalId: string | null;
  metadata: TextMetadata;
  statementDescriptor: string | null;
  remittanceInformation: string | null;
  accountingLines: NewAccountingLine[];
  ledger: PaymentLedger;
}

/** Makes an expected payment together with its ledger transaction, or nothing; answers with the outcome of matching. */
export async function createExpectedPayment(
  ctx: ServiceContext,
  input: NewExpectedPayment,
): Promise<Result<ExpectedPaymentSnapshot>> {
  const found = await findAccountForVariables(ctx, input.variables);
  if (!found.ok) return found;
  const uid = ctx.newId();
  let refused: unknown;
  for (let tries = 0; tries < LEDGER_MAX_TRIES; tries++) {
    const ledger = await planPaymentLedger(ctx, uid, input.ledger);
    if (!ledger.ok) return ledger;
    try {
      await write(ctx, uid, input, found.value, ledger.value);
      return ok(await readAfterMatching(ctx, uid, [found.value.uid]));
    } catch (error) {
      // The next look at the ledger says what the guard refused. If it finds nothing, another request was faster.
      if (findConstraint(error)?.kind !== "guard") return explainRefusal(error);
      refused = error;
    }
  }
  // The guard spoke for a statement of the caller's.
  throw refused;
}

async function write(
  ctx: ServiceContext,
  uid: string,
  { variables: given, accountingLines, ...texts }: NewExpectedPayment,
  account: PaymentAccount,
  ledger: LedgerPlan,
): Promise<void> {
  const now = ctx.now();
  const variables = completeVariables(given, account.currency);
  const row = {
    ...texts,
    uid,
    environmentId: ctx.environmentId,
    account,
    recordUid: ctx.newId(),
    record: describePaymentRecord(variables, dayOf(now)),
    variables,
    accountingLines: accountingLines.map((line) => ({ ...line, id: ctx.newId(), created_at: now, updated_at: now })),
    ledgerTransactionUid: ledger.transactionUid,
  };
  const scope = { environmentId: ctx.environmentId, now };
  const created = { uid, type: "expected_payment.created" as const, eventUid: ctx.newId() };
  const eventUids = [created, ...ledger.events].map(({ eventUid }) => eventUid);
  const results = await runBatch(ctx.db, [
    ...ctx.alongside,
    ...ledger.statements,
    ...insertExpectedPayment(row, now),
    insertPaymentEvents(scope, [created]),
    ...(ledger.events.length === 0 ? [] : [insertLedgerEvents(scope, ledger.events)]),
    fanOutDeliveries(ctx.environmentId, eventUids, now),
  ]);
  await sendAnnouncement(ctx, results.at(-1));
}

/** The internal account that rule variables name, if it is there and they are of its currency. */
export async function findAccountForVariables(
  ctx: ServiceContext,
  variables: readonly GivenVariable[],
): Promise<Result<PaymentAccount>> {
  const account = await findPaymentAccount(
    ctx.db,
    ctx.environmentId,
    (variables[0] as GivenVariable).internal_account_id,
  );
  if (!account) return invalid([NO_ACCOUNT]);
  const errors = listOtherCurrencies(variables, account.currency);
  return errors.length > 0 ? invalid(errors) : ok(account);
}

const NO_ACCOUNT: FieldError = {
  path: "/reconciliation_rule_variables/0/internal_account_id",
  code: "not_found",
  message: "There is no such internal account.",
};

export function isPaymentIdTaken(error: unknown): boolean {
  const constraint = findConstraint(error);
  return constraint?.kind === "unique" && constraint.name.includes("expected_payments.external_id");
}

export function paymentIdTaken(): Result<never> {
  const message = "Another expected payment has this external_id.";
  return conflict(message, [{ path: "/external_id", code: "taken", message }]);
}

function explainRefusal(error: unknown): Result<never> {
  if (isPaymentIdTaken(error)) return paymentIdTaken();
  const refused = explainConstraint(error);
  if (refused.ok || (refused.failure.kind !== "invalid" && refused.failure.kind !== "conflict")) return refused;
  const errors = refused.failure.errors?.map(insideLedgerTransaction) ?? [];
  return { ok: false, failure: { ...refused.failure, errors } };
}
