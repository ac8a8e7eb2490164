import { openDb } from "../../src/db/client.ts";
import { type Api, bootstrap, type Reply } from "../support/api.ts";
import { newBankAccount } from "../support/bank-account.ts";
import { credit, debit, newLedgerScene } from "../support/ledger.ts";
import { listPostRequests } from "../support/post-requests.ts";
import { quietReconcilers } from "../support/quiet-reconcilers.ts";
import { bindings, must } from "../support/scene.ts";
import type { Tenant } from "../support/tenant.ts";

export interface WriteRequest {
  method: "POST" | "PATCH" | "DELETE";
  path: string;
  body?: unknown;
}

/** One request that succeeds for each operation that writes, by operation id, and everything that they are about. */
export async function newFaultWorld(): Promise<Record<string, WriteRequest>> {
  quietReconcilers();
  const tenant = await defaultTenant();
  const posts = await listPostRequests(tenant);
  const others = await listOtherWrites(tenant);
  const exceptions = await writesOfExceptions(tenant.admin);
  const requests = Object.entries(posts).map(([name, { path, body }]) => [name, { method: "POST", path, body }]);
  return { ...Object.fromEntries(requests), ...others, ...exceptions };
}

// Unlike with a key of its own, requests with the bootstrap key write nothing on the side.
async function defaultTenant(): Promise<Tenant> {
  const row = await openDb(bindings.DB)
    .d1.prepare("select id, uid from environments where mode = 'live' order by id limit 1")
    .first<{ id: number; uid: string }>();
  if (!row) throw new Error("there is no default environment");
  const keys = { admin: "", writer: "", reader: "" };
  const all = { admin: bootstrap, writer: bootstrap, reader: bootstrap };
  return { environmentId: row.id, environmentUid: row.uid, keys, ...all };
}

async function listOtherWrites(tenant: Tenant): Promise<Record<string, WriteRequest>> {
  const requests = { ...(await writesOfRecords(tenant.admin)), ...(await writesOfPayments(tenant)) };
  return Object.fromEntries(
    Object.entries(requests).map(([name, [path, body]]) => {
      return [name, body === undefined ? { method: "DELETE", path } : { method: "PATCH", path, body }];
    }),
  );
}

type Requests = Record<string, [path: string, body?: unknown]>;

async function writesOfRecords(api: Api): Promise<Requests> {
  const make = async (path: string, body: unknown) => (await must(api.post(path, body), 201)).body;
  const record = (type_key: string, fields = {}) =>
    make("/v1/records", { type_key, date: "2026-03-10", amount: 100, direction: "credit", ...fields });
  await make("/v1/data_sources", { key: "first", name: "First" });
  await make("/v1/data_sources", { key: "second", name: "Second" });
  await make("/v1/data_sources", { key: "spare", name: "Spare" });
  await record("spare");
  const sides = { name: "First against second", side_a: ["first"], side_b: ["second"] };
  const reconciliation = await make("/v1/reconciliations", sides);
  const rule = await make("/v1/reconciliation_rules", {
    reconciliation_id: reconciliation.id,
    filters: { operand: "and", rules: [{ key: "amount", operand: "eq", value: "amount" }] },
  });
  const record_ids = [(await record("first")).id, (await record("second", { amount: 90 })).id];
  const match = await make("/v1/reconciliation_matches", {
    reconciliation_id: reconciliation.id,
    record_ids,
    create_adjustment: true,
    adjustment_reason: "Fee",
  });
  const open = await record("first", { metadata: { note: "x" } });
  await record("second");
  const definition = { type_key: "first", key: "note", name: "Note", type: "string" };
  const property = await make("/v1/property_definitions", definition);
  const endpoint = await make("/v1/webhook_endpoints", { url: "https://hooks.example.com/all", event_types: ["*"] });
  const key = await make("/v1/api_keys", { name: "Old", scopes: ["read"] });
  return {
    updateDataSource: ["/v1/data_sources/first", { name: "Renamed" }],
    deleteDataSource: ["/v1/data_sources/spare"],
    updatePropertyDefinition: [`/v1/property_definitions/${property.id}`, { name: "Remark" }],
    deletePropertyDefinition: [`/v1/property_definitions/${property.id}`],
    updateRecord: [`/v1/records/${open.id}`, { amount: 90 }],
    deleteRecord: [`/v1/records/${open.id}`],
    updateReconciliation: [`/v1/reconciliations/${reconciliation.id}`, { side_a: ["first", "spare"] }],
    deleteReconciliation: [`/v1/reconciliations/${reconciliation.id}?unmatch=true`],
    updateReconciliationRule: [`/v1/reconciliation_rules/${rule.id}`, { priority: 7 }],
    deleteReconciliationRule: [`/v1/reconciliation_rules/${rule.id}`],
    voidReconciliationMatch: [`/v1/reconciliation_matches/${match.id}?reason=Charged+back`],
    updateWebhookEndpoint: [`/v1/webhook_endpoints/${endpoint.id}`, { description: "All" }],
    deleteWebhookEndpoint: [`/v1/webhook_endpoints/${endpoint.id}`],
    revokeApiKey: [`/v1/api_keys/${key.id}`],
  };
}

async function writesOfExceptions(api: Api): Promise<Record<string, WriteRequest>> {
  const { body: left } = await must(api.get("/v1/reconciliations"), 200);
  const [reconciliation] = left.data;
  const { body: records } = await must(
    api.get(`/v1/records?reconciliation_id=${reconciliation.id}&status=unreconciled`),
    200,
  );
  const [marked, open] = records.data;
  const markOf = (record: Reply["body"]) =>
    `/v1/reconciliations/${reconciliation.id}/records/${record.id}/mark_overdue`;
  await must(api.post(markOf(marked), {}), 200);
  const { body: exceptions } = await must(api.get("/v1/reconciliation_exceptions"), 200);
  const path = `/v1/reconciliation_exceptions/${exceptions.data[0].id}`;
  return {
    markRecordOverdue: { method: "POST", path: markOf(open), body: {} },
    updateReconciliationException: { method: "PATCH", path, body: { status: "investigating" } },
    createExceptionComment: { method: "POST", path: `${path}/comments`, body: { body: "The bank is late." } },
  };
}

async function writesOfPayments(tenant: Tenant): Promise<Requests> {
  const bank = await newBankAccount(tenant);
  const ledger = await newLedgerScene(tenant);
  const [cash, sales, unused] = [await ledger.account(), await ledger.account(), await ledger.account()];
  const booking = () => ({ ledger_entries: [debit(cash, 10_000), credit(sales, 10_000)] });
  const inline = () => ({ ledger_transaction: booking(), line_items: [{ amount: 10_000 }] });
  const [linked, open] = [await bank.payment({}, inline()), await bank.payment({}, inline())];
  const [used, free] = [await bank.transaction(), await bank.transaction({ posted: false })];
  const { body: link } = await must(bank.link(used.id, linked.id, 10_000), 201);
  const transaction = await ledger.transact(booking().ledger_entries);
  const make = async (path: string, body: unknown): Promise<Reply["body"]> => {
    return (await must(bank.api.post(path, body), 201)).body;
  };
  const empty = await make("/api/ledgers", { name: "Empty" });
  const rule = await make("/api/reconciliation_rules", {
    name: "By amount",
    strategy: "one_to_one",
    status: "inactive",
    conditions: { operator: "and", blocks: [] },
  });
  const [line] = await bank.read(`/api/expected_payments/${open.id}/line_items`);
  const variable = { ...open.reconciliation_rule_variables[0], amount_upper_bound: 12_000 };
  return {
    updateInternalAccount: [`/api/internal_accounts/${bank.account}`, { metadata: { a: "b" } }],
    updateTransaction: [`/api/transactions/${free.id}`, { posted: true }],
    deleteTransaction: [`/api/transactions/${free.id}`],
    deleteTransactionLineItem: [`/api/transaction_line_items/${link.id}`],
    updateExpectedPayment: [`/api/expected_payments/${open.id}`, { reconciliation_rule_variables: [variable] }],
    archiveExpectedPayment: [`/api/expected_payments/${open.id}`],
    updateLineItemOfExpectedPayment: [
      `/api/expected_payments/${open.id}/line_items/${line.id}`,
      { metadata: { a: "b" } },
    ],
    updatePaymentRule: [`/api/reconciliation_rules/${rule.id}`, { status: "active" }],
    deletePaymentRule: [`/api/reconciliation_rules/${rule.id}`],
    updateLedger: [`/api/ledgers/${ledger.ledger}`, { name: "Books" }],
    deleteLedger: [`/api/ledgers/${empty.id}`],
    updateLedgerAccount: [`/api/ledger_accounts/${cash}`, { name: "Cash" }],
    deleteLedgerAccount: [`/api/ledger_accounts/${unused}`],
    updateLedgerTransaction: [`/api/ledger_transactions/${transaction.id}`, { status: "posted" }],
    updateLedgerEntry: [`/api/ledger_entries/${transaction.ledger_entries[0].id}`, { metadata: { a: "b" } }],
  };
}
