import { formatCents } from "../cents.ts";
import { ACCOUNT_NAMES, type Balances } from "./balances.ts";
import { type Deposit, type Invoice, type InvoiceCase, type InvoiceMonth, sumShares } from "./invoice.ts";
import type { InvoiceAccount } from "./invoice-account.ts";
import type { InvoiceOutcome } from "./outcome.ts";
import { RULES } from "./rules.ts";

const LISTED_MAX_INVOICES = 2;
const KIND_COLUMNS = 13;
const AMOUNT_COLUMNS = 12;

/** What was expected, what came, and how each kind of case ended. */
export function describeInvoices({ cases }: InvoiceMonth, account: InvoiceAccount): string[] {
  return [
    ...RULES.map(({ priority, name, strategy }) => `  rule ${priority}  ${name} (${strategy})`),
    "",
    ...cases.flatMap((one) => describeCase(one, account)),
  ];
}

function describeCase({ kind, story, invoices, deposits }: InvoiceCase, account: InvoiceAccount): string[] {
  const lines =
    invoices.length > LISTED_MAX_INVOICES
      ? [describeMany(invoices, deposits, account)]
      : invoices.map((invoice) => describeInvoice(invoice, deposits, account));
  const open = deposits.filter(({ id }) => !account.links.some(({ deposit }) => deposit === id));
  return [
    `  ${kind.padEnd(KIND_COLUMNS)}${story}`,
    ...[...lines, ...open.map((deposit) => describeOpen(deposit, account))].map((line) => `    ${line}`),
  ];
}

function describeMany(invoices: readonly Invoice[], deposits: readonly Deposit[], account: InvoiceAccount): string {
  const counts = new Map<string, number>();
  for (const { number } of invoices) {
    const fate = fateOf(number, account);
    counts.set(fate, (counts.get(fate) ?? 0) + 1);
  }
  const ends = [...counts].map(([fate, count]) => `${count} ${fate}`);
  const sums = [invoices, deposits].map((some) => `USD ${formatCents(sumShares(some))}`);
  const lines = deposits.length === 1 ? "1 deposit" : `${deposits.length} deposits`;
  return `${invoices.length} invoices, ${sums[0]}; ${lines}, ${sums[1]} → ${ends.join("; ")}`;
}

function describeInvoice({ number, cents, dueOn }: Invoice, deposits: readonly Deposit[], account: InvoiceAccount) {
  const links = account.links
    .filter(({ invoice }) => invoice === number)
    .map((link) => ({ ...link, date: deposits.find(({ id }) => id === link.deposit)?.date ?? link.deposit }))
    .sort((left, right) => (left.date < right.date ? -1 : 1));
  const came = links.map((link) => `${formatCents(link.cents)} of ${link.date}`).join(" + ") || "nothing";
  return `${number}, USD ${formatCents(cents)} by ${dueOn}: ${came} → ${fateOf(number, account)}`;
}

/** All that has become of it, of its payment and in the ledger. */
function fateOf(number: string, { standings }: InvoiceAccount): string {
  const standing = standings.get(number);
  if (!standing) return "not there";
  const { status, method, ledger, reversals, history } = standing;
  const way = history.includes(status) ? history : [...history, status];
  const reversed = reversals === 0 ? "" : ` anew after ${reversals === 1 ? "a reversal" : `${reversals} reversals`}`;
  return `${way.join(", ")}${method === null ? "" : ` (${method})`}, ledger ${ledger}${reversed}`;
}

function describeOpen({ id, date, cents, text }: Deposit, { previews }: InvoiceAccount): string {
  const why = previews.ambiguous.includes(id) ? "ambiguous, says the rule's preview" : "no rule holds";
  return `${id}, USD ${formatCents(cents)} of ${date}, "${text}" → open: ${why}`;
}

/** The ledger before any money came, and at the end. */
export function describeLedger({ before, after }: InvoiceOutcome["balances"]): string[] {
  const kinds = ["pending", "posted", "available"] as const;
  const cells = (balances: Balances, name: (typeof ACCOUNT_NAMES)[number]) =>
    kinds.map((kind) => formatCents(balances[name][kind]).padStart(AMOUNT_COLUMNS)).join("");
  const head = kinds.map((kind) => kind.padStart(AMOUNT_COLUMNS)).join("");
  const width = AMOUNT_COLUMNS * kinds.length;
  return [
    `  ${"Ledger, USD".padEnd(KIND_COLUMNS)}${"before".padStart(width)}  ${"after".padStart(width)}`,
    `  ${"".padEnd(KIND_COLUMNS)}${head}  ${head}`,
    ...ACCOUNT_NAMES.map((name) => `  ${name.padEnd(KIND_COLUMNS)}${cells(before, name)}  ${cells(after, name)}`),
  ];
}
