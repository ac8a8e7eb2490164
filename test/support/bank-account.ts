import { type Db, openDb } from "../../src/db/client.ts";
import type { Api, Reply } from "./api.ts";
import { bindings, must } from "./scene.ts";
import { newTenant, type Tenant } from "./tenant.ts";

/** An internal account of a tenant; what its functions but `link` ask for is done, or the test fails. */
export interface BankAccount {
  tenant: Tenant;
  api: Api;
  db: Db;
  account: string;
  /** The key of the account's data source at /v1. */
  source: string;
  /** Takes in a posted credit of 100.00 USD unless the fields say otherwise. */
  transaction(fields?: Record<string, unknown>): Promise<Reply["body"]>;
  /** Expects exactly 100.00 USD unless the fields of its one rule variable say otherwise. */
  payment(variable?: Record<string, unknown>, fields?: Record<string, unknown>): Promise<Reply["body"]>;
  link(transaction: string, payment: string, amount: number): Promise<Reply>;
  read(path: string): Promise<Reply["body"]>;
}

export async function newBankAccount(given?: Tenant): Promise<BankAccount> {
  const tenant = given ?? (await newTenant());
  const api = tenant.writer;
  const made = await must(api.post("/api/internal_accounts", { name: "Operating", currency: "USD" }), 201);
  const account = made.body.id as string;
  const create = async (path: string, body: unknown) => (await must(api.post(path, body), 201)).body;
  return {
    tenant,
    api,
    db: openDb(bindings.DB),
    account,
    source: `internal_account_${account}`,
    transaction: (fields) => create("/api/transactions", { ...newTransactionBody(account), ...fields }),
    payment: (variable, fields) =>
      create("/api/expected_payments", {
        reconciliation_rule_variables: [
          {
            internal_account_id: account,
            direction: "credit",
            amount_lower_bound: 10_000,
            amount_upper_bound: 10_000,
            ...variable,
          },
        ],
        ...fields,
      }),
    link: (transaction_id, expected_payment_id, amount) =>
      api.post("/api/transaction_line_items", { amount, transaction_id, expected_payment_id }),
    read: async (path) => (await must(api.get(path), 200)).body,
  };
}

/** The least that a transaction of this account can be, 100.00. */
export function newTransactionBody(account: string) {
  return { internal_account_id: account, amount: 10_000, direction: "credit", as_of_date: "2026-03-10", type: "ach" };
}

/** Status, code and parameter of a refusal of the payments door. */
export function refusalOf({ status, body }: Reply): unknown[] {
  return [status, body.errors.code, body.errors.parameter];
}

/** Asks for everything that there is to ask of transactions and their line items, as one who looks at the statements. */
export async function useBankAccount(tenant: Tenant): Promise<void> {
  const bank = await newBankAccount(tenant);
  const { api, account, source } = bank;
  const transaction = await bank.transaction({ posted: false, metadata: { a: "1" } });
  const payment = await bank.payment();
  const at = `/api/transactions/${transaction.id}`;
  await must(bank.link(transaction.id, payment.id, 1), 422);
  await must(api.patch(at, { metadata: { b: "2" }, posted: true }), 200);
  const { body: item } = await must(bank.link(transaction.id, payment.id, 1), 201);
  await must(api.delete(at), 422);
  for (const query of [
    "transactions",
    `transactions?internal_account_id=${account}&posted=true&as_of_date_start=2026-01-01&direction=credit`,
    "transactions?payment_type=ach&description=x&metadata[a]=1",
    `transactions/${transaction.id}`,
    `transactions/${transaction.id}/line_items`,
    "transaction_line_items?type=receiving",
    `transaction_line_items?id[]=${item.id}`,
    `transaction_line_items?transaction_id=${transaction.id}`,
    `transaction_line_items?expected_payment_id=${payment.id}`,
    `transaction_line_items/${item.id}`,
  ]) {
    await bank.read(`/api/${query}`);
  }
  await must(api.delete(`/api/transaction_line_items/${item.id}`), 200);
  await must(api.delete(at), 204);
  await must(api.post("/v1/records", { type_key: source, date: "2026-03-10", amount: 1, direction: "credit" }), 201);
}
