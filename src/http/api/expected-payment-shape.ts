import { z } from "@hono/zod-openapi";
import { LEGACY } from "../../core/payment/expected-payment-view.ts";
import { PAYMENT_TYPES } from "../../core/payment-type.ts";
import { DIRECTIONS } from "../../core/record.ts";
import { time } from "./time.ts";

export const PAYMENT_STATUSES = ["unreconciled", "partially_reconciled", "reconciled", "archived"] as const;

const text = z.string().nullable();
const day = text.meta({ format: "date" });
const amount = z.int().meta({ description: "In minor units" });
const legacy = "Always null: reconciliation_rule_variables has taken its place";

const ruleVariable = z.strictObject({
  internal_account_id: z.uuid(),
  direction: z.enum(DIRECTIONS),
  amount_lower_bound: amount,
  amount_upper_bound: amount,
  currency: z.string(),
  type: z.enum(PAYMENT_TYPES).nullable(),
  date_lower_bound: day,
  date_upper_bound: day,
  counterparty_id: text,
  custom_identifiers: z.record(z.string(), z.string()),
});

export const expectedPayment = z
  .strictObject({
    id: z.uuid(),
    object: z.literal("expected_payment"),
    live_mode: z.boolean(),
    created_at: time,
    updated_at: time,
    external_id: text,
    status: z.enum(PAYMENT_STATUSES),
    reconciliation_method: z.enum(["automatic", "manual"]).nullable(),
    reconciliation_rule_variables: z
      .array(ruleVariable)
      .meta({ description: "Alternatives: one that fits is enough. They differ in type and custom_identifiers only" }),
    amount_reconciled: amount,
    amount_reconciled_direction: z.enum(DIRECTIONS),
    amount_unreconciled: z.int().meta({ description: "The upper bound less what is reconciled; 0 once reconciled" }),
    amount_unreconciled_direction: z.enum(DIRECTIONS),
    transaction_id: z.uuid().nullable().meta({ description: "Of the newest line item" }),
    transaction_line_item_id: z.uuid().nullable().meta({ description: "The newest one" }),
    ledger_transaction_id: z.uuid().nullable(),
    description: text,
    metadata: z.record(z.string(), z.string()),
    statement_descriptor: text,
    remittance_information: text,
    type: z.enum(PAYMENT_TYPES).nullable().meta({ description: legacy }),
    currency: text.meta({ description: legacy }),
    direction: z.enum(DIRECTIONS).nullable().meta({ description: legacy }),
    counterparty_id: text.meta({ description: legacy }),
    internal_account_id: text.meta({ description: legacy }),
    amount_lower_bound: z.int().nullable().meta({ description: legacy }),
    amount_upper_bound: z.int().nullable().meta({ description: legacy }),
    date_lower_bound: day.meta({ format: "date", description: legacy }),
    date_upper_bound: day.meta({ format: "date", description: legacy }),
    reconciliation_groups: z.object({}).nullable().meta({ description: legacy }),
    reconciliation_filters: z.object({}).nullable().meta({ description: legacy }),
  })
  .meta({
    id: "ExpectedPayment",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
      object: "expected_payment",
      live_mode: false,
      created_at: "2026-01-15T09:30:00Z",
      updated_at: "2026-01-15T09:30:00Z",
      external_id: null,
      status: "unreconciled",
      reconciliation_method: null,
      reconciliation_rule_variables: [
        {
          internal_account_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b",
          direction: "credit",
          amount_lower_bound: 10000,
          amount_upper_bound: 11000,
          currency: "USD",
          type: null,
          date_lower_bound: "2026-01-15",
          date_upper_bound: "2026-01-22",
          counterparty_id: null,
          custom_identifiers: { payment_id: "abc123" },
        },
      ],
      amount_reconciled: 0,
      amount_reconciled_direction: "credit",
      amount_unreconciled: 11000,
      amount_unreconciled_direction: "credit",
      transaction_id: null,
      transaction_line_item_id: null,
      ledger_transaction_id: null,
      description: null,
      metadata: {},
      statement_descriptor: null,
      remittance_information: null,
      ...LEGACY,
    },
  });
