import { describe, expect, it } from "vitest";
import {
  addEntry,
  computeBalances,
  type EntrySums,
  NO_SUMS,
  presentMinorUnits,
  removeEntry,
  subtractSums,
} from "../../../src/core/ledger/balance.ts";
import fc from "../../support/fast-check.ts";

const sumsOf = (
  pendingDebits: number,
  pendingCredits: number,
  postedDebits: number,
  postedCredits: number,
): EntrySums => ({
  pendingDebits: BigInt(pendingDebits),
  pendingCredits: BigInt(pendingCredits),
  postedDebits: BigInt(postedDebits),
  postedCredits: BigInt(postedCredits),
});

const entry = fc.record({
  direction: fc.constantFrom("debit" as const, "credit" as const),
  amount: fc.nat(999_999_999_999_999),
  status: fc.constantFrom("pending" as const, "posted" as const, "archived" as const),
});

const add = (
  sums: EntrySums,
  { status, ...rest }: { status: "pending" | "posted" | "archived"; direction: "debit" | "credit"; amount: number },
) => addEntry(sums, rest, status);

describe("balances", () => {
  it.each([
    ["credit", sumsOf(0, 0, 0, 0), { pending: [0, 0, 0], posted: [0, 0, 0], available: [0, 0, 0] }],
    ["credit", sumsOf(30, 5, 20, 100), { pending: [105, 50, 55], posted: [100, 20, 80], available: [100, 50, 50] }],
    ["debit", sumsOf(30, 5, 20, 100), { pending: [105, 50, -55], posted: [100, 20, -80], available: [105, 20, -85] }],
    ["debit", sumsOf(5, 30, 100, 20), { pending: [50, 105, 55], posted: [20, 100, 80], available: [50, 100, 50] }],
  ] as const)("of a %s normal account count what their status says", (normal, sums, expected) => {
    const balances = computeBalances(sums, normal);
    const numbers = (kind: keyof typeof balances) => {
      const { credits, debits, amount } = balances[kind];
      return [Number(credits), Number(debits), Number(amount)];
    };
    expect({ pending: numbers("pending"), posted: numbers("posted"), available: numbers("available") }).toEqual(
      expected,
    );
  });

  it("of a debit normal account mirror those of a credit normal one", () => {
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const sums = entries.reduce(add, NO_SUMS);
        const mirrored = entries
          .map((e) => ({ ...e, direction: e.direction === "debit" ? ("credit" as const) : ("debit" as const) }))
          .reduce(add, NO_SUMS);
        const [left, right] = [computeBalances(sums, "credit"), computeBalances(mirrored, "debit")];
        for (const kind of ["pending", "posted", "available"] as const) {
          expect(left[kind].amount).toBe(right[kind].amount);
          expect(left[kind].credits).toBe(right[kind].debits);
        }
      }),
    );
  });

  it("never have more available than pending or posted would allow", () => {
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const { available, pending, posted } = computeBalances(entries.reduce(add, NO_SUMS), "credit");
        expect(available.amount <= posted.amount && available.amount <= pending.amount).toBe(true);
      }),
    );
  });

  it("are what they were once an entry is taken out again", () => {
    fc.assert(
      fc.property(fc.array(entry), entry, (entries, { status, ...last }) => {
        const sums = entries.reduce(add, NO_SUMS);
        const after = addEntry(sums, last, status);
        expect(removeEntry(after, last, status)).toEqual(sums);
        expect(subtractSums(after, sums)).toEqual(addEntry(NO_SUMS, last, status));
      }),
    );
  });

  it.each([
    [999_999_999_999_999n, 999_999_999_999_999],
    [-999_999_999_999_999n, -999_999_999_999_999],
    [1_000_000_000_000_000n, "1000000000000000"],
    [-4_000_000_000_000_000_000n, "-4000000000000000000"],
  ])("show %s exactly", (minor, shown) => {
    expect(presentMinorUnits(minor)).toBe(shown);
  });
});
