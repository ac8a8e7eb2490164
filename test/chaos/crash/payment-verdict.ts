import type { Account, PaymentView } from "./account.ts";
import type { Book, SentPayment, Standing } from "./book.ts";

/** What is wrong with expected payments, transactions, their links and the ledger, in words. */
export function listPaymentProblems(book: Book, account: Account): string[] {
  const { payments, transactions, lineItems } = account;
  const paymentsByName = Map.groupBy(payments, ({ external_id: name }) => name);
  const transactionsByName = Map.groupBy(transactions, ({ metadata }) => metadata.reference);
  const linksByPayment = Map.groupBy(lineItems, ({ expected_payment_id: id }) => id);
  const problems: string[] = [];
  let reconciled = 0;
  let booked = 0;
  for (const sent of book.payments) {
    const { reference, amount } = sent;
    const expected = paymentsByName.get(reference) ?? [];
    const received = transactionsByName.get(reference) ?? [];
    problems.push(...judgeCount(`the payment ${reference}`, sent.payment, expected.length));
    problems.push(...judgeCount(`the transaction of ${reference}`, sent.transaction, received.length));
    const [payment] = expected;
    if (!payment) continue;
    const status = statusOf(sent, received.length > 0);
    const links = (linksByPayment.get(payment.id) ?? []).map((link) => `${link.transaction_id} ${link.amount}`);
    const wanted = status === "reconciled" ? received.map(({ id }) => `${id} ${amount}`) : [];
    if (payment.status !== status) problems.push(`${reference} is ${payment.status}, not ${status}`);
    if (`${links}` !== `${wanted}`) problems.push(`${reference} is linked with [${links}], not [${wanted}]`);
    problems.push(...judgeLedger(payment, status, sent, account));
    if (status === "reconciled") reconciled += amount;
    if (status !== "archived") booked += amount;
  }
  const linked = lineItems.reduce((sum, item) => sum + item.amount, 0);
  const told = payments.reduce((sum, payment) => sum + payment.amount_reconciled, 0);
  const { receivable, revenue } = account.balances;
  return [
    ...problems,
    ...judgeSum("the links", linked, reconciled),
    ...judgeSum("what payments say", told, reconciled),
    ...judgeSum("posted to receivables", receivable.posted, reconciled),
    ...judgeSum("posted to sales", revenue.posted, reconciled),
    ...judgeSum("pending and posted to receivables", receivable.pending, booked),
    ...judgeSum("pending and posted to sales", revenue.pending, booked),
  ];
}

function judgeCount(what: string, standing: Standing | null, count: number): string[] {
  const [least, most] = [standing === "acknowledged" ? 1 : 0, standing === null ? 0 : 1];
  return count >= least && count <= most ? [] : [`${what} is ${standing ?? "unsent"} and there ${count} times`];
}

function statusOf({ fate }: SentPayment, isPaid: boolean): string {
  if (fate === "archived") return "archived";
  return fate === "plain" && isPaid ? "reconciled" : "unreconciled";
}

/** What is booked follows the payment; an undone link has left the posted booking, its reversal and a new one. */
function judgeLedger(payment: PaymentView, status: string, { fate }: SentPayment, account: Account): string[] {
  const booking =
    account.ledgerTransactions.find(({ id }) => id === payment.ledger_transaction_id)?.status ?? "not there";
  const wanted = status === "reconciled" ? "posted" : status === "archived" ? "archived" : "pending";
  const all = account.ledgerTransactions.filter(({ ledgerable_id: id }) => id === payment.id).length;
  const most = fate === "unlinked" ? 3 : 1;
  return [
    ...(booking === wanted ? [] : [`the booking of ${payment.external_id} is ${booking}, not ${wanted}`]),
    ...(all <= most ? [] : [`${payment.external_id} has ${all} ledger transactions`]),
  ];
}

function judgeSum(what: string, found: number, expected: number): string[] {
  return found === expected ? [] : [`${what} come to ${found}, not ${expected}`];
}
