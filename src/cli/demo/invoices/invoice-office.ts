import { waitUntil } from "../waiting.ts";
import type { Books } from "./books.ts";
import type { Deposit, Invoice, Share } from "./invoice.ts";
import type { PaymentsClient } from "./payments-client.ts";

/** The shop's systems at the payments door; keeps the ids that it has given to invoices and deposits. */
export class InvoiceOffice {
  readonly #client: PaymentsClient;
  readonly #books: Books;
  readonly #payments = new Map<string, string>();
  readonly #transactions = new Map<string, string>();
  requests = 0;
  durationMs = 0;

  constructor(client: PaymentsClient, books: Books) {
    this.#client = client;
    this.#books = books;
  }

  /** What all invoices say about the ledger: the customers owe it, and it is earned. */
  async write(invoices: readonly Invoice[]): Promise<void> {
    const { Receivable, Revenue } = this.#books.ledgerAccountIds;
    await this.#client.ledgerTransactions.create({
      status: "posted",
      description: "Invoices of the month",
      ledger_entries: invoices.flatMap(({ cents: amount }) => [
        { amount, direction: "debit" as const, ledger_account_id: Receivable },
        { amount, direction: "credit" as const, ledger_account_id: Revenue },
      ]),
    });
  }

  /** Waits for the money of an invoice; its ledger transaction is made with it and follows it. */
  async expect(invoice: Invoice): Promise<void> {
    const { number, customer, batch, cents, issuedOn, dueOn } = invoice;
    const { id } = await this.#time(() =>
      this.#client.expectedPayments.create({
        external_id: number,
        description: `Invoice ${number} to ${customer.name}`,
        reconciliation_rule_variables: [
          {
            internal_account_id: this.#books.internalAccountId,
            direction: "credit",
            amount_lower_bound: cents,
            amount_upper_bound: cents,
            date_lower_bound: issuedOn,
            date_upper_bound: dueOn,
            custom_identifiers: {
              invoice_number: number,
              customer_number: customer.number,
              ...(batch === null ? {} : { batch_id: batch }),
            },
          },
        ],
        ledger_transaction: { description: `Receipt for ${number}`, ledger_entries: this.#receiptOf(invoice) },
      }),
    );
    this.#payments.set(number, id);
  }

  /** A collected batch has one entry: the ledger's clearing account takes the other side. */
  #receiptOf({ batch, cents: amount }: Invoice) {
    const { Cash, Receivable } = this.#books.ledgerAccountIds;
    const credit = { amount, direction: "credit" as const, ledger_account_id: Receivable };
    return batch === null ? [{ amount, direction: "debit" as const, ledger_account_id: Cash }, credit] : [credit];
  }

  async tell({ id: name, date, cents, text, type, isPendingFirst }: Deposit): Promise<void> {
    const { id } = await this.#time(() =>
      this.#client.transactions.create({
        internal_account_id: this.#books.internalAccountId,
        amount: cents,
        direction: "credit",
        as_of_date: date,
        posted: !isPendingFirst,
        type,
        vendor_code: null,
        vendor_code_type: null,
        vendor_description: text,
        metadata: { bank_line: name },
      }),
    );
    this.#transactions.set(name, id);
  }

  /** Posts what was announced; answers how each of its invoices stood until then. */
  async post({ id: name, said }: Deposit): Promise<[number: string, status: string][]> {
    const isSeen = async () => (await this.listEvents("tentatively_reconciled")).length > 0;
    await waitUntil(isSeen);
    const seen: [string, string][] = [];
    for (const { invoice } of said) {
      const { status } = await this.#client.expectedPayments.retrieve(this.paymentOf(invoice.number));
      seen.push([invoice.number, status]);
    }
    // An extension that the client's types do not know.
    await this.#client.patch(`/api/transactions/${this.transactionOf(name)}`, { body: { posted: true } });
    return seen;
  }

  async close({ number }: Invoice, waived: number): Promise<void> {
    await this.#client.expectedPayments.update(this.paymentOf(number), { status: "reconciled" });
    const { Cash, Revenue } = this.#books.ledgerAccountIds;
    await this.#client.ledgerTransactions.create({
      status: "posted",
      description: `Waived of ${number}`,
      ledger_entries: [
        { amount: waived, direction: "debit", ledger_account_id: Revenue },
        { amount: waived, direction: "credit", ledger_account_id: Cash },
      ],
    });
  }

  async link({ id: name }: Deposit, { invoice, cents }: Share): Promise<void> {
    await this.#client.transactions.lineItems.create({
      amount: cents,
      transaction_id: this.transactionOf(name),
      expected_payment_id: this.paymentOf(invoice.number),
    });
  }

  async unlink({ id: name }: Deposit, { invoice }: Share): Promise<void> {
    const paymentId = this.paymentOf(invoice.number);
    const items = this.#client.transactions.lineItems.list({ transaction_id: this.transactionOf(name) });
    for await (const { id, expected_payment_id } of items) {
      if (expected_payment_id === paymentId) await this.#client.transactions.lineItems.delete(id);
    }
  }

  async listEvents(eventName: string): Promise<{ id: string }[]> {
    const page = await this.#client.events.list({ resource: "expected_payment", event_name: eventName, per_page: 100 });
    return page.items;
  }

  paymentOf(number: string): string {
    return find(this.#payments, number);
  }

  transactionOf(name: string): string {
    return find(this.#transactions, name);
  }

  async #time<T>(send: () => PromiseLike<T>): Promise<T> {
    const startedAt = Date.now();
    const answer = await send();
    this.durationMs += Date.now() - startedAt;
    this.requests += 1;
    return answer;
  }
}

function find(ids: ReadonlyMap<string, string>, name: string): string {
  const id = ids.get(name);
  if (id === undefined) throw new Error(`${name} was never sent`);
  return id;
}
