import { formatCents } from "../cents.ts";
import { listNames } from "../outcome.ts";
import { type Balances, expectBalances } from "./balances.ts";
import type { InvoiceMonth } from "./invoice.ts";
import { type Link, listLasting, type Settlement, settleAll } from "./settlement.ts";

/** What the story compares: what was reconciled with what, the ledger, and which events came. */
export interface InvoiceOutcome {
  /** By invoice number. */
  invoices: Record<string, string>;
  /** By deposit and invoice, with their amount. */
  links: Record<string, string>;
  /** By deposit: whether all of it is reconciled. */
  deposits: Record<string, boolean>;
  /** By invoice: its status while its deposit was only announced. */
  announced: Record<string, string>;
  /** Deposits that fit more than one invoice, and what the rules would match among what is open in the end. */
  previews: { ambiguous: string; matches: number };
  balances: Record<"before" | "after", Balances>;
  events: Record<string, number>;
}

/** What has to come out of a month, from what only the shop knows. */
export function expectInvoiceOutcome(month: InvoiceMonth): InvoiceOutcome {
  const settlements = settleAll(month);
  const lasting = settlements.flatMap(listLasting);
  return {
    invoices: Object.fromEntries(settlements.map((settlement) => [settlement.invoice.number, describe(settlement)])),
    links: Object.fromEntries(lasting.map((link) => [nameLink(link), formatCents(link.cents)])),
    deposits: Object.fromEntries(month.deposits.map(({ id, paid }) => [id, paid.length > 0])),
    announced: Object.fromEntries(listAnnounced(month).map(({ number }) => [number, "unreconciled"])),
    previews: {
      ambiguous: listNames(month.deposits.filter(({ fits }) => fits.length > 1).map(({ id }) => id)),
      matches: 0,
    },
    balances: expectBalances(month),
    events: expectEvents(month, settlements),
  };
}

function describe(settlement: Settlement): string {
  const { status, matched, invoice, waived, reversals, history } = settlement;
  const isByHand = settlement.byHand.length > 0 || waived > 0;
  const method = isByHand ? "manual" : listLasting(settlement).length > 0 ? "automatic" : null;
  const open = status === "reconciled" ? 0 : invoice.cents - matched;
  const ledger = status === "reconciled" ? "posted" : "pending";
  return describeStanding({ status, method, matched, open, ledger, reversals, history });
}

/** How an expected payment stands, and its ledger transaction; amounts in cents. */
export interface Standing {
  status: string;
  method: string | null;
  matched: number;
  open: number;
  ledger: string;
  reversals: number;
  /** The events but for the first, in order. */
  history: readonly string[];
}

export function describeStanding({ status, method, matched, open, ledger, reversals, history }: Standing): string {
  const amounts = `${formatCents(matched)} reconciled, ${formatCents(open)} open`;
  const reversed = `${reversals} reversed`;
  return [status, method ?? "by nothing", amounts, `ledger ${ledger}`, reversed, ...history].join(", ");
}

function nameLink({ deposit, invoice }: Link): string {
  return `${deposit.id} ${invoice.number}`;
}

function listAnnounced({ deposits }: InvoiceMonth) {
  return deposits
    .filter(({ isPendingFirst }) => isPendingFirst)
    .flatMap(({ said }) => said.map(({ invoice }) => invoice));
}

/** The ledger has beside the transactions of the invoices the one that wrote them all, and one for each loss. */
function expectEvents({ deposits }: InvoiceMonth, settlements: readonly Settlement[]): Record<string, number> {
  const counts: Record<string, number> = {};
  const add = (type: string, count: number) => {
    if (count > 0) counts[type] = (counts[type] ?? 0) + count;
  };
  for (const name of settlements.flatMap(({ history }) => history)) add(`expected_payment.${name}`, 1);
  const reversals = settlements.reduce((total, settlement) => total + settlement.reversals, 0);
  const ownEntries = 1 + settlements.filter(({ waived }) => waived > 0).length;
  const followed = counts["expected_payment.reconciled"] ?? 0;
  add("expected_payment.created", settlements.length);
  add("transaction.created", deposits.length);
  add("ledger_transaction.created", settlements.length + ownEntries + 2 * reversals);
  add("ledger_transaction.posted", followed + ownEntries + reversals);
  return counts;
}
