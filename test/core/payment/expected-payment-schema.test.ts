import { describe, expect, it } from "vitest";
import { listFieldErrors } from "../../../src/core/field-errors.ts";
import {
  expectedPaymentPatchSchema,
  newExpectedPaymentSchema,
} from "../../../src/core/payment/expected-payment-schema.ts";
import { completeVariables, describePaymentRecord } from "../../../src/core/payment/payment-record.ts";

const ACCOUNT = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";
const OTHER_ACCOUNT = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b";
const LARGEST = 999_999_999_999_999;

const variable = (fields: Record<string, unknown> = {}) => ({
  internal_account_id: ACCOUNT,
  direction: "credit",
  amount_lower_bound: 100,
  amount_upper_bound: 100,
  ...fields,
});

const identifiers = (count: number, prefix = "k") =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`${prefix}${n}`, "v"]));

function problemsOf(body: unknown, schema: typeof newExpectedPaymentSchema | typeof expectedPaymentPatchSchema) {
  const parsed = schema.safeParse(body, { reportInput: true });
  return parsed.success ? [] : listFieldErrors(parsed.error).map(({ path, code }) => [path, code]);
}

const problemsOfNew = (...variables: unknown[]) =>
  problemsOf({ reconciliation_rule_variables: variables }, newExpectedPaymentSchema);

const at = (field: string, place = 0) => `/reconciliation_rule_variables/${place}/${field}`;

describe("rule variables", () => {
  it.each<[string, Record<string, unknown>]>([
    ["what is required alone", {}],
    ["nothing", { amount_lower_bound: 0, amount_upper_bound: 0 }],
    ["the largest amount there is", { amount_upper_bound: LARGEST }],
    ["a currency in any case", { currency: "usd" }],
    ["every member", { type: "check", counterparty_id: "c", date_lower_bound: "2024-02-29", custom_identifiers: {} }],
    [
      "nulls for what is not required",
      { type: null, currency: null, date_upper_bound: null, custom_identifiers: null },
    ],
    ["texts of every kind as identifiers", { custom_identifiers: { "buyer e-mail": "[email protected]" } }],
    [
      "50 identifiers of 100 characters",
      { custom_identifiers: { ...identifiers(49), ["k".repeat(100)]: "v".repeat(100) } },
    ],
  ])("may have %s", (_, fields) => {
    expect(problemsOfNew(variable(fields))).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["internal_account_id", { internal_account_id: undefined }, "required"],
    ["internal_account_id", { internal_account_id: "account" }, "invalid_format"],
    ["direction", { direction: undefined }, "required"],
    ["direction", { direction: "in" }, "invalid_value"],
    ["amount_lower_bound", { amount_lower_bound: undefined }, "required"],
    ["amount_upper_bound", { amount_upper_bound: undefined }, "required"],
    ["amount_lower_bound", { amount_lower_bound: null }, "invalid_type"],
    ["amount_lower_bound", { amount_lower_bound: -1 }, "too_small"],
    ["amount_lower_bound", { amount_lower_bound: 99.5 }, "invalid_type"],
    ["amount_lower_bound", { amount_lower_bound: "100" }, "invalid_type"],
    ["amount_lower_bound", { amount_lower_bound: 101 }, "invalid"],
    ["amount_upper_bound", { amount_upper_bound: LARGEST + 1 }, "too_big"],
    ["currency", { currency: "XYZ" }, "invalid_currency"],
    ["type", { type: "other" }, "invalid_value"],
    ["date_upper_bound", { date_upper_bound: "2025-011-08" }, "invalid_date"],
    ["date_lower_bound", { date_lower_bound: "2025-02-29" }, "invalid_date"],
    ["date_lower_bound", { date_lower_bound: "2025-02-02", date_upper_bound: "2025-02-01" }, "invalid"],
    ["counterparty_id", { counterparty_id: 7 }, "invalid_type"],
    ["custom_identifiers", { custom_identifiers: identifiers(51) }, "too_many"],
    ["custom_identifiers/a", { custom_identifiers: { a: null } }, "invalid_type"],
    ["custom_identifiers/a", { custom_identifiers: { a: "v".repeat(101) } }, "too_big"],
    [`custom_identifiers/${"k".repeat(101)}`, { custom_identifiers: { ["k".repeat(101)]: "v" } }, "invalid_key"],
    ["statement_descriptor", { statement_descriptor: "ACME" }, "unknown_field"],
  ])("are refused by name: %s %j", (field, fields, code) => {
    expect(problemsOfNew(variable(fields))).toEqual([[at(field), code]]);
  });

  it.each<[string, Record<string, unknown>]>([
    ["internal_account_id", { internal_account_id: OTHER_ACCOUNT }],
    ["direction", { direction: "debit" }],
    ["amount_lower_bound", { amount_lower_bound: 99 }],
    ["amount_upper_bound", { amount_upper_bound: 101 }],
    ["currency", { currency: "EUR" }],
    ["date_lower_bound", { date_lower_bound: "2024-05-14" }],
    ["date_upper_bound", { date_upper_bound: "2024-05-23" }],
    ["counterparty_id", { counterparty_id: "another" }],
    ["counterparty_id", { counterparty_id: null }],
  ])("of one payment have the same %s", (field, fields) => {
    const first = variable({
      currency: "USD",
      counterparty_id: "one",
      date_lower_bound: "2024-05-15",
      date_upper_bound: "2024-05-22",
    });
    expect(problemsOfNew(first, first, { ...first, ...fields })).toEqual([[at(field, 2), "invalid"]]);
  });

  it("of one payment may differ in type and identifiers, and in how they say the same", () => {
    const day = "2024-05-15";
    const first = variable({ type: "ach", custom_identifiers: { a: "1" }, date_lower_bound: day, currency: "USD" });
    const second = variable({ type: "wire", custom_identifiers: { b: "2" }, date_upper_bound: `${day}T10:00:00Z` });
    expect(problemsOfNew(first, second)).toEqual([]);
  });

  it.each([
    [0, "too_small"],
    [21, "too_big"],
  ])("are 1 to 20 of a payment, not %i", (count, code) => {
    const given = Array.from({ length: count }, () => variable());
    expect(problemsOfNew(...given)).toEqual([["/reconciliation_rule_variables", code]]);
    expect(problemsOfNew(...Array.from({ length: 20 }, () => variable()))).toEqual([]);
  });

  it("have at most 250 different identifiers between them", () => {
    const [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map((p) => variable({ custom_identifiers: identifiers(50, p) }));
    expect(problemsOfNew(a, b, c, d, e, a)).toEqual([]);
    expect(problemsOfNew(a, b, c, d, e, variable({ custom_identifiers: { one: "more" } }))).toEqual([
      ["/reconciliation_rule_variables", "too_many"],
    ]);
  });

  it("are complete once they are read", () => {
    const { reconciliation_rule_variables } = newExpectedPaymentSchema.parse({
      reconciliation_rule_variables: [variable({ date_upper_bound: "2024-05-14T23:30:00-02:00" })],
    });
    expect(completeVariables(reconciliation_rule_variables, "JPY")).toEqual([
      {
        internal_account_id: ACCOUNT,
        direction: "credit",
        amount_lower_bound: 100,
        amount_upper_bound: 100,
        currency: "JPY",
        type: null,
        date_lower_bound: "2024-05-15",
        date_upper_bound: "2024-05-15",
        counterparty_id: null,
        custom_identifiers: {},
      },
    ]);
  });
});

describe("the record of an expected payment", () => {
  const record = (fields: Record<string, unknown>) => {
    const body = newExpectedPaymentSchema.parse({ reconciliation_rule_variables: [variable(fields)] });
    return describePaymentRecord(completeVariables(body.reconciliation_rule_variables, "USD"), "2026-03-10");
  };

  it("has the upper bound for its amount and is due by its last day", () => {
    expect(
      record({ amount_upper_bound: 120, date_lower_bound: "2024-05-15", date_upper_bound: "2024-05-22" }),
    ).toMatchObject({
      fields: { date: "2024-05-15", expectedBy: "2024-05-22", amount: 120, currency: "USD", direction: "credit" },
      amountLower: 100,
    });
  });

  it("has the day of making where no day is given, and is never due", () => {
    const { fields, attributes } = record({});
    expect([fields.date, fields.expectedBy]).toEqual(["2026-03-10", null]);
    expect([attributes.date_lower_bound, attributes.date_upper_bound]).toEqual([null, null]);
  });
});

describe("the body of an expected payment", () => {
  const both = [
    ["made", newExpectedPaymentSchema, { reconciliation_rule_variables: [variable()] }],
    ["changed", expectedPaymentPatchSchema, {}],
  ] as const;
  const legacy = {
    type: "ach",
    currency: "USD",
    direction: "credit",
    counterparty_id: "c",
    internal_account_id: ACCOUNT,
    amount_lower_bound: 1,
    amount_upper_bound: 1,
    date_lower_bound: "2024-05-15",
    date_upper_bound: "2024-05-15",
    reconciliation_groups: {},
    reconciliation_filters: {},
  };

  describe.each(both)("when it is %s", (_, schema, body) => {
    it.each(Object.entries(legacy))("gives %s in the rule variables only", (name, value) => {
      expect(problemsOf({ ...body, [name]: value }, schema)).toEqual([
        ["/reconciliation_rule_variables", "unsupported"],
      ]);
      expect(problemsOf({ ...body, [name]: null }, schema)).toEqual([]);
    });

    it.each([
      "amount_reconciled",
      "amount_reconciled_direction",
      "amount_unreconciled",
      "amount_unreconciled_direction",
      "transaction_id",
      "live_mode",
      "invented",
    ])("refuses %s, which is not the caller's", (name) => {
      expect(problemsOf({ ...body, [name]: null }, schema)).toEqual([[`/${name}`, "unknown_field"]]);
    });

    it.each<[string, unknown, string]>([
      ["external_id", "x".repeat(181), "too_big"],
      ["external_id", "", "too_small"],
      ["description", 5, "invalid_type"],
      ["statement_descriptor", "x".repeat(1001), "too_big"],
      ["remittance_information", [], "invalid_type"],
      ["metadata", { a: 1 }, "invalid_type"],
    ])("refuses a wrong %s: %j", (name, value, code) => {
      const [[path, found]] = problemsOf({ ...body, [name]: value }, schema) as [[string, string]];
      expect([path.split("/")[1], found]).toEqual([name, code]);
    });
  });

  it("names the rule variables that are missing and the field that stands in their place", () => {
    expect(problemsOf({ amount_lower_bound: 5 }, newExpectedPaymentSchema)).toEqual([
      ["/reconciliation_rule_variables", "required"],
      ["/reconciliation_rule_variables", "unsupported"],
    ]);
    expect(problemsOf(null, newExpectedPaymentSchema)).toEqual([["", "invalid_type"]]);
  });

  it.each(["unreconciled", "partially_reconciled", "archived", "posted"])("cannot set the status to %s", (status) => {
    expect(problemsOf({ status }, expectedPaymentPatchSchema)).toEqual([["/status", "invalid_value"]]);
    expect(problemsOf({ status: "reconciled" }, expectedPaymentPatchSchema)).toEqual([]);
  });
});
