import fc from "../support/fast-check.ts";
import { sameReference } from "./payment-builders.ts";
import type { PaymentEvent, PaymentRecord, PaymentWorldDraw } from "./payment-worlds.ts";
import type { OraclePaymentRule } from "./payments.ts";

const MAX_RECORDS = 14;
const DAYS = { lower: "2026-03-01", upper: "2026-03-02" };

/**
 * Worlds of hardly any groups and references, in which a transaction may pay several groups, a group be paid by several
 * transactions, and much that is in the way go again.
 */
export function paymentGroupWorlds(): fc.Arbitrary<PaymentWorldDraw> {
  const rules = fc
    .array(ruleArbitrary, { minLength: 1, maxLength: 2 })
    .map((drawn) => drawn.map((rule, place) => ({ ...rule, id: `r${place + 1}` })));
  const records = fc
    .array(fc.oneof(transactionArbitrary, paymentArbitrary, paymentArbitrary), {
      minLength: 3,
      maxLength: MAX_RECORDS,
      size: "max",
    })
    .map((drawn) => drawn.map((record, place) => ({ ...record, id: `${record.kind.charAt(0)}${place}` })));
  const events = fc.array(fc.option(eventArbitrary, { nil: null, freq: 2 }), {
    minLength: MAX_RECORDS,
    maxLength: MAX_RECORDS,
  });
  return fc.record({ rules, records, events });
}

const ruleArbitrary: fc.Arbitrary<OraclePaymentRule> = fc
  .record({
    strategy: fc.constantFrom(
      ...Array<"one_transaction_to_many_expected_payments">(4).fill("one_transaction_to_many_expected_payments"),
      "many_transactions_to_one_expected_payment",
      "one_to_one",
    ),
    on_ambiguous: fc.constantFrom("skip", "skip", "earliest"),
    conditions: fc.constantFrom([], [sameReference], [sameReference], [sameReference]),
    group_by: fc.constantFrom("custom_identifiers.batch", "custom_identifiers.batch", "counterparty_id"),
  })
  .map(({ group_by, ...rule }) => {
    const isOfGroups = rule.strategy === "one_transaction_to_many_expected_payments";
    return { ...rule, id: "", any: false, group_by: isOfGroups ? [group_by] : [] };
  });

const transactionArbitrary: fc.Arbitrary<PaymentRecord> = fc
  .record({
    amount: fc.constantFrom(1, 2, 2, 3, 3, 4),
    isPending: fc.constantFrom(false, false, false, false, true),
    reference: fc.constantFrom("x", "x", "y"),
  })
  .map(({ amount, isPending, reference }) => {
    const fields = { "custom_identifiers.ref": reference };
    const money = { amount, direction: "credit", currency: "USD", linked: 0, links: 0 } as const;
    return { kind: "transaction", id: "", ...money, date: DAYS.lower, isPending, fields };
  });

const paymentArbitrary: fc.Arbitrary<PaymentRecord> = fc
  .record({
    lower: fc.constantFrom(0, 1, 1, 1, 2, 2, 3),
    width: fc.constantFrom(0, 0, 0, 0, 0, 0, 1),
    batch: fc.constantFrom("b1", "b1", "b2", "b3"),
    references: fc.constantFrom(["x"], ["x"], ["y"], ["x", "y"], ["x", "y"]),
    counterparty: fc.constantFrom("c1", "c1", "c2"),
  })
  .map(({ lower, width, batch, references, counterparty }) => {
    const alternatives = references.map((reference) => {
      return { "custom_identifiers.ref": reference, "custom_identifiers.batch": batch };
    });
    const money = { lower, upper: lower + width, direction: "credit", currency: "USD", linked: 0, links: 0 } as const;
    return { kind: "payment", id: "", ...money, dates: DAYS, counterparty, alternatives };
  });

const eventArbitrary: fc.Arbitrary<PaymentEvent> = fc.record({
  kind: fc.constantFrom("delete", "delete", "edit", "edit", "undo", "link", "post"),
  place: fc.nat(30),
  other: fc.nat(30),
});
