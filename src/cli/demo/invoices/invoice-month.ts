import { shiftDay } from "../shop-month.ts";
import { Billing, inFull } from "./billing.ts";
import type { InvoiceCase, InvoiceMonth } from "./invoice.ts";

const DAYS = 30;
const PRICES = [18450, 42600, 9975, 61280, 27340, 35015, 12890];
const PLAIN_INVOICES = 12;
const BATCH = "DD-3301";
const BATCH_INVOICES = 5;
const INSTALMENT_DAYS = [8, 15, 22];
const SHORT_TERMS_DAYS = 10;

/** The 30 days before `today` of a shop that sells to cafés on account, the same ones every time but for their dates. */
export function playInvoiceMonth(today: string): InvoiceMonth {
  const dateOf = (day: number): string => shiftDay(today, day - DAYS - 1);
  const billing = new Billing(dateOf);
  const cases = CASES.map((play) => play(billing));
  const deposits = cases.flatMap((one) => one.deposits);
  return {
    today,
    firstDay: dateOf(1),
    lastDay: dateOf(DAYS),
    cases,
    invoices: cases.flatMap(({ invoices }) => invoices),
    deposits: deposits.sort((left, right) => (left.date < right.date ? -1 : left.date > right.date ? 1 : 0)),
  };
}

const CASES: ((billing: Billing) => InvoiceCase)[] = [
  playPlain,
  playBatch,
  playInstalments,
  playShort,
  playPending,
  playLate,
  playMistaken,
  playTwins,
  playUnpaid,
  playStray,
];

function playPlain(billing: Billing): InvoiceCase {
  const days = Array.from({ length: PLAIN_INVOICES }, (_, place) => place + 1);
  const invoices = days.map((day) => billing.bill({ day, cents: priceOf(day) }));
  const deposits = invoices.map((invoice, place) => {
    const text = `${invoice.customer.name} INVOICE ${invoice.number}`;
    return billing.receive({ day: place + 9, text, type: "ach", paid: [inFull(invoice)] });
  });
  return { kind: "exact", story: "the bank's text names the invoice", invoices, deposits };
}

function playBatch(billing: Billing): InvoiceCase {
  const places = Array.from({ length: BATCH_INVOICES }, (_, place) => place);
  const invoices = places.map((place) => billing.bill({ day: 2, cents: priceOf(place + 20), batch: BATCH }));
  const text = `DIRECT DEBIT COLLECTION ${BATCH} ${BATCH_INVOICES} ITEMS`;
  const deposit = billing.receive({ day: 14, text, type: "ach", paid: invoices.map(inFull) });
  return { kind: "batch", story: "one deposit for all invoices of a direct debit", invoices, deposits: [deposit] };
}

function playInstalments(billing: Billing): InvoiceCase {
  const rate = 30_000;
  const invoice = billing.bill({ day: 3, cents: rate * INSTALMENT_DAYS.length });
  const deposits = INSTALMENT_DAYS.map((day, place) => {
    const text = `STANDING ORDER ${invoice.customer.number} ${place + 1}/${INSTALMENT_DAYS.length}`;
    return billing.receive({ day, text, type: "other", paid: [{ invoice, cents: rate }] });
  });
  return {
    kind: "instalments",
    story: "the text names the customer, the rates complete it",
    invoices: [invoice],
    deposits,
  };
}

function playShort(billing: Billing): InvoiceCase {
  const invoice = billing.bill({ day: 4, cents: 84_000 });
  const rates: [day: number, cents: number][] = [
    [12, 42_000],
    [20, 37_500],
  ];
  const deposits = rates.map(([day, cents]) => {
    const text = `TRANSFER ${invoice.customer.number} ${invoice.customer.name}`;
    return billing.receive({ day, text, type: "wire", paid: [{ invoice, cents }] });
  });
  return {
    kind: "short",
    story: "the rest is waived: PATCH closes it, the shop books the loss",
    invoices: [invoice],
    deposits,
  };
}

function playPending(billing: Billing): InvoiceCase {
  const invoice = billing.bill({ day: 13, cents: priceOf(40) });
  const text = `${invoice.customer.name} INVOICE ${invoice.number}`;
  const deposit = billing.receive({ day: 27, text, type: "wire", paid: [inFull(invoice)], isPendingFirst: true });
  return { kind: "pending", story: "announced, then posted", invoices: [invoice], deposits: [deposit] };
}

function playLate(billing: Billing): InvoiceCase {
  const invoice = billing.bill({ day: 2, cents: priceOf(41), termsDays: SHORT_TERMS_DAYS });
  const text = `${invoice.customer.name} INVOICE ${invoice.number}`;
  const deposit = billing.receive({ day: 16, text, type: "wire", paid: [inFull(invoice)], said: [] });
  return {
    kind: "late",
    story: "no rule takes it, overdue is raised, a person links it",
    invoices: [invoice],
    deposits: [deposit],
  };
}

/** Two invoices of one amount, and the customer copies the wrong number. */
function playMistaken(billing: Billing): InvoiceCase {
  const customer = billing.newCustomer();
  const [named, meant] = [
    billing.bill({ day: 6, cents: 24_000, customer }),
    billing.bill({ day: 7, cents: 24_000, customer }),
  ];
  const text = `${customer.name} INVOICE ${named.number}`;
  const deposit = billing.receive({ day: 21, text, type: "ach", paid: [inFull(meant)], said: [inFull(named)] });
  const story = "the customer named the wrong one: undone, and linked to the right one by hand";
  return { kind: "mistaken", story, invoices: [named, meant], deposits: [deposit] };
}

function playTwins(billing: Billing): InvoiceCase {
  const customer = billing.newCustomer();
  const invoices = [5, 5].map((day) => billing.bill({ day, cents: 18_000, customer }));
  const text = `TRANSFER ${customer.number} MACHINE RENT`;
  const deposit = billing.receive({ day: 19, text, type: "wire", paid: [], fits: invoices, cents: 18_000 });
  return { kind: "twins", story: "the deposit fits both, so it is left alone", invoices, deposits: [deposit] };
}

function playUnpaid(billing: Billing): InvoiceCase {
  const invoice = billing.bill({ day: 3, cents: priceOf(42), termsDays: SHORT_TERMS_DAYS });
  return { kind: "unpaid", story: "nothing came, overdue is raised", invoices: [invoice], deposits: [] };
}

function playStray(billing: Billing): InvoiceCase {
  const deposit = billing.receive({ day: 30, text: "INTEREST CREDIT", type: "other", paid: [], cents: 312 });
  return { kind: "stray", story: "a deposit that no invoice waits for", invoices: [], deposits: [deposit] };
}

function priceOf(place: number): number {
  return (PRICES[place % PRICES.length] as number) + place * 115;
}
