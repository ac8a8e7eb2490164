import { triggerCron } from "../local-worker.ts";
import type { TieoutClient } from "../tieout-client.ts";
import { type ReconciliationAccount, type ReconciliationView, readAccount } from "./account.ts";
import { RECONCILIATIONS } from "./books.ts";
import { computeOutcome } from "./computed-outcome.ts";
import { DEPOSITS, EARLY_LINE, TERMINAL } from "./counter-books.ts";
import { describeEarly, type EarlyLine } from "./early-report.ts";
import { expectOutcome } from "./expected.ts";
import { listDifferences, type Outcome } from "./outcome.ts";
import type { ReconciliationPlan } from "./reconciliation-plan.ts";
import { describeReconciliation, describeWebhooks, listShopRequests } from "./report.ts";
import { compareWithPreview, previewAndCommit } from "./run-pair.ts";
import { describeRuns } from "./run-report.ts";
import { playShopMonth, type ShopMonth } from "./shop-month.ts";
import { readSight } from "./sight.ts";
import type { Stage, Story } from "./story.ts";
import { configure, makeTenant } from "./tenant.ts";
import { Upload } from "./upload.ts";
import { waitUntil, waitWithCron } from "./waiting.ts";
import { WebhookReceiver } from "./webhook-receiver.ts";

/** A month of a shop at the door `/v1`: orders, payouts, the card terminal and the till against the bank. */
export async function playShop({ url, bootstrapKey, tell }: Stage): Promise<Story> {
  const receiver = new WebhookReceiver();
  const address = await receiver.start();
  const client = await makeTenant(url, bootstrapKey);
  const endpoint = await client.post<{ id: string; secret: string }>("/v1/webhook_endpoints", { url: address });
  receiver.trust(endpoint.secret);
  const reconciliationIds = await configure(client);
  const idOf = (plan: ReconciliationPlan) => reconciliationIds[RECONCILIATIONS.indexOf(plan)] as string;

  const month = playShopMonth(new Date().toISOString().slice(0, 10));
  const expected = expectOutcome(month);
  const upload = new Upload(client);
  tell(`Sending ${month.records.length} records to ${url}/v1 …`);
  for (const record of month.records) await upload.send(record);
  for (const record of month.repeated) await upload.sendAgain(record);
  const early = await completeEarly(client, upload, month, idOf(TERMINAL));
  tell("Previewing the deposits, then committing the preview …");
  const runs = await previewAndCommit(client, idOf(DEPOSITS));

  await raiseOverdue(client, reconciliationIds, expected);
  for (const record of month.late) await upload.send(record);
  tell("Waiting for the last webhooks …");
  await waitForOutcome(client, reconciliationIds, receiver, expected);

  const accounts: ReconciliationAccount[] = [];
  for (const plan of RECONCILIATIONS) accounts.push(await readAccount(client, plan, idOf(plan)));
  const events = await client.list<{ id: string }>("/v1/events");
  // The receiver is about to go; what stays of the environment must not try to reach it.
  await client.delete(`/v1/webhook_endpoints/${endpoint.id}`);
  receiver.stop();

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
  const more = new Map([
    [TERMINAL, (account: ReconciliationAccount) => describeEarly(early, account)],
    [DEPOSITS, (account: ReconciliationAccount) => describeRuns(runs, account, unlikePreview.length)],
  ]);
  return {
    lines: [
      `A month of a shop, ${month.firstDay} to ${month.lastDay}`,
      `  ${upload.count} records sent one by one over HTTP, ${Math.round(upload.durationMs / upload.count)} ms each, matched on arrival but for the deposits`,
      ...upload.refusals.map((refusal) => `  refused: ${refusal}`),
      ...accounts.flatMap((account) => ["", ...describeReconciliation(account, more.get(account.plan)?.(account))]),
      "",
      ...describeWebhooks(receiver),
    ],
    differences,
    next: listShopRequests(client, accounts),
  };
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

async function waitForOutcome(
  client: TieoutClient,
  reconciliationIds: readonly string[],
  { received }: WebhookReceiver,
  expected: Outcome,
): Promise<void> {
  const events = Object.values(expected.events).reduce((sum, count) => sum + count, 0);
  await waitWithCron(client.url, async () => {
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
