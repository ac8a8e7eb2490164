import { describe, expect, it } from "vitest";
import { transactionLineItemEndpoints } from "../../../src/http/api/transaction-line-items.ts";
import { type Api, bootstrap } from "../../support/api.ts";
import { type BankAccount, newBankAccount, newTransactionBody, refusalOf } from "../../support/bank-account.ts";
import { must } from "../../support/scene.ts";
import { itIsGuarded } from "../../support/security.ts";
import { newTenant } from "../../support/tenant.ts";

const PATH = "/api/transaction_line_items";
const WHOLE_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";
const COUNTERPARTY_ID = "0198b1f2-7c3a-7d4e-8f5a-000000000001";

/** A transaction of 100.00 that is linked with a payment, for all of it unless another amount is given. */
async function newLink(bank: BankAccount, amount = 10_000) {
  const transaction = await bank.transaction();
  const payment = await bank.payment();
  const { body } = await must(bank.link(transaction.id, payment.id, amount), 201);
  return { item: body, transaction: transaction.id as string, payment: payment.id as string };
}

const idsOf = (rows: { id: string }[]) => rows.map(({ id }) => id);
const transactionAt = (id: string) => `/api/transactions/${id}`;
const paymentAt = (id: string) => `/api/expected_payments/${id}`;

describe("transaction line items", () => {
  it("reconcile both sides, and are answered with every key of Modern Treasury's", async () => {
    const bank = await newBankAccount();
    const transaction = await bank.transaction();
    const payment = await bank.payment({ counterparty_id: COUNTERPARTY_ID });
    const made = await must(bank.link(transaction.id, payment.id, 10_000), 201);
    expect(made.headers.get("location")).toBe(`${PATH}/${made.body.id}`);
    expect(made.body).toEqual({
      id: expect.stringMatching(UUID),
      object: "transaction_line_item",
      live_mode: false,
      created_at: expect.stringMatching(WHOLE_SECONDS),
      updated_at: made.body.created_at,
      discarded_at: null,
      type: "receiving",
      transactable_type: null,
      transactable_id: null,
      amount: 10_000,
      description: "",
      counterparty_id: COUNTERPARTY_ID,
      expected_payment_id: payment.id,
      transaction_id: transaction.id,
      reconciliation_group_id: null,
      reconcilable: true,
    });
    expect(Object.keys(made.body)).toHaveLength(16);
    expect(await must(bank.tenant.reader.get(`${PATH}/${made.body.id}`), 200)).toMatchObject({ body: made.body });
    expect(await bank.read(transactionAt(transaction.id))).toEqual({ ...transaction, reconciled: true });
    expect(await bank.read(paymentAt(payment.id))).toMatchObject({
      status: "reconciled",
      reconciliation_method: "manual",
      amount_reconciled: 10_000,
      amount_unreconciled: 0,
      transaction_id: transaction.id,
      transaction_line_item_id: made.body.id,
    });
  });

  it("bring a payment together from parts", async () => {
    const bank = await newBankAccount();
    const payment = await bank.payment();
    const parts = [await bank.transaction({ amount: 4_000 }), await bank.transaction({ amount: 6_000 })];
    await must(bank.link(parts[0].id, payment.id, 4_000), 201);
    expect(await bank.read(paymentAt(payment.id))).toMatchObject({
      status: "partially_reconciled",
      amount_reconciled: 4_000,
      amount_unreconciled: 6_000,
    });
    await must(bank.link(parts[1].id, payment.id, 6_000), 201);
    expect(await bank.read(paymentAt(payment.id))).toMatchObject({ status: "reconciled", amount_reconciled: 10_000 });
  });

  it("share a transaction out, which is reconciled once nothing is left of it", async () => {
    const bank = await newBankAccount();
    const { id } = await bank.transaction();
    const shares = [2_500, 7_500];
    const reconciled: boolean[] = [];
    for (const amount of shares) {
      const payment = await bank.payment({ amount_lower_bound: amount, amount_upper_bound: amount });
      await must(bank.link(id, payment.id, amount), 201);
      reconciled.push((await bank.read(transactionAt(id))).reconciled);
    }
    expect(reconciled).toEqual([false, true]);
  });

  it("are originating where money goes out", async () => {
    const bank = await newBankAccount();
    const transaction = await bank.transaction({ direction: "debit" });
    const payment = await bank.payment({ direction: "debit" });
    const { body } = await must(bank.link(transaction.id, payment.id, 10_000), 201);
    expect([body.type, body.counterparty_id]).toEqual(["originating", null]);
  });

  it("are live in a live environment", async () => {
    const created = async (path: string, body: unknown) => (await must(bootstrap.post(path, body), 201)).body.id;
    const account = await created("/api/internal_accounts", { name: "Live", currency: "USD" });
    const transaction_id = await created("/api/transactions", newTransactionBody(account));
    const bounds = { amount_lower_bound: 10_000, amount_upper_bound: 10_000 };
    const variable = { internal_account_id: account, direction: "credit", ...bounds };
    const expected_payment_id = await created("/api/expected_payments", { reconciliation_rule_variables: [variable] });
    const made = await must(bootstrap.post(PATH, { amount: 1, transaction_id, expected_payment_id }), 201);
    expect(made.body.live_mode).toBe(true);
  });

  it.each([
    [{ amount: undefined }, "parameter_missing", "amount"],
    [{ amount: 0 }, "parameter_invalid", "amount"],
    [{ amount: -1 }, "parameter_invalid", "amount"],
    [{ amount: 1.5 }, "parameter_invalid", "amount"],
    [{ amount: "1" }, "parameter_invalid", "amount"],
    [{ amount: 1e15 }, "parameter_invalid", "amount"],
    [{ amount: 10_001 }, "parameter_invalid", "amount"],
    [{ transaction_id: undefined }, "parameter_missing", "transaction_id"],
    [{ transaction_id: "x" }, "parameter_invalid", "transaction_id"],
    [{ transaction_id: UNKNOWN_ID }, "resource_not_found", "transaction_id"],
    [{ expected_payment_id: undefined }, "parameter_missing", "expected_payment_id"],
    [{ expected_payment_id: "x" }, "parameter_invalid", "expected_payment_id"],
    [{ expected_payment_id: UNKNOWN_ID }, "resource_not_found", "expected_payment_id"],
    [{ type: "receiving" }, "parameter_invalid", "type"],
  ])("refuse %j", async (fields, code, parameter) => {
    const bank = await newBankAccount();
    const ids = { transaction_id: (await bank.transaction()).id, expected_payment_id: (await bank.payment()).id };
    const reply = await bank.api.post(PATH, { amount: 10_000, ...ids, ...fields });
    expect(refusalOf(reply)).toEqual([422, code, parameter]);
    expect(await bank.read(PATH)).toEqual([]);
  });

  itIsGuarded({
    endpoints: transactionLineItemEndpoints.filter(({ path }) => !path.startsWith("/api/transactions/")),
    prepare: async (tenant) => ({ id: (await newLink(await newBankAccount(tenant))).item.id }),
  });

  itIsGuarded({
    endpoints: transactionLineItemEndpoints.filter(({ path }) => path.startsWith("/api/transactions/")),
    prepare: async (tenant) => ({ id: (await (await newBankAccount(tenant)).transaction()).id }),
  });
});

describe("a link is refused", () => {
  type Place = (bank: BankAccount) => Promise<{ transaction: string; payment: string; amount?: number }>;
  const ends = async (transaction: Promise<{ id: string }>, payment: Promise<{ id: string }>) => {
    return { transaction: (await transaction).id, payment: (await payment).id };
  };

  it.each<[string, Place, string, string]>([
    [
      "of a transaction that is not posted",
      (bank) => ends(bank.transaction({ posted: false }), bank.payment()),
      "parameter_invalid",
      "transaction_id",
    ],
    [
      "of a transaction that is deleted",
      async (bank) => {
        const found = await ends(bank.transaction(), bank.payment());
        await must(bank.api.delete(transactionAt(found.transaction)), 204);
        return found;
      },
      "resource_not_found",
      "transaction_id",
    ],
    [
      "of a record that is no transaction",
      async (bank) => {
        await must(bank.api.post("/v1/data_sources", { key: "books", name: "Books" }), 201);
        const record = { type_key: "books", date: "2026-03-10", amount: 100, direction: "credit" };
        return ends(
          bank.api.post("/v1/records", record).then(({ body }) => body),
          bank.payment(),
        );
      },
      "resource_not_found",
      "transaction_id",
    ],
    [
      "with a payment on another account",
      async (bank) => ends(bank.transaction(), (await newBankAccount(bank.tenant)).payment()),
      "parameter_invalid",
      "expected_payment_id",
    ],
    [
      "with a payment in the other direction",
      (bank) => ends(bank.transaction(), bank.payment({ direction: "debit" })),
      "parameter_invalid",
      "expected_payment_id",
    ],
    [
      "with a payment that is archived",
      async (bank) => {
        const found = await ends(bank.transaction(), bank.payment());
        await must(bank.api.delete(paymentAt(found.payment)), 200);
        return found;
      },
      "parameter_invalid",
      "expected_payment_id",
    ],
    [
      "with a payment that is reconciled",
      async (bank) => ends(bank.transaction(), Promise.resolve({ id: (await newLink(bank)).payment })),
      "parameter_invalid",
      "expected_payment_id",
    ],
    [
      "with a payment that is reconciled below its upper bound",
      async (bank) => {
        const found = await ends(bank.transaction(), bank.payment({ amount_lower_bound: 6_000 }));
        await must(bank.link(found.transaction, found.payment, 6_000), 201);
        return { ...found, amount: 1 };
      },
      "parameter_invalid",
      "expected_payment_id",
    ],
    [
      "for more than is left of the transaction",
      async (bank) => {
        const { transaction } = await newLink(bank, 6_000);
        return { transaction, payment: (await bank.payment()).id, amount: 4_001 };
      },
      "parameter_invalid",
      "amount",
    ],
    [
      "for more than the payment still expects",
      async (bank) => {
        const { payment } = await newLink(bank, 6_000);
        return { transaction: (await bank.transaction()).id, payment, amount: 4_001 };
      },
      "parameter_invalid",
      "amount",
    ],
  ])("%s", async (_, place, code, parameter) => {
    const bank = await newBankAccount();
    const { transaction, payment, amount = 10_000 } = await place(bank);
    const before = await bank.read(PATH);
    expect(refusalOf(await bank.link(transaction, payment, amount))).toEqual([422, code, parameter]);
    expect(await bank.read(PATH)).toEqual(before);
  });

  it("over the border of an environment", async () => {
    const [mine, other] = await Promise.all([newBankAccount(), newBankAccount()]);
    const theirs = await newLink(other, 1);
    const transaction = await mine.transaction();
    const payment = await mine.payment();
    const foreignPayment = await mine.link(transaction.id, theirs.payment, 1);
    expect(refusalOf(foreignPayment)).toEqual([422, "resource_not_found", "expected_payment_id"]);
    const foreignTransaction = await mine.link(theirs.transaction, payment.id, 1);
    expect(refusalOf(foreignTransaction)).toEqual([422, "resource_not_found", "transaction_id"]);
  });
});

describe("a deleted line item", () => {
  it("undoes its link, answers with nothing, and stays readable", async () => {
    const bank = await newBankAccount();
    const { item, transaction, payment } = await newLink(bank);
    const deleted = await must(bank.api.delete(`${PATH}/${item.id}`), 200);
    expect([deleted.body, deleted.headers.get("content-type")]).toEqual(["", null]);
    const time = expect.stringMatching(WHOLE_SECONDS);
    expect(await bank.read(`${PATH}/${item.id}`)).toEqual({ ...item, updated_at: time, discarded_at: time });
    expect(await bank.read(PATH)).toEqual([]);
    expect((await bank.read(transactionAt(transaction))).reconciled).toBe(false);
    expect(await bank.read(paymentAt(payment))).toMatchObject({
      status: "unreconciled",
      amount_reconciled: 0,
      amount_unreconciled: 10_000,
      transaction_id: null,
      transaction_line_item_id: null,
    });
  });

  it("is deleted once, however often it is asked for", async () => {
    const bank = await newBankAccount();
    const { item, transaction, payment } = await newLink(bank);
    await Promise.all([1, 2, 3].map(() => must(bank.api.delete(`${PATH}/${item.id}`), 200)));
    const discarded = await bank.read(`${PATH}/${item.id}`);
    const again = await must(bank.link(transaction, payment, 10_000), 201);
    expect(again.body.id).not.toBe(item.id);
    await must(bank.api.delete(`${PATH}/${item.id}`), 200);
    expect(await bank.read(`${PATH}/${item.id}`)).toEqual(discarded);
    expect(idsOf(await bank.read(PATH))).toEqual([again.body.id]);
  });

  it("leaves the others as they are", async () => {
    const bank = await newBankAccount();
    const { item, transaction, payment } = await newLink(bank, 3_000);
    const kept = await must(bank.link(transaction, payment, 2_000), 201);
    await must(bank.api.delete(`${PATH}/${item.id}`), 200);
    expect(await bank.read(PATH)).toEqual([kept.body]);
    expect(await bank.read(paymentAt(payment))).toMatchObject({
      status: "partially_reconciled",
      amount_reconciled: 2_000,
      transaction_line_item_id: kept.body.id,
    });
  });
});

describe("a linked transaction", () => {
  it("is neither changed nor deleted by /v1, nor deleted here", async () => {
    const bank = await newBankAccount();
    const { item, transaction } = await newLink(bank, 1);
    const record = `/v1/records/${transaction}`;
    for (const reply of [await bank.api.patch(record, { amount: 7 }), await bank.api.delete(record)]) {
      expect([reply.status, reply.body.detail]).toEqual([409, expect.stringContaining("transaction line items")]);
    }
    expect(refusalOf(await bank.api.delete(transactionAt(transaction)))).toEqual([422, "parameter_invalid", undefined]);
    const changed = await must(bank.api.patch(transactionAt(transaction), { metadata: { a: "1" } }), 200);
    expect(changed.body).toMatchObject({ amount: 10_000, metadata: { a: "1" } });
    await must(bank.api.delete(`${PATH}/${item.id}`), 200);
    await must(bank.api.patch(record, { amount: 7 }), 200);
    await must(bank.api.delete(transactionAt(transaction)), 204);
  });

  it("is an unreconciled record of /v1, which does not see the link", async () => {
    const bank = await newBankAccount();
    const { item, transaction } = await newLink(bank);
    expect(await bank.read(`/v1/records/${transaction}`)).toMatchObject({
      status: "unreconciled",
      reconciled_amount: 0,
      reconciliations: [],
    });
    expect(idsOf((await bank.read("/v1/records?status=unreconciled")).data)).toEqual([transaction]);
    expect((await bank.read("/v1/reconciliation_matches")).data).toEqual([]);
    expect((await bank.api.get(`/v1/reconciliation_matches/${item.id}`)).status).toBe(404);
    expect((await bank.api.delete(`/v1/reconciliation_matches/${item.id}`)).status).toBe(404);
  });

  it("keeps its link when its metadata changes, and can still be unlinked", async () => {
    const bank = await newBankAccount();
    const { item, transaction, payment } = await newLink(bank, 4_000);
    await must(bank.api.patch(transactionAt(transaction), { metadata: { a: "1" } }), 200);
    await must(bank.link(transaction, payment, 6_000), 201);
    expect((await bank.read(paymentAt(payment))).status).toBe("reconciled");
    await must(bank.api.delete(`${PATH}/${item.id}`), 200);
    expect(await bank.read(paymentAt(payment))).toMatchObject({ status: "partially_reconciled" });
  });
});

describe("links made at the same moment", () => {
  it("do not take more of a transaction than there is", async () => {
    const bank = await newBankAccount();
    const { id } = await bank.transaction();
    const payments = await Promise.all([1, 2, 3, 4, 5].map(() => bank.payment()));
    const replies = await Promise.all(payments.map((payment) => bank.link(id, payment.id, 6_000)));
    expect(replies.map((reply) => reply.status).sort()).toEqual([201, 422, 422, 422, 422]);
    expect((await bank.read(PATH)).map((item: { amount: number }) => item.amount)).toEqual([6_000]);
  });

  it("do not bring a payment more than it expects", async () => {
    const bank = await newBankAccount();
    const { id } = await bank.payment();
    const transactions = await Promise.all([1, 2, 3, 4, 5].map(() => bank.transaction()));
    const replies = await Promise.all(transactions.map((transaction) => bank.link(transaction.id, id, 4_000)));
    expect(replies.map((reply) => reply.status).sort()).toEqual([201, 201, 422, 422, 422]);
    expect((await bank.read(paymentAt(id))).amount_reconciled).toBe(8_000);
  });

  it("hold a transaction, or find it gone", async () => {
    const bank = await newBankAccount();
    const [transaction, payment] = [await bank.transaction(), await bank.payment()];
    const [linked, deleted] = await Promise.all([
      bank.link(transaction.id, payment.id, 1),
      bank.api.delete(transactionAt(transaction.id)),
    ]);
    const outcomes = [`${linked.status} ${deleted.status}`];
    expect(["201 422", "201 409", "422 204"]).toEqual(expect.arrayContaining(outcomes));
    const left = linked.status === 201 ? 200 : 404;
    expect((await bank.api.get(transactionAt(transaction.id))).status).toBe(left);
    expect(idsOf(await bank.read(PATH))).toEqual(linked.status === 201 ? [linked.body.id] : []);
  });
});

describe("lists of line items", () => {
  async function newItems(bank: BankAccount) {
    const first = await newLink(bank, 1_000);
    const second = (await must(bank.link(first.transaction, (await bank.payment()).id, 2_000), 201)).body;
    const out = await bank.transaction({ direction: "debit" });
    const third = (await must(bank.link(out.id, (await bank.payment({ direction: "debit" })).id, 3_000), 201)).body;
    const gone = (await must(bank.link(first.transaction, first.payment, 500), 201)).body;
    await must(bank.api.delete(`${PATH}/${gone.id}`), 200);
    return { first, second, third, gone };
  }

  it("have filters, and show what is not discarded", async () => {
    const bank = await newBankAccount();
    const { first, second, third, gone } = await newItems(bank);
    const { item, transaction, payment } = first;
    for (const [query, items] of [
      ["", [third, second, item]],
      ["type=receiving", [second, item]],
      ["type=originating", [third]],
      [`transaction_id=${transaction}`, [second, item]],
      [`expected_payment_id=${payment}`, [item]],
      [`transaction_id=${transaction}&expected_payment_id=${payment}&type=receiving`, [item]],
      [`transaction_id=${transaction}&type=originating`, []],
      [`id[]=${item.id}&id[]=${third.id}&id[]=${gone.id}`, [third, item]],
      [`id=${item.id}`, [item]],
      [`id[]=${item.id}&transaction_id=${third.transaction_id}`, []],
      [`transaction_id=${UNKNOWN_ID}`, []],
    ] as const) {
      expect([query, await bank.read(`${PATH}?${query}`)]).toEqual([query, items]);
    }
    expect(await bank.read(`${transactionAt(transaction)}/line_items`)).toEqual([second, item]);
  });

  it.each(["type=other", "transaction_id=x", "id[]=x", "colour=red", "after_cursor=x"])("refuse %s", async (query) => {
    const { reader } = await newTenant();
    const name = query.split("=")[0]?.replace("[]", "[0]");
    expect(refusalOf(await reader.get(`${PATH}?${query}`))).toEqual([422, "parameter_invalid", name]);
  });

  it("do not show another environment's", async () => {
    const [mine, other] = await Promise.all([newTenant(), newBankAccount()]);
    const { item, transaction, payment } = await newLink(other);
    const queries = ["", `id=${item.id}`, `transaction_id=${transaction}`, `expected_payment_id=${payment}`];
    for (const query of queries) expect((await must(mine.reader.get(`${PATH}?${query}`), 200)).body).toEqual([]);
  });

  it("run from the newest to the oldest, page by page", async () => {
    const bank = await newBankAccount();
    const { first, second, third } = await newItems(bank);
    expect(await walk(bank.api, `${PATH}?`, 1)).toEqual([third.id, second.id, first.item.id]);
    const ofTransaction = `${transactionAt(first.transaction)}/line_items?`;
    expect(await walk(bank.api, ofTransaction, 1)).toEqual([second.id, first.item.id]);
  });

  async function walk(api: Api, path: string, rowsPerPage: number): Promise<string[]> {
    const ids: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const reply = await must(api.get(`${path}per_page=${rowsPerPage}${cursor && `&after_cursor=${cursor}`}`), 200);
      expect(reply.headers.get("x-per-page")).toBe(`${rowsPerPage}`);
      ids.push(...idsOf(reply.body));
      cursor = reply.headers.get("x-after-cursor") || null;
    }
    return ids;
  }
});
