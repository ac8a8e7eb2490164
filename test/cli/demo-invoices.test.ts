import { describe, expect, test } from "vitest";
import { formatCents } from "../../src/cli/demo/cents.ts";
import { ACCOUNT_NAMES, expectBalances } from "../../src/cli/demo/invoices/balances.ts";
import { type Deposit, type Invoice, type InvoiceMonth, sumShares } from "../../src/cli/demo/invoices/invoice.ts";
import { computeInvoiceOutcome, type InvoiceAccount } from "../../src/cli/demo/invoices/invoice-account.ts";
import { playInvoiceMonth } from "../../src/cli/demo/invoices/invoice-month.ts";
import { describeInvoices } from "../../src/cli/demo/invoices/invoice-report.ts";
import { expectInvoiceOutcome, type Standing } from "../../src/cli/demo/invoices/outcome.ts";
import { listLasting, settle, settleAll } from "../../src/cli/demo/invoices/settlement.ts";
import { listDifferences } from "../../src/cli/demo/outcome.ts";

const month = playInvoiceMonth("2028-03-15");
const { invoices, deposits } = month;
const ofKind = (kind: string) => month.cases.find((one) => one.kind === kind) as InvoiceMonth["cases"][number];

describe("the month of the invoices", () => {
  test("is the 30 days before today, over a leap day", () => {
    expect([month.firstDay, month.lastDay]).toEqual(["2028-02-14", "2028-03-14"]);
    const days = [...invoices.map(({ issuedOn }) => issuedOn), ...deposits.map(({ date }) => date)].sort();
    expect([days[0], days.at(-1)]).toEqual([month.firstDay, month.lastDay]);
  });

  test("is the same on every day but for its dates", () => {
    const undated = ({ invoices, deposits }: InvoiceMonth) => [
      invoices.map(({ number, customer, cents }) => ({ number, customer, cents })),
      deposits.map(({ id, cents, text }) => ({ id, cents, text })),
    ];
    expect(undated(playInvoiceMonth("2026-11-21"))).toEqual(undated(month));
  });

  test("names each invoice and each deposit once, and tells of deposits day by day", () => {
    expect(new Set(invoices.map(({ number }) => number)).size).toBe(invoices.length);
    expect(new Set(deposits.map(({ id }) => id)).size).toBe(deposits.length);
    const days = deposits.map(({ date }) => date);
    expect(days).toEqual([...days].sort());
  });

  test("has deposits whose text says what they are taken for, each of them whole", () => {
    const isNamed = ({ text }: Deposit, { number, customer, batch }: Invoice) =>
      [number, customer.number, batch].some((name) => name !== null && text.includes(name));
    const said = deposits.flatMap((deposit) => deposit.said.map((share) => ({ deposit, ...share })));
    expect(said.filter(({ deposit, invoice }) => !isNamed(deposit, invoice))).toEqual([]);
    expect(said.filter(({ deposit, invoice }) => deposit.date < invoice.issuedOn)).toEqual([]);
    for (const deposit of deposits) expect([0, deposit.cents]).toContain(sumShares(deposit.said));
  });

  test("expects nothing by a day that is past of what the rules reconcile", () => {
    const early = deposits.flatMap(({ said }) => said).filter(({ invoice }) => invoice.dueOn < month.today);
    expect(early).toEqual([]);
  });

  test("has one deposit after its invoice's last day, and one that fits two invoices alike", () => {
    const late = deposits.flatMap(({ date, paid }) => paid.filter(({ invoice }) => date > invoice.dueOn));
    expect(late.map(({ invoice }) => invoice)).toEqual(ofKind("late").invoices);
    const [twin] = ofKind("twins").deposits;
    expect(twin?.fits.map(({ cents, customer }) => [cents, customer.number])).toEqual([
      [twin?.cents, twin?.text.split(" ")[1]],
      [twin?.cents, twin?.text.split(" ")[1]],
    ]);
  });
});

describe("what becomes of an invoice", () => {
  test.each<[string, string[][]]>([
    ["instalments", [["partially_reconciled", "reconciled"]]],
    ["short", [["partially_reconciled", "reconciled"]]],
    ["pending", [["tentatively_reconciled", "reconciled"]]],
    ["late", [["overdue", "reconciled"]]],
    ["mistaken", [["reconciled", "unreconciled"], ["reconciled"]]],
    ["twins", [[], []]],
    ["unpaid", [["overdue"]]],
  ])("is told in order: %s", (kind, histories) => {
    expect(ofKind(kind).invoices.map((invoice) => settle(invoice, month).history)).toEqual(histories);
  });

  test("is a loss where it is closed short, of what did not come", () => {
    const [invoice] = ofKind("short").invoices as [Invoice];
    const came = sumShares(ofKind("short").deposits);
    expect(settleAll(month).filter(({ waived }) => waived > 0)).toMatchObject([
      { invoice, matched: came, waived: invoice.cents - came },
    ]);
  });

  test("takes from each deposit nothing or all of it, and gives no invoice more than it asks for", () => {
    const links = settleAll(month).flatMap(listLasting);
    for (const deposit of deposits) {
      const taken = sumShares(links.filter((link) => link.deposit === deposit));
      expect([0, deposit.cents]).toContain(taken);
    }
    for (const { invoice, matched } of settleAll(month)) expect(matched).toBeLessThanOrEqual(invoice.cents);
  });
});

describe("the ledger of the invoices", () => {
  const { before, after } = expectBalances(month);
  const billed = sumShares(invoices);

  test("has all money under way before any has come", () => {
    expect(before.Receivable).toEqual({ pending: 0, posted: billed, available: 0 });
    expect(before.Cash.posted + before.Clearing.posted).toBe(0);
    expect(before.Cash.pending + before.Clearing.pending).toBe(billed);
  });

  test("has in the end what the bank has of the invoices, to the cent", () => {
    const linked = sumShares(settleAll(month).flatMap(listLasting));
    expect(linked).toBeGreaterThan(0);
    expect(after.Cash.posted + after.Clearing.posted).toBe(linked);
  });

  test("balances", () => {
    for (const balances of [before, after]) {
      for (const kind of ["pending", "posted"] as const) {
        const { Receivable, Cash, Clearing, Revenue } = balances;
        expect(Receivable[kind] + Cash[kind] + Clearing[kind]).toBe(Revenue[kind]);
      }
    }
    expect(after.Receivable.posted).toBe(
      sumShares(settleAll(month).flatMap(({ invoice, status }) => (status === "reconciled" ? [] : [invoice]))),
    );
  });
});

describe("the outcome of the invoices", () => {
  const expected = expectInvoiceOutcome(month);
  const { announced, balances, events } = expected;

  test("counts the events of the histories, and the ledger's own", () => {
    const count = (kind: string) => ofKind(kind).invoices.length;
    expect(events).toMatchObject({
      "expected_payment.created": invoices.length,
      "expected_payment.overdue": count("late") + count("unpaid"),
      "expected_payment.tentatively_reconciled": count("pending"),
      "expected_payment.unreconciled": 1,
      "transaction.created": deposits.length,
      "ledger_transaction.created": invoices.length + 2 + 2,
    });
  });

  test("is none other where the API says what was expected", () => {
    expect(listDifferences(expected, computeInvoiceOutcome(month, newAccount(), expected))).toEqual([]);
  });

  test("differs where a payment, a link or a ledger transaction does", () => {
    const account = newAccount();
    const [first] = ofKind("exact").invoices as [Invoice];
    account.standings.set(first.number, { ...(account.standings.get(first.number) as Standing), ledger: "pending" });
    account.links.pop();
    const differences = listDifferences(
      expected,
      computeInvoiceOutcome(month, account, { announced, balances, events }),
    );
    expect(differences.map(({ what }) => what)).toEqual([
      `invoices › ${first.number}`,
      expect.stringMatching(/^links › DP-\d+ INV-\d+$/),
    ]);
  });

  test("covers every account of the ledger", () => {
    expect(Object.keys(balances.after)).toEqual(ACCOUNT_NAMES);
  });
});

describe("the report on the invoices", () => {
  const lines = describeInvoices(month, newAccount());
  const below = (kind: string) => {
    const head = lines.findIndex((line) => line.startsWith(`  ${kind} `));
    const end = lines.findIndex((line, place) => place > head && !line.startsWith("    "));
    return lines.slice(head + 1, end === -1 ? undefined : end).map((line) => line.trim());
  };

  test("sums up many invoices that ended alike", () => {
    const sum = `USD ${formatCents(sumShares(ofKind("batch").invoices))}`;
    expect(below("batch")).toEqual([`5 invoices, ${sum}; 1 deposit, ${sum} → 5 reconciled (automatic), ledger posted`]);
  });

  test("tells of an undone link by its history and the ledger's reversal", () => {
    expect(below("mistaken")).toEqual([
      expect.stringMatching(/: nothing → reconciled, unreconciled, ledger pending anew after a reversal$/),
      expect.stringMatching(/: 240\.00 of \S+ → reconciled \(manual\), ledger posted$/),
    ]);
  });

  test("says of a deposit that is left why it is", () => {
    expect(below("twins").at(-1)).toContain('MACHINE RENT" → open: ambiguous');
    expect(below("stray")).toEqual([expect.stringMatching(/"INTEREST CREDIT" → open: no rule holds$/)]);
  });
});

/** What the API would answer if all came out as it has to. */
function newAccount(): InvoiceAccount & { standings: Map<string, Standing> } {
  const standings = settleAll(month).map((settlement): [string, Standing] => {
    const { invoice, status, matched, history, reversals, byHand, waived } = settlement;
    const isByHand = byHand.length > 0 || waived > 0;
    const method = isByHand ? "manual" : listLasting(settlement).length > 0 ? "automatic" : null;
    const isDone = status === "reconciled";
    const open = isDone ? 0 : invoice.cents - matched;
    const ledger = isDone ? "posted" : "pending";
    return [invoice.number, { status, method, matched, open, ledger, reversals, history }];
  });
  return {
    standings: new Map(standings),
    deposits: new Map(deposits.map(({ id, paid }) => [id, paid.length > 0])),
    links: settleAll(month)
      .flatMap(listLasting)
      .map(({ deposit, invoice, cents }) => ({ deposit: deposit.id, invoice: invoice.number, cents })),
    previews: { ambiguous: deposits.filter(({ fits }) => fits.length > 1).map(({ id }) => id), matches: 0 },
    events: 0,
  };
}
