import type { ReconciliationPlan } from "./reconciliation-plan.ts";

const SAME_ORDER = {
  key: "external_id",
  operand: "eq",
  value: "description",
  transforms: { value: ["uppercase", { name: "regex_extract", args: { pattern: "(?:SO|RF)-[0-9]+" } }] },
};

const SAME_PAYOUT = {
  key: "external_id",
  operand: "eq",
  value: "description",
  transforms: { value: { name: "regex_extract", args: { pattern: "PO-[0-9]+" } } },
};

export const ORDERS: ReconciliationPlan = {
  name: "Orders against card payments",
  runType: "continuous",
  sideA: "shop_orders",
  sideB: "card_payments",
  expectedWithinDays: 3,
  rules: [
    {
      priority: 10,
      description: "Same order, up to 50 cents and 3 days apart",
      filters: {
        operand: "and",
        rules: [
          SAME_ORDER,
          { key: "amount", operand: "eq", value: "amount", tolerance_amount: 0.5, tolerance_unit: "dollar" },
          { key: "date", operand: "eq", value: "date", tolerance_amount: 3, tolerance_unit: "day" },
        ],
      },
    },
    {
      priority: 20,
      description: "An instalment of the same order, of whatever amount",
      filters: { operand: "and", rules: [SAME_ORDER, { value: "metadata.instalment", operand: "is_present" }] },
    },
  ],
  examples: [
    {
      kind: "matched",
      externalId: "SO-1004",
      reference: "SO-1004",
      story: "the customer's bank kept 30 cents",
    },
    {
      kind: "partially matched",
      externalId: "SO-1058",
      reference: "SO-1058",
      story: "the first of two instalments",
    },
    {
      kind: "open",
      externalId: "pi_1060b",
      reference: "SO-1060",
      story: "the customer was charged twice",
    },
    {
      kind: "overdue",
      externalId: "SO-1031",
      reference: "SO-1031",
      story: "somebody transposed two digits",
    },
  ],
};

export const PAYOUTS: ReconciliationPlan = {
  name: "Payouts against the bank",
  runType: "continuous",
  sideA: "card_payouts",
  sideB: "bank_feed",
  expectedWithinDays: 3,
  rules: [
    {
      priority: 10,
      description: "The bank's text names the payout, up to 5 cents apart",
      filters: {
        operand: "and",
        rules: [
          SAME_PAYOUT,
          { key: "amount", operand: "eq", value: "amount", tolerance_amount: 0.05, tolerance_unit: "dollar" },
        ],
      },
    },
    {
      priority: 20,
      description: "The bank's text names the payout: a part of it",
      filters: { operand: "and", rules: [SAME_PAYOUT] },
    },
  ],
  examples: [
    {
      kind: "matched",
      externalId: "PO-7107",
      reference: "PO-7107",
      story: "it was overdue when its bank line came at last",
    },
    {
      kind: "partially matched",
      externalId: "PO-7105",
      reference: "PO-7105",
      story: "the processor kept a reserve",
    },
    {
      kind: "open",
      externalId: "PO-7110",
      reference: "PO-7110",
      story: "announced yesterday, still under way",
    },
    {
      kind: "overdue",
      externalId: "PO-7106",
      reference: "PO-7106",
      story: "it never came",
    },
  ],
};
