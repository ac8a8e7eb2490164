import { type ReconciliationAccount, type ReconciliationView, readAccount } from "./demo/account.ts";
import { RECONCILIATIONS } from "./demo/books.ts";
import { computeOutcome } from "./demo/computed-outcome.ts";
import { DEPOSITS, EARLY_LINE, TERMINAL } from "./demo/counter-books.ts";
import { describeEarly, type EarlyLine } from "./demo/early-report.ts";
import { expectOutcome } from "./demo/expected.ts";
import { listDifferences, type Outcome } from "./demo/outcome.ts";
import type { ReconciliationPlan } from "./demo/reconciliation-plan.ts";
import { describeDifferences, describeNext, describeReconciliation, describeWebhooks } from "./demo/report.ts";
import { compareWithPreview, previewAndCommit } from "./demo/run-pair.ts";
import { describeRuns } from "./demo/run-report.ts";
import { playShopMonth, type ShopMonth } from "./demo/shop-month.ts";
import { readSight } from "./demo/sight.ts";
import { configure, makeTenant } from "./demo/tenant.ts";
import type { TieoutClient } from "./demo/tieout-client.ts";
import { Upload } from "./demo/upload.ts";
import { waitUntil } from "./demo/waiting.ts";
import { WebhookReceiver } from "./demo/webhook-receiver.ts";
import { type DemoWorker, findOrStartWorker } from "./demo/worker.ts";
import { triggerCron } from "./local-worker.ts";

const CRON_INTERVAL_MS = 5_000;
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

  const client = await makeTenant(url, bootstrapKey);
  const endpoint = await client.post<{ id: string; secret: string }>("/v1/webhook_endpoints", { url: receiver.url });
  receiver.trust(endpoint.secret);
  const reconciliationIds = await configure(client);
  const idOf = (plan: ReconciliationPlan) => reconciliationIds[RECONCILIATIONS.indexOf(plan)] as string;

  const month = playShopMonth(new Date().toISOString().slice(0, 10));
  const expected = expectOutcome(month);
  const upload = new Upload(client);
  print(`Sending ${month.records.length} records to ${url} …`);
  for (const record of month.records) await upload.send(record);
  for (const record of month.repeated) await upload.sendAgain(record);
  const early = await completeEarly(client, upload, month, idOf(TERMINAL));
  print("Previewing the deposits, then committing the preview …");
  const runs = await previewAndCommit(client, idOf(DEPOSITS));

  await raiseOverdue(client, reconciliationIds, expected);
  for (const record of month.late) await upload.send(record);
  print("Waiting for the last webhooks …");
  await waitForOutcome(client, reconciliationIds, receiver, expected);

  const accounts: ReconciliationAccount[] = [];
  for (const plan of RECONCILIATIONS) accounts.push(await readAccount(client, plan, idOf(plan)));
  const events = await client.list<{ id: string }>("/v1/events");
  // The receiver is about to go; what stays of the environment must not try to reach it.
  await client.delete(`/v1/webhook_endpoints/${endpoint.id}`);

  const seen = { refusedUploads: upload.refusals.length, early: early.before, runs, events: receiver.countByType() };
  const outcome = computeOutcome(accounts, Object.keys(expected.records), seen);
  const deposits = accounts.find(({ plan }) => plan === DEPOSITS);
  const unlikePreview = compareWithPreview(runs, deposits?.matches ?? []);
  const differences = [
    ...listDifferences(expected, outcome),
    ...unlikePreview,
    ...listDifferences(new Set(events.map(({ id }) => id)).size, receiver.received.size, ["webhooks, by /v1/events"]),
    ...listDifferences(0, receiver.rejected.length, ["webhooks whose signature is wrong"]),
  ];

  print(`
A month of a shop, ${month.firstDay} to ${month.lastDay}
  Worker: ${isOwn ? "one of the demo's own" : "the one that was running"} at ${url}
  ${upload.count} records sent one by one over HTTP, ${Math.round(upload.durationMs / upload.count)} ms each, matched on arrival but for the deposits`);
  for (const refusal of upload.refusals) print(`  refused: ${refusal}`);
  for (const account of accounts) {
    const more = new Map([
      [TERMINAL, describeEarly(early, account)],
      [DEPOSITS, describeRuns(runs, account, unlikePreview.length)],
    ]);
    print("", ...describeReconciliation(account, more.get(account.plan)));
  }
  print("", ...describeWebhooks(receiver));
  print("", ...describeNext(isOwn ? undefined : client, accounts));
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  if (differences.length === 0) print("", `Everything came out as expected, in ${seconds} s.`);
  else print("", "Not everything came out as expected:", ...describeDifferences(differences));
  return differences.length === 0;
}

/** Asks why a bank line is open that came too early, and then sends the charge that it waits for. */
async function completeEarly(
  client: TieoutClient,
  upload: Upload,
  { straggler }: ShopMonth,
  reconciliationId: string,
): Promise<EarlyLine> {
  const before = await readSight(client, upload.idOf(EARLY_LINE), reconciliationId);
  return { before, last: await upload.send(straggler) };
}

/**
 * Only now do the reconciliations say when a record is due: the cron of a Worker that was running already would else
 * find old records overdue between the arrival of the two that belong together.
 */
async function raiseOverdue(
  client: TieoutClient,
  reconciliationIds: readonly string[],
  { events }: Outcome,
): Promise<void> {
  for (const [place, { expectedWithinDays }] of RECONCILIATIONS.entries()) {
    const path = `/v1/reconciliations/${reconciliationIds[place]}`;
    await client.patch(path, { expected_within_days: expectedWithinDays });
  }
  const expected = events["record.reconciliation_overdue"] as number;
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
  expected: Outcome,
): Promise<void> {
  const events = Object.values(expected.events).reduce((sum, count) => sum + count, 0);
  let cronDueAt = Date.now() + CRON_INTERVAL_MS;
  await waitUntil(async () => {
    if (Date.now() > cronDueAt) {
      await triggerCron(client.url);
      cronDueAt = Date.now() + CRON_INTERVAL_MS;
    }
    return received.size >= events && (await areCountsAsExpected(client, reconciliationIds, expected));
  });
}

async function areCountsAsExpected(
  client: TieoutClient,
  reconciliationIds: readonly string[],
  { reconciliations }: Outcome,
): Promise<boolean> {
  for (const [place, { name }] of RECONCILIATIONS.entries()) {
    const { counts } = await client.get<ReconciliationView>(`/v1/reconciliations/${reconciliationIds[place]}`);
    const expected = reconciliations[name];
    if (counts.side_a.reconciled !== expected?.side_a.reconciled) return false;
    if (counts.side_b.reconciled !== expected.side_b.reconciled) return false;
  }
  return true;
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
