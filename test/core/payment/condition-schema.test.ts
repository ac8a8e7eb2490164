import { describe, expect, it } from "vitest";
import { InexactNumber } from "../../../src/core/json.ts";
import { parsePaymentCondition } from "../../../src/core/payment/condition-schema.ts";
import { Report } from "../../../src/core/rules/report.ts";
import { ACCOUNT } from "./payment-items.ts";

function parse(condition: Record<string, unknown>) {
  const report = new Report();
  const parsed = parsePaymentCondition(condition, "", report);
  return { parsed, refusals: report.errors.map(({ path, code }) => [path, code]), errors: report.errors };
}

const ALLOWED: [field: string, operator: string, operands: Record<string, unknown>[]][] = [
  ["transaction.currency", "equals", [{ value: "USD" }, { value_field: "expected_payment.currency" }]],
  [
    "transaction.direction",
    "equals",
    [{ value: "credit" }, { value: "debit" }, { value_field: "expected_payment.direction" }],
  ],
  [
    "transaction.internal_account_id",
    "equals",
    [{ value: ACCOUNT }, { value_field: "expected_payment.internal_account_id" }],
  ],
  ["transaction.as_of_date", "less_than_or_equals", [{ value_field: "expected_payment.date_upper_bound" }]],
  ["transaction.as_of_date", "greater_than_or_equals", [{ value_field: "expected_payment.date_lower_bound" }]],
  [
    "transaction.type",
    "equals",
    [{ value: "ach" }, { value: "zengin" }, { value: "other" }, { value_field: "expected_payment.type" }],
  ],
  ...["vendor_description", "custom_identifiers.ref", "metadata.Key Name"].flatMap((name) =>
    ["equals", "contains"].map((operator): (typeof ALLOWED)[number] => [
      `transaction.${name}`,
      operator,
      [{ value: "INV" }, { value_field: "expected_payment.custom_identifiers.invoice" }],
    ]),
  ),
  ["transaction.metadata.checked", "equals", [{ value: true }, { value: 7 }]],
  [
    "transaction.details.originator.name",
    "equals",
    [{ value: "ACME" }, { value: 7 }, { value: false }, { value_field: "expected_payment.custom_identifiers.a.b" }],
  ],
  ["expected_payment.currency", "equals", [{ value: "EUR" }, { value_field: "transaction.currency" }]],
  ["expected_payment.direction", "equals", [{ value: "debit" }, { value_field: "transaction.direction" }]],
  [
    "expected_payment.internal_account_id",
    "equals",
    [{ value: ACCOUNT }, { value_field: "transaction.internal_account_id" }],
  ],
  ["expected_payment.type", "equals", [{ value: "wire" }, { value_field: "transaction.type" }]],
  ["expected_payment.counterparty_id", "equals", [{ value: "cp_1" }]],
  ["expected_payment.date_upper_bound", "greater_than_or_equals", [{ value_field: "transaction.as_of_date" }]],
  ["expected_payment.date_lower_bound", "less_than_or_equals", [{ value_field: "transaction.as_of_date" }]],
  ...["equals", "contains"].map((operator): (typeof ALLOWED)[number] => [
    "expected_payment.custom_identifiers.invoice",
    operator,
    [
      { value: "INV" },
      { value_field: "transaction.vendor_description" },
      { value_field: "transaction.details.originator.name" },
      { value_field: "transaction.custom_identifiers.ref" },
      { value_field: "transaction.metadata.ref" },
    ],
  ]),
];

const EQUAL_TYPES = { field: "transaction.type", operator: "equals", value_field: "expected_payment.type" };
const TEXT = { field: "transaction.vendor_description", operator: "contains", value: "INV" };

const REFUSED: [string, Record<string, unknown>, [string, string][]][] = [
  [
    "nothing",
    {},
    [
      ["/field", "required"],
      ["/operator", "required"],
      ["/value", "required"],
    ],
  ],
  ["an unknown member", { ...TEXT, vlaue: "x" }, [["/vlaue", "unknown_field"]]],
  ["a field without its side", { ...TEXT, field: "vendor_description" }, [["/field", "unknown_payment_field"]]],
  ["a field of nobody", { ...TEXT, field: "transaction.amount" }, [["/field", "unknown_payment_field"]]],
  [
    "a field of the other side",
    { ...TEXT, field: "transaction.counterparty_id" },
    [["/field", "unknown_payment_field"]],
  ],
  [
    "identifiers without a key",
    { ...TEXT, field: "transaction.custom_identifiers" },
    [["/field", "unknown_payment_field"]],
  ],
  ["an empty key", { ...TEXT, field: "transaction.metadata." }, [["/field", "unknown_payment_field"]]],
  ["a gap in a path", { ...TEXT, field: "transaction.details.a..b" }, [["/field", "unknown_payment_field"]]],
  ["more below a plain field", { ...EQUAL_TYPES, field: "transaction.type.x" }, [["/field", "unknown_payment_field"]]],
  [
    "a very long field",
    { ...TEXT, field: `transaction.metadata.${"x".repeat(300)}` },
    [["/field", "unknown_payment_field"]],
  ],
  ["a name of every object's", { ...TEXT, field: "transaction.constructor" }, [["/field", "unknown_payment_field"]]],
  ["a field that is no text", { ...TEXT, field: 7 }, [["/field", "invalid_type"]]],
  ["an operator of /v1", { ...TEXT, operator: "eq" }, [["/operator", "unknown_operator"]]],
  [
    "an operator that is not of the field",
    { ...EQUAL_TYPES, operator: "contains" },
    [["/operator", "unknown_operator"]],
  ],
  [
    "containing details",
    { field: "transaction.details.x", operator: "contains", value: "x" },
    [["/operator", "unknown_operator"]],
  ],
  ["no operand", { ...TEXT, value: undefined }, [["/value", "required"]]],
  ["two operands", { ...EQUAL_TYPES, value: "ach" }, [["/value_field", "too_many_operands"]]],
  [
    "the same side twice",
    { ...EQUAL_TYPES, value_field: "transaction.type" },
    [["/value_field", "field_does_not_fit"]],
  ],
  [
    "a field of another kind",
    { ...EQUAL_TYPES, value_field: "expected_payment.currency" },
    [["/value_field", "field_does_not_fit"]],
  ],
  [
    "an unknown other field",
    { ...EQUAL_TYPES, value_field: "expected_payment.x" },
    [["/value_field", "field_does_not_fit"]],
  ],
  ["an other field that is no text", { ...EQUAL_TYPES, value_field: 7 }, [["/value_field", "invalid_type"]]],
  [
    "a fixed date",
    { field: "transaction.as_of_date", operator: "less_than_or_equals", value: "2026-01-01" },
    [["/value", "invalid_value"]],
  ],
  [
    "the wrong end of the range",
    {
      field: "transaction.as_of_date",
      operator: "less_than_or_equals",
      value_field: "expected_payment.date_lower_bound",
    },
    [["/value_field", "field_does_not_fit"]],
  ],
  [
    "a counterparty against a field",
    { field: "expected_payment.counterparty_id", operator: "equals", value_field: "transaction.type" },
    [["/value_field", "field_does_not_fit"]],
  ],
  ...(
    [
      ["transaction.currency", "dollars"],
      ["transaction.direction", "CREDIT"],
      ["transaction.internal_account_id", "my account"],
      ["transaction.type", "pigeon"],
      ["expected_payment.type", "other"],
      ["transaction.vendor_description", ""],
      ["transaction.vendor_description", 7],
      ["transaction.vendor_description", "x".repeat(1_001)],
      ["transaction.custom_identifiers.x", true],
      ["transaction.metadata.x", null],
      ["transaction.details.x", {}],
      ["transaction.details.x", new InexactNumber("1e400")],
    ] as const
  ).map(([field, value]): (typeof REFUSED)[number] => [
    `${field} against ${JSON.stringify(value).slice(0, 20)}`,
    { field, operator: "equals", value },
    [["/value", "invalid_value"]],
  ]),
  [
    "a number within a text",
    { field: "transaction.metadata.x", operator: "contains", value: 7 },
    [["/value", "invalid_value"]],
  ],
];

describe("a condition of payments", () => {
  it.each(ALLOWED)("is allowed: %s %s", (field, operator, operands) => {
    for (const operand of operands) {
      expect(parse({ field, operator, ...operand })).toMatchObject({
        parsed: { field, operator, ...operand },
        refusals: [],
      });
    }
  });

  it.each(REFUSED)("refuses %s", (_, condition, refusals) => {
    expect(parse(condition)).toMatchObject({ parsed: undefined, refusals });
  });

  it("says what would be right", () => {
    const { errors } = parse({ field: "transaction.as_of_date", operator: "equals", value: "2026-01-01" });
    expect(errors.map(({ message }) => message)).toEqual([
      "transaction.as_of_date takes less_than_or_equals, greater_than_or_equals.",
    ]);
    const wrong = { field: "expected_payment.date_upper_bound", operator: "greater_than_or_equals", value: "x" };
    expect(parse(wrong).errors[0]?.message).toBe(
      "expected_payment.date_upper_bound greater_than_or_equals takes as value_field transaction.as_of_date.",
    );
  });

  it("keeps currencies in upper case and ids in lower case", () => {
    const currency = { field: "transaction.currency", operator: "equals", value: "usd" };
    expect(parse(currency).parsed).toMatchObject({ value: "USD" });
    const account = { field: "transaction.internal_account_id", operator: "equals", value: ACCOUNT.toUpperCase() };
    expect(parse(account).parsed).toMatchObject({ value: ACCOUNT });
  });
});
