import { expect, it } from "vitest";
import { findStrangeKeys } from "../support/reference-keys.ts";

it("notices a key too many, one too few, and either within another object", () => {
  const balance = { credits: 0, credits_string: "0", debits: 0, debits_string: "0", amount: 0, amount_string: "0" };
  const shown = { ...balance, currency: "USD", currency_exponent: 2 };
  const bounds = { effective_at_lower_bound: null, effective_at_upper_bound: null };
  const balances = { ...bounds, pending_balance: shown, posted_balance: shown, available_balance: shown };
  expect(findStrangeKeys([{ balances }])).toBeUndefined();
  expect(findStrangeKeys([{ balances: { ...balances, posted_balance: balance } }])).toMatch(/^posted_balance: missing/);
  expect(findStrangeKeys({ reconciliation_rule_variables: [{ direction: "credit" }] })).toMatch(
    /^rule variable: missing/,
  );
  expect(findStrangeKeys({ data: { object: "event", more: 1 } })).toMatch(/^event: missing .* strange \[more\]$/);
});
