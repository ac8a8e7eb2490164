import { describe, expect, it } from "vitest";
import {
  listNamedAccounts,
  parsePaymentRule,
  parsePaymentRulePatch,
} from "../../../src/core/payment/payment-rule-schema.ts";
import { ACCOUNT, only } from "./payment-items.ts";

const TYPES = { field: "transaction.type", operator: "equals", value_field: "expected_payment.type" };
const PAIRS = { strategy: "one_to_one", conditions: only(TYPES) };
const GROUPS = {
  strategy: "one_transaction_to_many_expected_payments",
  conditions: only(TYPES),
  group_by: ["custom_identifiers.batch_id"],
};

function read(body: Record<string, unknown>) {
  const parsed = parsePaymentRule(body);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.failure));
  return parsed.value;
}

function refusals(body: Record<string, unknown>): [string, string][] {
  const parsed = parsePaymentRule(body);
  return parsed.ok ? [] : parsed.failure.map(({ path, code }) => [path, code]);
}

const blocks = (count: number, conditions: number) => ({
  operator: "and",
  blocks: Array.from({ length: count }, () => ({ operator: "or", conditions: Array(conditions).fill(TYPES) })),
});

describe("a rule of payments", () => {
  it("leaves alone what is ambiguous unless it says otherwise", () => {
    expect(read(PAIRS)).toEqual({ ...PAIRS, group_by: null, on_ambiguous: "skip" });
    expect(read({ ...PAIRS, on_ambiguous: "earliest" })).toMatchObject({ on_ambiguous: "earliest" });
  });

  it("names the fields of its groups with their side", () => {
    const group_by = [
      "counterparty_id",
      "expected_payment.type",
      "date_lower_bound",
      "currency",
      "custom_identifiers.Batch Id",
    ];
    expect(read({ ...GROUPS, group_by }).group_by).toEqual([
      "expected_payment.counterparty_id",
      "expected_payment.type",
      "expected_payment.date_lower_bound",
      "expected_payment.currency",
      "expected_payment.custom_identifiers.Batch Id",
    ]);
  });

  it("demands nothing but account, direction, currency and amount when it says so", () => {
    expect(read({ ...PAIRS, conditions: { operator: "or", blocks: [] } }).conditions.blocks).toEqual([]);
  });

  it("has up to 10 blocks and 50 conditions", () => {
    expect(read({ ...PAIRS, conditions: blocks(10, 5) }).conditions.blocks).toHaveLength(10);
  });

  it.each<[string, Record<string, unknown>, [string, string][]]>([
    [
      "nothing",
      {},
      [
        ["/strategy", "required"],
        ["/conditions", "required"],
      ],
    ],
    ["an unknown strategy", { ...PAIRS, strategy: "many_to_many" }, [["/strategy", "invalid_value"]]],
    ["conditions that are a list", { ...PAIRS, conditions: [] }, [["/conditions", "invalid_type"]]],
    [
      "conditions without blocks",
      { ...PAIRS, conditions: { operator: "xor" } },
      [
        ["/conditions/operator", "invalid_value"],
        ["/conditions/blocks", "required"],
      ],
    ],
    [
      "an unknown member of conditions",
      { ...PAIRS, conditions: { ...only(TYPES), rules: [] } },
      [["/conditions/rules", "unknown_field"]],
    ],
    [
      "wrong blocks",
      { ...PAIRS, conditions: { operator: "and", blocks: [7, {}, { operator: "and", conditions: [], x: 1 }] } },
      [
        ["/conditions/blocks/0", "invalid_type"],
        ["/conditions/blocks/1/operator", "required"],
        ["/conditions/blocks/1/conditions", "required"],
        ["/conditions/blocks/2/x", "unknown_field"],
        ["/conditions/blocks/2/conditions", "empty"],
      ],
    ],
    [
      "wrong conditions, each of them",
      { ...PAIRS, conditions: only("type = ach", { ...TYPES, field: "type" }, { ...TYPES, operator: "is" }) },
      [
        ["/conditions/blocks/0/conditions/0", "invalid_type"],
        ["/conditions/blocks/0/conditions/1/field", "unknown_payment_field"],
        ["/conditions/blocks/0/conditions/2/operator", "unknown_operator"],
      ],
    ],
    ["11 blocks", { ...PAIRS, conditions: blocks(11, 1) }, [["/conditions/blocks", "too_many"]]],
    ["51 conditions", { ...PAIRS, conditions: blocks(3, 17) }, [["/conditions", "too_many_conditions"]]],
    [
      "a block of 51 conditions",
      { ...PAIRS, conditions: blocks(1, 51) },
      [["/conditions/blocks/0/conditions", "too_many"]],
    ],
    ["groups without fields", { ...GROUPS, group_by: undefined }, [["/group_by", "required"]]],
    ["groups with null for fields", { ...GROUPS, group_by: null }, [["/group_by", "required"]]],
    ["an empty group_by", { ...GROUPS, group_by: [] }, [["/group_by", "too_small"]]],
    [
      "6 fields to group by",
      { ...GROUPS, group_by: ["a", "b", "c", "d", "e", "f"].map((key) => `custom_identifiers.${key}`) },
      [["/group_by", "too_big"]],
    ],
    [
      "wrong and repeated fields to group by",
      { ...GROUPS, group_by: ["transaction.type", "amount", 7, "type", "expected_payment.type"] },
      [
        ["/group_by/0", "unknown_payment_field"],
        ["/group_by/1", "unknown_payment_field"],
        ["/group_by/2", "invalid_type"],
        ["/group_by/4", "repeated"],
      ],
    ],
    ["pairs with groups", { ...PAIRS, group_by: ["type"] }, [["/group_by", "not_of_this_strategy"]]],
    [
      "instalments with groups",
      { ...PAIRS, strategy: "many_transactions_to_one_expected_payment", group_by: ["type"] },
      [["/group_by", "not_of_this_strategy"]],
    ],
    ["an unknown way out of ambiguity", { ...PAIRS, on_ambiguous: "guess" }, [["/on_ambiguous", "invalid_value"]]],
  ])("refuses %s", (_, body, expected) => {
    expect(refusals(body)).toEqual(expected);
  });

  it("is changed part by part", () => {
    const current = read(GROUPS);
    expect(parsePaymentRulePatch({ on_ambiguous: "earliest" }, current)).toEqual({
      ok: true,
      value: { ...current, on_ambiguous: "earliest" },
    });
    expect(parsePaymentRulePatch({ strategy: "one_to_one" }, current)).toMatchObject({
      ok: false,
      failure: [{ path: "/group_by", code: "not_of_this_strategy" }],
    });
    expect(parsePaymentRulePatch({ strategy: "one_to_one", group_by: null }, current)).toMatchObject({ ok: true });
  });

  it("tells where it names an internal account", () => {
    const account = { field: "transaction.internal_account_id", operator: "equals", value: ACCOUNT };
    const conditions = { operator: "or", blocks: [...only(TYPES).blocks, ...only(TYPES, account).blocks] };
    expect(listNamedAccounts(read({ ...PAIRS, conditions }))).toEqual([
      { path: "/conditions/blocks/1/conditions/1/value", uid: ACCOUNT },
    ]);
  });
});
