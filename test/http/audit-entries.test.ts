import { env } from "cloudflare:workers";
import { v7 as newId } from "uuid";
import { describe, expect, it } from "vitest";
import { AUDIT_ACTIONS } from "../../src/core/audit-entry.ts";
import { apiEndpoints } from "../../src/http/api/index.ts";
import { auditEntryEndpoints } from "../../src/http/v1/audit-entries.ts";
import { v1Endpoints } from "../../src/http/v1/index.ts";
import { type Api, bootstrap, type Reply } from "../support/api.ts";
import { EQUAL_AMOUNTS, must } from "../support/scene.ts";
import { itIsGuarded } from "../support/security.ts";
import { newTenant, type Tenant } from "../support/tenant.ts";

const { DB } = env as unknown as { DB: D1Database };
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";
const PATH = "/v1/audit_entries";

// biome-ignore lint/suspicious/noExplicitAny: entries hold resources of every shape
type Entry = any;

const CONFIGURATION =
  /^\/(v1\/(data_sources|property_definitions|environments|reconciliations|reconciliation_rules|reconciliation_exceptions|webhook_endpoints|api_keys)|api\/(internal_accounts|ledgers|ledger_accounts|reconciliation_rules))(\/|$)/;
/** What changes something else, or nothing. */
const OTHERS = [
  "createImport",
  "createReconciliationRun",
  "markRecordOverdue",
  "previewPaymentRule",
  "replayWebhookEndpoint",
  "testWebhookEndpoint",
];

interface Change {
  method: "POST" | "PATCH" | "DELETE";
  path: string;
  body?: unknown;
}

interface Case {
  actions: string[];
  change(api: Api): Promise<Change>;
  /** Where GET shows what the change was about; left out where nothing does. */
  shownAt?(change: Change, reply: Reply): string;
}

const made = async (api: Api, path: string, body: unknown) => (await must(api.post(path, body), 201)).body;
const newSource = async (api: Api) => made(api, "/v1/data_sources", { key: `s${newId()}`, name: "Source" });
const newDefinition = async (api: Api) =>
  made(api, "/v1/property_definitions", definitionOf((await newSource(api)).key));
const definitionOf = (type_key: string) => ({ type_key, key: "note", name: "Note", type: "string" });
const newReconciliation = async (api: Api) => made(api, "/v1/reconciliations", await reconciliationOf(api));
const reconciliationOf = async (api: Api) => {
  return { name: "Both", side_a: [(await newSource(api)).key], side_b: [(await newSource(api)).key] };
};
const ruleOf = async (api: Api) => ({ reconciliation_id: (await newReconciliation(api)).id, filters: EQUAL_AMOUNTS });
const newRule = async (api: Api) => made(api, "/v1/reconciliation_rules", await ruleOf(api));
const newException = async (api: Api) => {
  const { id, side_a } = await newReconciliation(api);
  const record = { type_key: side_a[0], date: "2026-03-10", amount: 1, direction: "credit" };
  const overdue = await made(api, "/v1/records", record);
  await must(api.post(`/v1/reconciliations/${id}/records/${overdue.id}/mark_overdue`, {}), 200);
  return (await must(api.get(`/v1/reconciliation_exceptions?reconciliation_id=${id}`), 200)).body.data[0];
};
const newEndpoint = (api: Api) => made(api, "/v1/webhook_endpoints", { url: "https://hooks.example.com/" });
const newKey = (api: Api) => made(api, "/v1/api_keys", { name: "Key", scopes: ["read"] });
const newAccount = (api: Api) => made(api, "/api/internal_accounts", { name: "Operating", currency: "USD" });
const newLedger = (api: Api) => made(api, "/api/ledgers", { name: "Main" });
const newLedgerAccount = async (api: Api) => made(api, "/api/ledger_accounts", await ledgerAccountOf(api));
const ledgerAccountOf = async (api: Api) => {
  const ledger = await newLedger(api);
  return { ledger_id: ledger.id, name: "Cash", normal_balance: "debit", currency: "USD", metadata: { a: "1" } };
};
const PAYMENT_RULE = {
  name: "By amount",
  strategy: "one_to_one",
  conditions: { operator: "and", blocks: [] },
  internal_account_ids: null,
};
const newPaymentRule = (api: Api) => made(api, "/api/reconciliation_rules", PAYMENT_RULE);

const at = (path: string) => (_: Change, reply: Reply) => `${path}/${reply.body.key ?? reply.body.id}`;
const atId = (path: string) => (_: Change, reply: Reply) => `${path}/${reply.body.id}`;
const itself = (change: Change) => change.path;

function create(path: string, action: string, body: (api: Api) => unknown, shownAt = atId(path)): Case {
  return { actions: [action], shownAt, change: async (api) => ({ method: "POST", path, body: await body(api) }) };
}

function patch(path: string, action: string, make: (api: Api) => Promise<Entry>, body: unknown): Case {
  return {
    actions: [action],
    shownAt: itself,
    async change(api) {
      const { id, key } = await make(api);
      return { method: "PATCH", path: `${path}/${path.endsWith("/data_sources") ? key : id}`, body };
    },
  };
}

function remove(path: string, actions: string[], make: (api: Api) => Promise<Entry>, isShown = false): Case {
  return {
    actions,
    ...(isShown ? { shownAt: itself } : {}),
    async change(api) {
      const { id, key } = await make(api);
      return { method: "DELETE", path: `${path}/${path.endsWith("/data_sources") ? key : id}` };
    },
  };
}

const CASES: Record<string, Case> = {
  createDataSource: create(
    "/v1/data_sources",
    "data_source.created",
    () => ({ key: "bank", name: "B" }),
    at("/v1/data_sources"),
  ),
  updateDataSource: patch("/v1/data_sources", "data_source.updated", newSource, { description: "Nightly" }),
  deleteDataSource: remove("/v1/data_sources", ["data_source.deleted", "property_definition.deleted"], async (api) => ({
    key: (await newDefinition(api)).type_key,
  })),
  createPropertyDefinition: create("/v1/property_definitions", "property_definition.created", async (api) =>
    definitionOf((await newSource(api)).key),
  ),
  updatePropertyDefinition: patch("/v1/property_definitions", "property_definition.updated", newDefinition, {
    optional: false,
  }),
  deletePropertyDefinition: remove("/v1/property_definitions", ["property_definition.deleted"], newDefinition),
  createReconciliation: create("/v1/reconciliations", "reconciliation.created", reconciliationOf),
  updateReconciliation: patch("/v1/reconciliations", "reconciliation.updated", newReconciliation, {
    expected_within_days: 3,
  }),
  deleteReconciliation: remove(
    "/v1/reconciliations",
    ["reconciliation.deleted", "reconciliation_rule.deleted"],
    async (api) => ({ id: (await newRule(api)).reconciliation_id }),
  ),
  createReconciliationRule: create("/v1/reconciliation_rules", "reconciliation_rule.created", ruleOf),
  updateReconciliationRule: patch("/v1/reconciliation_rules", "reconciliation_rule.updated", newRule, { priority: 5 }),
  deleteReconciliationRule: remove("/v1/reconciliation_rules", ["reconciliation_rule.deleted"], newRule),
  updateReconciliationException: patch(
    "/v1/reconciliation_exceptions",
    "reconciliation_exception.updated",
    newException,
    { status: "investigating", assignee: "treasury" },
  ),
  createExceptionComment: {
    actions: ["reconciliation_exception.commented"],
    shownAt: ({ path }) => path.replace("/comments", ""),
    async change(api) {
      const path = `/v1/reconciliation_exceptions/${(await newException(api)).id}/comments`;
      return { method: "POST", path, body: { body: "The bank was closed." } };
    },
  },
  createWebhookEndpoint: create("/v1/webhook_endpoints", "webhook_endpoint.created", () => ({
    url: "https://hooks.example.com/a",
  })),
  updateWebhookEndpoint: patch("/v1/webhook_endpoints", "webhook_endpoint.updated", newEndpoint, {
    status: "disabled",
  }),
  deleteWebhookEndpoint: remove("/v1/webhook_endpoints", ["webhook_endpoint.deleted"], newEndpoint),
  rotateWebhookSecret: {
    actions: ["webhook_endpoint.secret_rotated"],
    shownAt: atId("/v1/webhook_endpoints"),
    async change(api) {
      return { method: "POST", path: `/v1/webhook_endpoints/${(await newEndpoint(api)).id}/rotate_secret` };
    },
  },
  createApiKey: create(
    "/v1/api_keys",
    "api_key.created",
    () => ({ name: "K", scopes: ["read"] }),
    atId("/v1/api_keys"),
  ),
  rotateApiKey: {
    actions: ["api_key.rotated", "api_key.created"],
    shownAt: ({ path }) => path.replace("/rotate", ""),
    async change(api) {
      return { method: "POST", path: `/v1/api_keys/${(await newKey(api)).id}/rotate`, body: {} };
    },
  },
  revokeApiKey: remove("/v1/api_keys", ["api_key.revoked"], newKey, true),
  createInternalAccount: create("/api/internal_accounts", "internal_account.created", () => ({
    name: "Payroll",
    currency: "EUR",
    party_name: "Acme",
    metadata: { team: "treasury" },
  })),
  updateInternalAccount: patch("/api/internal_accounts", "internal_account.updated", newAccount, { name: "Other" }),
  createLedger: create("/api/ledgers", "ledger.created", () => ({ name: "Main", metadata: { a: "b" } })),
  updateLedger: patch("/api/ledgers", "ledger.updated", newLedger, { description: "Books" }),
  deleteLedger: remove("/api/ledgers", ["ledger.deleted"], newLedger, true),
  createLedgerAccount: create("/api/ledger_accounts", "ledger_account.created", ledgerAccountOf),
  updateLedgerAccount: patch("/api/ledger_accounts", "ledger_account.updated", newLedgerAccount, {
    metadata: { a: "" },
  }),
  deleteLedgerAccount: remove("/api/ledger_accounts", ["ledger_account.deleted"], newLedgerAccount, true),
  createPaymentRule: create("/api/reconciliation_rules", "payment_rule.created", async (api) => ({
    ...PAYMENT_RULE,
    internal_account_ids: [(await newAccount(api)).id],
  })),
  updatePaymentRule: patch("/api/reconciliation_rules", "payment_rule.updated", newPaymentRule, { status: "inactive" }),
  deletePaymentRule: remove("/api/reconciliation_rules", ["payment_rule.deleted"], newPaymentRule),
};

async function listEntries(api: Api, query = ""): Promise<Entry[]> {
  return (await must(api.get(`${PATH}?limit=200${query}`), 200)).body.data;
}

function send(api: Api, { method, path, body }: Change, headers: Record<string, string> = {}): Promise<Reply> {
  if (body === undefined) return api.send(method, path, undefined, headers);
  return api.send(method, path, JSON.stringify(body), { "Content-Type": "application/json", ...headers });
}

/** A request like the change that cannot be carried out. */
function spoil({ method, path, body }: Change): Change {
  if (body !== undefined) return { method, path, body: { ...body, surprise: true } };
  return { method, path: path.replace(/\/[^/]+(\/rotate_secret)?$/, `/${UNKNOWN_ID}$1`) };
}

/** What of an entry is not among the members of GET's answer under the same name. */
const NOT_SHOWN = ["currency_exponent", "comment_count"];

function factsOf(shown: Entry): Entry {
  const { balances } = shown;
  return balances ? { ...shown, currency: balances.pending_balance.currency } : shown;
}

describe("the audit trail", () => {
  const audited = [...v1Endpoints, ...apiEndpoints].filter(
    ({ method, path, operationId }) =>
      method !== "get" &&
      CONFIGURATION.test(path) &&
      !OTHERS.includes(operationId) &&
      operationId !== "createEnvironment",
  );

  it("is asked about every change of the configuration", () => {
    expect(Object.keys(CASES).sort()).toEqual(audited.map(({ operationId }) => operationId).sort());
    const actions = Object.values(CASES).flatMap((change) => change.actions);
    const others = ["environment.created", "webhook_endpoint.disabled"];
    expect([...new Set([...actions, ...others])].sort()).toEqual([...AUDIT_ACTIONS].sort());
  });

  describe.each(Object.entries(CASES))("of %s", (_, { change: prepare, actions, shownAt }) => {
    it("says who did it, with which request, and what was before and after", async () => {
      const { admin: api, environmentUid } = await newTenant();
      const change = await prepare(api);
      const before = (await listEntries(api)).length;
      const path = change.method === "POST" ? undefined : change.path;
      const shownBefore = path && factsOf((await must(api.get(path), 200)).body);
      const reply = await send(api, change);
      expect(reply.status).toBeLessThan(300);
      const entries = await listEntries(api);
      expect(
        entries
          .map(({ action }) => action)
          .slice(0, entries.length - before)
          .sort(),
      ).toEqual([...actions].sort());
      const entry = entries.find(({ action }) => action === actions[0]);
      const [{ id: adminKey }] = (await api.get("/v1/api_keys?limit=200")).body.data.filter(
        ({ name }: { name: string }) => name === "admin",
      );
      expect(entry).toMatchObject({
        environment_id: environmentUid,
        key_id: adminKey,
        request_id: reply.headers.get("x-request-id"),
        resource_type: actions[0]?.split(".")[0],
      });
      if (actions[0]?.endsWith(".created")) expect(entry.before).toBeNull();
      for (const [shown, facts] of [
        [shownBefore, entry.before],
        [shownAt && factsOf((await must(api.get(shownAt(change, reply)), 200)).body), entry.after],
      ]) {
        if (!shown) continue;
        const kept = Object.entries(facts).filter(([name]) => !NOT_SHOWN.includes(name));
        expect(Object.fromEntries(kept)).toEqual(Object.fromEntries(kept.map(([name]) => [name, shown[name]])));
        expect(kept.length).toBeGreaterThan(3);
      }
      if (!shownAt) expect(entry.after).toBeNull();
      expect(entry.before).not.toEqual(entry.after);
      expect(JSON.stringify(entries)).not.toMatch(/whsec_|digest|tk_test_[A-Za-z0-9_-]{20}/);
    });

    it("has nothing of one that was refused", async () => {
      const { admin: api, reader } = await newTenant();
      const change = await prepare(api);
      const before = await listEntries(api);
      expect((await send(reader, change)).status).toBe(403);
      expect((await send(api, spoil(change))).status).toBeGreaterThanOrEqual(404);
      expect(await listEntries(api)).toEqual(before);
    });
  });

  it.each(
    Object.entries(CASES).filter(([name]) => /^(create|rotate)/.test(name)),
  )("has one entry of a %s that was sent twice with one Idempotency-Key", async (_, { change: prepare, actions }) => {
    const { admin: api } = await newTenant();
    const change = await prepare(api);
    const before = (await listEntries(api)).length;
    const key = { "Idempotency-Key": newId() };
    const first = await send(api, change, key);
    const second = await send(api, change, key);
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    expect(second.body).toEqual(first.body);
    expect(await listEntries(api)).toHaveLength(before + actions.length);
  });

  it("has the making of an environment, in that environment", async () => {
    const { body: environment } = await bootstrap.post("/v1/environments", { name: "Staging", mode: "test" });
    const [entry] = await listEntries(bootstrap, `&resource_id=${environment.id}`);
    expect(entry).toMatchObject({
      environment_id: environment.id,
      key_id: null,
      action: "environment.created",
      before: null,
      after: environment,
    });
  });

  it("shows an environment which keys the bootstrap key has made for it", async () => {
    const { admin, environmentUid } = await newTenant();
    const { body } = await bootstrap.post("/v1/api_keys", {
      name: "Theirs",
      scopes: ["read"],
      environment_id: environmentUid,
    });
    expect(await listEntries(admin, "&key_id=bootstrap")).toMatchObject([
      { action: "api_key.created", resource_id: body.id, key_id: null },
    ]);
  });

  it("has nothing of what a conflict refused", async () => {
    const { admin: api } = await newTenant();
    const { side_a } = await newReconciliation(api);
    const account = await newLedgerAccount(api);
    const key = await newKey(api);
    await must(api.post(`/v1/api_keys/${key.id}/rotate`, {}), 201);
    const before = await listEntries(api);
    await must(api.delete(`/v1/data_sources/${side_a[0]}`), 409);
    await must(api.post("/v1/data_sources", { key: side_a[0], name: "Again" }), 409);
    await must(api.delete(`/api/ledgers/${account.ledger_id}`), 422);
    await must(api.post(`/v1/api_keys/${key.id}/rotate`, {}), 409);
    expect(await listEntries(api)).toEqual(before);
  });

  it("has nothing of a request that changed nothing", async () => {
    const { admin: api } = await newTenant();
    const rule = await newRule(api);
    const definition = await newDefinition(api);
    const key = await newKey(api);
    await must(api.delete(`/v1/api_keys/${key.id}`), 204);
    const before = await listEntries(api);
    await must(api.patch(`/v1/reconciliation_rules/${rule.id}`, { priority: rule.priority }), 200);
    await must(api.patch(`/v1/property_definitions/${definition.id}`, { name: definition.name }), 200);
    await must(api.delete(`/v1/api_keys/${key.id}`), 204);
    expect(await listEntries(api)).toEqual(before);
  });

  it("has the data source that an import makes, and none that it finds", async () => {
    const { admin: api } = await newTenant();
    const form = new FormData();
    form.append("file", new File(["Date,Amount\n2026-01-01,250.00\n"], "a.csv"));
    form.append("mapping", JSON.stringify({ columns: { Date: "date", Amount: "amount" } }));
    for (const _ of [1, 2]) await must(api.send("POST", "/v1/data_sources/csv/imports", form), 202);
    expect(await listEntries(api)).toMatchObject([
      { action: "data_source.created", resource_id: "csv", before: null, after: { key: "csv", type: "csv" } },
    ]);
  });

  it("has nothing of records and matches, which have histories of their own", async () => {
    const { admin: api } = await newTenant();
    const { key } = await newSource(api);
    const before = await listEntries(api);
    const record = { type_key: key, date: "2026-03-10", amount: 1, direction: "credit" };
    const { id } = await made(api, "/v1/records", record);
    await must(api.patch(`/v1/records/${id}`, { amount: 2 }), 200);
    await must(api.delete(`/v1/records/${id}`), 204);
    expect(await listEntries(api)).toEqual(before);
  });

  it("is filtered by what was changed, by whom, how and when", async () => {
    const { admin: api } = await newTenant();
    const source = await newSource(api);
    await must(api.patch(`/v1/data_sources/${source.key}`, { name: "Other" }), 200);
    const other = await newEndpoint(api);
    const [last, updated, created] = await listEntries(api);
    expect([last.resource_id, updated.action, created.action]).toEqual([
      other.id,
      "data_source.updated",
      "data_source.created",
    ]);
    const idsOf = async (query: string) => (await listEntries(api, query)).map(({ id }: Entry) => id);
    expect(await idsOf(`&resource_id=${source.key}`)).toEqual([updated.id, created.id]);
    expect(await idsOf("&resource_type=webhook_endpoint")).toEqual([last.id]);
    expect(await idsOf("&action=data_source.updated")).toEqual([updated.id]);
    expect(await idsOf(`&key_id=${last.key_id}`)).toEqual([last.id, updated.id, created.id]);
    expect(await idsOf(`&key_id=${UNKNOWN_ID}`)).toEqual([]);
    expect(await idsOf("&key_id=bootstrap")).toEqual([]);
    const move = DB.prepare("update audit_entries set created_at = ?, uid = ? where uid = ?");
    const days = [created, updated, last].map((entry, day) => {
      const time = Date.UTC(2126, 0, 10 + day);
      return { entry, time, id: newId({ msecs: time }) };
    });
    await DB.batch(days.map(({ entry, time, id }) => move.bind(time, id, entry.id)));
    const [first, second, third] = days.map(({ id }) => id);
    expect(await idsOf("&created_from=2126-01-11T00:00:00Z")).toEqual([third, second]);
    expect(await idsOf("&created_to=2126-01-11T01:00:00%2B01:00")).toEqual([second, first]);
  });

  it("refuses filters that say nothing", async () => {
    const { admin: api } = await newTenant();
    const reply = await api.get(
      `${PATH}?resource_type=record&action=x&created_from=yesterday&created_to=2026-02-30&key_id=zzz&who=me`,
    );
    expect(reply.status).toBe(422);
    expect(reply.body.errors.map(({ path }: { path: string }) => path).sort()).toEqual([
      "action",
      "created_from",
      "created_to",
      "key_id",
      "resource_type",
      "who",
    ]);
  });

  it("pages from the newest to the oldest, each entry once", async () => {
    const { admin: api } = await newTenant();
    for (const _ of Array(5)) await newSource(api);
    const whole = await listEntries(api);
    const seen: Entry[] = [];
    for (let cursor = ""; ; ) {
      const { body } = await must(api.get(`${PATH}?limit=2${cursor}`), 200);
      seen.push(...body.data);
      if (!body.has_more) break;
      cursor = `&cursor=${body.next_cursor}`;
    }
    expect(seen).toEqual(whole);
    expect(seen).toHaveLength(5);
    const [newest] = seen;
    expect((await must(api.get(`${PATH}/${newest.id}`), 200)).body).toEqual(newest);
  });

  itIsGuarded({
    endpoints: auditEntryEndpoints,
    prepare: async ({ admin }: Tenant) => {
      await newSource(admin);
      return { id: (await listEntries(admin))[0].id };
    },
  });
});
