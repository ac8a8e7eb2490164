import type { Outcome } from "./outcome.ts";

export interface NewRecord {
  type_key: SourceKey;
  date: string;
  amount: string;
  direction: "credit" | "debit";
  description: string;
  external_id: string;
  metadata: Record<string, string>;
}

export type SourceKey = "shop_orders" | "card_payments" | "card_payouts" | "bank_feed";

export interface ShopMonth {
  firstDay: string;
  lastDay: string;
  /** In the order in which the shop's systems send them. */
  records: NewRecord[];
  /** Sent a second time, by a sender that did not note that it had sent them. */
  repeated: NewRecord[];
  /** Comes only after somebody has asked where it is. */
  late: NewRecord[];
}

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

const DAYS = 30;
const ORDERS_A_DAY = 2;
const FIRST_ORDER = 1001;
const PAYOUT_DAYS = 3;
const FIRST_PAYOUT = 7101;
const PRICES = [2490, 5900, 1250, 12900, 3995, 8420, 1775];

interface Payment {
  id: string;
  order: string;
  day: number;
  cents: number;
  direction: "credit" | "debit";
  metadata?: Record<string, string>;
}

/** The 30 days before `today`, the same ones every time but for their dates. */
export function playShopMonth(today: string): ShopMonth {
  const dateOf = (day: number): string => shiftDay(today, day - DAYS - 1);
  const orders = listOrders();
  const payments = [...orders.flatMap(listPayments), ...listOtherPayments()];
  const payouts = listPayouts(payments);
  const bankLines = payouts.flatMap(listBankLines).sort((left, right) => left.day - right.day);

  const drafts = [
    ...orders.map((order) => ({ day: order.day, record: toOrderRecord(order, dateOf(order.day)) })),
    ...payments.map((payment) => ({ day: payment.day, record: toPaymentRecord(payment, dateOf(payment.day)) })),
    ...payouts.map((payout) => ({ day: payout.day, record: toPayoutRecord(payout, dateOf(payout.day)) })),
    ...bankLines.map((line, place) => ({ day: line.day, record: toBankRecord(line, place + 1, dateOf(line.day)) })),
  ].sort((left, right) => left.day - right.day);
  const isLate = ({ description }: NewRecord): boolean => description.includes("PO-7107 ");
  const records = drafts.map(({ record }) => record);
  return {
    firstDay: dateOf(1),
    lastDay: dateOf(DAYS),
    records: records.filter((record) => !isLate(record)),
    repeated: records.filter(({ external_id }) => external_id === "pi_1040" || external_id === "bk-0008"),
    late: records.filter(isLate),
  };
}

interface Order {
  id: string;
  number: number;
  day: number;
  cents: number;
  direction: "credit" | "debit";
}

function listOrders(): Order[] {
  const orders = Array.from({ length: DAYS * ORDERS_A_DAY }, (_, place): Order => {
    const number = FIRST_ORDER + place;
    const cents = priceOf(place) + priceOf(place * 3 + 1);
    const day = Math.floor(place / ORDERS_A_DAY) + 1;
    return { id: `SO-${number}`, number, day, cents: number === 1031 ? 8900 : cents, direction: "credit" };
  });
  return [...orders, { id: "RF-1012", number: 0, day: 10, cents: 1775, direction: "debit" }];
}

function listPayments({ id: order, number, day, cents, direction }: Order): Payment[] {
  const half = Math.floor(cents / 2);
  const payment = { id: `pi_${number}`, order, day, cents, direction };
  switch (number) {
    case 0:
      return [{ ...payment, id: "re_1012", day: day + 1 }];
    case 1004:
      return [{ ...payment, cents: cents - 30 }];
    case 1009:
      return [{ ...payment, day: day + 2 }];
    case 1015:
      return [
        { ...payment, id: "pi_1015a", cents: half, metadata: { instalment: "1/2" } },
        { ...payment, id: "pi_1015b", cents: cents - half, day: day + 7, metadata: { instalment: "2/2" } },
      ];
    case 1022:
      return [];
    case 1031:
      return [{ ...payment, cents: 9800 }];
    case 1058:
      return [{ ...payment, id: "pi_1058a", cents: half, metadata: { instalment: "1/2" } }];
    case 1059:
      return [];
    case 1060:
      return [payment, { ...payment, id: "pi_1060b" }];
    default:
      return [{ ...payment, day: number % 5 === 0 ? day + 1 : day }];
  }
}

/** A checkout that crashed after it had charged the card: nobody wrote the order down. */
function listOtherPayments(): Payment[] {
  return [{ id: "pi_1999", order: "SO-1999", day: 14, cents: 4265, direction: "credit" }];
}

interface Payout {
  number: number;
  day: number;
  gross: number;
  fees: number;
}

function listPayouts(payments: readonly Payment[]): Payout[] {
  return Array.from({ length: DAYS / PAYOUT_DAYS }, (_, place): Payout => {
    const day = (place + 1) * PAYOUT_DAYS;
    const covered = payments.filter((payment) => payment.day > day - PAYOUT_DAYS && payment.day <= day);
    const gross = covered.reduce((sum, { cents, direction }) => sum + (direction === "credit" ? cents : -cents), 0);
    const fees = covered.reduce((sum, payment) => sum + feeOf(payment), 0);
    return { number: FIRST_PAYOUT + place, day, gross, fees };
  });
}

interface BankLine {
  day: number;
  cents: number;
  direction: "credit" | "debit";
  description: string;
}

function listBankLines({ number, day, gross, fees }: Payout): BankLine[] {
  const net = gross - fees;
  const line = (bankDay: number, cents: number): BankLine => {
    return { day: bankDay, cents, direction: "credit", description: `CARDCO PAYOUT PO-${number} ACCT 9912` };
  };
  switch (number) {
    case 7103:
      return [line(day + 1, net - 3)];
    case 7104:
      return [line(day + 1, 10_000), line(day + 2, net - 10_000)];
    case 7105:
      return [line(day + 1, net - 2500)];
    case 7106:
      return [{ day, cents: 1500, direction: "debit", description: "CARDCO CHARGEBACK FEE 3312" }];
    case 7107:
      return [line(DAYS, net)];
    case 7110:
      return [];
    default:
      return [line(day + 1, net)];
  }
}

function toOrderRecord(order: Order, date: string): NewRecord {
  const { id, cents, direction } = order;
  const description = direction === "credit" ? "Web order" : "Refund of SO-1012, one item sent back";
  return record("shop_orders", { date, cents, direction, description, id });
}

function toPaymentRecord(payment: Payment, date: string): NewRecord {
  const { id, cents, direction, order } = payment;
  const description = `harbour coffee ${order.toLowerCase()}`;
  const metadata = { fee: formatCents(feeOf(payment)), ...payment.metadata };
  return record("card_payments", { date, cents, direction, description, id, metadata });
}

function toPayoutRecord({ number, gross, fees }: Payout, date: string): NewRecord {
  const metadata = { gross: formatCents(gross), fees: formatCents(fees) };
  const description = `Payout of ${PAYOUT_DAYS} days`;
  return record("card_payouts", {
    date,
    cents: gross - fees,
    direction: "credit",
    description,
    id: `PO-${number}`,
    metadata,
  });
}

function toBankRecord(line: BankLine, number: number, date: string): NewRecord {
  return record("bank_feed", { ...line, date, id: `bk-${String(number).padStart(4, "0")}` });
}

interface Draft {
  date: string;
  cents: number;
  direction: "credit" | "debit";
  description: string;
  id: string;
  metadata?: Record<string, string>;
}

function record(typeKey: SourceKey, { date, cents, direction, description, id, metadata = {} }: Draft): NewRecord {
  const amount = formatCents(cents);
  return { type_key: typeKey, date, amount, direction, description, external_id: id, metadata };
}

function priceOf(place: number): number {
  return PRICES[place % PRICES.length] as number;
}

function feeOf({ cents, direction }: Payment): number {
  return direction === "credit" ? Math.round(cents * 0.029) + 30 : 0;
}

export function formatCents(cents: number): string {
  return (cents / 100).toFixed(2);
}

function shiftDay(day: string, days: number): string {
  const instant = new Date(`${day}T00:00:00Z`);
  instant.setUTCDate(instant.getUTCDate() + days);
  return instant.toISOString().slice(0, 10);
}
