import { triggerCron } from "../../local-worker.ts";
import { type Difference, listDifferences } from "../outcome.ts";
import type { Stage, Story } from "../story.ts";
import { makeTenant } from "../tenant.ts";
import { waitUntil, waitWithCron } from "../waiting.ts";
import { type Books, openBooks } from "./books.ts";
import type { InvoiceMonth } from "./invoice.ts";
import { computeInvoiceOutcome, type InvoiceAccount, readBalances, readInvoiceAccount } from "./invoice-account.ts";
import { playInvoiceMonth } from "./invoice-month.ts";
import { InvoiceOffice } from "./invoice-office.ts";
import { describeInvoices, describeLedger } from "./invoice-report.ts";
import { expectInvoiceOutcome, type InvoiceOutcome } from "./outcome.ts";
import { PaymentWebhooks } from "./payment-webhooks.ts";
import { newPaymentsClient, type PaymentsClient } from "./payments-client.ts";
import { settleAll } from "./settlement.ts";

/** Invoices that a shop waits to be paid, at the door for payments: in full, in batch, in part, too late and never. */
export async function playInvoices({ url, bootstrapKey, tell }: Stage): Promise<Story> {
  const webhooks = new PaymentWebhooks();
  const address = await webhooks.start();
  const tenant = await makeTenant(url, bootstrapKey);
  const client = newPaymentsClient(url, tenant.key);
  const draft = { url: address, format: "modern_treasury" };
  const endpoint = await tenant.post<{ id: string; secret: string }>("/v1/webhook_endpoints", draft);
  webhooks.trust(client, endpoint.secret);

  const books = await openBooks(client);
  const month = playInvoiceMonth(new Date().toISOString().slice(0, 10));
  const expected = expectInvoiceOutcome(month);
  const office = new InvoiceOffice(client, books);
  tell(`Sending ${month.invoices.length} invoices and ${month.deposits.length} deposits to ${url}/api …`);
  await office.write(month.invoices);
  for (const invoice of month.invoices) await office.expect(invoice);
  const before = await readBalances(client, books);
  const announced = await bank(office, month);
  await setRight(client, office, month, expected);
  await waitWithCron(url, async () => webhooks.received.size >= sum(Object.values(expected.events)));

  const account = await readInvoiceAccount(client, books);
  const balances = { before, after: await readBalances(client, books) };
  const events = webhooks.countByType();
  const outcome = computeInvoiceOutcome(month, account, { announced, balances, events });
  // The receiver is about to go; what stays of the environment must not try to reach it.
  await tenant.delete(`/v1/webhook_endpoints/${endpoint.id}`);
  webhooks.stop();
  return {
    lines: describe(month, office, account, balances, webhooks),
    differences: compare(expected, outcome, account, webhooks),
    next: listNext(url, tenant.key, books),
  };
}

/** The bank tells of its lines day by day; answers how invoices stood whose deposit was only announced. */
async function bank(office: InvoiceOffice, { deposits }: InvoiceMonth): Promise<Record<string, string>> {
  const announced: [string, string][] = [];
  for (const deposit of deposits) {
    await office.tell(deposit);
    if (deposit.isPendingFirst) announced.push(...(await office.post(deposit)));
  }
  return Object.fromEntries(announced);
}

/** What a person does at the end of the month, once the rules have done what they can. */
async function setRight(
  client: PaymentsClient,
  office: InvoiceOffice,
  month: InvoiceMonth,
  { events }: InvoiceOutcome,
): Promise<void> {
  const settlements = settleAll(month);
  const links = sum(settlements.map(({ automatic }) => automatic.length));
  const countLinks = async () => (await client.transactions.lineItems.list({ per_page: 100 })).items.length;
  await waitUntil(async () => (await countLinks()) >= links);
  await waitUntil(async () => {
    await triggerCron(client.baseURL);
    return (await office.listEvents("overdue")).length >= (events["expected_payment.overdue"] ?? 0);
  });
  for (const { undone } of settlements) for (const link of undone) await office.unlink(link.deposit, link);
  for (const { byHand } of settlements) for (const link of byHand) await office.link(link.deposit, link);
  for (const { invoice, waived } of settlements) if (waived > 0) await office.close(invoice, waived);
}

function compare(
  expected: InvoiceOutcome,
  outcome: InvoiceOutcome,
  account: InvoiceAccount,
  { received, rejected }: PaymentWebhooks,
): Difference[] {
  return [
    ...listDifferences(expected, outcome, ["invoices"]),
    ...listDifferences(account.events, received.size, ["webhooks, by /api/events"]),
    ...listDifferences(0, rejected.length, ["webhooks of the payments door whose signature is wrong"]),
  ];
}

function describe(
  month: InvoiceMonth,
  office: InvoiceOffice,
  account: InvoiceAccount,
  balances: InvoiceOutcome["balances"],
  { received, rejected }: PaymentWebhooks,
): string[] {
  const verdict = rejected.length === 0 ? "every X-Signature validated" : `${rejected.length} refused: ${rejected[0]}`;
  return [
    `Invoices of a shop, ${month.firstDay} to ${month.lastDay}, through Modern Treasury's own npm client`,
    `  ${month.invoices.length} expected payments, each with its ledger transaction, and ${month.deposits.length} transactions, ${Math.round(office.durationMs / office.requests)} ms each`,
    ...describeInvoices(month, account),
    "",
    ...describeLedger(balances),
    "",
    `  ${received.size} webhooks in Modern Treasury's format, ${verdict} by its client`,
  ];
}

function listNext(url: string, key: string, { ledgerId }: Books): string[] {
  const curl = (path: string): string => `    curl -u "harbour-coffee:$PAYMENTS_KEY" "${url}${path}"`;
  return [
    `  Invoices: what is open, what became overdue, what was reconciled with what, the ledger`,
    `    PAYMENTS_KEY=${key}`,
    curl("/api/expected_payments?status=unreconciled"),
    curl("/api/events?resource=expected_payment&event_name=overdue"),
    curl("/api/transaction_line_items"),
    curl(`/api/ledger_accounts?ledger_id=${ledgerId}`),
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
