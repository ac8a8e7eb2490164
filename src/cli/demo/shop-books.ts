import type { Outcome } from "./outcome.ts";

export type SourceKey = "shop_orders" | "card_payments" | "card_payouts" | "bank_feed";

export const SOURCES: { key: SourceKey; name: string; noun: string }[] = [
  { key: "shop_orders", name: "Shop orders", noun: "order" },
  { key: "card_payments", name: "Card payments", noun: "card payment" },
  { key: "card_payouts", name: "Payouts that the card processor announced", noun: "payout" },
  { key: "bank_feed", name: "Bank feed", noun: "bank line" },
];

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

/** An example to print: which record shows it, by which reference others mention it, and what went on in the shop. */
export interface Example {
  kind: "matched" | "partially matched" | "open" | "overdue";
  source: SourceKey;
  externalId: string;
  reference: string;
  story: string;
}

export interface ReconciliationPlan {
  name: string;
  sideA: SourceKey;
  sideB: SourceKey;
  expectedWithinDays: number;
  rules: { priority: number; description: string; filters: unknown }[];
  examples: Example[];
}

export const ORDERS = "Orders against card payments";
export const PAYOUTS = "Payouts against the bank";

export const RECONCILIATIONS: ReconciliationPlan[] = [
  {
    name: ORDERS,
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
        source: "shop_orders",
        externalId: "SO-1004",
        reference: "SO-1004",
        story: "the customer's bank kept 30 cents",
      },
      {
        kind: "partially matched",
        source: "shop_orders",
        externalId: "SO-1058",
        reference: "SO-1058",
        story: "the first of two instalments",
      },
      {
        kind: "open",
        source: "card_payments",
        externalId: "pi_1060b",
        reference: "SO-1060",
        story: "the customer was charged twice",
      },
      {
        kind: "overdue",
        source: "shop_orders",
        externalId: "SO-1031",
        reference: "SO-1031",
        story: "somebody transposed two digits",
      },
    ],
  },
  {
    name: PAYOUTS,
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
        source: "card_payouts",
        externalId: "PO-7107",
        reference: "PO-7107",
        story: "it was overdue when its bank line came at last",
      },
      {
        kind: "partially matched",
        source: "card_payouts",
        externalId: "PO-7105",
        reference: "PO-7105",
        story: "the processor kept a reserve",
      },
      {
        kind: "open",
        source: "card_payouts",
        externalId: "PO-7110",
        reference: "PO-7110",
        story: "announced yesterday, still under way",
      },
      {
        kind: "overdue",
        source: "card_payouts",
        externalId: "PO-7106",
        reference: "PO-7106",
        story: "it never came",
      },
    ],
  },
];

const NOTHING = { unreconciled: 0, partially_reconciled: 0, reconciled: 0, overdue: 0 };

/** What has to come out, written down by hand and not computed from the data. */
export const EXPECTED: Outcome = {
  reconciliations: {
    [ORDERS]: {
      side_a: { ...NOTHING, reconciled: 57, partially_reconciled: 1, unreconciled: 3, overdue: 2 },
      side_b: { ...NOTHING, reconciled: 59, unreconciled: 3, overdue: 2 },
      matches: 59,
      variance: "0.30",
      chain: "valid, 59 links",
    },
    [PAYOUTS]: {
      side_a: { ...NOTHING, reconciled: 7, partially_reconciled: 1, unreconciled: 2, overdue: 3 },
      side_b: { ...NOTHING, reconciled: 9, unreconciled: 1, overdue: 1 },
      matches: 9,
      variance: "0.03",
      chain: "valid, 9 links",
    },
  },
  records: {
    "SO-1004": "reconciled",
    "SO-1009": "reconciled",
    "RF-1012": "reconciled",
    "SO-1015": "reconciled",
    "SO-1022": "unreconciled, overdue",
    "SO-1031": "unreconciled, overdue",
    pi_1031: "unreconciled, overdue",
    "SO-1058": "partially_reconciled",
    "SO-1059": "unreconciled",
    pi_1060: "reconciled",
    pi_1060b: "unreconciled",
    pi_1999: "unreconciled, overdue",
    "PO-7103": "reconciled",
    "PO-7104": "reconciled",
    "PO-7105": "partially_reconciled, overdue",
    "PO-7106": "unreconciled, overdue",
    "PO-7107": "reconciled, overdue",
    "PO-7110": "unreconciled",
    "bk-0007": "unreconciled, overdue",
  },
  refusedUploads: 2,
  events: {
    "reconciliation_match.created": 68,
    "record.reconciled": 132,
    "record.partially_reconciled": 4,
    "record.reconciliation_overdue": 8,
  },
};
