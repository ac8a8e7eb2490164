import { setTimeout as wait } from "node:timers/promises";
import { computeOutcome, type ReconciliationAccount, type ReconciliationView, readAccount } from "./demo/account.ts";
import { listDifferences } from "./demo/outcome.ts";
import { describeDifferences, describeNext, describeReconciliation, describeWebhooks } from "./demo/report.ts";
import { EXPECTED, RECONCILIATIONS, SOURCES } from "./demo/shop-books.ts";
import { type NewRecord, playShopMonth } from "./demo/shop-month.ts";
import { type Problem, TieoutClient } from "./demo/tieout-client.ts";
import { WebhookReceiver } from "./demo/webhook-receiver.ts";
import { type DemoWorker, findOrStartWorker } from "./demo/worker.ts";
import { triggerCron } from "./local-worker.ts";

const WAIT_LIMIT_MS = 75_000;
const CRON_INTERVAL_MS = 5_000;
const POLL_MS = 100;
const PARENT_CHECK_MS = 1_000;

const port = Number(process.env.PORT || 8787);
const bootstrapKey = process.env.TIEOUT_API_KEY || process.env.BOOTSTRAP_API_KEY || "dev-bootstrap-key";

let worker: DemoWorker | undefined;
let receiver: WebhookReceiver | undefined;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => end(130));
if (process.env.npm_lifecycle_event) endWithParent();

try {
  await end((await play()) ? 0 : 1);
} catch (error) {
  console.error(`\nThe demo broke off: ${(error as Error).message}`);
  await end(1);
}

async function play(): Promise<boolean> {
  const startedAt = Date.now();
  worker = await findOrStartWorker(port, bootstrapKey, () => print("Starting a Worker of its own …"));
  const { url, isOwn } = worker;
  receiver = await WebhookReceiver.start();

  const client = await makeTenant(url);
  const endpoint = await client.post<{ id: string; secret: string }>("/v1/webhook_endpoints", { url: receiver.url });
  receiver.trust(endpoint.secret);
  const reconciliationIds = await configure(client);

  const month = playShopMonth(new Date().toISOString().slice(0, 10));
  print(`Sending ${month.records.length} records to ${url} …`);
  const sentFrom = Date.now();
  const ids = new Map<string, string>();
  for (const record of month.records) ids.set(record.external_id, await sendRecord(client, record));
  const refusals = await Promise.all(month.repeated.map((record) => sendAgain(client, record, ids)));
  const sentMs = Date.now() - sentFrom;

  await raiseOverdue(client, reconciliationIds);
  for (const record of month.late) await sendRecord(client, record);
  print("Waiting for the last webhooks …");
  await waitForOutcome(client, reconciliationIds, receiver);

  const accounts: ReconciliationAccount[] = [];
  for (const [place, plan] of RECONCILIATIONS.entries()) {
    accounts.push(await readAccount(client, plan, reconciliationIds[place] as string));
  }
  const events = await client.list<{ id: string }>("/v1/events");
  // The receiver is about to go; what stays of the environment must not try to reach it.
  await client.delete(`/v1/webhook_endpoints/${endpoint.id}`);

  const outcome = computeOutcome(accounts, Object.keys(EXPECTED.records), refusals.length, receiver.countByType());
  const differences = [
    ...listDifferences(EXPECTED, outcome),
    ...listDifferences(new Set(events.map(({ id }) => id)).size, receiver.received.size, ["webhooks, by /v1/events"]),
    ...listDifferences(0, receiver.rejected.length, ["webhooks whose signature is wrong"]),
  ];

  print(`
A month of a shop, ${month.firstDay} to ${month.lastDay}
  Worker: ${isOwn ? "one of the demo's own" : "the one that was running"} at ${url}
  ${month.records.length + month.late.length} records sent one by one over HTTP, ${Math.round(sentMs / month.records.length)} ms each, matched on arrival`);
  for (const refusal of refusals) print(`  refused: ${refusal}`);
  for (const account of accounts) print("", ...describeReconciliation(account));
  print("", ...describeWebhooks(receiver));
  print("", ...describeNext(isOwn ? undefined : client, accounts));
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  if (differences.length === 0) print("", `Everything came out as expected, in ${seconds} s.`);
  else print("", "Not everything came out as expected:", ...describeDifferences(differences));
  return differences.length === 0;
}

/** A test environment of its own for each run, and the client that works in it. */
async function makeTenant(url: string): Promise<TieoutClient> {
  const bootstrap = new TieoutClient(url, bootstrapKey);
  const name = `Demo of ${new Date().toISOString()}`;
  const made = await bootstrap.send("POST", "/v1/environments", { name, mode: "test" });
  if (made.status !== 201) {
    throw new Error(
      `${url} answers, but made no environment (${made.status}). Set TIEOUT_API_KEY to its bootstrap key, or PORT to a free port.`,
    );
  }
  const environment = made.body as { id: string };
  const { key } = await bootstrap.post<{ key: string }>("/v1/api_keys", {
    name,
    scopes: ["admin"],
    environment_id: environment.id,
  });
  return new TieoutClient(url, key);
}

async function configure(client: TieoutClient): Promise<string[]> {
  for (const { key, name } of SOURCES) await client.post("/v1/data_sources", { key, name });
  const ids: string[] = [];
  for (const { name, sideA, sideB, rules } of RECONCILIATIONS) {
    const sides = { side_a: [sideA], side_b: [sideB] };
    const { id } = await client.post<{ id: string }>("/v1/reconciliations", { name, ...sides });
    for (const rule of rules) await client.post("/v1/reconciliation_rules", { reconciliation_id: id, ...rule });
    ids.push(id);
  }
  return ids;
}

async function sendRecord(client: TieoutClient, record: NewRecord): Promise<string> {
  return (await client.post<{ id: string }>("/v1/records", record)).id;
}

async function sendAgain(client: TieoutClient, record: NewRecord, ids: Map<string, string>): Promise<string> {
  const reply = await client.send("POST", "/v1/records", record);
  const holder = (reply.body as Problem).errors?.[0]?.record_id;
  if (reply.status !== 409 || holder !== ids.get(record.external_id)) {
    throw new Error(
      `${record.external_id} sent twice was answered with ${reply.status}: ${JSON.stringify(reply.body)}`,
    );
  }
  return `${record.external_id} sent a second time: 409, the record ${holder} has this external_id`;
}

/**
 * Only now do the reconciliations say when a record is due: the cron of a Worker that was running already would else
 * find old records overdue between the arrival of the two that belong together.
 */
async function raiseOverdue(client: TieoutClient, reconciliationIds: readonly string[]): Promise<void> {
  for (const [place, { expectedWithinDays }] of RECONCILIATIONS.entries()) {
    const path = `/v1/reconciliations/${reconciliationIds[place]}`;
    await client.patch(path, { expected_within_days: expectedWithinDays });
  }
  const expected = EXPECTED.events["record.reconciliation_overdue"] as number;
  await waitUntil(async () => {
    await triggerCron(client.url);
    return (await client.list("/v1/events?type=record.reconciliation_overdue")).length >= expected;
  });
}

/** The cron goes on meanwhile: it sends webhooks again whose wake-up was lost. */
async function waitForOutcome(
  client: TieoutClient,
  reconciliationIds: readonly string[],
  { received }: WebhookReceiver,
): Promise<void> {
  const expected = Object.values(EXPECTED.events).reduce((sum, count) => sum + count, 0);
  let cronDueAt = Date.now() + CRON_INTERVAL_MS;
  await waitUntil(async () => {
    if (Date.now() > cronDueAt) {
      await triggerCron(client.url);
      cronDueAt = Date.now() + CRON_INTERVAL_MS;
    }
    return received.size >= expected && (await areCountsAsExpected(client, reconciliationIds));
  });
}

async function areCountsAsExpected(client: TieoutClient, reconciliationIds: readonly string[]): Promise<boolean> {
  for (const [place, { name }] of RECONCILIATIONS.entries()) {
    const { counts } = await client.get<ReconciliationView>(`/v1/reconciliations/${reconciliationIds[place]}`);
    const expected = EXPECTED.reconciliations[name];
    if (counts.side_a.reconciled !== expected?.side_a.reconciled) return false;
    if (counts.side_b.reconciled !== expected.side_b.reconciled) return false;
  }
  return true;
}

/** When the time is up the demo goes on, and the comparison says what is missing. */
async function waitUntil(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + WAIT_LIMIT_MS;
  while (!(await holds()) && Date.now() < deadline) await wait(POLL_MS);
}

async function end(code: number): Promise<never> {
  await Promise.all([worker?.stop(), receiver?.stop()]);
  process.exit(code);
}

// A killed npm passes no signal on.
function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && end(1), PARENT_CHECK_MS).unref();
}

function print(...lines: string[]): void {
  for (const line of lines) console.log(line);
}
