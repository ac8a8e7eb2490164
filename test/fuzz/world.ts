import type { Scope } from "../../src/core/api-key.ts";
import { Api, BOOTSTRAP_KEY, bootstrap } from "../support/api.ts";
import { newBankAccount } from "../support/bank-account.ts";
import { credit, debit, newLedgerScene } from "../support/ledger.ts";
import { must, newScene } from "../support/scene.ts";
import { newTenant, type Tenant } from "../support/tenant.ts";
import { Pool } from "./pool.ts";

/** One environment as those who have its keys see it. */
export interface Client {
  name: string;
  isBootstrap: boolean;
  environmentId: number | null;
  /** A key of each scope and no more, where there is one. */
  keys: Record<Scope, string>;
  pool: Pool;
  /** Ids that it has sent, which its answers may hold whosesoever they are. */
  sent: Set<string>;
}

export interface World {
  clients: Client[];
  revokedKey: string;
  /** Addresses of the keys in use: whoever revokes one ends the round. */
  keyAddresses: Set<string>;
  /** Whose an id is: the client that was shown it first without having sent it. */
  owners: Map<string, Client>;
}

/** Three tenants, each with something of everything, and the bootstrap key. */
export async function newWorld(): Promise<World> {
  const tenants = [await newTenant(), await newTenant(), await newTenant()];
  const clients = tenants.map((tenant, place) => newClient(`tenant ${place}`, tenant));
  for (const tenant of tenants) await furnish(tenant);
  const keyAddresses = new Set<string>();
  for (const { admin } of tenants) {
    const { body } = await must(admin.get("/v1/api_keys"), 200);
    for (const { id } of body.data) keyAddresses.add(`/v1/api_keys/${id}`);
  }
  const keys = { read: BOOTSTRAP_KEY, write: BOOTSTRAP_KEY, admin: BOOTSTRAP_KEY };
  const root = {
    name: "bootstrap",
    isBootstrap: true,
    environmentId: null,
    keys,
    pool: new Pool(),
    sent: new Set<string>(),
  };
  return { clients: [...clients, root], revokedKey: await newRevokedKey(), keyAddresses, owners: new Map() };
}

function newClient(name: string, { environmentId, keys: { admin, writer, reader } }: Tenant): Client {
  const keys = { admin, write: writer, read: reader };
  return { name, isBootstrap: false, environmentId, keys, pool: new Pool(), sent: new Set() };
}

async function newRevokedKey(): Promise<string> {
  const { body } = await must(bootstrap.post("/v1/api_keys", { name: "Old", scopes: ["admin"] }), 201);
  await must(bootstrap.delete(`/v1/api_keys/${body.id}`), 204);
  await must(new Api(body.key).get("/v1/records"), 401);
  return body.key;
}

/** Something to ask for: a reconciliation with matches, an account with payments, a ledger, an endpoint. */
async function furnish(tenant: Tenant): Promise<void> {
  const { admin } = tenant;
  await must(admin.post("/v1/webhook_endpoints", { url: "https://hooks.example.com/first" }), 201);
  const scene = await newScene({ tenant, expectedWithinDays: 3 });
  for (const ref of ["INV-1", "INV-2"]) {
    await must(scene.left({ external_id: `l-${ref}`, metadata: { ref } }), 201);
    await must(scene.right({ external_id: `r-${ref}`, metadata: { ref } }), 201);
  }
  for (const amount of [100, 100, 250]) {
    await must(scene.left({ amount, description: "Invoice 1042" }), 201);
    await must(scene.right({ amount, metadata: { a: "x" } }), 201);
  }
  const row = { type_key: "left", date: "2026-03-10", amount: 1, direction: "debit" };
  await must(admin.post("/v1/records/bulk", { records: [row, { ...row, amount: -1 }] }), 202);
  await must(admin.post(`/v1/reconciliations/${scene.reconciliation}/runs`, { mode: "preview" }), 202);
  const bank = await newBankAccount(tenant);
  const rule = {
    name: "By hand",
    strategy: "one_to_one",
    status: "inactive",
    conditions: { operator: "and", blocks: [] },
  };
  await must(admin.post("/api/reconciliation_rules", rule), 201);
  const [transaction] = [await bank.transaction(), await bank.transaction({ posted: false })];
  const [payment] = [await bank.payment(), await bank.payment({}, { line_items: [{ amount: 5 }] })];
  await must(bank.link(transaction.id, payment.id, 100), 201);
  const ledger = await newLedgerScene(tenant);
  const [first, second] = [await ledger.account({ normal_balance: "debit" }), await ledger.account()];
  const entries = [debit(first, 10_000), credit(second, 10_000)];
  await ledger.transact(entries);
  await ledger.transact(entries, { status: "posted" });
  await ledger.transact(entries, { status: "posted", external_id: "posted" });
}
