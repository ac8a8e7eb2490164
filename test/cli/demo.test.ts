import { describe, expect, test } from "vitest";
import type { MatchView, RecordView } from "../../src/cli/demo/account.ts";
import { RECONCILIATIONS } from "../../src/cli/demo/books.ts";
import { explainOpen } from "../../src/cli/demo/example-report.ts";
import { expectOutcome } from "../../src/cli/demo/expected.ts";
import type { NewRecord } from "../../src/cli/demo/new-record.ts";
import { listDifferences, type SideOutcome } from "../../src/cli/demo/outcome.ts";
import { describeCondition } from "../../src/cli/demo/record-report.ts";
import { playShopMonth } from "../../src/cli/demo/shop-month.ts";

describe("the month of the shop", () => {
  const month = playShopMonth("2028-03-15");
  const all = [...month.records, month.straggler, ...month.late];
  const from = (source: string): NewRecord[] => all.filter((record) => record.type_key === source);
  const cents = (amount: string | undefined): number => Math.round(Number(amount) * 100);
  const sum = (amounts: (string | undefined)[]): number => amounts.reduce((total, amount) => total + cents(amount), 0);

  test("is the 30 days before today, over a leap day", () => {
    expect([month.firstDay, month.lastDay]).toEqual(["2028-02-14", "2028-03-14"]);
    const days = new Set(all.map(({ date }) => date));
    expect([...days].sort()).toEqual([...days]);
    expect(days).toContain("2028-02-29");
    expect(days.size).toBe(30);
  });

  test("is the same on every day but for its dates", () => {
    const undated = (records: NewRecord[]) => records.map(({ date, ...rest }) => rest);
    expect(undated(playShopMonth("2026-11-21").records)).toEqual(undated(month.records));
  });

  test("names each record once in its source", () => {
    const names = all.map(({ type_key, external_id }) => `${type_key} ${external_id}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toHaveLength(61 + 62 + 10 + 10 + 38 + 5 + 19 + 4);
  });

  test("pays out what the cards brought, less the fees", () => {
    const payouts = from("card_payouts");
    const signed = from("card_payments").map(({ direction, amount }) =>
      direction === "debit" ? `-${amount}` : amount,
    );
    expect(sum(payouts.map(({ metadata }) => metadata.gross))).toBe(sum(signed));
    expect(sum(payouts.map(({ metadata }) => metadata.fees))).toBe(
      sum(from("card_payments").map(({ metadata }) => metadata.fee)),
    );
    for (const { amount, metadata } of payouts) {
      expect(cents(amount)).toBe(cents(metadata.gross) - cents(metadata.fees));
    }
  });

  test("brings the late bank line last, and repeats what was sent before", () => {
    expect(month.late.map(({ description }) => description)).toEqual(["CARDCO PAYOUT PO-7107 ACCT 9912"]);
    expect(month.repeated).toHaveLength(2);
    for (const record of month.repeated) expect(month.records).toContain(record);
  });

  test("gives every record of a reconciliation an end, and every example a record", () => {
    const { reconciliations } = expectOutcome(month);
    for (const { name, sideA, sideB, examples } of RECONCILIATIONS) {
      const [a, b] = [from(sideA), from(sideB)];
      const sides = reconciliations[name];
      expect([countOf(sides?.side_a), countOf(sides?.side_b)]).toEqual([a.length, b.length]);
      const names = [...a, ...b].map(({ external_id: id }) => id);
      for (const { externalId } of examples) expect(names).toContain(externalId);
    }
  });
});

function countOf(side: SideOutcome | undefined): number {
  return side ? side.unreconciled + side.partially_reconciled + side.reconciled : 0;
}

describe("the differences of two outcomes", () => {
  test("are none when they are equal", () => {
    expect(listDifferences({ a: { b: 1 }, c: "x" }, { c: "x", a: { b: 1 } })).toEqual([]);
  });

  test("are every leaf that differs, is missing or is too many", () => {
    expect(listDifferences({ a: { b: 1, c: 2 }, d: "x" }, { a: { b: 3, e: 4 }, d: "x" })).toEqual([
      { what: "a › b", expected: "1", came: "3" },
      { what: "a › c", expected: "2", came: "nothing" },
      { what: "a › e", expected: "nothing", came: "4" },
    ]);
  });

  test("are the leaves of a branch that only one of them has", () => {
    expect(listDifferences({}, { a: { b: 1 } })).toEqual([{ what: "a › b", expected: "nothing", came: "1" }]);
  });
});

test.each<[string, MatchView["explanation"][number]]>([
  [
    `passed: A's amount eq B's amount (± 0.5 dollar): 258, 257.7`,
    {
      condition: { key: "amount", operand: "eq", value: "amount", tolerance_amount: 0.5, tolerance_unit: "dollar" },
      a: 258,
      b: 257.7,
      outcome: "passed",
    },
  ],
  [
    `passed: A's date eq B's date (± month): "2026-10-01", "2026-10-31"`,
    {
      condition: { key: "date", operand: "eq", value: "date", tolerance_unit: "month" },
      a: "2026-10-01",
      b: "2026-10-31",
      outcome: "passed",
    },
  ],
  [
    `passed: B's metadata.instalment is_present: "1/2"`,
    { condition: { value: "metadata.instalment", operand: "is_present" }, a: null, b: "1/2", outcome: "passed" },
  ],
  [
    `passed: A's metadata.method in ["cash","cheque"]: ["cheque","cash"]`,
    {
      condition: { key: "metadata.method", operand: "in", constant: ["cash", "cheque"] },
      a: ["cheque", "cash"],
      b: null,
      outcome: "passed",
    },
  ],
  [
    `failed: A's currency eq "USD": "EUR"`,
    { condition: { key: "currency", operand: "eq", constant: "USD" }, a: "EUR", b: "USD", outcome: "failed" },
  ],
])("a condition reads: %s", (text, line) => {
  expect(describeCondition(line)).toBe(text);
});

describe("why a record is open", () => {
  const order = newView({ id: "r1", type_key: "shop_orders", external_id: "SO-1", amount: 89 });

  test("is that nothing mentions it", () => {
    const others = [newView({ id: "r2", description: "harbour coffee so-2" })];
    const account = { sideA: [order], sideB: others, matches: [] };
    expect(explainOpen(order, "SO-1", others, account)).toBe("nothing on the other side mentions SO-1");
  });

  test("is that the amounts are too far apart", () => {
    const others = [newView({ id: "r2", external_id: "pi_1", description: "harbour coffee so-1", amount: 98 })];
    const account = { sideA: [order], sideB: others, matches: [] };
    expect(explainOpen(order, "SO-1", others, account)).toBe(
      "card payment pi_1, 2026-10-01, USD 98.00 mentions SO-1, but no rule holds for 89.00 against 98.00",
    );
  });

  test("is that its partner is taken", () => {
    const pair = { reconciliation_id: "c1", overdue_at: null, match_ids: ["m1"] };
    const taken = { ...order, reconciliations: [pair] };
    const first = newView({ id: "r2", external_id: "pi_1", description: "so-1", reconciliations: [pair] });
    const second = newView({ id: "r3", external_id: "pi_1b", description: "so-1" });
    const records: MatchView["records"] = [
      { record_id: "r1", side: "a", amount: 89 },
      { record_id: "r2", side: "b", amount: 89 },
    ];
    const matches = [{ id: "m1", rule_id: "u1", variance: 0, records, explanation: [] }];
    const account = { sideA: [taken], sideB: [first, second], matches };
    expect(explainOpen(second, "SO-1", [taken], account)).toBe(
      "order SO-1, 2026-10-01, USD 89.00 is matched already, with pi_1",
    );
  });
});

function newView(fields: Partial<RecordView>): RecordView {
  return {
    id: "r0",
    type_key: "card_payments",
    date: "2026-10-01",
    amount: 89,
    currency: "USD",
    direction: "credit",
    external_id: "x",
    description: "",
    status: "unreconciled",
    reconciled_amount: 0,
    reconciliations: [],
    ...fields,
  };
}
