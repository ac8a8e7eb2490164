import { AuthenticationError, NotFoundError, PermissionDeniedError, UnprocessableEntityError } from "modern-treasury";
import { describe, expect, it } from "vitest";
import { newTenant } from "../support/tenant.ts";
import { collect, errorOf, newClient } from "./client.ts";

const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";
const TRANSACTION_KEYS = [
  "amount",
  "amount_string",
  "as_of_date",
  "as_of_time",
  "as_of_timezone",
  "created_at",
  "currency",
  "custom_identifiers",
  "details",
  "direction",
  "discarded_at",
  "foreign_exchange_rate",
  "id",
  "internal_account_id",
  "live_mode",
  "metadata",
  "object",
  "posted",
  "reconciled",
  "type",
  "updated_at",
  "vendor_code",
  "vendor_code_type",
  "vendor_customer_id",
  "vendor_description",
  "vendor_id",
];
const LINE_ITEM_KEYS = [
  "amount",
  "counterparty_id",
  "created_at",
  "description",
  "discarded_at",
  "expected_payment_id",
  "id",
  "live_mode",
  "object",
  "reconcilable",
  "reconciliation_group_id",
  "transactable_id",
  "transactable_type",
  "transaction_id",
  "type",
  "updated_at",
];

/** An internal account whose bank reports by BAI2 codes, made by the SDK. */
async function newBank() {
  const { keys } = await newTenant();
  const { client, sent } = newClient(keys.writer);
  const account = { name: "Operating", currency: "USD", connection_id: UNKNOWN_ID, party_name: "Acme, Inc." } as const;
  const internalAccount = await client.internalAccounts.create(account);
  const line = {
    amount: 10_000,
    as_of_date: "2026-03-10",
    direction: "credit",
    internal_account_id: internalAccount.id,
    vendor_code: "169",
    vendor_code_type: "bai2",
  };
  return { keys, client, sent, account: internalAccount.id, line };
}

/** A transaction and a payment that can be linked. */
async function newPair() {
  const bank = await newBank();
  const { client, account, line } = bank;
  const transaction = await client.transactions.create(line);
  const bounds = { amount_lower_bound: 10_000, amount_upper_bound: 10_000 };
  const variable = { internal_account_id: account, direction: "credit" as const, ...bounds };
  const payment = await client.expectedPayments.create({ reconciliation_rule_variables: [variable] });
  return { ...bank, transaction, payment };
}

describe("transactions of Modern Treasury's SDK", () => {
  it("are created, retrieved, updated and deleted", async () => {
    const { client, line } = await newBank();
    const more = { custom_identifiers: { payment_id: "abc123" }, details: { originator_name: "Acme" } };
    const made = await client.transactions.create({ ...line, ...more, type: "ach", vendor_description: "ACME" });
    expect(Object.keys(made).sort()).toEqual(TRANSACTION_KEYS);
    expect(made).toMatchObject({ ...line, ...more, object: "transaction", posted: true, vendor_description: "ACME" });
    expect(await client.transactions.retrieve(made.id)).toEqual(made);
    const metadata = { team: "treasury", "Key Name": "x y" };
    expect((await client.transactions.update(made.id, { metadata })).metadata).toEqual(metadata);
    expect((await client.transactions.update(made.id, { metadata: { team: "" } })).metadata).toEqual({
      "Key Name": "x y",
    });
    expect((await client.transactions.update(made.id)).metadata).toEqual({ "Key Name": "x y" });
    expect(await client.transactions.delete(made.id)).toBeNull();
    expect(await errorOf(client.transactions.retrieve(made.id))).toBeInstanceOf(NotFoundError);
  });

  it("are posted by an extension of update", async () => {
    const { client, line } = await newBank();
    const { id, posted } = await client.transactions.create({ ...line, posted: false });
    const after = await client.transactions.update(id, { posted: true } as object);
    expect([posted, after.posted]).toEqual([false, true]);
  });

  it("are listed page by page by themselves, by everything that the SDK can ask for", async () => {
    const { client, sent, account, line } = await newBank();
    const ids: string[] = [];
    for (let amount = 1; amount <= 5; amount++) {
      const metadata = { "Key Name": "x y" };
      const made = await client.transactions.create({ ...line, amount, metadata, vendor_description: "Acme" });
      ids.unshift(made.id);
    }
    await client.transactions.create({ ...line, direction: "debit" });
    sent.length = 0;
    const found = await collect(
      client.transactions.list({
        internal_account_id: account,
        posted: true,
        as_of_date_start: "2026-03-10",
        as_of_date_end: "2026-03-10",
        direction: "credit",
        payment_type: "other",
        description: "acme",
        metadata: { "Key Name": "x y" },
        per_page: 2,
      }),
    );
    expect(found.map(({ id }) => id)).toEqual(ids);
    expect(sent.map(({ url }) => url.searchParams.get("metadata[Key Name]"))).toEqual(["x y", "x y", "x y"]);
    for (const none of [{ counterparty_id: UNKNOWN_ID }, { vendor_id: "x" }, { transactable_type: "payment_order" }]) {
      expect(await collect(client.transactions.list(none))).toEqual([]);
    }
  });

  it("are refused by class, and asked for once", async () => {
    const { keys, client, sent, line } = await newBank();
    const { transactions } = client;
    sent.length = 0;
    for (const [call, kind, code] of [
      [
        () => transactions.create({ ...line, as_of_date: "2025-011-08" }),
        UnprocessableEntityError,
        "parameter_invalid",
      ],
      [() => transactions.create({ ...line, vendor_code: null }), UnprocessableEntityError, "parameter_missing"],
      [
        () => transactions.create({ ...line, internal_account_id: UNKNOWN_ID }),
        UnprocessableEntityError,
        "resource_not_found",
      ],
      [() => transactions.retrieve(UNKNOWN_ID), NotFoundError, "resource_not_found"],
      [() => newClient("wrong").client.transactions.list(), AuthenticationError, "invalid_key"],
      [() => newClient(keys.reader).client.transactions.create(line), PermissionDeniedError, "forbidden"],
    ] as const) {
      const error = await errorOf(call());
      expect(error).toBeInstanceOf(kind);
      expect((error as InstanceType<typeof kind>).error).toMatchObject({ errors: { code } });
    }
    expect(sent).toHaveLength(4);
  });
});

describe("transaction line items of Modern Treasury's SDK", () => {
  it("reconcile a payment, and are retrieved, listed and deleted", async () => {
    const { client, transaction, payment } = await newPair();
    const { lineItems } = client.transactions;
    const link = { transaction_id: transaction.id, expected_payment_id: payment.id };
    const items = [
      await lineItems.create({ ...link, amount: 4_000 }),
      await lineItems.create({ ...link, amount: 6_000 }),
    ];
    const [item] = items;
    if (!item) throw new Error("there is no line item");
    expect(Object.keys(item).sort()).toEqual(LINE_ITEM_KEYS);
    expect(await lineItems.retrieve(item.id)).toEqual(item);
    expect((await client.transactions.retrieve(transaction.id)).reconciled).toBe(true);
    expect((await client.expectedPayments.retrieve(payment.id)).status).toBe("reconciled");
    const listed = await collect(lineItems.list({ transaction_id: transaction.id, type: "receiving", per_page: 1 }));
    expect(listed).toEqual([...items].reverse());
    expect(await collect(lineItems.list({ id: [item.id] as never }))).toEqual([item]);
    await lineItems.delete(item.id);
    expect((await lineItems.retrieve(item.id)).discarded_at).not.toBeNull();
    expect((await client.transactions.retrieve(transaction.id)).reconciled).toBe(false);
    expect((await client.expectedPayments.retrieve(payment.id)).status).toBe("partially_reconciled");
  });

  it("are refused by class, and asked for once", async () => {
    const { client, sent, transaction, payment } = await newPair();
    const { lineItems } = client.transactions;
    const link = { transaction_id: transaction.id, expected_payment_id: payment.id, amount: 10_000 };
    sent.length = 0;
    for (const [call, kind, code] of [
      [() => lineItems.create({ ...link, amount: 10_001 }), UnprocessableEntityError, "parameter_invalid"],
      [
        () => lineItems.create({ ...link, expected_payment_id: UNKNOWN_ID }),
        UnprocessableEntityError,
        "resource_not_found",
      ],
      [() => lineItems.retrieve(UNKNOWN_ID), NotFoundError, "resource_not_found"],
      [() => lineItems.delete(UNKNOWN_ID), NotFoundError, "resource_not_found"],
    ] as const) {
      const error = await errorOf(call());
      expect(error).toBeInstanceOf(kind);
      expect((error as InstanceType<typeof kind>).error).toMatchObject({ errors: { code } });
    }
    await lineItems.create(link);
    const held = await errorOf(client.transactions.delete(transaction.id));
    expect(held).toBeInstanceOf(UnprocessableEntityError);
    expect(sent).toHaveLength(6);
  });
});
