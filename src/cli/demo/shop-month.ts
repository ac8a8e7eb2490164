import { playTerminalMonth } from "./card-terminal.ts";
import { formatCents } from "./cents.ts";
import { type NewRecord, newRecord } from "./new-record.ts";
import { playTillMonth } from "./till.ts";
import type { TrueGroup } from "./true-group.ts";

export interface ShopMonth {
  today: string;
  firstDay: string;
  lastDay: string;
  /** In the order in which the shop's systems send them. */
  records: NewRecord[];
  /** Sent a second time, by a sender that did not note that it had sent them. */
  repeated: NewRecord[];
  /** The last charge of a payout that the bank has already. */
  straggler: NewRecord;
  /** Comes only after somebody has asked where it is. */
  late: NewRecord[];
  terminal: TrueGroup[];
  till: TrueGroup[];
}

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
  const terminal = playTerminalMonth(dateOf);
  const till = playTillMonth(dateOf);

  const drafts = [
    ...orders.map((order) => ({ day: order.day, record: toOrderRecord(order, dateOf(order.day)) })),
    ...payments.map((payment) => ({ day: payment.day, record: toPaymentRecord(payment, dateOf(payment.day)) })),
    ...payouts.map((payout) => ({ day: payout.day, record: toPayoutRecord(payout, dateOf(payout.day)) })),
    ...bankLines.map((line, place) => ({ day: line.day, record: toBankRecord(line, place + 1, dateOf(line.day)) })),
    ...terminal.records,
    ...till.records,
  ].sort((left, right) => left.day - right.day);
  const isLate = ({ description }: NewRecord): boolean => description.includes("PO-7107 ");
  const records = drafts.map(({ record }) => record);
  return {
    today,
    firstDay: dateOf(1),
    lastDay: dateOf(DAYS),
    records: records.filter((record) => !isLate(record)),
    repeated: records.filter(({ external_id }) => external_id === "pi_1040" || external_id === "bk-0008"),
    straggler: terminal.straggler,
    late: records.filter(isLate),
    terminal: terminal.groups,
    till: till.groups,
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
  return newRecord("shop_orders", { date, cents, direction, description, id });
}

function toPaymentRecord(payment: Payment, date: string): NewRecord {
  const { id, cents, direction, order } = payment;
  const description = `harbour coffee ${order.toLowerCase()}`;
  const metadata = { fee: formatCents(feeOf(payment)), ...payment.metadata };
  return newRecord("card_payments", { date, cents, direction, description, id, metadata });
}

function toPayoutRecord({ number, gross, fees }: Payout, date: string): NewRecord {
  const metadata = { gross: formatCents(gross), fees: formatCents(fees) };
  const description = `Payout of ${PAYOUT_DAYS} days`;
  return newRecord("card_payouts", {
    date,
    cents: gross - fees,
    direction: "credit",
    description,
    id: `PO-${number}`,
    metadata,
  });
}

function toBankRecord(line: BankLine, number: number, date: string): NewRecord {
  return newRecord("bank_feed", { ...line, date, id: `bk-${String(number).padStart(4, "0")}` });
}

function priceOf(place: number): number {
  return PRICES[place % PRICES.length] as number;
}

function feeOf({ cents, direction }: Payment): number {
  return direction === "credit" ? Math.round(cents * 0.029) + 30 : 0;
}

export function shiftDay(day: string, days: number): string {
  const instant = new Date(`${day}T00:00:00Z`);
  instant.setUTCDate(instant.getUTCDate() + days);
  return instant.toISOString().slice(0, 10);
}
