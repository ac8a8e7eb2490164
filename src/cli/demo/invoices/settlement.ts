import { type Deposit, type Invoice, type InvoiceMonth, type Share, sumShares } from "./invoice.ts";

export type PaymentStatus = "unreconciled" | "partially_reconciled" | "reconciled";

export interface Link extends Share {
  deposit: Deposit;
}

/** What has to become of an invoice, from what is known of its deposits. */
export interface Settlement {
  invoice: Invoice;
  /** Made by the rules. */
  automatic: Link[];
  /** Of these, the ones that the shop takes back. */
  undone: Link[];
  byHand: Link[];
  /** What the shop gives up, closing it short. */
  waived: number;
  /** The events of its payment but for the first, in order. */
  history: string[];
  status: PaymentStatus;
  matched: number;
  /** How often a posted ledger transaction is taken back. */
  reversals: number;
}

/**
 * The rules follow what deposits say, the shop sets right where that is not what they pay, and closes at last what was
 * paid in part.
 */
export function settle(invoice: Invoice, { deposits, today }: InvoiceMonth): Settlement {
  const automatic = listLinks(deposits, invoice, ({ said }) => said);
  const paid = listLinks(deposits, invoice, (deposit) => deposit.paid);
  const undone = automatic.filter((link) => !isAmong(paid, link));
  const byHand = paid.filter((link) => !isAmong(automatic, link));

  const walk = new Walk(invoice.cents);
  for (const { deposit, cents } of automatic) {
    if (deposit.isPendingFirst) walk.history.push("tentatively_reconciled");
    walk.move(cents);
  }
  if (walk.status !== "reconciled" && invoice.dueOn < today) walk.history.push("overdue");
  for (const { cents } of undone) walk.move(-cents);
  for (const { cents } of byHand) walk.move(cents);
  const waived = walk.status === "partially_reconciled" ? invoice.cents - walk.matched : 0;
  if (waived > 0) walk.enter("reconciled");
  const { history, status, matched, reversals } = walk;
  return { invoice, automatic, undone, byHand, waived, history, status, matched, reversals };
}

export function settleAll(month: InvoiceMonth): Settlement[] {
  return month.invoices.map((invoice) => settle(invoice, month));
}

/** The links that there are in the end. */
export function listLasting({ automatic, undone, byHand }: Settlement): Link[] {
  return [...automatic.filter((link) => !isAmong(undone, link)), ...byHand];
}

function listLinks(
  deposits: readonly Deposit[],
  invoice: Invoice,
  listShares: (deposit: Deposit) => readonly Share[],
): Link[] {
  return deposits.flatMap((deposit) => {
    const shares = listShares(deposit).filter((share) => share.invoice === invoice);
    return shares.length === 0 ? [] : [{ deposit, invoice, cents: sumShares(shares) }];
  });
}

function isAmong(links: readonly Link[], { deposit, cents }: Link): boolean {
  return links.some((link) => link.deposit === deposit && link.cents === cents);
}

class Walk {
  readonly #cents: number;
  readonly history: string[] = [];
  status: PaymentStatus = "unreconciled";
  matched = 0;
  reversals = 0;

  constructor(cents: number) {
    this.#cents = cents;
  }

  move(cents: number): void {
    this.matched += cents;
    if (this.matched >= this.#cents) this.enter("reconciled");
    else this.enter(this.matched > 0 ? "partially_reconciled" : "unreconciled");
  }

  enter(status: PaymentStatus): void {
    if (status === this.status) return;
    if (this.status === "reconciled") this.reversals += 1;
    this.status = status;
    this.history.push(status);
  }
}
