import {
  AuthenticationError,
  ConflictError,
  NotFoundError,
  PermissionDeniedError,
  UnprocessableEntityError,
} from "modern-treasury";
import { describe, expect, it } from "vitest";
import { newTenant } from "../support/tenant.ts";
import { collect, errorOf, newClient } from "./client.ts";

const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";
const KEYS = [
  "amount_lower_bound",
  "amount_reconciled",
  "amount_reconciled_direction",
  "amount_unreconciled",
  "amount_unreconciled_direction",
  "amount_upper_bound",
  "counterparty_id",
  "created_at",
  "currency",
  "date_lower_bound",
  "date_upper_bound",
  "description",
  "direction",
  "external_id",
  "id",
  "internal_account_id",
  "ledger_transaction_id",
  "live_mode",
  "metadata",
  "object",
  "reconciliation_filters",
  "reconciliation_groups",
  "reconciliation_method",
  "reconciliation_rule_variables",
  "remittance_information",
  "statement_descriptor",
  "status",
  "transaction_id",
  "transaction_line_item_id",
  "type",
  "updated_at",
];

/** An internal account and what can be expected on it, made by the SDK. */
async function newAccount() {
  const { keys } = await newTenant();
  const { client, sent } = newClient(keys.writer);
  const account = { name: "Operating", currency: "USD", connection_id: UNKNOWN_ID, party_name: "Acme, Inc." } as const;
  const { id } = await client.internalAccounts.create(account);
  const variable = {
    internal_account_id: id,
    direction: "credit" as const,
    amount_lower_bound: 10_000,
    amount_upper_bound: 10_000,
  };
  const expecting = { reconciliation_rule_variables: [variable] };
  const receive = (amount: number) =>
    client.transactions.create({
      amount,
      as_of_date: "2026-03-10",
      direction: "credit",
      internal_account_id: id,
      vendor_code: "169",
      vendor_code_type: "bai2",
    });
  return { keys, client, sent, account: id, variable, expecting, receive };
}

describe("expected payments of Modern Treasury's SDK", () => {
  it("are created, retrieved, updated and deleted", async () => {
    const { client, account, variable } = await newAccount();
    const given = { description: "Rent", external_id: "rent-1", metadata: { "Entity Type": "Loan Funding" } };
    const range = { amount_upper_bound: 11_000, date_lower_bound: "2024-05-15", date_upper_bound: "2024-05-22" };
    const identifiers = { type: "ach" as const, custom_identifiers: { payment_id: "abc123" } };
    const made = await client.expectedPayments.create({
      ...given,
      reconciliation_rule_variables: [{ ...variable, ...range, ...identifiers }],
    });
    expect(Object.keys(made).sort()).toEqual(KEYS);
    expect(made).toMatchObject({ ...given, object: "expected_payment", status: "unreconciled", live_mode: false });
    expect(made.reconciliation_rule_variables).toEqual([
      {
        ...variable,
        ...range,
        ...identifiers,
        internal_account_id: account,
        currency: "USD",
        counterparty_id: null,
      },
    ]);
    const { expectedPayments } = client;
    expect(await expectedPayments.retrieve(made.id)).toEqual(made);
    const updated = await expectedPayments.update(made.id, { description: null, metadata: { "Entity Type": "" } });
    expect(updated).toMatchObject({ description: null, metadata: {} });
    expect(await expectedPayments.delete(made.id)).toMatchObject({ id: made.id, status: "archived" });
    expect((await expectedPayments.retrieve(made.id)).status).toBe("archived");
  });

  it("are listed page by page by themselves, by everything that the SDK can ask for", async () => {
    const { client, sent, account, variable } = await newAccount();
    const ids: string[] = [];
    for (let place = 0; place < 5; place++) {
      const made = await client.expectedPayments.create({
        external_id: `e-${place}`,
        metadata: { "Entity Type": "Loan Funding" },
        reconciliation_rule_variables: [{ ...variable, type: "ach", counterparty_id: UNKNOWN_ID }],
      });
      ids.unshift(made.id);
    }
    await client.expectedPayments.create({ reconciliation_rule_variables: [{ ...variable, direction: "debit" }] });
    sent.length = 0;
    const { expectedPayments } = client;
    const listed = await collect(
      expectedPayments.list({
        status: "unreconciled",
        internal_account_id: account,
        direction: "credit",
        type: "ach",
        counterparty_id: UNKNOWN_ID,
        metadata: { "Entity Type": "Loan Funding" },
        created_at_lower_bound: "2024-05-15T00:00:00Z",
        updated_at_lower_bound: "2024-05-15T00:00:00Z",
        per_page: 2,
      }),
    );
    expect(listed.map(({ id }) => id)).toEqual(ids);
    expect(sent).toHaveLength(3);
    const byExternalId = await collect(expectedPayments.list({ external_id: "e-0" }));
    expect(byExternalId.map(({ id }) => id)).toEqual(ids.slice(-1));
    const upperBound = { created_at_upper_bound: "2024-05-15T00:00:00Z" };
    expect(await collect(expectedPayments.list(upperBound))).toEqual([]);
  });

  it("have accounting lines", async () => {
    const { client, expecting } = await newAccount();
    const line_items = [{ amount: 10_000, description: "Rent", metadata: { month: "March" } }];
    const { id } = await client.expectedPayments.create({ ...expecting, line_items });
    const [line] = await collect(client.lineItems.list(id, { itemizable_type: "expected_payments" }));
    expect(line).toMatchObject({ ...line_items[0], itemizable_id: id, itemizable_type: "ExpectedPayment" });
    const place = { itemizable_type: "expected_payments" as const, itemizable_id: id };
    expect(await client.lineItems.retrieve(line?.id as string, place)).toEqual(line);
    const metadata = { month: "April" };
    expect(await client.lineItems.update(line?.id as string, { ...place, metadata })).toMatchObject({ metadata });
  });

  it("carry a ledger transaction that follows them", async () => {
    const { client, expecting, receive } = await newAccount();
    const ledger = await client.ledgers.create({ name: "Main" });
    const newLedgerAccount = (name: string, normal_balance: "credit" | "debit") =>
      client.ledgerAccounts.create({ name, normal_balance, currency: "USD", ledger_id: ledger.id });
    const [bank, revenue] = [await newLedgerAccount("Bank", "debit"), await newLedgerAccount("Revenue", "credit")];
    const payment = await client.expectedPayments.create({
      ...expecting,
      ledger_transaction: {
        description: "Sample Ledger Transaction Description",
        ledger_entries: [
          { amount: 10_000, direction: "debit", ledger_account_id: bank.id },
          { amount: 10_000, direction: "credit", ledger_account_id: revenue.id },
        ],
      },
    });
    const booking = () => client.ledgerTransactions.retrieve(payment.ledger_transaction_id as string);
    expect(await booking()).toMatchObject({ status: "pending", ledgerable_id: payment.id });
    const link = { transaction_id: (await receive(10_000)).id, expected_payment_id: payment.id };
    await client.transactions.lineItems.create({ ...link, amount: 10_000 });
    expect((await booking()).status).toBe("posted");
    const { balances } = await client.ledgerAccounts.retrieve(revenue.id);
    expect(balances.posted_balance.amount).toBe(10_000);
  });

  it("are reconciled by hand, and closed when less has come", async () => {
    const { client, expecting, receive } = await newAccount();
    const { id } = await client.expectedPayments.create(expecting);
    const transaction = await receive(9_000);
    await client.transactions.lineItems.create({
      amount: 9_000,
      transaction_id: transaction.id,
      expected_payment_id: id,
    });
    expect(await client.expectedPayments.retrieve(id)).toMatchObject({
      status: "partially_reconciled",
      reconciliation_method: "manual",
      transaction_id: transaction.id,
    });
    expect((await client.expectedPayments.update(id, { status: "reconciled" })).status).toBe("reconciled");
    const events = await collect(client.events.list({ resource: "expected_payment", entity_id: id }));
    expect(events.map((event) => event.event_name)).toEqual(["reconciled", "partially_reconciled", "created"]);
  });

  it("are reconciled by a rule, which the SDK has no method for", async () => {
    const { client, variable, receive } = await newAccount();
    const same = (value_field: string, field: string) => ({ field, operator: "equals", value_field });
    const conditions = [same("expected_payment.internal_account_id", "transaction.internal_account_id")];
    const body = {
      name: "By amount",
      strategy: "one_to_one",
      conditions: { operator: "and", blocks: [{ operator: "and", conditions }] },
    };
    await client.post("/api/reconciliation_rules", { body });
    const before = await client.expectedPayments.create({ reconciliation_rule_variables: [variable] });
    const transaction = await receive(10_000);
    expect(transaction.reconciled).toBe(true);
    expect(await client.expectedPayments.retrieve(before.id)).toMatchObject({
      status: "reconciled",
      reconciliation_method: "automatic",
      transaction_id: transaction.id,
    });
    const other = await receive(5_000);
    const range = { ...variable, amount_lower_bound: 4_000, amount_upper_bound: 6_000 };
    const after = await client.expectedPayments.create({ reconciliation_rule_variables: [range] });
    expect(after).toMatchObject({ status: "reconciled", transaction_id: other.id });
  });

  it("are refused by class, and asked for once", async () => {
    const { keys, client, sent, variable, expecting } = await newAccount();
    const { expectedPayments } = client;
    await expectedPayments.create({ ...expecting, external_id: "rent" });
    sent.length = 0;
    const badDate = { reconciliation_rule_variables: [{ ...variable, date_upper_bound: "2025-011-08" }] };
    for (const [call, kind, code] of [
      [() => expectedPayments.create(), UnprocessableEntityError, "parameter_missing"],
      [() => expectedPayments.create(badDate), UnprocessableEntityError, "parameter_invalid"],
      [() => expectedPayments.create({ ...expecting, external_id: "rent" }), ConflictError, "conflict"],
      [() => expectedPayments.retrieve(UNKNOWN_ID), NotFoundError, "resource_not_found"],
      [() => expectedPayments.update(UNKNOWN_ID, { description: "x" }), NotFoundError, "resource_not_found"],
      [() => expectedPayments.delete(UNKNOWN_ID), NotFoundError, "resource_not_found"],
      [() => newClient("wrong").client.expectedPayments.list(), AuthenticationError, "invalid_key"],
      [() => newClient(keys.reader).client.expectedPayments.create(expecting), PermissionDeniedError, "forbidden"],
    ] as const) {
      const error = await errorOf(call());
      expect(error).toBeInstanceOf(kind);
      expect((error as InstanceType<typeof kind>).error).toMatchObject({ errors: { code } });
    }
    expect(sent).toHaveLength(6);
  });
});
