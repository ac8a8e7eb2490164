import { z } from "@hono/zod-openapi";
import { keepValues } from "../../core/metadata.ts";
import { expectedPaymentPatchSchema, newExpectedPaymentSchema } from "../../core/payment/expected-payment-schema.ts";
import { invalid, ok, type Result } from "../../core/result.ts";
import type { NewExpectedPayment } from "../../services/create-expected-payment.ts";
import { insideLedgerTransaction, type PaymentLedger } from "../../services/plan-payment-ledger.ts";
import type { ExpectedPaymentPatch } from "../../services/update-expected-payment.ts";
import { entries, ledgerTransactionFields, readEffect } from "./ledger-transaction-fields.ts";
import { readEntryDraft } from "./new-ledger-entry.ts";

const ACCOUNT_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b";

const inlineLedgerTransaction = z.strictObject({
  ...ledgerTransactionFields,
  status: z.enum(["pending"]).nullish().meta({ description: "It follows the payment's status" }),
  ledger_entries: entries,
});

export const newExpectedPayment = newExpectedPaymentSchema
  .safeExtend({
    ledger_transaction: inlineLedgerTransaction.nullish().meta({
      description: "Made with the payment, or neither is made. This or ledger_transaction_id",
    }),
    ledger_transaction_id: z.uuid().nullish().meta({ description: "A pending one that is not linked yet" }),
  })
  .refine((body) => body.ledger_transaction == null || body.ledger_transaction_id == null, {
    path: ["ledger_transaction_id"],
    error: "Give this or ledger_transaction, not both.",
    params: { code: "invalid" },
  })
  .meta({
    id: "NewExpectedPayment",
    example: {
      reconciliation_rule_variables: [
        {
          internal_account_id: ACCOUNT_ID,
          direction: "credit",
          amount_lower_bound: 10000,
          amount_upper_bound: 11000,
          date_lower_bound: "2026-01-15",
          date_upper_bound: "2026-01-22",
          custom_identifiers: { payment_id: "abc123" },
        },
      ],
      metadata: { invoice: "INV-1001" },
    },
  });

export const expectedPaymentPatch = expectedPaymentPatchSchema.meta({
  id: "ExpectedPaymentPatch",
  example: { description: "Invoice 1001", metadata: { invoice: "" } },
});

export function readNewPayment(body: z.output<typeof newExpectedPayment>): Result<NewExpectedPayment> {
  const ledger = readLedger(body);
  if (!ledger.ok) return ledger;
  return ok({
    variables: body.reconciliation_rule_variables,
    description: body.description ?? null,
    externalId: body.external_id ?? null,
    metadata: keepValues(body.metadata ?? {}),
    statementDescriptor: body.statement_descriptor ?? null,
    remittanceInformation: body.remittance_information ?? null,
    accountingLines: (body.line_items ?? []).map((line) => ({
      amount: line.amount,
      description: line.description ?? null,
      metadata: keepValues(line.metadata ?? {}),
      accounting_category_id: line.accounting_category_id ?? null,
    })),
    ledger: ledger.value,
  });
}

function readLedger(body: z.output<typeof newExpectedPayment>): Result<PaymentLedger> {
  const inline = body.ledger_transaction;
  if (inline == null) return ok(body.ledger_transaction_id ?? null);
  const effect = readEffect(inline);
  if (!effect.ok) {
    return effect.failure.kind === "invalid" ? invalid(effect.failure.errors.map(insideLedgerTransaction)) : effect;
  }
  return ok({
    description: inline.description ?? null,
    metadata: keepValues(inline.metadata ?? {}),
    effectiveAt: effect.value ?? null,
    externalId: inline.external_id ?? null,
    entries: inline.ledger_entries.map(readEntryDraft),
  });
}

export function readPaymentPatch(body: z.output<typeof expectedPaymentPatch>): ExpectedPaymentPatch {
  return {
    isClosed: body.status === "reconciled",
    variables: body.reconciliation_rule_variables,
    texts: {
      description: body.description,
      externalId: body.external_id,
      statementDescriptor: body.statement_descriptor,
      remittanceInformation: body.remittance_information,
      metadata: body.metadata,
    },
  };
}
