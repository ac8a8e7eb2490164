import { describe, expect, it } from "vitest";
import { NO_SUMS } from "../../../src/core/ledger/balance.ts";
import { completeOneSided } from "../../../src/core/ledger/clearing.ts";
import {
  type EntryDraft,
  type LedgerAccountFacts,
  listEntryErrors,
  reverseEntries,
} from "../../../src/core/ledger/entries.ts";
import { listBrokenLocks } from "../../../src/core/ledger/lock.ts";
import { cutEntries } from "../../../src/core/ledger/partial-post.ts";
import fc from "../../support/fast-check.ts";

const facts = (uid: string, change: Partial<LedgerAccountFacts> = {}): LedgerAccountFacts => ({
  uid,
  ledgerUid: "main",
  currency: "USD",
  normalBalance: "credit",
  lockVersion: 0,
  sums: NO_SUMS,
  ...change,
});

const ACCOUNTS = new Map(
  [
    facts("cash", { normalBalance: "debit" }),
    facts("wallet"),
    facts("clearing"),
    facts("yen", { currency: "JPY" }),
    facts("yen2", { currency: "JPY" }),
    facts("other", { ledgerUid: "other" }),
  ].map((account) => [account.uid, account]),
);

const draft = (
  accountUid: string,
  direction: "debit" | "credit",
  amount: number,
  change: Partial<EntryDraft> = {},
): EntryDraft => {
  return { accountUid, direction, amount, metadata: {}, lockVersion: null, locks: [], ...change };
};
const debit = (account: string, amount: number, change = {}) => draft(account, "debit", amount, change);
const credit = (account: string, amount: number, change = {}) => draft(account, "credit", amount, change);
const problemsOf = (drafts: EntryDraft[]) => listEntryErrors(drafts, ACCOUNTS).map(({ path, code }) => [path, code]);

describe("the entries of a transaction", () => {
  it.each<[string, EntryDraft[]]>([
    ["two equal sides", [debit("cash", 5), credit("wallet", 5)]],
    ["several entries a side", [debit("cash", 5), debit("cash", 2), credit("wallet", 7)]],
    ["two currencies, each balanced", [debit("cash", 5), credit("wallet", 5), debit("yen", 9), credit("yen2", 9)]],
    ["nothing moved", [debit("cash", 0), credit("wallet", 0)]],
    ["one account on both sides", [debit("cash", 5), credit("cash", 5)]],
  ])("may have %s", (_, drafts) => {
    expect(problemsOf(drafts)).toEqual([]);
  });

  it.each<[string, EntryDraft[], [string, string][]]>([
    [
      "an unknown account",
      [debit("cash", 5), credit("nobody", 5)],
      [["/ledger_entries/1/ledger_account_id", "not_found"]],
    ],
    ["two ledgers", [debit("cash", 5), credit("other", 5)], [["/ledger_entries/1/ledger_account_id", "invalid"]]],
    ["one entry", [credit("cash", 5)], [["/ledger_entries", "unbalanced"]]],
    ["one side", [credit("cash", 0), credit("wallet", 0)], [["/ledger_entries", "unbalanced"]]],
    ["sides that differ", [debit("cash", 5), credit("wallet", 6)], [["/ledger_entries", "unbalanced"]]],
    [
      "sums that are equal over currencies only",
      [debit("cash", 5), credit("yen", 5)],
      [["/ledger_entries", "unbalanced"]],
    ],
    ["more than a thousand", Array.from({ length: 1_001 }, () => debit("cash", 0)), [["/ledger_entries", "too_many"]]],
  ])("may not have %s", (_, drafts, problems) => {
    expect(problemsOf(drafts)).toEqual(problems);
  });

  it("are exact where the amounts are as large as they may be", () => {
    const largest = 999_999_999_999_999;
    const many = Array.from({ length: 500 }, () => debit("cash", largest));
    const others = Array.from({ length: 500 }, () => credit("wallet", largest));
    expect(problemsOf([...many, ...others])).toEqual([]);
    expect(problemsOf([...many, ...others.slice(1), credit("wallet", largest - 1)])).toHaveLength(1);
  });

  it("balance with the sides changed over if they balance", () => {
    const drafts = [debit("cash", 5), credit("wallet", 3), credit("clearing", 2)];
    expect(problemsOf(reverseEntries(drafts))).toEqual([]);
    expect(reverseEntries(reverseEntries(drafts))).toEqual(drafts);
  });
});

describe("the clearing account", () => {
  const clearing = ACCOUNTS.get("clearing") as LedgerAccountFacts;

  it.each<[string, EntryDraft[], EntryDraft]>([
    ["one credit", [credit("wallet", 1_000)], debit("clearing", 1_000)],
    ["one debit", [debit("wallet", 1_000)], credit("clearing", 1_000)],
    ["several entries of a side", [credit("wallet", 5), credit("cash", 7)], debit("clearing", 12)],
  ])("takes the whole of %s", (_, drafts, completing) => {
    const completed = completeOneSided(drafts, ACCOUNTS, clearing);
    expect(completed).toEqual([...drafts, completing]);
    expect(problemsOf(completed)).toEqual([]);
  });

  it.each<[string, EntryDraft[]]>([
    ["sides that differ", [debit("cash", 5), credit("wallet", 6)]],
    ["sides that are equal", [debit("cash", 5), credit("wallet", 5)]],
    ["another currency", [credit("yen", 5)]],
    ["a currency of two", [credit("wallet", 5), credit("yen", 5)]],
    ["another ledger", [credit("other", 5)]],
    ["an unknown account", [credit("nobody", 5)]],
    ["nothing", []],
    ["more than an entry may hold", [credit("wallet", 999_999_999_999_999), credit("wallet", 1)]],
  ])("leaves %s alone", (_, drafts) => {
    expect(completeOneSided(drafts, ACCOUNTS, clearing)).toEqual(drafts);
  });

  it("completes nothing where there is none", () => {
    expect(completeOneSided([credit("wallet", 5)], ACCOUNTS, null)).toEqual([credit("wallet", 5)]);
  });
});

describe("entry locks", () => {
  const funded = new Map([
    ["wallet", facts("wallet", { lockVersion: 3, sums: { ...NO_SUMS, postedCredits: 100n, pendingDebits: 20n } })],
  ]);
  const lock = (
    kind: "pending" | "posted" | "available",
    comparison: "gt" | "gte" | "lt" | "lte" | "eq",
    bound: number,
  ) => ({ kind, comparison, bound });
  const broken = (drafts: EntryDraft[], status: "pending" | "posted" | "archived" = "pending") =>
    listBrokenLocks(drafts, status, [], funded).map(({ path }) => path);

  it.each([
    [lock("available", "gte", 0), 80, "pending", true],
    [lock("available", "gte", 0), 81, "pending", false],
    [lock("available", "gt", 0), 80, "posted", false],
    [lock("pending", "eq", 0), 80, "posted", true],
    [lock("pending", "lt", 1), 80, "pending", true],
    [lock("posted", "eq", 100), 80, "pending", true],
    [lock("posted", "lte", 20), 80, "posted", true],
    [lock("posted", "lt", 20), 80, "posted", false],
    [lock("pending", "eq", 80), 999, "archived", true],
  ] as const)("%o with a debit of %i that is %s", (lock, amount, status, holds) => {
    expect(broken([debit("wallet", amount, { locks: [lock] })], status)).toEqual(
      holds ? [] : [`/ledger_entries/0/${lock.kind}_balance_amount/${lock.comparison}`],
    );
  });

  it("see all entries of the transaction, wherever the lock stands", () => {
    const drafts = [debit("wallet", 50, { locks: [lock("available", "gte", 0)] }), debit("wallet", 31)];
    expect(broken(drafts)).toEqual(["/ledger_entries/0/available_balance_amount/gte"]);
  });

  it("leave out the entries that are replaced", () => {
    const replaced = [{ accountUid: "wallet", direction: "debit" as const, amount: 20, status: "pending" as const }];
    const drafts = [debit("wallet", 100, { locks: [lock("available", "gte", 0)] })];
    expect(listBrokenLocks(drafts, "pending", replaced, funded)).toEqual([]);
    expect(listBrokenLocks(drafts, "pending", [], funded)).toHaveLength(1);
  });

  it("hold the account's lock version", () => {
    expect(broken([debit("wallet", 1, { lockVersion: 3 })])).toEqual([]);
    expect(broken([debit("wallet", 1, { lockVersion: 2 })])).toEqual(["/ledger_entries/0/lock_version"]);
  });
});

describe("a partial post", () => {
  it("leaves two balanced parts that come to the whole", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 1_000 }), fc.nat(), (amount, seed) => {
        const part = seed % amount;
        const whole = [debit("cash", amount), credit("wallet", amount - 1), credit("wallet", 1)];
        const posted = [
          credit("wallet", Math.min(part, amount - 2)),
          credit("wallet", 0),
          debit("cash", Math.min(part, amount - 2)),
        ];
        const cut = cutEntries(whole, posted);
        if (!cut.ok) throw new Error(JSON.stringify(cut.failure));
        expect(problemsOf(cut.value.posted)).toEqual([]);
        expect(problemsOf(cut.value.remaining)).toEqual([]);
        for (const [place, { amount }] of whole.entries()) {
          const [left, right] = [cut.value.posted[place], cut.value.remaining[place]];
          expect((left?.amount ?? -1) + (right?.amount ?? -1)).toBe(amount);
        }
      }),
    );
  });

  it.each<[string, EntryDraft[], string]>([
    ["the whole amount", [debit("cash", 5), credit("wallet", 4)], "/posted_ledger_entries/0/amount"],
    ["too few entries", [debit("cash", 4)], "/posted_ledger_entries"],
    ["the other side", [debit("cash", 4), debit("wallet", 4)], "/posted_ledger_entries"],
    ["too many entries", [debit("cash", 4), credit("wallet", 4), debit("yen", 1)], "/posted_ledger_entries/2"],
  ])("is refused with %s", (_, posted, path) => {
    expect(cutEntries([debit("cash", 5), credit("wallet", 5)], posted)).toMatchObject({
      failure: { errors: [{ path }] },
    });
  });
});
