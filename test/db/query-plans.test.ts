import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { listAuditEntries } from "../../src/db/audit-entries.ts";
import { openDb } from "../../src/db/client.ts";
import { handleCron } from "../../src/runtime/cron.ts";
import { updateRecord } from "../../src/services/update-record.ts";
import { useBankAccount } from "../support/bank-account.ts";
import { addSilently } from "../support/bulk.ts";
import { useBulkRequests } from "../support/bulk-requests.ts";
import { PATH as EXCEPTIONS, listExceptions } from "../support/exceptions.ts";
import { useExpectedPayments } from "../support/expected-payments.ts";
import { useImports } from "../support/imports.ts";
import { listFaults } from "../support/integrity.ts";
import { useLedgers } from "../support/ledger.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { usePaymentRules } from "../support/payment-rules.ts";
import { matchesOfRun, newSilentRun, runsPath, workOffAll } from "../support/runs.ts";
import { bindings, must, newScene, SAME_REFERENCE, type Scene, silentContext } from "../support/scene.ts";
import { muteQueue, newEndpoint } from "../support/webhooks.ts";

interface Executed {
  sql: string;
  params: unknown[];
}

/** From here on every statement that the Worker under test sends to D1 is remembered, once for each text. */
function recordStatements(database: D1Database): Map<string, Executed> {
  const executed = new Map<string, Executed>();
  const recording = new Proxy(database, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (name !== "prepare") return typeof value === "function" ? value.bind(target) : value;
      return (sql: string) => {
        const prepared = target.prepare(sql);
        const bind = prepared.bind.bind(prepared);
        prepared.bind = (...params: unknown[]) => {
          executed.set(sql, { sql, params });
          return bind(...params);
        };
        return prepared;
      };
    },
  });
  Object.assign(env, { DB: recording });
  return executed;
}

const TABLE = /\b(?:from|join|update)\s+"?(\w+)"?(?:\s+(?:as\s+)?"?(\w+)"?)?/gi;

/** The tables that a statement reads from one end to the other. */
async function listScans(database: D1Database, { sql, params }: Executed, tables: Set<string>): Promise<string[]> {
  const aliases = new Map<string, string>();
  for (const [, table = "", alias] of sql.matchAll(TABLE)) {
    if (!tables.has(table)) continue;
    aliases.set(table, table);
    if (alias) aliases.set(alias, table);
  }
  const { results } = await database
    .prepare(`explain query plan ${sql}`)
    .bind(...params)
    .all<{ detail: string }>();
  return results.flatMap(({ detail }) => {
    const scanned = /^SCAN (\w+)(?! VIRTUAL)/.exec(detail)?.[1];
    const table = scanned === undefined ? undefined : aliases.get(scanned);
    // These indexes hold only what waits for the cron: reading one of them whole is reading what there is to do.
    const isWaitingList = /USING (COVERING )?INDEX \w+_unsettled/.test(detail);
    return table === undefined || isWaitingList || detail.includes("VIRTUAL TABLE") ? [] : [`${table}: ${detail}`];
  });
}

async function useRuns() {
  const scene = await newScene({ runType: "batch", filters: SAME_REFERENCE });
  const store = new MemoryStore();
  const run = async (mode: "preview" | "commit", preview: string | null = null) => {
    const uid = await newSilentRun(scene, mode, preview);
    return { uid, finish: () => workOffAll(scene, store) };
  };
  const rows = ["x", "y"].map((ref) => ({ metadata: { ref } }));
  const [left] = await addSilently(scene, "left", rows);
  await addSilently(scene, "right", rows);
  const preview = await run("preview");
  await preview.finish();
  const commit = await run("commit", preview.uid);
  await updateRecord(silentContext(scene), left as string, { metadata: { ref: "z" } });
  await commit.finish();
  await addSilently(scene, "right", [{ metadata: { ref: "z" } }]);
  const last = await run("commit");
  await last.finish();
  expect(await scene.matches()).toHaveLength(2);
  for (const { uid } of [preview, commit, last]) await matchesOfRun(scene, uid);
  await must(scene.api.get(`${runsPath(scene)}?limit=1`), 200);
  await must(scene.api.post(runsPath(scene), { mode: "commit", preview_id: preview.uid }), 409);
  await must(scene.api.delete(`/v1/reconciliations/${scene.reconciliation}?unmatch=true`), 204);
}

async function useAccounts(scene: Scene) {
  const account = { name: "Operating", currency: "USD", external_id: "a", metadata: { team: "t" } };
  const { body } = await must(scene.api.post("/api/internal_accounts", account), 201);
  const change = { name: "Other", metadata: { team: "" }, parent_account_id: body.id };
  await must(scene.api.patch(`/api/internal_accounts/${body.id}`, change), 200);
  await must(scene.api.get(`/api/internal_accounts/${body.id}`), 200);
  for (const filters of [
    "",
    "external_id=a",
    "metadata[team]=t&currency=USD&counterparty_id=c&legal_entity_id=l&payment_type=ach",
  ]) {
    await must(scene.api.get(`/api/internal_accounts?${filters}`), 200);
  }
}

async function useExceptions() {
  const scene = await newScene({ rules: [{ filters: SAME_REFERENCE, on_ambiguous: "skip" }], expectedWithinDays: 3 });
  await newEndpoint(scene.tenant.environmentId);
  const ref = { metadata: { ref: "x" } };
  for (const _ of [1, 2]) await must(scene.right(ref), 201);
  const { body: left } = await must(scene.left(ref), 201);
  const { body: late } = await must(scene.left({ date: "2199-01-01" }), 201);
  await must(scene.api.post(`/v1/reconciliations/${scene.reconciliation}/records/${late.id}/mark_overdue`, {}), 200);
  await handleCron(bindings, Date.now());
  const [exception] = await listExceptions(scene);
  for (const query of ["type_key=left&status=open", "assignee=a"])
    await must(scene.api.get(`${EXCEPTIONS}?${query}`), 200);
  const path = `${EXCEPTIONS}/${exception.id}`;
  const { body: comment } = await must(scene.api.post(`${path}/comments`, { body: "x" }), 201);
  for (const below of ["", "/comments", `/comments/${comment.id}`]) await must(scene.api.get(`${path}${below}`), 200);
  await must(scene.api.patch(path, { status: "dismissed" }), 200);
  const open = await must(scene.api.get(`/v1/records?type_key=right`), 200);
  const record_ids = [left.id, open.body.data[0].id];
  const manual = { reconciliation_id: scene.reconciliation, record_ids };
  await must(scene.api.post("/v1/reconciliation_matches", manual), 201);
  await must(scene.api.get(`/v1/reconciliations/${scene.reconciliation}/summary?as_of=2026-12-31`), 200);
  await handleCron(bindings, Date.now());
}

async function useEverything() {
  const scene = await newScene({ expectedWithinDays: 3 });
  await newEndpoint(scene.tenant.environmentId);
  await must(
    scene.api.post("/v1/property_definitions", { type_key: "left", key: "note", name: "Note", type: "string" }),
    201,
  );
  const left = await scene.left({ external_id: "l", metadata: { ref: "x" } });
  const right = await scene.right({ metadata: { ref: "x" } });
  const open = await scene.left({ date: "2026-01-02" });
  await must(scene.api.patch(`/v1/records/${open.body.id}`, { amount: 7 }), 200);
  await must(scene.left({ external_id: "l" }), 409);
  await handleCron(bindings, Date.now());
  const [match] = await scene.matches();
  await must(scene.api.get(`/v1/reconciliation_matches/${match.id}`), 200);
  await must(scene.api.get(`/v1/records/${open.body.id}/candidates?reconciliation_id=${scene.reconciliation}`), 200);
  await must(scene.api.get(`/v1/reconciliation_matches?record_id=${left.body.id}&status=matched`), 200);
  await must(scene.api.get(`/v1/reconciliation_matches?rule_id=${scene.rules[0]}&method=automatic`), 200);
  await must(scene.api.delete(`/v1/reconciliation_matches/${match.id}`), 200);
  const record_ids = [left.body.id, right.body.id, open.body.id];
  const manual = { reconciliation_id: scene.reconciliation, record_ids, create_adjustment: true };
  await must(scene.api.post("/v1/reconciliation_matches", manual), 201);
  await must(scene.api.get(`/v1/reconciliations/${scene.reconciliation}/audit`), 200);
  await useBulkRequests(scene.api);
  await useImports(scene.api);
  await useExceptions();
  await useRuns();
  await useAccounts(scene);
  await useLedgers(scene.tenant);
  await useBankAccount(scene.tenant);
  await usePaymentRules(scene.tenant);
  await useExpectedPayments(scene.tenant);
  await must(scene.api.get(`/v1/reconciliation_rules?reconciliation_id=${scene.reconciliation}`), 200);
  for (const list of ["data_sources", "property_definitions", "reconciliations", "reconciliation_rules", "records"]) {
    await must(scene.api.get(`/v1/${list}`), 200);
  }
  for (const list of [
    "events",
    "webhook_endpoints",
    "webhook_deliveries",
    "events?type=record.reconciled",
    "api_keys",
    "audit_entries",
    "audit_entries?resource_id=left&resource_type=data_source&created_from=2026-01-01T00:00:00Z",
  ]) {
    await must(scene.api.get(`/v1/${list}`), 200);
  }
  for (const filters of [{ resourceUid: "left" }, { from: 0, to: Date.now() }]) {
    await listAuditEntries(openDb(bindings.DB), "all", filters, { limit: 2, before: null });
  }
  const made = await must(scene.api.get("/api/events?per_page=1"), 200);
  const [event] = made.body;
  for (const query of [
    `/${event.id}`,
    `?entity_id=${event.entity_id}&event_name=created`,
    "?event_time_start=2026-01-01T00:00:00Z&event_time_end=2126-01-01T00:00:00Z",
    `?after_cursor=${made.headers.get("x-after-cursor")}`,
  ]) {
    await must(scene.api.get(`/api/events${query}`), 200);
  }
  for (const _ of [1, 2])
    await must(scene.api.post("/api/ledgers", { name: "x" }, { "Idempotency-Key": "plans" }), 201);
  await must(scene.api.post("/api/ledgers", {}, { "Idempotency-Key": "refused" }), 422);
  const recordFilters = [
    "type_key=left&status=unreconciled&q=x&metadata[ref]=x",
    `reconciliation_id=${scene.reconciliation}&overdue=true`,
    `reconciliation_match_id=${match.id}`,
    "external_id=l&amount_min=1&date_from=2026-01-01&direction=credit&currency=usd",
    "overdue=false",
  ];
  for (const filters of recordFilters) await must(scene.api.get(`/v1/records?${filters}`), 200);
  await listFaults(scene.api, null, 3);
  await must(scene.api.post("/v1/admin/integrity/repair", { reconciliation_id: scene.reconciliation }), 200);
  await must(scene.api.post("/v1/admin/integrity/repair", {}), 200);
  const spare = await scene.left();
  await must(scene.api.delete(`/v1/records/${spare.body.id}`), 204);
  await must(scene.api.patch(`/v1/reconciliation_rules/${scene.rules[0]}`, { status: "inactive" }), 200);
  await must(
    scene.api.patch(`/v1/reconciliations/${scene.reconciliation}`, { name: "other", expected_within_days: 9 }),
    200,
  );
  await handleCron(bindings, Date.now());
  await must(scene.api.delete(`/v1/reconciliation_rules/${scene.rules[0]}`), 204);
  await must(scene.api.delete(`/v1/reconciliations/${scene.reconciliation}?unmatch=true`), 204);
  await must(scene.api.delete("/v1/data_sources/left"), 204);
}

it("reads no table from one end to the other, whatever is asked", async () => {
  muteQueue();
  const database = bindings.DB;
  const { results } = await database
    .prepare("select name from sqlite_master where type = 'table'")
    .all<{ name: string }>();
  const tables = new Set(results.map((row) => row.name));
  const executed = recordStatements(database);
  await useEverything();
  expect(executed.size).toBeGreaterThan(80);
  const scans: string[] = [];
  for (const statement of executed.values()) {
    for (const scan of await listScans(database, statement, tables)) scans.push(`${scan}\n  in ${statement.sql}`);
  }
  expect(scans).toEqual([]);
});
