import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { all } from "../../../src/db/client.ts";
import { newPaymentScene } from "../../support/payments.ts";
import { must } from "../../support/scene.ts";

const PAIRS = 100;

const EQUAL_REFERENCE = {
  field: "transaction.custom_identifiers.ref",
  operator: "equals",
  value_field: "expected_payment.custom_identifiers.ref",
};

const ruleOf = (conditions: unknown[]) => ({
  name: "By reference",
  strategy: "one_to_one",
  conditions: { operator: "and", blocks: [{ operator: "and", conditions }] },
});

it("links 100 payments with 100 transactions that come at once, none twice, and the ledger to the cent", async () => {
  const scene = await newPaymentScene();
  await must(scene.api.post("/api/reconciliation_rules", ruleOf([EQUAL_REFERENCE])), 201);
  const amountOf = (pair: number) => 1_000 + (pair % 7);
  const pairs = Array.from({ length: PAIRS }, (_, pair) => pair);
  await Promise.all(
    pairs.flatMap((pair) => {
      const custom_identifiers = { ref: `INV-${pair}` };
      const ledger_transaction = scene.booking(amountOf(pair));
      return [
        scene.expectPayment(amountOf(pair), { custom_identifiers }, { ledger_transaction, external_id: `${pair}` }),
        scene.receive(amountOf(pair), { custom_identifiers }),
      ];
    }),
  );
  const payments = (await must(scene.api.get("/api/expected_payments?per_page=100"), 200)).body;
  const items = (await must(scene.api.get("/api/transaction_line_items?per_page=100"), 200)).body;
  expect(items).toHaveLength(PAIRS);
  expect(new Set(items.map((item: { transaction_id: string }) => item.transaction_id)).size).toBe(PAIRS);
  expect(new Set(items.map((item: { expected_payment_id: string }) => item.expected_payment_id)).size).toBe(PAIRS);
  for (const payment of payments) {
    const amount = amountOf(Number(payment.external_id));
    expect(payment).toMatchObject({ status: "reconciled", amount_reconciled: amount, amount_unreconciled: 0 });
    const transaction = await scene.transaction(payment.transaction_id);
    expect(transaction).toMatchObject({ reconciled: true, amount });
    expect(transaction.custom_identifiers.ref).toBe(`INV-${payment.external_id}`);
  }
  const total = pairs.reduce((sum, pair) => sum + amountOf(pair), 0);
  for (const account of [scene.receivable, scene.revenue]) {
    expect(await scene.balancesOf(account)).toEqual([total, total, total]);
  }
});

it("takes apart what competes for the same payment: 100 equal transactions, 100 equal payments, 100 links", async () => {
  const scene = await newPaymentScene();
  const rule = { ...ruleOf([EQUAL_REFERENCE]), on_ambiguous: "earliest" };
  await must(scene.api.post("/api/reconciliation_rules", rule), 201);
  const custom_identifiers = { ref: "SAME" };
  await Promise.all(
    Array.from({ length: PAIRS }, () => [
      scene.expectPayment(500, { custom_identifiers }, { ledger_transaction: scene.booking(500) }),
      scene.receive(500, { custom_identifiers }),
    ]).flat(),
  );
  const links = await all<{ transactions: number; payments: number; count: number }>(
    scene.db,
    sql`select count(*) as count, count(distinct transaction_id) as transactions, count(distinct payment_id) as payments
      from transaction_line_items where environment_id = ${scene.tenant.environmentId} and discarded_at is null`,
  );
  expect(links).toEqual([{ count: PAIRS, transactions: PAIRS, payments: PAIRS }]);
  expect(await scene.balancesOf(scene.receivable)).toEqual([50_000, 50_000, 50_000]);
});

it("gives one of 50 links by hand that ask for the same transaction at once all of it", async () => {
  const scene = await newPaymentScene();
  const transaction = await scene.receive(700);
  const payments = await Promise.all(Array.from({ length: 50 }, () => scene.expectPayment(700)));
  const replies = await Promise.all(payments.map(({ id }) => scene.link(transaction.id, id, 700)));
  expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
  for (const { status } of replies) expect([201, 422]).toContain(status);
  expect((await scene.transaction(transaction.id)).reconciled).toBe(true);
});

it("keeps a payment reconciled whose other links are within its range when one is undone", async () => {
  const scene = await newPaymentScene();
  const payment = await scene.expectPayment(
    100,
    { amount_upper_bound: 200 },
    { ledger_transaction: scene.booking(100) },
  );
  const [first, second] = [await scene.receive(50), await scene.receive(150)];
  const item = (await must(scene.link(first.id, payment.id, 50), 201)).body;
  await must(scene.link(second.id, payment.id, 150), 201);
  await must(scene.api.delete(`/api/transaction_line_items/${item.id}`), 200);
  expect(await scene.payment(payment.id)).toMatchObject({ status: "reconciled", amount_reconciled: 150 });
  expect(await scene.balancesOf(scene.receivable)).toEqual([100, 100, 100]);
});

it("does not make an undone pair again when the payment comes back from another account", async () => {
  const scene = await newPaymentScene();
  const other = (await must(scene.api.post("/api/internal_accounts", { name: "Other", currency: "USD" }), 201)).body.id;
  await must(scene.api.post("/api/reconciliation_rules", ruleOf([EQUAL_REFERENCE])), 201);
  const custom_identifiers = { ref: "R" };
  const payment = await scene.expectPayment(100, { custom_identifiers });
  await scene.receive(100, { custom_identifiers });
  const { transaction_line_item_id: item } = await scene.payment(payment.id);
  await must(scene.api.delete(`/api/transaction_line_items/${item}`), 200);
  const [variable] = payment.reconciliation_rule_variables;
  for (const internal_account_id of [other, variable.internal_account_id]) {
    const reconciliation_rule_variables = [{ ...variable, internal_account_id }];
    await must(scene.api.patch(`/api/expected_payments/${payment.id}`, { reconciliation_rule_variables }), 200);
  }
  expect(await scene.payment(payment.id)).toMatchObject({ status: "unreconciled", amount_reconciled: 0 });
  await scene.receive(100, { custom_identifiers });
  expect(await scene.payment(payment.id)).toMatchObject({ status: "reconciled" });
});

it("keeps the source of expected payments out of /v1", async () => {
  const scene = await newPaymentScene();
  const hidden = `expected_payments~${scene.account}`;
  const admin = scene.tenant.admin;
  await must(admin.post("/v1/data_sources", { key: "books", name: "Books" }), 201);
  const sides = { name: "x", side_a: ["books"], side_b: [hidden] };
  expect((await admin.post("/v1/reconciliations", sides)).status).toBe(422);
  expect((await admin.patch(`/v1/data_sources/${encodeURIComponent(hidden)}`, { name: "Mine" })).status).toBe(404);
  expect((await admin.get("/v1/data_sources")).body.data.map(({ key }: { key: string }) => key)).not.toContain(hidden);
});
