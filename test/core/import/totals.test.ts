import { describe, expect, it } from "vitest";
import { addToTotals, NO_TOTALS, presentTotals } from "../../../src/core/import/totals.ts";
import { MAX_MINOR_UNITS } from "../../../src/core/money.ts";
import type { RecordFields } from "../../../src/core/record.ts";

const row = (given: Partial<RecordFields>): RecordFields => ({
  date: "2026-01-15",
  amount: 1_050,
  currency: "USD",
  direction: "credit",
  description: null,
  externalId: null,
  metadata: {},
  expectedBy: null,
  ...given,
});

describe("totals", () => {
  it("are 0 of no rows", () => {
    expect(presentTotals(NO_TOTALS)).toEqual({
      total_credits: 0,
      total_debits: 0,
      net_amount: 0,
      totals_by_currency: [],
      date_from: null,
      date_to: null,
    });
  });

  it("add up over slices", () => {
    const first = addToTotals(NO_TOTALS, [row({}), row({ direction: "debit", amount: 2_000, date: "2026-01-31" })]);
    const both = addToTotals(first, [row({ date: "2026-01-01", amount: 1 })]);
    const sums = { total_credits: 10.51, total_debits: 20, net_amount: -9.49 };
    expect(presentTotals(both)).toEqual({
      ...sums,
      totals_by_currency: [{ currency: "USD", ...sums }],
      date_from: "2026-01-01",
      date_to: "2026-01-31",
    });
  });

  it("have no sum over several currencies", () => {
    const totals = addToTotals(NO_TOTALS, [row({}), row({ currency: "JPY", amount: 7 })]);
    expect(presentTotals(totals)).toMatchObject({
      total_credits: null,
      total_debits: null,
      net_amount: null,
      totals_by_currency: [
        { currency: "JPY", total_credits: 7, total_debits: 0, net_amount: 7 },
        { currency: "USD", total_credits: 10.5 },
      ],
    });
  });

  it("stay exact beyond what a JSON number holds", () => {
    const large = Array.from({ length: 10 }, () => row({ amount: MAX_MINOR_UNITS, direction: "debit" }));
    expect(presentTotals(addToTotals(NO_TOTALS, large))).toMatchObject({
      total_debits: "99999999999999.9",
      net_amount: "-99999999999999.9",
    });
  });
});
