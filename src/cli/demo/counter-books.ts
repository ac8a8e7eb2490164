import type { ReconciliationPlan } from "./reconciliation-plan.ts";
import { DEPOSIT_LOOKBACK_DAYS } from "./till.ts";

export const TERMINAL: ReconciliationPlan = {
  name: "Card terminal against the bank, net of refunds and fees",
  runType: "continuous",
  sideA: "terminal_entries",
  sideB: "card_account",
  expectedWithinDays: 7,
  rules: [
    {
      priority: 10,
      description: "All entries of a payout, credit less debit, against the line that names it, to the cent",
      cardinality: "many_to_one",
      group_by: ["metadata.payout_id"],
      filters: {
        operand: "and",
        rules: [
          {
            key: "metadata.payout_id",
            operand: "eq",
            value: "description",
            transforms: { value: { name: "regex_extract", args: { pattern: "TP-[0-9]+" } } },
          },
          { key: "amount", operand: "eq", value: "amount" },
        ],
      },
    },
  ],
  examples: [
    { kind: "matched", externalId: "ca-4202", story: "charges, a refund and the fees, paid out as one sum" },
    { kind: "overdue", externalId: "ca-4204", story: "the processor kept a fee that it did not list" },
  ],
};

/** The bank had its money before the processor listed all of it. */
export const EARLY_LINE = "ca-4203";

export const DEPOSITS: ReconciliationPlan = {
  name: "Till receipts against bank deposits",
  runType: "batch",
  sideA: "till_receipts",
  sideB: "cash_account",
  expectedWithinDays: 7,
  rules: [
    {
      priority: 10,
      description: "Receipts of the days before a deposit that make up its sum, if there is only one such set",
      cardinality: "many_to_one",
      subset: true,
      rollup: { lookback_days: DEPOSIT_LOOKBACK_DAYS },
      on_ambiguous: "skip",
      filters: {
        operand: "and",
        rules: [
          { key: "metadata.method", operand: "in", constant: ["cash", "cheque"] },
          { key: "amount", operand: "eq", value: "amount" },
        ],
      },
    },
  ],
  examples: [
    { kind: "matched", externalId: "ka-07", story: "nothing but the sum says what was in the bag" },
    { kind: "overdue", externalId: "ka-21", story: "two cheques of one amount, and only one was in the bag" },
    { kind: "overdue", externalId: "rc-011", story: "the other cheque, with which the deposit fits as well" },
  ],
};
