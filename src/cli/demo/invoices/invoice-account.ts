import type ModernTreasury from "modern-treasury";
import { formatCents } from "../cents.ts";
import { listNames } from "../outcome.ts";
import { ACCOUNT_NAMES, type AccountName, type Balances } from "./balances.ts";
import type { Books } from "./books.ts";
import type { InvoiceMonth } from "./invoice.ts";
import { describeStanding, type InvoiceOutcome, type Standing } from "./outcome.ts";
import { listAll, type PaymentsClient } from "./payments-client.ts";

type LedgerTransaction = ModernTreasury.LedgerTransaction;
type Event = ModernTreasury.Event;

/** Fields that are younger than the client's types. */
interface PaymentView {
  id: string;
  external_id: string;
  status: string;
  reconciliation_method: string | null;
  amount_reconciled: number;
  amount_unreconciled: number;
  ledger_transaction_id: string;
}

export interface LinkView {
  invoice: string;
  deposit: string;
  cents: number;
}

/** Everything that a client can read after the month. */
export interface InvoiceAccount {
  /** By invoice number. */
  standings: ReadonlyMap<string, Standing>;
  /** By deposit: whether all of it is reconciled. */
  deposits: ReadonlyMap<string, boolean>;
  links: LinkView[];
  /** Deposits that rules find ambiguous, and what they would match yet. */
  previews: { ambiguous: string[]; matches: number };
  /** How many events the API lists. */
  events: number;
}

export async function readInvoiceAccount(client: PaymentsClient, books: Books): Promise<InvoiceAccount> {
  const payments = (await listAll((query) => client.expectedPayments.list(query))) as unknown as PaymentView[];
  const transactions = await listAll((query) => client.transactions.list(query));
  const items = await listAll((query) => client.transactions.lineItems.list(query));
  const ledger = await listAll((query) => client.ledgerTransactions.list(query));
  const events = await listAll((query) => client.events.list(query));
  const nameOf = (id: string) => transactions.find((one) => one.id === id)?.metadata.bank_line ?? id;
  const numberOf = (id: string | null) => payments.find((one) => one.id === id)?.external_id ?? String(id);
  return {
    standings: new Map(payments.map((payment) => [payment.external_id, standingOf(payment, ledger, events)])),
    deposits: new Map(transactions.map(({ id, reconciled }) => [nameOf(id), reconciled])),
    links: items.map(({ transaction_id, expected_payment_id, amount: cents }) => {
      return { deposit: nameOf(transaction_id), invoice: numberOf(expected_payment_id), cents };
    }),
    previews: await readPreviews(client, books, nameOf),
    events: events.length,
  };
}

/** `events` have the newest first. */
function standingOf(
  { id, ledger_transaction_id, ...payment }: PaymentView,
  ledger: readonly LedgerTransaction[],
  events: readonly Event[],
): Standing {
  const reversed = ledger.filter(({ ledgerable_id, reversed_by_ledger_transaction_id }) => {
    return ledgerable_id === id && reversed_by_ledger_transaction_id !== null;
  });
  return {
    status: payment.status,
    method: payment.reconciliation_method,
    matched: payment.amount_reconciled,
    open: payment.amount_unreconciled,
    ledger: ledger.find((one) => one.id === ledger_transaction_id)?.status ?? "not there",
    reversals: reversed.length,
    history: events
      .filter(({ entity_id, event_name }) => entity_id === id && event_name !== "created")
      .map(({ event_name }) => event_name)
      .reverse(),
  };
}

async function readPreviews(client: PaymentsClient, { ruleIds }: Books, nameOf: (id: string) => string) {
  const previews: { matches: unknown[]; ambiguous_transaction_ids: string[] }[] = [];
  for (const id of ruleIds) previews.push(await client.post(`/api/reconciliation_rules/${id}/preview`, { body: {} }));
  return {
    ambiguous: previews.flatMap(({ ambiguous_transaction_ids: ids }) => ids.map(nameOf)),
    matches: previews.reduce((sum, { matches }) => sum + matches.length, 0),
  };
}

export async function readBalances(client: PaymentsClient, { ledgerAccountIds }: Books): Promise<Balances> {
  const rows: [AccountName, Balances[AccountName]][] = [];
  for (const name of ACCOUNT_NAMES) {
    const { balances } = await client.ledgerAccounts.retrieve(ledgerAccountIds[name]);
    const { pending_balance: pending, posted_balance: posted, available_balance: available } = balances;
    rows.push([name, { pending: pending.amount, posted: posted.amount, available: available.amount }]);
  }
  return Object.fromEntries(rows) as Balances;
}

/** What was seen while the month went on. */
export interface InvoicesSeen {
  announced: Record<string, string>;
  balances: InvoiceOutcome["balances"];
  events: Record<string, number>;
}

/** What came out, in the shape of what is expected. */
export function computeInvoiceOutcome(
  { invoices, deposits }: InvoiceMonth,
  account: InvoiceAccount,
  seen: InvoicesSeen,
): InvoiceOutcome {
  return {
    invoices: Object.fromEntries(invoices.map(({ number }) => [number, nameStanding(account.standings.get(number))])),
    links: Object.fromEntries(
      account.links.map(({ deposit, invoice, cents }) => [`${deposit} ${invoice}`, formatCents(cents)]),
    ),
    deposits: Object.fromEntries(deposits.map(({ id }) => [id, account.deposits.get(id) ?? false])),
    previews: { ambiguous: listNames(account.previews.ambiguous), matches: account.previews.matches },
    ...seen,
  };
}

function nameStanding(standing: Standing | undefined): string {
  return standing ? describeStanding(standing) : "not there";
}
