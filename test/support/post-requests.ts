import { type Api, bootstrap } from "./api.ts";
import { newBankAccount, newTransactionBody } from "./bank-account.ts";
import { newRow, sendRows } from "./bulk-requests.ts";
import { exceptionOf } from "./exceptions.ts";
import { importsOf, newForm } from "./imports.ts";
import { muteJobs, workOffBulk } from "./jobs.ts";
import { credit, debit, newLedgerScene } from "./ledger.ts";
import { must, newScene } from "./scene.ts";
import type { Tenant } from "./tenant.ts";
import { muteQueue, newEndpoint, newEvent } from "./webhooks.ts";

export interface PostRequest {
  api: Api;
  path: string;
  body?: unknown;
}

/** One request that succeeds for each POST of both doors, by operation id. */
export async function listPostRequests(tenant: Tenant): Promise<Record<string, PostRequest>> {
  muteQueue();
  muteJobs();
  const bulk = await postsOfBulkRequests(tenant);
  const records = await postsOfRecords(tenant);
  const webhooks = await postsOfWebhooks(tenant);
  const ledgers = await postsOfLedgers(tenant);
  const payments = await postsOfPayments(tenant);
  const requests = { ...records, ...bulk, ...webhooks, ...ledgers, ...payments };
  const named = Object.entries(requests).map(([name, [path, body]]) => [name, { api: tenant.admin, path, body }]);
  const environment = { api: bootstrap, path: "/v1/environments", body: { name: "Staging", mode: "test" } };
  return { ...Object.fromEntries(named), createEnvironment: environment };
}

type Requests = Record<string, [path: string, body?: unknown]>;

async function postsOfRecords(tenant: Tenant): Promise<Requests> {
  const scene = await newScene({ tenant, runType: "batch" });
  const record = { type_key: "left", date: "2026-03-10", amount: 100, direction: "credit" };
  const pair = [await scene.left(), await scene.right()].map(({ body }) => body.id);
  const { reconciliation } = scene;
  const filters = { operand: "and", rules: [{ key: "amount", operand: "eq", value: "amount" }] };
  const key = await must(tenant.admin.post("/v1/api_keys", { name: "Old", scopes: ["read"] }), 201);
  const markOf = (id: string) => `/v1/reconciliations/${reconciliation}/records/${id}/mark_overdue`;
  const [late, later] = [await scene.right({ amount: 7 }), await scene.right({ amount: 8 })];
  await must(tenant.admin.post(markOf(late.body.id), {}), 200);
  const exception = await exceptionOf(scene, "right");
  return {
    createApiKey: ["/v1/api_keys", { name: "Nightly", scopes: ["read"] }],
    rotateApiKey: [`/v1/api_keys/${key.body.id}/rotate`, {}],
    createDataSource: ["/v1/data_sources", { key: "bank", name: "Bank" }],
    createImport: [importsOf("left"), newForm("Day,Sum,Text\n2026-01-15,5,Rent\n")],
    createPropertyDefinition: [
      "/v1/property_definitions",
      { type_key: "left", key: "note", name: "Note", type: "string" },
    ],
    createRecord: ["/v1/records", record],
    createReconciliation: ["/v1/reconciliations", { name: "Other", side_a: ["left"], side_b: ["right"] }],
    createReconciliationRule: ["/v1/reconciliation_rules", { reconciliation_id: reconciliation, filters }],
    createReconciliationMatch: ["/v1/reconciliation_matches", { reconciliation_id: reconciliation, record_ids: pair }],
    createReconciliationRun: [`/v1/reconciliations/${reconciliation}/runs`, { mode: "preview" }],
    markRecordOverdue: [markOf(later.body.id), {}],
    createExceptionComment: [`/v1/reconciliation_exceptions/${exception.id}/comments`, { body: "Asked the bank" }],
    repairIntegrity: ["/v1/admin/integrity/repair", { reconciliation_id: reconciliation }],
  };
}

async function postsOfBulkRequests({ admin }: Tenant): Promise<Requests> {
  const [pending, over] = [await sendRows(admin, [{}]), await sendRows(admin, [{}])];
  await workOffBulk(over.id);
  return {
    createBulkRequest: ["/v1/records/bulk", { records: [newRow()] }],
    cancelBulkRequest: [`/v1/bulk_requests/${pending.id}/cancel`],
    retryBulkRequest: [`/v1/bulk_requests/${over.id}/retry`],
  };
}

async function postsOfWebhooks({ environmentId }: Tenant): Promise<Requests> {
  const { uid } = await newEndpoint(environmentId, { eventTypes: ["import.completed"] });
  const { deliveryUids } = await newEvent(environmentId);
  return {
    createWebhookEndpoint: ["/v1/webhook_endpoints", { url: "https://hooks.example.com/" }],
    rotateWebhookSecret: [`/v1/webhook_endpoints/${uid}/rotate_secret`],
    testWebhookEndpoint: [`/v1/webhook_endpoints/${uid}/test`],
    replayWebhookEndpoint: [`/v1/webhook_endpoints/${uid}/replay`, { since: "2026-01-15T00:00:00Z" }],
    retryWebhookDelivery: [`/v1/webhook_deliveries/${deliveryUids[0]}/retry`],
  };
}

async function postsOfLedgers(tenant: Tenant): Promise<Requests> {
  const scene = await newLedgerScene(tenant);
  const [cash, wallet] = [await scene.account(), await scene.account()];
  const entries = [debit(cash, 100), credit(wallet, 100)];
  const posted = await scene.transact(entries, { status: "posted" });
  const pending = await scene.transact(entries);
  const part = [debit(cash, 40), credit(wallet, 40)];
  const account = { name: "Account", normal_balance: "credit", currency: "USD", ledger_id: scene.ledger };
  const path = "/api/ledger_transactions";
  return {
    createLedger: ["/api/ledgers", { name: "Main" }],
    createLedgerAccount: ["/api/ledger_accounts", account],
    createLedgerTransaction: [path, { ledger_entries: entries, status: "posted" }],
    reverseLedgerTransaction: [`${path}/${posted.id}/reversal`, {}],
    partiallyPostLedgerTransaction: [`${path}/${pending.id}/partial_post`, { posted_ledger_entries: part }],
  };
}

async function postsOfPayments(tenant: Tenant): Promise<Requests> {
  const scene = await newBankAccount(tenant);
  const transaction = await scene.transaction();
  const payment = await scene.payment();
  // An active rule would link them before the test does.
  const rule = { name: "By amount", strategy: "one_to_one", status: "inactive", conditions: NO_CONDITIONS };
  const made = await must(tenant.admin.post("/api/reconciliation_rules", rule), 201);
  const link = { amount: 10_000, transaction_id: transaction.id, expected_payment_id: payment.id };
  return {
    createInternalAccount: ["/api/internal_accounts", { name: "Payroll", currency: "USD" }],
    createTransaction: ["/api/transactions", newTransactionBody(scene.account)],
    createTransactionLineItem: ["/api/transaction_line_items", link],
    createExpectedPayment: ["/api/expected_payments", newPaymentBody(scene.account)],
    createPaymentRule: ["/api/reconciliation_rules", rule],
    previewPaymentRule: [`/api/reconciliation_rules/${made.body.id}/preview`, {}],
  };
}

const NO_CONDITIONS = { operator: "and", blocks: [] };

function newPaymentBody(account: string) {
  const amounts = { amount_lower_bound: 10_000, amount_upper_bound: 10_000 };
  return { reconciliation_rule_variables: [{ internal_account_id: account, direction: "credit", ...amounts }] };
}
