import { describe, expect, it } from "vitest";
import type { Item } from "../../../src/core/matching/item.ts";
import { compilePaymentRule, computePaymentPlan } from "../../../src/core/payment/compile-payment-rule.ts";
import { parsePaymentRule } from "../../../src/core/payment/payment-rule-schema.ts";
import fc from "../../support/fast-check.ts";
import { ACCOUNT, compile, holds, identified, only, payment, transaction } from "./payment-items.ts";

const DESCRIBED = (description: string | null) => transaction({}, { description });
const DATED = (date: string) => transaction({}, { date });
const OTHER_ACCOUNT = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b";

const field = (name: string, operator: string, operand: Record<string, unknown>) => ({
  field: name,
  operator,
  ...operand,
});
const INVOICE = "expected_payment.custom_identifiers.invoice";
const ofType = (type: "ach" | "wire" | null) => payment({ alternatives: [{ type, custom_identifiers: {} }] });

const anyText = fc.constantFrom("", "1", "01", "A", "AB", "a");
const anyType = fc.constantFrom("ach" as const, "wire" as const, null);

const anyTransaction = fc
  .record({ type: anyType, ref: anyText, name: fc.oneof(anyText, fc.constant(1)), description: anyText })
  .map(({ type, ref, name, description }) =>
    transaction({ type, custom_identifiers: { ref }, details: { name } }, { description }),
  );

const anyPayment = fc
  .array(fc.record({ type: anyType, custom_identifiers: fc.record({ invoice: anyText, batch: anyText }) }), {
    minLength: 1,
    maxLength: 3,
  })
  .map((alternatives) => payment({ alternatives }));

const anyCondition = fc.oneof(
  fc.constant(field("transaction.type", "equals", { value_field: "expected_payment.type" })),
  fc
    .tuple(fc.constantFrom("vendor_description", "custom_identifiers.ref"), fc.constantFrom("equals", "contains"))
    .map(([name, operator]) => field(`transaction.${name}`, operator, { value_field: INVOICE })),
  fc
    .tuple(fc.constantFrom("details.name", "custom_identifiers.ref"), fc.constantFrom("equals", "contains"))
    .map(([name, operator]) =>
      field("expected_payment.custom_identifiers.batch", operator, { value_field: `transaction.${name}` }),
    ),
  fc.constantFrom("A", "1").map((value) => field(INVOICE, "contains", { value })),
  fc.constantFrom("ach", "other").map((value) => field("transaction.type", "equals", { value })),
);

const junction = fc.constantFrom("and", "or");
const anyRule = fc.record({
  operator: junction,
  blocks: fc.array(
    fc.record({ operator: junction, conditions: fc.array(anyCondition, { minLength: 1, maxLength: 3 }) }),
    { maxLength: 3 },
  ),
});

describe("a condition of a compiled rule", () => {
  it.each<[string, Record<string, unknown>, [Item, Item, boolean][]]>([
    [
      "an equal text",
      field("transaction.vendor_description", "equals", { value_field: INVOICE }),
      [
        [DESCRIBED("INV-7"), identified({ invoice: "INV-7" }), true],
        [DESCRIBED("INV-7"), identified({ invoice: "inv-7" }), false],
        [DESCRIBED("INV-7"), identified({ other: "INV-7" }), false],
        [DESCRIBED(null), identified({ invoice: "INV-7" }), false],
        [DESCRIBED(""), identified({ invoice: "" }), false],
      ],
    ],
    [
      "a transaction's text that contains a payment's",
      field("transaction.vendor_description", "contains", { value_field: INVOICE }),
      [
        [DESCRIBED("PAYMENT INV-7 THANKS"), identified({ invoice: "INV-7" }), true],
        [DESCRIBED("payment inv-7"), identified({ invoice: "INV-7" }), false],
        [DESCRIBED("INV"), identified({ invoice: "INV-7" }), false],
        [DESCRIBED("PAYMENT"), identified({}), false],
      ],
    ],
    [
      "a payment's text that contains a transaction's",
      field(INVOICE, "contains", { value_field: "transaction.vendor_description" }),
      [
        [DESCRIBED("INV"), identified({ invoice: "INV-7" }), true],
        [DESCRIBED("INV-7 THANKS"), identified({ invoice: "INV-7" }), false],
        [DESCRIBED("inv"), identified({ invoice: "INV-7" }), false],
        [DESCRIBED(null), identified({ invoice: "INV-7" }), false],
      ],
    ],
    [
      "a transaction's text that contains a constant",
      field("transaction.vendor_description", "contains", { value: "INV" }),
      [
        [DESCRIBED("X INV-7"), payment(), true],
        [DESCRIBED("IN"), payment(), false],
      ],
    ],
    [
      "a payment's text that contains a constant",
      field(INVOICE, "contains", { value: "INV" }),
      [
        [DESCRIBED(null), identified({ invoice: "X INV-7" }), true],
        [DESCRIBED(null), identified({ invoice: "IN" }), false],
      ],
    ],
    [
      "a payment's text that is a constant",
      field(INVOICE, "equals", { value: "INV-7" }),
      [
        [DESCRIBED(null), identified({ invoice: "INV-7" }), true],
        [DESCRIBED(null), identified({ invoice: "INV-70" }), false],
      ],
    ],
    [
      "an upper bound of dates",
      field("transaction.as_of_date", "less_than_or_equals", { value_field: "expected_payment.date_upper_bound" }),
      [
        [DATED("2026-01-31"), payment({ date_upper_bound: "2026-01-31" }), true],
        [DATED("2026-02-01"), payment({ date_upper_bound: "2026-01-31" }), false],
        [DATED("9999-12-31"), payment(), true],
      ],
    ],
    [
      "a lower bound of dates",
      field("transaction.as_of_date", "greater_than_or_equals", { value_field: "expected_payment.date_lower_bound" }),
      [
        [DATED("2026-01-01"), payment({ date_lower_bound: "2026-01-01" }), true],
        [DATED("2025-12-31"), payment({ date_lower_bound: "2026-01-01" }), false],
        [DATED("0001-01-01"), payment(), true],
      ],
    ],
    [
      "an upper bound of dates, said by the payment",
      field("expected_payment.date_upper_bound", "greater_than_or_equals", { value_field: "transaction.as_of_date" }),
      [
        [DATED("2026-01-31"), payment({ date_upper_bound: "2026-01-31" }), true],
        [DATED("2026-02-01"), payment({ date_upper_bound: "2026-01-31" }), false],
      ],
    ],
    [
      "a lower bound of dates, said by the payment",
      field("expected_payment.date_lower_bound", "less_than_or_equals", { value_field: "transaction.as_of_date" }),
      [
        [DATED("2026-01-01"), payment({ date_lower_bound: "2026-01-01" }), true],
        [DATED("2025-12-31"), payment({ date_lower_bound: "2026-01-01" }), false],
      ],
    ],
    [
      "the same type",
      field("transaction.type", "equals", { value_field: "expected_payment.type" }),
      [
        [transaction({ type: "ach" }), ofType("ach"), true],
        [transaction({ type: "ach" }), ofType("wire"), false],
        [transaction({ type: "ach" }), ofType(null), false],
        [transaction(), ofType(null), false],
      ],
    ],
    [
      "a type that nobody has said",
      field("transaction.type", "equals", { value: "other" }),
      [
        [transaction(), payment(), true],
        [transaction({ type: "ach" }), payment(), false],
      ],
    ],
    [
      "a path into details",
      field("transaction.details.originator.name", "equals", { value_field: INVOICE }),
      [
        [transaction({ details: { originator: { name: "ACME" } } }), identified({ invoice: "ACME" }), true],
        [transaction({ details: { originator: "ACME" } }), identified({ invoice: "ACME" }), false],
      ],
    ],
    [
      "details that are no text",
      field("transaction.details.checked", "equals", { value: true }),
      [
        [transaction({ details: { checked: true } }), payment(), true],
        [transaction({ details: { checked: false } }), payment(), false],
      ],
    ],
    [
      "identifiers of both",
      field(INVOICE, "equals", { value_field: "transaction.custom_identifiers.a.b" }),
      [
        [transaction({ custom_identifiers: { "a.b": "7" } }), identified({ invoice: "7" }), true],
        [transaction({ custom_identifiers: { a: "7" } }), identified({ invoice: "7" }), false],
      ],
    ],
    [
      "metadata",
      field("transaction.metadata.ref", "contains", { value_field: INVOICE }),
      [
        [transaction({}, { metadata: { ref: "x7x" } }), identified({ invoice: "7" }), true],
        [transaction({}, { metadata: { other: "x7x" } }), identified({ invoice: "7" }), false],
      ],
    ],
    [
      "the account",
      field("transaction.internal_account_id", "equals", { value: ACCOUNT }),
      [[transaction(), payment(), true]],
    ],
    [
      "another account",
      field("expected_payment.internal_account_id", "equals", { value: OTHER_ACCOUNT }),
      [[transaction(), payment(), false]],
    ],
    [
      "the counterparty",
      field("expected_payment.counterparty_id", "equals", { value: "cp" }),
      [
        [transaction(), payment({ counterparty_id: "cp" }), true],
        [transaction(), payment(), false],
      ],
    ],
    [
      "the direction",
      field("transaction.direction", "equals", { value: "debit" }),
      [
        [transaction({}, { sign: -1 }), payment({}, { sign: -1 }), true],
        [transaction(), payment(), false],
      ],
    ],
    [
      "the currency",
      field("expected_payment.currency", "equals", { value: "EUR" }),
      [
        [transaction({}, { currency: "EUR" }), payment({}, { currency: "EUR" }), true],
        [transaction(), payment(), false],
      ],
    ],
  ])("reads %s", (_, condition, cases) => {
    for (const [a, b, expected] of cases) expect(holds(condition, a, b)).toBe(expected);
  });
});

describe("a compiled rule", () => {
  const always = compile({ conditions: { operator: "or", blocks: [] } }).compiled;

  it("without conditions holds for what has the same currency and direction", () => {
    expect(always.evaluate(transaction(), payment())).toEqual({ holds: true, comparesAmount: false });
    expect(always.evaluate(transaction(), payment({}, { currency: "EUR" })).holds).toBe(false);
    expect(always.evaluate(transaction(), payment({}, { sign: -1 })).holds).toBe(false);
    expect(always.amountsMayFit(transaction(), payment({}, { sign: -1 }))).toBe(false);
  });

  it.each([
    ["amounts of zero", {}],
    ["conditions that name both directions", { sign: -1 as const }],
  ])("keeps directions apart for %s", (_, given) => {
    const conditions = only(
      field("transaction.direction", "equals", { value: "debit" }),
      field("expected_payment.direction", "equals", { value: "credit" }),
    );
    const { compiled } = compile({ conditions });
    const a = transaction({}, { sign: -1, open: 0, amount: 0, ...given });
    expect(compiled.evaluate(a, payment()).holds).toBe(false);
    expect(always.evaluate(a, payment({}, { open: 0, amount: 0 })).holds).toBe(false);
  });

  it("joins conditions in blocks, and blocks, by and and or", () => {
    const [a, b] = ["A", "B"].map((value) => field("transaction.vendor_description", "contains", { value }));
    const [c, d] = ["C", "D"].map((value) => field("transaction.vendor_description", "contains", { value }));
    const ways = (outer: string, inner: string) => {
      const blocks = [
        { operator: inner, conditions: [a, b] },
        { operator: inner, conditions: [c, d] },
      ];
      const { compiled } = compile({ conditions: { operator: outer, blocks } });
      const texts = ["A", "AB", "AC", "ABC", "ABCD", ""];
      return texts.filter((text) => compiled.evaluate(DESCRIBED(text), payment()).holds);
    };
    expect(ways("and", "and")).toEqual(["ABCD"]);
    expect(ways("and", "or")).toEqual(["AC", "ABC", "ABCD"]);
    expect(ways("or", "and")).toEqual(["AB", "ABC", "ABCD"]);
    expect(ways("or", "or")).toEqual(["A", "AB", "AC", "ABC", "ABCD"]);
  });

  it("holds when one alternative of the payment satisfies all of it", () => {
    const { compiled } = compile({
      conditions: only(
        field("transaction.vendor_description", "contains", { value_field: INVOICE }),
        field("transaction.type", "equals", { value_field: "expected_payment.type" }),
      ),
    });
    const alternatives = [
      { type: "wire" as const, custom_identifiers: { invoice: "7" } },
      { type: "ach" as const, custom_identifiers: { invoice: "8" } },
    ];
    const b = payment({ alternatives });
    const bank = (description: string, type: "ach" | "wire") => transaction({ type }, { description });
    expect(compiled.evaluate(bank("No 8", "ach"), b).holds).toBe(true);
    expect(compiled.evaluate(bank("No 7", "wire"), b).holds).toBe(true);
    expect(compiled.evaluate(bank("No 7", "ach"), b).holds).toBe(false);
    expect(compiled.explain(bank("No 8", "ach"), b)).toEqual([
      { a: "No 8", b: "8", passed: true },
      { a: "ach", b: "ach", passed: true },
    ]);
    expect(compiled.explain(bank("No 7", "ach"), b)).toEqual([
      { a: "No 7", b: "7", passed: true },
      { a: "ach", b: "wire", passed: false },
    ]);
  });

  it("takes a transaction with several payments as it takes each of them", () => {
    const { compiled } = compile({
      conditions: only(field("transaction.vendor_description", "contains", { value_field: INVOICE })),
    });
    const payments = [identified({ invoice: "0" }, { invoice: "7" }), identified({ invoice: "8" })];
    expect(compiled.evaluateSets([DESCRIBED("7 and 8")], payments)).toEqual({ holds: true, comparesAmount: false });
    expect(compiled.evaluateSets([DESCRIBED("7")], payments).holds).toBe(false);
    expect(compiled.explainSets([DESCRIBED("7 and 8")], payments)).toEqual([
      { a: "7 and 8", b: ["7", "8"], passed: true },
    ]);
  });

  it("shows an absent bound of dates as nothing", () => {
    const upper = field("transaction.as_of_date", "less_than_or_equals", {
      value_field: "expected_payment.date_upper_bound",
    });
    const { compiled } = compile({ conditions: only(upper) });
    expect(compiled.explain(DATED("2026-01-01"), payment())).toEqual([{ a: "2026-01-01", b: null, passed: true }]);
  });

  it("refuses to look at what is no payment", () => {
    expect(() => always.evaluate({ ...transaction(), payment: undefined } as never, payment())).toThrow("neither");
  });

  it("carries what the engine needs beside its conditions", () => {
    const conditions = { operator: "and", blocks: [] };
    const strategy = "one_transaction_to_many_expected_payments";
    const group_by = ["custom_identifiers.batch_id", "expected_payment.counterparty_id"];
    expect(compile({ strategy, conditions, group_by, on_ambiguous: "earliest" })).toMatchObject({
      cardinality: "one_to_many",
      payment: strategy,
      groupBy: ["custom_identifiers.batch_id", "counterparty_id"],
      onAmbiguous: "earliest",
      rollup: null,
      isSubset: false,
    });
    const many = "many_transactions_to_one_expected_payment";
    expect(compile({ strategy: many, conditions })).toMatchObject({ cardinality: "many_to_one", payment: many });
    expect(compile({ conditions })).toMatchObject({ cardinality: "one_to_one", onAmbiguous: "skip", groupBy: [] });
  });

  it("throws on a definition that could not have been stored", () => {
    const conditions = only(field("transaction.amount", "equals", { value: "7" }));
    const definition = { strategy: "one_to_one", conditions, group_by: null, on_ambiguous: "skip" } as never;
    expect(() => compilePaymentRule({ id: 1, uid: "u", version: 1, definition })).toThrow("transaction.amount");
  });
});

describe("the plan of a compiled rule", () => {
  it("finds a pair that holds from either side, whichever alternative holds", () => {
    const same = field(INVOICE, "equals", { value_field: "transaction.custom_identifiers.ref" });
    const { plan } = compile({ conditions: only(same) }).compiled;
    const b = identified({ invoice: "7" }, { invoice: "8" }, { invoice: "8" }, {});
    const [branch] = plan.branches;
    expect(branch?.storedKeys(b)).toHaveLength(2);
    for (const ref of ["7", "8"]) {
      const a = transaction({ custom_identifiers: { ref } });
      expect(branch?.storedKeys(b)).toEqual(expect.arrayContaining(branch?.lookupKeys(a) as string[]));
      expect(branch?.lookupKeys(b)).toEqual(expect.arrayContaining(branch?.storedKeys(a) as string[]));
    }
    expect(branch?.lookupKeys(transaction({ custom_identifiers: { ref: "9" } }))).not.toContain(
      branch?.storedKeys(b)[0],
    );
    expect(branch?.amountWindow(b)).toBeNull();
  });

  it("leaves out what a constant rules out for all alternatives", () => {
    const { plan } = compile({
      conditions: only(
        field(INVOICE, "contains", { value: "INV" }),
        field(INVOICE, "equals", { value_field: "transaction.custom_identifiers.ref" }),
      ),
    }).compiled;
    expect(plan.branches[0]?.storedKeys(identified({ invoice: "7" }))).toEqual([]);
    expect(plan.branches[0]?.storedKeys(identified({ invoice: "7" }, { invoice: "INV-7" }))).toHaveLength(1);
  });

  it("is complete: a pair that holds is found from either side", () => {
    let pairs = 0;
    fc.assert(
      fc.property(anyRule, anyTransaction, anyPayment, (conditions, a, b) => {
        const { compiled } = compile({ conditions });
        if (!compiled.evaluate(a, b).holds) return;
        pairs += 1;
        const meets = (stored: Item, looked: Item) =>
          compiled.plan.branches.some(({ storedKeys, lookupKeys }) => {
            const keys = new Set(storedKeys(stored));
            return lookupKeys(looked).some((key) => keys.has(key));
          });
        expect([meets(a, b), meets(b, a)]).toEqual([true, true]);
      }),
      { numRuns: 2_000 },
    );
    expect(pairs).toBeGreaterThan(50);
  });

  const SAME = field("transaction.custom_identifiers.ref", "equals", { value_field: INVOICE });
  const WITHIN = field("transaction.vendor_description", "contains", { value_field: INVOICE });
  const ACCOUNTS = field("transaction.internal_account_id", "equals", {
    value_field: "expected_payment.internal_account_id",
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["one to one by an identifier", { conditions: only(SAME) }, "key"],
    ["one to one by amount alone", { conditions: { operator: "and", blocks: [] } }, "range"],
    ["one to one by a text within a text", { conditions: only(WITHIN) }, "range"],
    ["one to one by the account, which all share", { conditions: only(ACCOUNTS) }, "range"],
    ["one to one by the account and an identifier", { conditions: only(ACCOUNTS, SAME) }, "key"],
    [
      "one of two identifiers",
      { conditions: { operator: "or", blocks: [...only(SAME).blocks, ...only(SAME, WITHIN).blocks] } },
      "union",
    ],
    [
      "instalments by a text within a text",
      { strategy: "many_transactions_to_one_expected_payment", conditions: only(WITHIN) },
      "scan",
    ],
    [
      "groups by an identifier",
      { strategy: "one_transaction_to_many_expected_payments", conditions: only(SAME), group_by: ["type"] },
      "key",
    ],
  ])("is shown: %s", (_, body, kind) => {
    const parsed = parsePaymentRule({ strategy: "one_to_one", ...body });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.failure));
    const plan = computePaymentPlan(parsed.value);
    expect(plan.kind).toBe(kind);
    expect(plan.why !== undefined).toBe(kind === "scan");
  });
});
