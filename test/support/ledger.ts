import { type Db, openDb } from "../../src/db/client.ts";
import type { Api, Reply } from "./api.ts";
import { bindings, must } from "./scene.ts";
import { newTenant, type Tenant } from "./tenant.ts";

export interface Entry {
  amount?: number;
  amount_string?: string;
  direction: "credit" | "debit";
  ledger_account_id: string;
  [more: string]: unknown;
}

/** A tenant with one ledger in which accounts are made by their names. */
export interface LedgerScene {
  tenant: Tenant;
  api: Api;
  db: Db;
  ledger: string;
  /** Makes an account and answers its id. */
  account(fields?: Record<string, unknown>): Promise<string>;
  readAccount(id: string, query?: string): Promise<Reply["body"]>;
  /** The amounts of an account's pending, posted and available balance. */
  balancesOf(id: string, query?: string): Promise<[number, number, number]>;
  /** Makes a transaction that must be accepted. */
  transact(entries: Entry[], fields?: Record<string, unknown>): Promise<Reply["body"]>;
}

export async function newLedgerScene(tenant?: Tenant): Promise<LedgerScene> {
  const owner = tenant ?? (await newTenant());
  const api = owner.admin;
  const made = await must(api.post("/api/ledgers", { name: "Main" }), 201);
  const ledger = made.body.id as string;
  const readAccount = async (id: string, query = "") =>
    (await must(api.get(`/api/ledger_accounts/${id}${query}`), 200)).body;
  return {
    tenant: owner,
    api,
    db: openDb(bindings.DB),
    ledger,
    readAccount,
    async account(fields = {}) {
      const body = { name: "Account", normal_balance: "credit", currency: "USD", ledger_id: ledger, ...fields };
      return (await must(api.post("/api/ledger_accounts", body), 201)).body.id;
    },
    async balancesOf(id, query = "") {
      const { balances } = await readAccount(id, query);
      return [balances.pending_balance.amount, balances.posted_balance.amount, balances.available_balance.amount];
    },
    async transact(ledger_entries, fields = {}) {
      return (await must(api.post("/api/ledger_transactions", { ledger_entries, ...fields }), 201)).body;
    },
  };
}

export function debit(ledger_account_id: string, amount: number, more: Record<string, unknown> = {}): Entry {
  return { amount, direction: "debit", ledger_account_id, ...more };
}

export function credit(ledger_account_id: string, amount: number, more: Record<string, unknown> = {}): Entry {
  return { amount, direction: "credit", ledger_account_id, ...more };
}

/** Asks for everything that there is to ask of ledgers, as one who looks at the statements behind it wants it. */
export async function useLedgers(tenant: Tenant): Promise<void> {
  const scene = await newLedgerScene(tenant);
  const { api, ledger } = scene;
  const [cash, wallet, spare] = [
    await scene.account({ normal_balance: "debit" }),
    await scene.account({ external_id: "w" }),
    await scene.account(),
  ];
  const transaction = "/api/ledger_transactions";
  await must(api.patch(`/api/ledgers/${ledger}`, { clearing_ledger_account_id: cash, metadata: { a: "b" } }), 200);
  await must(api.patch(`/api/ledger_accounts/${wallet}`, { name: "Wallet", metadata: { a: "b" } }), 200);
  await must(api.delete(`/api/ledger_accounts/${spare}`), 200);
  await must(api.delete(`/api/ledger_accounts/${wallet}x`), 404);
  const entries = [debit(cash, 9, { posted_balance_amount: { gte: 0 } }), credit(wallet, 9, { lock_version: 0 })];
  const made = await scene.transact(entries, { external_id: "t", metadata: { a: "b" } });
  await must(api.post(transaction, { ledger_entries: entries }), 422);
  await must(api.delete(`/api/ledger_accounts/${wallet}`), 422);
  await must(api.delete(`/api/ledgers/${ledger}`), 422);
  await must(api.patch(`${transaction}/t`, { ledger_entries: [debit(cash, 8), credit(wallet, 8)] }), 200);
  await must(api.patch(`${transaction}/t`, { effective_at: "2026-01-15T09:30:00Z" }), 200);
  const posted = await must(api.patch(`${transaction}/t`, { status: "posted" }), 200);
  const reversal = await must(api.post(`${transaction}/t/reversal`, {}), 201);
  const [entry] = posted.body.ledger_entries;
  await must(api.patch(`/api/ledger_entries/${entry.id}`, { metadata: { a: "b" } }), 200);
  const bounds =
    "balances[effective_at_lower_bound]=2025-01-15T09:30:00Z&balances[effective_at_upper_bound]=2027-01-15T09:30:00Z";
  for (const query of [
    `ledgers?id[]=${ledger}&metadata[a]=b&updated_at[gte]=2026-01-15T09:30:00Z`,
    "ledgers",
    `ledgers/${ledger}`,
    `ledger_accounts?id[]=${wallet}&${bounds}`,
    `ledger_accounts?ledger_id=${ledger}&name[]=Wallet&external_id=w&currency=USD&posted_balance_amount[gte]=0`,
    "ledger_accounts?metadata[a]=b",
    `ledger_accounts/${wallet}?${bounds}`,
    `ledger_accounts/${wallet}?balances[as_of_lock_version]=2`,
    `ledger_transactions?id[]=${made.id}`,
    `ledger_transactions?ledger_id=${ledger}&status[]=posted&status[]=pending&amount[gt]=1&metadata[a]=b`,
    `ledger_transactions?ledger_account_id=${wallet}&effective_date[lte]=2026-01-15`,
    `ledger_transactions?ledger_account_id=${wallet}&order_by[effective_at]=asc`,
    "ledger_transactions?external_id=t&posted_at[gte]=2026-01-15T09:30:00Z",
    `ledger_transactions?ledgerable_id=${made.id}`,
    `ledger_transactions?partially_posts_ledger_transaction_id=${made.id}`,
    `ledger_transactions?reverses_ledger_transaction_id=${made.id}&order_by[created_at]=asc`,
    `ledger_transactions/${reversal.body.id}`,
    "ledger_transactions/t/versions",
    `ledger_transaction_versions?ledger_transaction_id=${made.id}&version[gte]=1`,
    "ledger_transaction_versions",
    `ledger_entries?id[]=${entry.id}&show_balances=true`,
    `ledger_entries?ledger_account_id=${wallet}&show_deleted=true&direction=credit&metadata[a]=b`,
    `ledger_entries?ledger_account_id=${wallet}&as_of_lock_version=1`,
    `ledger_entries?ledger_account_id=${wallet}&order_by[effective_at]=asc`,
    `ledger_entries?ledger_account_id=${wallet}&order_by[effective_at]=desc&show_deleted=true`,
    `ledger_entries?ledger_transaction_id=${made.id}`,
    "ledger_entries?order_by[created_at]=asc",
    `ledger_entries/${entry.id}?show_balances=true`,
  ]) {
    await must(api.get(`/api/${query}`), 200);
  }
  for (const [list, order] of [
    ["ledger_transactions", "order_by[effective_at]=desc"],
    ["ledger_entries", "order_by[created_at]=desc"],
    ["ledger_entries", `ledger_account_id=${wallet}`],
    ["ledger_entries", `ledger_account_id=${wallet}&order_by[effective_at]=asc`],
  ]) {
    const first = await must(api.get(`/api/${list}?per_page=1&${order}`), 200);
    const cursor = first.headers.get("x-after-cursor");
    await must(api.get(`/api/${list}?per_page=1&${order}&after_cursor=${cursor}`), 200);
  }
}
