import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { all } from "../../../src/db/client.ts";
import { expectedPaymentLineItemEndpoints } from "../../../src/http/api/expected-payment-line-items.ts";
import { expectedPaymentEndpoints } from "../../../src/http/api/expected-payments.ts";
import type { Api, Reply } from "../../support/api.ts";
import { type BankAccount, newBankAccount, refusalOf } from "../../support/bank-account.ts";
import { must } from "../../support/scene.ts";
import { itIsGuarded } from "../../support/security.ts";

const PATH = "/api/expected_payments";
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const WHOLE_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

const idsOf = (reply: Reply): string[] => reply.body.map((row: { id: string }) => row.id);
const times = <T>(count: number, make: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => make(n)));
const statusesOf = (replies: Reply[]) => replies.map(({ status }) => status).sort((a, b) => a - b);

function variableOf({ account }: { account: string }, fields: Record<string, unknown> = {}) {
  const amounts = { amount_lower_bound: 10_000, amount_upper_bound: 10_000 };
  return { internal_account_id: account, direction: "credit", ...amounts, ...fields };
}

const expecting = (bank: BankAccount, ...variables: Record<string, unknown>[]) =>
  bank.api.post(PATH, { reconciliation_rule_variables: variables.map((fields) => variableOf(bank, fields)) });

/** The names of a payment's events, in the order in which they happened. */
async function eventsOf(bank: BankAccount, id: string): Promise<string[]> {
  const rows = await all<{ type: string }>(
    bank.db,
    sql`select type from events where entity_uid = ${id} and environment_id = ${bank.tenant.environmentId} order by id`,
  );
  return rows.map(({ type }) => type.replace("expected_payment.", ""));
}

/** A payment of which `matched` are reconciled, and the transaction that they came with. */
async function newPartial(bank: BankAccount, matched: number, fields: Record<string, unknown> = {}) {
  const payment = await bank.payment(fields);
  const transaction = await bank.transaction({ amount: matched });
  const linked = await must(bank.link(transaction.id, payment.id, matched), 201);
  return { id: payment.id as string, transaction: transaction.id as string, link: linked.body.id as string };
}

describe("expected payments", () => {
  it("are answered with every key of Modern Treasury's, and no other", async () => {
    const bank = await newBankAccount();
    const made = await expecting(bank, {});
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(`${PATH}/${made.body.id}`);
    expect(made.body).toEqual({
      id: expect.stringMatching(UUID),
      object: "expected_payment",
      live_mode: false,
      created_at: expect.stringMatching(WHOLE_SECONDS),
      updated_at: made.body.created_at,
      external_id: null,
      status: "unreconciled",
      reconciliation_method: null,
      reconciliation_rule_variables: [
        {
          internal_account_id: bank.account,
          direction: "credit",
          amount_lower_bound: 10_000,
          amount_upper_bound: 10_000,
          currency: "USD",
          type: null,
          date_lower_bound: null,
          date_upper_bound: null,
          counterparty_id: null,
          custom_identifiers: {},
        },
      ],
      amount_reconciled: 0,
      amount_reconciled_direction: "credit",
      amount_unreconciled: 10_000,
      amount_unreconciled_direction: "credit",
      transaction_id: null,
      transaction_line_item_id: null,
      ledger_transaction_id: null,
      description: null,
      metadata: {},
      statement_descriptor: null,
      remittance_information: null,
      type: null,
      currency: null,
      direction: null,
      counterparty_id: null,
      internal_account_id: null,
      amount_lower_bound: null,
      amount_upper_bound: null,
      date_lower_bound: null,
      date_upper_bound: null,
      reconciliation_groups: null,
      reconciliation_filters: null,
    });
    expect(Object.keys(made.body)).toHaveLength(31);
    expect(Object.keys(made.body.reconciliation_rule_variables[0])).toHaveLength(10);
    expect(await bank.tenant.reader.get(`${PATH}/${made.body.id}`)).toMatchObject({ status: 200, body: made.body });
    expect(await eventsOf(bank, made.body.id)).toEqual(["created"]);
  });

  it("keep what they are made with", async () => {
    const bank = await newBankAccount();
    const given = {
      external_id: "inv-1001",
      description: "Invoice 1001",
      statement_descriptor: "ACME",
      remittance_information: "rent",
    };
    const full = { type: "wire", counterparty_id: "c", date_lower_bound: "2024-05-15", date_upper_bound: "2024-05-22" };
    const payment = await bank.payment(
      { ...full, currency: "usd", direction: "debit", amount_upper_bound: 11_000, custom_identifiers: { a: "b" } },
      { ...given, metadata: { "Entity Type": "Loan Funding", empty: "", none: null } },
    );
    expect(payment).toMatchObject({ ...given, metadata: { "Entity Type": "Loan Funding" } });
    expect(payment.metadata).toEqual({ "Entity Type": "Loan Funding" });
    expect(payment).toMatchObject({ amount_unreconciled: 11_000, amount_unreconciled_direction: "debit" });
    expect(payment.reconciliation_rule_variables).toEqual([
      {
        ...variableOf(bank),
        ...full,
        direction: "debit",
        amount_upper_bound: 11_000,
        currency: "USD",
        custom_identifiers: { a: "b" },
      },
    ]);
  });

  it("take a single bound of dates for both, and the UTC day of a time", async () => {
    const bank = await newBankAccount();
    const { body } = await must(expecting(bank, { date_lower_bound: "2024-05-15T23:30:00-02:00" }), 201);
    expect(body.reconciliation_rule_variables[0]).toMatchObject({
      date_lower_bound: "2024-05-16",
      date_upper_bound: "2024-05-16",
    });
  });

  it("take up to 20 alternatives that differ in type and identifiers", async () => {
    const bank = await newBankAccount();
    const alternatives = Array.from({ length: 20 }, (_, n) => ({
      type: n % 2 === 0 ? "ach" : "wire",
      custom_identifiers: { reference: `INV-${n}` },
    }));
    const { body } = await must(expecting(bank, ...alternatives), 201);
    expect(body.reconciliation_rule_variables).toMatchObject(alternatives);
    const refused = await expecting(bank, {}, { direction: "debit" });
    expect(refusalOf(refused)).toEqual([422, "parameter_invalid", "reconciliation_rule_variables[1].direction"]);
  });

  it.each<[string, Record<string, unknown>]>([
    ["to be charged", { direction: "debit", amount_lower_bound: 100_000, amount_upper_bound: 100_000 }],
    ["to receive money", { amount_lower_bound: 20_000_000, amount_upper_bound: 20_000_000 }],
    ["a range", { amount_upper_bound: 11_000, date_lower_bound: "2024-05-15", date_upper_bound: "2024-05-22" }],
    [
      "identifiers",
      {
        amount_upper_bound: 11_000,
        date_lower_bound: "2024-05-15",
        date_upper_bound: "2024-05-22",
        custom_identifiers: { buyer_email_address: "[email protected]", payment_id: "abc123" },
      },
    ],
    [
      "a check",
      {
        amount_lower_bound: 1_000,
        amount_upper_bound: 1_000,
        currency: "USD",
        type: "check",
        date_lower_bound: "2025-05-08",
        date_upper_bound: "2025-11-08",
        custom_identifiers: {
          check_number: "121782323",
          issue_date: "2025-05-08",
          payee_name: "Ted Mosby",
          originating_account_number: "1234567890",
        },
      },
    ],
  ])("work as in Modern Treasury's example of expecting %s", async (_, fields) => {
    const bank = await newBankAccount();
    const { body } = await must(expecting(bank, fields), 201);
    expect(body).toMatchObject({ status: "unreconciled", reconciliation_rule_variables: [variableOf(bank, fields)] });
  });

  it("refuse the example's impossible date by name", async () => {
    const bank = await newBankAccount();
    const reply = await expecting(bank, { date_lower_bound: "2025-05-08", date_upper_bound: "2025-011-08" });
    expect(refusalOf(reply)).toEqual([422, "parameter_invalid", "reconciliation_rule_variables[0].date_upper_bound"]);
  });

  it.each<[string, Record<string, unknown>, string, string]>([
    ["no rule variables", {}, "parameter_missing", "reconciliation_rule_variables"],
    ["legacy fields", { amount_lower_bound: 5 }, "parameter_missing", "reconciliation_rule_variables"],
    [
      "rule variables that are null",
      { reconciliation_rule_variables: null },
      "parameter_invalid",
      "reconciliation_rule_variables",
    ],
    ["an empty list", { reconciliation_rule_variables: [] }, "parameter_invalid", "reconciliation_rule_variables"],
  ])("are not made of %s", async (_, body, code, parameter) => {
    const { api } = await newBankAccount();
    expect(refusalOf(await api.post(PATH, body))).toEqual([422, code, parameter]);
  });

  it.each<[Record<string, unknown>, string, string]>([
    [{ internal_account_id: UNKNOWN_ID }, "resource_not_found", "internal_account_id"],
    [{ internal_account_id: undefined }, "parameter_missing", "internal_account_id"],
    [{ direction: undefined }, "parameter_missing", "direction"],
    [{ amount_lower_bound: undefined }, "parameter_missing", "amount_lower_bound"],
    [{ amount_upper_bound: undefined }, "parameter_missing", "amount_upper_bound"],
    [{ amount_lower_bound: 10_001 }, "parameter_invalid", "amount_lower_bound"],
    [{ amount_upper_bound: 1_000_000_000_000_000 }, "parameter_invalid", "amount_upper_bound"],
    [{ currency: "EUR" }, "parameter_invalid", "currency"],
    [{ type: "barter" }, "parameter_invalid", "type"],
    [{ custom_identifiers: { a: 5 } }, "parameter_invalid", "custom_identifiers.a"],
    [{ date_lower_bound: "2024-05-23", date_upper_bound: "2024-05-22" }, "parameter_invalid", "date_lower_bound"],
  ])("are refused by the name of the field: %j", async (fields, code, parameter) => {
    const bank = await newBankAccount();
    const reply = await expecting(bank, fields);
    expect(refusalOf(reply)).toEqual([422, code, `reconciliation_rule_variables[0].${parameter}`]);
    expect((await bank.api.get(PATH)).body).toEqual([]);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ currency: "USD" }, "reconciliation_rule_variables"],
    [{ internal_account_id: UNKNOWN_ID }, "reconciliation_rule_variables"],
    [{ reconciliation_filters: {} }, "reconciliation_rule_variables"],
    [{ amount_reconciled: 0 }, "amount_reconciled"],
    [{ amount_unreconciled_direction: "credit" }, "amount_unreconciled_direction"],
    [{ invented: 1 }, "invented"],
    [{ external_id: "x".repeat(181) }, "external_id"],
    [{ metadata: { a: 5 } }, "metadata.a"],
  ])("refuse beside the rule variables, made or changed: %j", async (fields, parameter) => {
    const bank = await newBankAccount();
    const made = await bank.api.post(PATH, { reconciliation_rule_variables: [variableOf(bank)], ...fields });
    expect(refusalOf(made)).toEqual([422, "parameter_invalid", parameter]);
    const { id } = await bank.payment();
    expect(refusalOf(await bank.api.patch(`${PATH}/${id}`, fields))).toEqual([422, "parameter_invalid", parameter]);
  });

  it("do not know another environment's account", async () => {
    const [mine, other] = await Promise.all([newBankAccount(), newBankAccount()]);
    const reply = await expecting(mine, { internal_account_id: other.account });
    const parameter = "reconciliation_rule_variables[0].internal_account_id";
    expect(refusalOf(reply)).toEqual([422, "resource_not_found", parameter]);
  });

  it("give an external_id to one of those that want it", async () => {
    const bank = await newBankAccount();
    const body = { reconciliation_rule_variables: [variableOf(bank)], external_id: "inv-1001" };
    const replies = await times(10, () => bank.api.post(PATH, body));
    expect(statusesOf(replies)).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
    const [refused] = replies.filter(({ status }) => status === 409) as [Reply];
    expect(refusalOf(refused)).toEqual([409, "conflict", "external_id"]);
    expect(refused.headers.get("x-should-retry")).toBe("false");
    const { id } = await bank.payment();
    expect(refusalOf(await bank.api.patch(`${PATH}/${id}`, { external_id: "inv-1001" }))).toEqual([
      409,
      "conflict",
      "external_id",
    ]);
    expect((await bank.api.get(PATH)).body).toHaveLength(2);
    const other = await newBankAccount();
    await must(other.api.post(PATH, { ...body, reconciliation_rule_variables: [variableOf(other)] }), 201);
  });

  it("are nothing that /v1 shows", async () => {
    const bank = await newBankAccount();
    await bank.payment();
    expect((await must(bank.api.get("/v1/records"), 200)).body.data).toEqual([]);
    expect((await must(bank.api.get("/v1/reconciliations"), 200)).body.data).toEqual([]);
    const sources = (await must(bank.api.get("/v1/data_sources"), 200)).body.data;
    expect(sources.map((source: { type: string }) => source.type)).toEqual(["internal_account"]);
  });
});

describe("a change of an expected payment", () => {
  it("merges metadata and leaves what is absent", async () => {
    const bank = await newBankAccount();
    const payment = await bank.payment({}, { metadata: { a: "1", b: "2" }, description: "One", external_id: "x" });
    const path = `${PATH}/${payment.id}`;
    const changes = { statement_descriptor: "ACME", remittance_information: "rent", description: null };
    const { body } = await must(bank.api.patch(path, { metadata: { a: "", c: "3" }, ...changes }), 200);
    expect(body).toEqual({ ...payment, metadata: { b: "2", c: "3" }, ...changes, updated_at: body.updated_at });
    expect((await must(bank.api.patch(path, {}), 200)).body).toEqual(body);
    expect((await must(bank.api.patch(path, { status: null, currency: null }), 200)).body).toEqual(body);
  });

  it("keeps both of two changes of metadata at once", async () => {
    const bank = await newBankAccount();
    const { id } = await bank.payment();
    await times(8, (n) => must(bank.api.patch(`${PATH}/${id}`, { metadata: { [`key${n}`]: `${n}` } }), 200));
    expect(Object.keys((await bank.read(`${PATH}/${id}`)).metadata)).toHaveLength(8);
  });

  it("refuses metadata that would grow too large", async () => {
    const bank = await newBankAccount();
    const { id } = await bank.payment({}, { metadata: { a: "x".repeat(40_000) } });
    const reply = await bank.api.patch(`${PATH}/${id}`, { metadata: { b: "x".repeat(40_000) } });
    expect(refusalOf(reply)).toEqual([422, "parameter_invalid", "metadata"]);
  });

  it("puts other rule variables in place of those that were", async () => {
    const bank = await newBankAccount();
    const { id } = await bank.payment({ custom_identifiers: { a: "b" } });
    const next = variableOf(bank, {
      direction: "debit",
      amount_lower_bound: 5,
      amount_upper_bound: 7,
      date_upper_bound: "2026-04-01",
      type: "ach",
    });
    const { body } = await must(bank.api.patch(`${PATH}/${id}`, { reconciliation_rule_variables: [next] }), 200);
    expect(body.reconciliation_rule_variables).toMatchObject([{ ...next, custom_identifiers: {} }]);
    expect(body).toMatchObject({ amount_unreconciled: 7, amount_unreconciled_direction: "debit" });
  });

  it("moves it to another account of the environment, whose currency it then has", async () => {
    const bank = await newBankAccount();
    const made = await must(bank.api.post("/api/internal_accounts", { name: "Euros", currency: "EUR" }), 201);
    const { id } = await bank.payment();
    const variable = variableOf({ account: made.body.id });
    const path = `${PATH}/${id}`;
    const wrong = await bank.api.patch(path, { reconciliation_rule_variables: [{ ...variable, currency: "USD" }] });
    expect(refusalOf(wrong)).toEqual([422, "parameter_invalid", "reconciliation_rule_variables[0].currency"]);
    const { body } = await must(bank.api.patch(path, { reconciliation_rule_variables: [variable] }), 200);
    expect(body.reconciliation_rule_variables).toMatchObject([{ ...variable, currency: "EUR" }]);
    expect(idsOf(await bank.api.get(`${PATH}?internal_account_id=${made.body.id}`))).toEqual([id]);
    expect(idsOf(await bank.api.get(`${PATH}?internal_account_id=${bank.account}`))).toEqual([]);
    const euros = { internal_account_id: made.body.id, amount: 10_000 };
    const transaction = await bank.transaction(euros);
    await must(bank.link(transaction.id, id, 10_000), 201);
    expect((await bank.read(path)).status).toBe("reconciled");
  });

  it("refuses rule variables as they are refused for a new one", async () => {
    const bank = await newBankAccount();
    const payment = await bank.payment();
    const path = `${PATH}/${payment.id}`;
    for (const [variables, parameter] of [
      [null, ""],
      [[], ""],
      [[variableOf(bank, { date_upper_bound: "2025-011-08" })], "[0].date_upper_bound"],
      [[variableOf({ account: UNKNOWN_ID })], "[0].internal_account_id"],
      [[variableOf(bank), variableOf(bank, { amount_lower_bound: 1 })], "[1].amount_lower_bound"],
    ]) {
      const reply = await bank.api.patch(path, { reconciliation_rule_variables: variables });
      expect([reply.status, reply.body.errors.parameter]).toEqual([422, `reconciliation_rule_variables${parameter}`]);
    }
    expect(await bank.read(path)).toEqual(payment);
  });

  it("is no change of its record unless its rule variables become others", async () => {
    const bank = await newBankAccount();
    const payment = await bank.payment();
    const version = async () => {
      const [row] = await all<{ version: number }>(
        bank.db,
        sql`select r.version from expected_payments p join records r on r.id = p.record_id where p.uid = ${payment.id}`,
      );
      return row?.version;
    };
    const same = { reconciliation_rule_variables: payment.reconciliation_rule_variables, description: "new" };
    await must(bank.api.patch(`${PATH}/${payment.id}`, same), 200);
    expect(await version()).toBe(1);
    await must(bank.api.patch(`${PATH}/${payment.id}`, { metadata: { a: "b" } }), 200);
    expect(await version()).toBe(1);
    const other = [variableOf(bank, { type: "wire" })];
    await must(bank.api.patch(`${PATH}/${payment.id}`, { reconciliation_rule_variables: other }), 200);
    expect(await version()).toBe(2);
  });

  it("of a partially reconciled one keeps account, direction and a lower bound above what has come", async () => {
    const bank = await newBankAccount();
    const other = await must(bank.api.post("/api/internal_accounts", { name: "Other", currency: "USD" }), 201);
    const { id, transaction } = await newPartial(bank, 4_000);
    const change = (fields: Record<string, unknown>) =>
      bank.api.patch(`${PATH}/${id}`, { reconciliation_rule_variables: [variableOf(bank, fields)] });
    for (const [fields, parameter] of [
      [{ internal_account_id: other.body.id }, "internal_account_id"],
      [{ direction: "debit" }, "direction"],
      [{ amount_lower_bound: 4_000 }, "amount_lower_bound"],
      [{ amount_lower_bound: 0 }, "amount_lower_bound"],
    ] as const) {
      const refused = await change(fields);
      expect(refusalOf(refused)).toEqual([422, "parameter_invalid", `reconciliation_rule_variables[0].${parameter}`]);
    }
    const { body } = await must(change({ amount_lower_bound: 4_001, amount_upper_bound: 20_000 }), 200);
    expect(body).toMatchObject({
      status: "partially_reconciled",
      amount_reconciled: 4_000,
      amount_unreconciled: 16_000,
      transaction_id: transaction,
    });
    const rest = await bank.transaction({ amount: 15_000 });
    await must(bank.link(rest.id, id, 15_000), 201);
    expect(await bank.read(`${PATH}/${id}`)).toMatchObject({ status: "reconciled", amount_reconciled: 19_000 });
  });

  it.each([
    ["reconciled", async (bank: BankAccount) => (await newPartial(bank, 10_000)).id],
    [
      "archived",
      async (bank: BankAccount) => {
        const { id } = await bank.payment();
        await must(bank.api.delete(`${PATH}/${id}`), 200);
        return id as string;
      },
    ],
  ])("of one that is %s is one of its texts alone", async (status, make) => {
    const bank = await newBankAccount();
    const id = await make(bank);
    for (const variables of [[variableOf(bank)], [variableOf(bank, { type: "ach" })]]) {
      const refused = await bank.api.patch(`${PATH}/${id}`, { reconciliation_rule_variables: variables });
      expect(refusalOf(refused)).toEqual([422, "parameter_invalid", "reconciliation_rule_variables"]);
    }
    const texts = { description: "late", external_id: "late-1", metadata: { a: "b" } };
    const { body } = await must(bank.api.patch(`${PATH}/${id}`, texts), 200);
    expect(body).toMatchObject({ ...texts, status });
  });
});

describe("closing short", () => {
  it("takes what has come for all of it", async () => {
    const bank = await newBankAccount();
    const { id, transaction, link } = await newPartial(bank, 4_000);
    expect(await bank.read(`${PATH}/${id}`)).toMatchObject({
      status: "partially_reconciled",
      reconciliation_method: "manual",
      amount_reconciled: 4_000,
      amount_unreconciled: 6_000,
      transaction_id: transaction,
      transaction_line_item_id: link,
    });
    const closing = { status: "reconciled", description: "short" };
    const { body } = await must(bank.api.patch(`${PATH}/${id}`, closing), 200);
    expect(body).toMatchObject({
      ...closing,
      reconciliation_method: "manual",
      amount_reconciled: 4_000,
      amount_unreconciled: 0,
    });
    expect(await bank.read(`${PATH}/${id}`)).toEqual(body);
    expect(await eventsOf(bank, id)).toEqual(["created", "partially_reconciled", "reconciled"]);
    const more = await bank.transaction({ amount: 6_000 });
    expect((await bank.link(more.id, id, 6_000)).status).toBe(422);
  });

  it("is undone with the link, and all of the amount is waited for again", async () => {
    const bank = await newBankAccount();
    const { id, link } = await newPartial(bank, 4_000);
    await must(bank.api.patch(`${PATH}/${id}`, { status: "reconciled" }), 200);
    await must(bank.api.delete(`/api/transaction_line_items/${link}`), 200);
    const open = { status: "unreconciled", amount_reconciled: 0, amount_unreconciled: 10_000, transaction_id: null };
    expect(await bank.read(`${PATH}/${id}`)).toMatchObject({ ...open, reconciliation_method: null });
    const transaction = await bank.transaction({ amount: 4_000 });
    await must(bank.link(transaction.id, id, 4_000), 201);
    expect((await bank.read(`${PATH}/${id}`)).status).toBe("partially_reconciled");
  });

  it.each([
    ["unreconciled", 0],
    ["reconciled", 10_000],
  ])("is refused for one that is %s", async (status, matched) => {
    const bank = await newBankAccount();
    const id = matched === 0 ? (await bank.payment()).id : (await newPartial(bank, matched)).id;
    const refused = await bank.api.patch(`${PATH}/${id}`, { status: "reconciled", description: "not written" });
    expect(refusalOf(refused)).toEqual([422, "parameter_invalid", "status"]);
    expect(await bank.read(`${PATH}/${id}`)).toMatchObject({ status, description: null });
  });

  it("takes no other rule variables at the same time", async () => {
    const bank = await newBankAccount();
    const { id } = await newPartial(bank, 4_000);
    const body = { status: "reconciled", reconciliation_rule_variables: [variableOf(bank, { type: "ach" })] };
    const refused = await bank.api.patch(`${PATH}/${id}`, body);
    expect(refusalOf(refused)).toEqual([422, "parameter_invalid", "reconciliation_rule_variables"]);
  });

  it("happens once, however many ask for it", async () => {
    const bank = await newBankAccount();
    const { id } = await newPartial(bank, 4_000);
    const replies = await times(6, () => bank.api.patch(`${PATH}/${id}`, { status: "reconciled" }));
    expect(statusesOf(replies)).toEqual([200, 422, 422, 422, 422, 422]);
    expect(await eventsOf(bank, id)).toEqual(["created", "partially_reconciled", "reconciled"]);
  });

  it("and the rest arriving at the same moment end in one of the two", async () => {
    const bank = await newBankAccount();
    for (let n = 0; n < 5; n++) {
      const { id } = await newPartial(bank, 4_000);
      const rest = await bank.transaction({ amount: 6_000 });
      const [closed, linked] = await Promise.all([
        bank.api.patch(`${PATH}/${id}`, { status: "reconciled" }),
        bank.link(rest.id, id, 6_000),
      ]);
      expect([closed.status, linked.status].sort()).toEqual(closed.status === 200 ? [200, 422] : [201, 422]);
      const { status, amount_reconciled } = await bank.read(`${PATH}/${id}`);
      expect([status, amount_reconciled]).toEqual(["reconciled", closed.status === 200 ? 4_000 : 10_000]);
    }
  });
});

describe("archiving", () => {
  it("takes an unreconciled payment out of matching", async () => {
    const bank = await newBankAccount();
    const payment = await bank.payment({}, { external_id: "x" });
    const { body } = await must(bank.api.delete(`${PATH}/${payment.id}`), 200);
    expect(body).toEqual({ ...payment, status: "archived", updated_at: body.updated_at });
    expect((await must(bank.api.delete(`${PATH}/${payment.id}`), 200)).body).toEqual(body);
    expect(await eventsOf(bank, payment.id)).toEqual(["created", "archived"]);
    const transaction = await bank.transaction();
    expect((await bank.link(transaction.id, payment.id, 10_000)).status).toBe(422);
  });

  it.each([4_000, 10_000])("is refused once %i of 10000 have come", async (matched) => {
    const bank = await newBankAccount();
    const { id } = await newPartial(bank, matched);
    const before = await bank.read(`${PATH}/${id}`);
    const refused = await bank.api.delete(`${PATH}/${id}`);
    expect([refused.status, refused.body.errors.code]).toEqual([422, "parameter_invalid"]);
    expect(await bank.read(`${PATH}/${id}`)).toEqual(before);
  });

  it("and a link at the same moment end in one of the two", async () => {
    const bank = await newBankAccount();
    for (let n = 0; n < 5; n++) {
      const [{ id }, transaction] = [await bank.payment(), await bank.transaction()];
      const [archived, linked] = await Promise.all([
        bank.api.delete(`${PATH}/${id}`),
        bank.link(transaction.id, id, 10_000),
      ]);
      expect([archived.status, linked.status]).toEqual(archived.status === 200 ? [200, 422] : [422, 201]);
      expect((await bank.read(`${PATH}/${id}`)).status).toBe(archived.status === 200 ? "archived" : "reconciled");
    }
  });

  it("happens once, however many ask for it", async () => {
    const bank = await newBankAccount();
    const { id } = await bank.payment();
    const replies = await times(6, () => bank.api.delete(`${PATH}/${id}`));
    expect(statusesOf(replies)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(await eventsOf(bank, id)).toEqual(["created", "archived"]);
  });
});

describe("lists of expected payments", () => {
  async function newMany(api: Api, bank: BankAccount) {
    const other = (await must(api.post("/api/internal_accounts", { name: "Other", currency: "USD" }), 201)).body.id;
    const [wire, range, gone] = [
      await bank.payment(
        { type: "wire", counterparty_id: "c1", amount_lower_bound: 500, amount_upper_bound: 500 },
        { external_id: "w", metadata: { team: "a", "Key Name": "x y" } },
      ),
      await bank.payment({ amount_upper_bound: 11_000, direction: "debit" }, { metadata: { team: "a" } }),
      await bank.payment({ internal_account_id: other }),
    ];
    await must(api.delete(`${PATH}/${gone.id}`), 200);
    const both = { reconciliation_rule_variables: [{ type: "ach" }, { type: "sepa" }].map((v) => variableOf(bank, v)) };
    const two = (await must(api.post(PATH, both), 201)).body;
    return { wire: wire.id, range: range.id, gone: gone.id, two: two.id, other, day: wire.created_at };
  }

  it("have filters that look inside the rule variables", async () => {
    const bank = await newBankAccount();
    const { wire, range, gone, two, other, day } = await newMany(bank.api, bank);
    for (const [query, ids] of [
      ["", [two, gone, range, wire]],
      ["status=unreconciled", [two, range, wire]],
      ["status=archived", [gone]],
      ["status=reconciled", []],
      [`internal_account_id=${bank.account}`, [two, range, wire]],
      [`internal_account_id=${other}`, [gone]],
      [`internal_account_id=${other}&status=unreconciled`, []],
      [`internal_account_id=${UNKNOWN_ID}`, []],
      ["external_id=w", [wire]],
      ["external_id=none", []],
      ["external_id=w&status=archived", []],
      ["direction=debit", [range]],
      ["direction=credit", [two, gone, wire]],
      ["type=wire", [wire]],
      ["type=sepa", [two]],
      ["type=card", []],
      ["counterparty_id=c1", [wire]],
      ["counterparty_id=c2", []],
      ["metadata[team]=a", [range, wire]],
      ["metadata%5BKey%20Name%5D=x%20y&metadata[team]=a", [wire]],
      ["metadata[team]=b", []],
      ["amount=500", [wire]],
      ["amount[eq]=10500", [range]],
      ["amount=10000", [two, gone, range]],
      ["amount=11001", []],
      ["amount[gte]=10001", [range]],
      ["amount[gt]=11000", []],
      ["amount[lte]=500", [wire]],
      ["amount[lt]=500", []],
      ["amount[gte]=400&amount[lte]=9999", [wire]],
      [`created_at_lower_bound=${day}`, [two, gone, range, wire]],
      ["created_at_lower_bound=2100-01-01T00:00:00Z", []],
      ["created_at_upper_bound=2020-01-01T00:00:00Z", []],
      ["updated_at_upper_bound=2100-01-01T00:00:00Z", [two, gone, range, wire]],
      ["updated_at_lower_bound=2100-01-01T00:00:00Z", []],
    ] as const) {
      expect([query, idsOf(await must(bank.api.get(`${PATH}?${query}`), 200))]).toEqual([query, ids]);
    }
  });

  it("have bounds of time that are included, to the second that is shown", async () => {
    const bank = await newBankAccount();
    const { id, created_at, updated_at } = await bank.payment();
    const bounds = `created_at_lower_bound=${created_at}&created_at_upper_bound=${created_at}`;
    const more = `updated_at_lower_bound=${updated_at}&updated_at_upper_bound=${updated_at}`;
    expect(idsOf(await bank.api.get(`${PATH}?${bounds}&${more}`))).toEqual([id]);
    const before = new Date(Date.parse(created_at) - 1_000).toISOString();
    expect(idsOf(await bank.api.get(`${PATH}?created_at_upper_bound=${before}`))).toEqual([]);
  });

  it.each([
    ["status=open", "status"],
    ["status[]=archived", "status[]"],
    ["internal_account_id=mine", "internal_account_id"],
    ["type=other", "type"],
    ["amount=1.5", "amount[eq]"],
    ["amount[near]=5", "amount[near]"],
    ["created_at_lower_bound=yesterday", "created_at_lower_bound"],
    ["entity_link_count=1", "entity_link_count"],
    ["per_page=101", "per_page"],
    ["after_cursor=nothing", "after_cursor"],
  ])("refuse a wrong parameter by its name: %s", async (query, parameter) => {
    const { api } = await newBankAccount();
    expect(refusalOf(await api.get(`${PATH}?${query}`))).toEqual([422, "parameter_invalid", parameter]);
  });

  it.each([
    "",
    "status=unreconciled&",
    "metadata[walk]=yes&",
  ])("are walked while others are made: %s", async (filter) => {
    const bank = await newBankAccount();
    const make = (n: number) => bank.payment({}, { description: `${n}`, metadata: { walk: "yes" } });
    for (let n = 0; n < 5; n++) await make(n);
    const walked: string[] = [];
    for (let cursor: string | null = "", page = 5; cursor !== null; page++) {
      const path: string = `${PATH}?${filter}per_page=2${cursor && `&after_cursor=${cursor}`}`;
      const reply: Reply = await must(bank.api.get(path), 200);
      expect(reply.headers.get("x-per-page")).toBe("2");
      walked.push(...reply.body.map((payment: { description: string }) => payment.description));
      cursor = reply.headers.get("x-after-cursor") || null;
      await make(page);
    }
    expect(walked).toEqual(["4", "3", "2", "1", "0"]);
  });

  it("do not show another environment's payments", async () => {
    const [mine, other] = await Promise.all([newBankAccount(), newBankAccount()]);
    await other.payment({}, { external_id: "x", metadata: { a: "1" } });
    const account = `internal_account_id=${other.account}`;
    for (const query of ["", "external_id=x", "status=unreconciled", account, "metadata[a]=1"]) {
      expect((await must(mine.api.get(`${PATH}?${query}`), 200)).body).toEqual([]);
    }
  });
});

describe("line items of an expected payment", () => {
  const lines = [
    { amount: 9_000, description: "Rent", metadata: { month: "May" }, accounting_category_id: "rent" },
    { amount: 1_500 },
    { amount: -500, description: null },
  ];

  it("are kept with it, and their metadata can be changed", async () => {
    const bank = await newBankAccount();
    const payment = await bank.payment({}, { line_items: lines });
    const path = `${PATH}/${payment.id}/line_items`;
    const all = (await must(bank.api.get(path), 200)).body;
    expect(all.map(({ amount }: { amount: number }) => amount)).toEqual([-500, 1_500, 9_000]);
    const rent = all[2];
    expect(rent).toEqual({
      id: expect.stringMatching(UUID),
      object: "line_item",
      live_mode: false,
      created_at: payment.created_at,
      updated_at: payment.created_at,
      itemizable_id: payment.id,
      itemizable_type: "ExpectedPayment",
      amount: 9_000,
      description: "Rent",
      metadata: { month: "May" },
      accounting: {},
      accounting_category_id: "rent",
      accounting_ledger_class_id: null,
    });
    const changed = await must(bank.api.patch(`${path}/${rent.id}`, { metadata: { month: "", year: "2026" } }), 200);
    expect(changed.body).toEqual({ ...rent, metadata: { year: "2026" }, updated_at: changed.body.updated_at });
    expect(await bank.read(`${path}/${rent.id}`)).toEqual(changed.body);
    expect(await bank.read(path)).toEqual([all[0], all[1], changed.body]);
  });

  it("need an amount", async () => {
    const bank = await newBankAccount();
    const body = { reconciliation_rule_variables: [variableOf(bank)], line_items: [{ description: "Rent" }] };
    expect(refusalOf(await bank.api.post(PATH, body))).toEqual([422, "parameter_missing", "line_items[0].amount"]);
  });

  it("are paged", async () => {
    const bank = await newBankAccount();
    const { id } = await bank.payment({}, { line_items: lines });
    const path = `${PATH}/${id}/line_items?per_page=2`;
    const first = await must(bank.api.get(path), 200);
    const second = await must(bank.api.get(`${path}&after_cursor=${first.headers.get("x-after-cursor")}`), 200);
    expect([...first.body, ...second.body].map(({ amount }) => amount)).toEqual([-500, 1_500, 9_000]);
    expect([first.body.length, second.headers.get("x-after-cursor")]).toEqual([2, ""]);
  });

  it("keep each of several changes at once", async () => {
    const bank = await newBankAccount();
    const { id } = await bank.payment({}, { line_items: lines });
    const path = `${PATH}/${id}/line_items`;
    const ids = idsOf(await bank.api.get(path));
    await Promise.all(ids.map((line) => must(bank.api.patch(`${path}/${line}`, { metadata: { line } }), 200)));
    const kept = await bank.read(path);
    expect(kept.map(({ metadata }: { metadata: { line: string } }) => metadata.line)).toEqual(ids);
  });

  it("are not found under another payment or id", async () => {
    const bank = await newBankAccount();
    const [one, two] = [await bank.payment({}, { line_items: lines }), await bank.payment()];
    const [line] = idsOf(await bank.api.get(`${PATH}/${one.id}/line_items`));
    expect((await bank.api.get(`${PATH}/${two.id}/line_items`)).body).toEqual([]);
    for (const path of [`${two.id}/line_items/${line}`, `${one.id}/line_items/${UNKNOWN_ID}`]) {
      expect((await bank.api.get(`${PATH}/${path}`)).status).toBe(404);
      expect((await bank.api.patch(`${PATH}/${path}`, { metadata: {} })).status).toBe(404);
    }
  });
});

it.each(["nothing", "%00", UNKNOWN_ID])("an expected payment is not found under %s", async (id) => {
  const { api } = await newBankAccount();
  for (const reply of [
    await api.get(`${PATH}/${id}`),
    await api.patch(`${PATH}/${id}`, {}),
    await api.delete(`${PATH}/${id}`),
    await api.get(`${PATH}/${id}/line_items`),
  ]) {
    expect(refusalOf(reply)).toEqual([404, "resource_not_found", "id"]);
  }
});

itIsGuarded({
  endpoints: [...expectedPaymentEndpoints, ...expectedPaymentLineItemEndpoints],
  prepare: async (owner) => {
    const bank = await newBankAccount(owner);
    const { id } = await bank.payment({}, { line_items: [{ amount: 5 }] });
    const [line_item_id] = idsOf(await bank.api.get(`${PATH}/${id}/line_items`));
    return { id, line_item_id: line_item_id as string };
  },
});
