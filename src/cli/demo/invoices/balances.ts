import type { InvoiceMonth } from "./invoice.ts";
import { type Settlement, settleAll } from "./settlement.ts";

export const LEDGER_ACCOUNTS = {
  Receivable: "debit",
  Cash: "debit",
  Clearing: "debit",
  Revenue: "credit",
} as const;
export type AccountName = keyof typeof LEDGER_ACCOUNTS;
export const ACCOUNT_NAMES = Object.keys(LEDGER_ACCOUNTS) as AccountName[];

/** In cents. */
export type Balances = Record<AccountName, Record<"pending" | "posted" | "available", number>>;

interface Entry {
  account: AccountName;
  direction: "debit" | "credit";
  cents: number;
  isPosted: boolean;
}

/** The balances when every invoice is written and nothing has come, and those at the end of the month. */
export function expectBalances(month: InvoiceMonth): Record<"before" | "after", Balances> {
  const settlements = settleAll(month);
  const written = settlements.flatMap(({ invoice }) => transfer("Receivable", "Revenue", invoice.cents, true));
  const waiting = settlements.flatMap((settlement) => receipt(settlement, false));
  return {
    before: balance([...written, ...waiting]),
    after: balance([...written, ...settlements.flatMap(listEntries)]),
  };
}

function listEntries(settlement: Settlement): Entry[] {
  const reversed = Array.from({ length: settlement.reversals }, () => {
    const entries = receipt(settlement, true);
    return [...entries, ...entries.map(reverse)];
  });
  return [
    ...reversed.flat(),
    ...receipt(settlement, settlement.status === "reconciled"),
    ...(settlement.waived > 0 ? transfer("Revenue", "Cash", settlement.waived, true) : []),
  ];
}

/** What comes in goes to cash; a collected batch goes over the ledger's clearing account. */
function receipt({ invoice }: Settlement, isPosted: boolean): Entry[] {
  return transfer(invoice.batch === null ? "Cash" : "Clearing", "Receivable", invoice.cents, isPosted);
}

function transfer(debited: AccountName, credited: AccountName, cents: number, isPosted: boolean): Entry[] {
  return [
    { account: debited, direction: "debit", cents, isPosted },
    { account: credited, direction: "credit", cents, isPosted },
  ];
}

function reverse(entry: Entry): Entry {
  return { ...entry, direction: entry.direction === "debit" ? "credit" : "debit" };
}

function balance(entries: readonly Entry[]): Balances {
  return Object.fromEntries(ACCOUNT_NAMES.map((name) => [name, balanceOf(name, entries)])) as Balances;
}

function balanceOf(name: AccountName, entries: readonly Entry[]): Balances[AccountName] {
  const own = entries.filter(({ account }) => account === name);
  const inward = own.filter(({ direction }) => direction === LEDGER_ACCOUNTS[name]);
  const outward = own.filter((entry) => !inward.includes(entry));
  const [posted, out] = [sum(inward.filter(isPosted)), sum(outward)];
  return {
    pending: sum(inward) - out,
    posted: posted - sum(outward.filter(isPosted)),
    available: posted - out,
  };
}

function isPosted(entry: Entry): boolean {
  return entry.isPosted;
}

function sum(entries: readonly Entry[]): number {
  return entries.reduce((total, { cents }) => total + cents, 0);
}
