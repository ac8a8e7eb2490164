import { describe, expect, it } from "vitest";
import { toPaymentFacts } from "../../../src/core/payment/payment-item.ts";
import { ACCOUNT } from "./payment-items.ts";

const ROW = { attributes: "{}", amount: 10_000, amount_lower: null, is_pending: 0, metadata: "{}" };

describe("the facts of a transaction", () => {
  it("are its fields by the names that rules have for them", () => {
    const attributes = {
      type: "ach",
      custom_identifiers: { ref: "R 1", "a.b": "c" },
      details: { originator: { name: "ACME", accounts: [{ no: 1 }, "two"] }, empty: {}, none: null },
    };
    const row = { ...ROW, attributes: JSON.stringify(attributes), metadata: '{"k":"v","n":7}' };
    expect(toPaymentFacts("a", row, ACCOUNT)).toEqual({
      slack: 0,
      isPending: false,
      dates: { lower: null, upper: null },
      alternatives: [
        {
          type: "ach",
          internal_account_id: ACCOUNT,
          "details.originator.name": "ACME",
          "details.originator.accounts.0.no": 1,
          "details.originator.accounts.1": "two",
          "details.none": null,
          "custom_identifiers.ref": "R 1",
          "custom_identifiers.a.b": "c",
          "metadata.k": "v",
          "metadata.n": 7,
        },
      ],
    });
  });

  it("are of type other where nothing is said, as it is shown", () => {
    const { alternatives } = toPaymentFacts("a", { ...ROW, attributes: null }, ACCOUNT);
    expect(alternatives).toEqual([{ type: "other", internal_account_id: ACCOUNT }]);
  });

  it("say that it is pending", () => {
    expect(toPaymentFacts("a", { ...ROW, is_pending: 1 }, ACCOUNT).isPending).toBe(true);
  });

  it("end where details go very deep", () => {
    const details = Array.from({ length: 5_000 }).reduce<object>((inner) => ({ x: inner }), { y: 1 });
    const row = { ...ROW, attributes: JSON.stringify({ details: { deep: details, flat: 1 } }) };
    const [fields] = toPaymentFacts("a", row, ACCOUNT).alternatives;
    expect(Object.keys(fields ?? {})).toEqual(["type", "internal_account_id", "details.flat"]);
  });
});

describe("the facts of an expected payment", () => {
  const attributes = {
    date_lower_bound: "2026-01-01",
    date_upper_bound: "2026-01-31",
    counterparty_id: "cp",
    alternatives: [
      { type: "ach", custom_identifiers: { batch_id: "7" } },
      { type: null, custom_identifiers: {} },
    ],
  };

  it("are one set of fields for each alternative, and the width of its range", () => {
    const row = { ...ROW, attributes: JSON.stringify(attributes), amount_lower: 9_900 };
    const common = {
      internal_account_id: ACCOUNT,
      counterparty_id: "cp",
      date_lower_bound: "2026-01-01",
      date_upper_bound: "2026-01-31",
    };
    expect(toPaymentFacts("b", row, ACCOUNT)).toEqual({
      slack: 100,
      isPending: false,
      dates: { lower: "2026-01-01", upper: "2026-01-31" },
      alternatives: [
        { ...common, type: "ach", "custom_identifiers.batch_id": "7" },
        { ...common, type: null },
      ],
    });
  });

  it("keep that it has no bounds of dates", () => {
    const unbounded = { ...attributes, date_lower_bound: null, date_upper_bound: null };
    const row = { ...ROW, attributes: JSON.stringify(unbounded), amount_lower: 10_000 };
    expect(toPaymentFacts("b", row, ACCOUNT)).toMatchObject({ slack: 0, dates: { lower: null, upper: null } });
  });
});
