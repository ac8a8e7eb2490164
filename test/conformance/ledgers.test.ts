import { ConflictError, NotFoundError, PermissionDeniedError, UnprocessableEntityError } from "modern-treasury";
import { describe, expect, it } from "vitest";
import { newTenant } from "../support/tenant.ts";
import { collect, errorOf, newClient } from "./client.ts";

const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

/** A ledger with a bank account and a customer's wallet, made by the SDK. */
async function newBooks() {
  const { keys } = await newTenant();
  const { client, sent } = newClient(keys.writer);
  const ledger = await client.ledgers.create({ name: "Main", metadata: { team: "treasury" } });
  const account = (name: string, normal_balance: "credit" | "debit") =>
    client.ledgerAccounts.create({ name, normal_balance, currency: "USD", ledger_id: ledger.id });
  const [bank, wallet] = [await account("Bank", "debit"), await account("Wallet", "credit")];
  const entries = (amount: number) => [
    { amount, direction: "debit" as const, ledger_account_id: bank.id },
    { amount, direction: "credit" as const, ledger_account_id: wallet.id },
  ];
  return { keys, client, sent, ledger, bank, wallet, entries };
}

describe("ledgers of Modern Treasury's SDK", () => {
  it("are created, retrieved, updated, listed and deleted", async () => {
    const { client, ledger } = await newBooks();
    expect(await client.ledgers.retrieve(ledger.id)).toEqual(ledger);
    const updated = await client.ledgers.update(ledger.id, { description: "Ours", metadata: { team: "" } });
    expect(updated).toMatchObject({ description: "Ours", metadata: {} });
    const spare = await client.ledgers.create({ name: "Spare" });
    expect((await collect(client.ledgers.list({ per_page: 1 }))).map(({ id }) => id)).toEqual([spare.id, ledger.id]);
    expect((await client.ledgers.delete(spare.id)).discarded_at).not.toBeNull();
    expect((await collect(client.ledgers.list({ id: [ledger.id, spare.id] }))).map(({ id }) => id)).toEqual([
      ledger.id,
    ]);
  });
});

describe("ledger accounts of Modern Treasury's SDK", () => {
  it("are retrieved with balances at bounds, updated, listed and deleted", async () => {
    const { client, ledger, bank, wallet, entries } = await newBooks();
    const effective_at = "2026-01-15T09:30:00Z";
    await client.ledgerTransactions.create({ status: "posted", effective_at, ledger_entries: entries(1_000) });
    const at = async (balances: { effective_at_upper_bound?: string; effective_at_lower_bound?: string }) =>
      (await client.ledgerAccounts.retrieve(wallet.id, { balances })).balances.posted_balance.amount;
    expect(await at({})).toBe(1_000);
    expect(await at({ effective_at_upper_bound: effective_at })).toBe(0);
    expect(await at({ effective_at_lower_bound: effective_at })).toBe(1_000);
    expect(await client.ledgerAccounts.update(bank.id, { name: "Operating" })).toMatchObject({ name: "Operating" });
    const full = client.ledgerAccounts.list({
      ledger_id: ledger.id,
      posted_balance_amount: { gte: 1_000 },
      per_page: 1,
    });
    expect((await collect(full)).map(({ id }) => id)).toEqual([wallet.id, bank.id]);
    const spare = await client.ledgerAccounts.create({
      name: "Spare",
      normal_balance: "credit",
      currency: "USD",
      ledger_id: ledger.id,
    });
    expect((await client.ledgerAccounts.delete(spare.id)).discarded_at).not.toBeNull();
    expect(await errorOf(client.ledgerAccounts.delete(wallet.id))).toBeInstanceOf(UnprocessableEntityError);
  });
});

describe("ledger transactions of Modern Treasury's SDK", () => {
  it("are created, posted, posted in part and reversed", async () => {
    const { client, entries } = await newBooks();
    const made = await client.ledgerTransactions.create({ external_id: "d-1", ledger_entries: entries(1_000) });
    expect(await client.ledgerTransactions.retrieve("d-1")).toEqual(made);
    const part = await client.ledgerTransactions.createPartialPost(made.id, { posted_ledger_entries: entries(400) });
    expect(part).toMatchObject({ status: "posted", partially_posts_ledger_transaction_id: made.id });
    const posted = await client.ledgerTransactions.update(made.id, { status: "posted", metadata: { a: "b" } });
    expect(posted).toMatchObject({ status: "posted", ledger_entries: [{ amount: 600 }, { amount: 600 }] });
    const reversal = await client.ledgerTransactions.createReversal(made.id);
    expect(reversal).toMatchObject({ status: "posted", reverses_ledger_transaction_id: made.id });
    const versions = await collect(
      client.ledgerTransactions.versions.list({ ledger_transaction_id: made.id, per_page: 1 }),
    );
    expect(versions.map(({ version }) => version)).toEqual([2, 1, 0]);
  });

  it("are listed by everything that the reference lists", async () => {
    const { client, sent, ledger, entries } = await newBooks();
    const pending = await client.ledgerTransactions.create({
      ledger_entries: entries(5),
      metadata: { "Kind of": "a b" },
    });
    const posted = await client.ledgerTransactions.create({ ledger_entries: entries(9), status: "posted" });
    const found = async (query: Parameters<typeof client.ledgerTransactions.list>[0]) =>
      (await collect(client.ledgerTransactions.list(query))).map(({ id }) => id);
    expect(
      await found({
        status: ["pending", "posted"],
        id: [pending.id, posted.id],
        order_by: { created_at: "asc" },
        per_page: 1,
      }),
    ).toEqual([pending.id, posted.id]);
    expect(sent.at(-1)?.url.search).toContain("status%5B%5D=pending&status%5B%5D=posted");
    expect(await found({ status: "posted", ledger_id: ledger.id })).toEqual([posted.id]);
    expect(await found({ metadata: { "Kind of": "a b" } })).toEqual([pending.id]);
    expect(await found({ amount: { gte: 6 }, effective_at: { gte: "2020-01-01T00:00:00Z" } })).toEqual([posted.id]);
  });

  it("are refused by class", async () => {
    const { keys, client, entries, bank } = await newBooks();
    const { ledgerTransactions } = client;
    await ledgerTransactions.create({ external_id: "d-1", ledger_entries: entries(5) });
    const one = [{ amount: 1_000, direction: "credit" as const, ledger_account_id: bank.id }];
    for (const [call, kind, code] of [
      [() => ledgerTransactions.create({ ledger_entries: one }), UnprocessableEntityError, "parameter_invalid"],
      [() => ledgerTransactions.create({ external_id: "d-1", ledger_entries: entries(5) }), ConflictError, "conflict"],
      [() => ledgerTransactions.retrieve(UNKNOWN_ID), NotFoundError, "resource_not_found"],
      [() => newClient(keys.reader).client.ledgers.create({ name: "x" }), PermissionDeniedError, "forbidden"],
    ] as const) {
      const error = await errorOf(call());
      expect(error).toBeInstanceOf(kind);
      expect((error as InstanceType<typeof kind>).error).toMatchObject({ errors: { code } });
    }
  });
});

describe("ledger entries of Modern Treasury's SDK", () => {
  it("are listed, retrieved with balances and updated", async () => {
    const { client, wallet, entries } = await newBooks();
    for (const amount of [1, 2, 3]) await client.ledgerTransactions.create({ ledger_entries: entries(amount) });
    const listed = await collect(
      client.ledgerEntries.list({ ledger_account_id: wallet.id, show_balances: true, per_page: 2 }),
    );
    expect(listed.map(({ amount }) => amount)).toEqual([3, 2, 1]);
    expect(listed.map((entry) => entry.resulting_ledger_account_balances?.pending_balance.amount)).toEqual([6, 3, 1]);
    const [entry] = listed;
    const id = entry?.id as string;
    expect(await client.ledgerEntries.retrieve(id, { show_balances: true })).toEqual(entry);
    expect((await client.ledgerEntries.update(id, { metadata: { a: "b" } })).metadata).toEqual({ a: "b" });
  });
});
