import type { TieoutClient } from "../tieout-client.ts";
import { isMarkedOverdue, type ReconciliationAccount, type RecordView } from "./account.ts";
import { formatCents, sumCents, sumSignedCents } from "./cents.ts";
import { describeExample } from "./example-report.ts";
import type { Difference } from "./outcome.ts";
import type { WebhookReceiver } from "./webhook-receiver.ts";

/** The account of one reconciliation, line by line; `more` is what else is to be told of it. */
export function describeReconciliation(account: ReconciliationAccount, more: readonly string[] = []): string[] {
  const { plan, sideA, sideB, matches, chain } = account;
  const variance = formatCents(sumCents(matches.map((match) => match.variance)));
  return [
    plan.name,
    describeSide("A", plan.sideA, sideA),
    describeSide("B", plan.sideB, sideB),
    `  ${matches.length} matches, ${variance} USD left over within tolerances; hash chain ${chain}`,
    ...more,
    ...plan.examples.flatMap((example) => describeExample(example, account)),
  ];
}

function describeSide(side: string, source: string, records: readonly RecordView[]): string {
  const ofStatus = (status: string): number => records.filter((record) => record.status === status).length;
  const overdue = records.filter((record) => isMarkedOverdue(record) && record.status !== "reconciled").length;
  const counts = [
    `${ofStatus("reconciled")} matched`,
    `${ofStatus("partially_reconciled")} partially`,
    `${ofStatus("unreconciled")} open`,
  ];
  const total = sumSignedCents(records);
  const matched = sumSignedCents(records.map((record) => ({ ...record, amount: record.reconciled_amount })));
  const open = `${total < matched ? "−" : "+"} ${formatCents(Math.abs(total - matched))} open`;
  const money = `${formatCents(total)} = ${formatCents(matched)} matched ${open}`;
  return `  ${side} ${source.padEnd(16)} ${counts.join(", ")} (${overdue} overdue); net USD ${money}`;
}

export function describeWebhooks(receiver: WebhookReceiver): string[] {
  const { received, rejected, cameAgainAfterMs } = receiver;
  const types = Object.entries(receiver.countByType()).sort(([, left], [, right]) => right - left);
  const verdict = rejected.length === 0 ? "every signature verified" : `${rejected.length} refused: ${rejected[0]}`;
  const again =
    cameAgainAfterMs === undefined
      ? "did not come again"
      : `came again after ${(cameAgainAfterMs / 1000).toFixed(1)} s under the same webhook-id`;
  return [
    "Webhooks",
    `  ${received.size} events received, ${verdict} with a Standard Webhooks library`,
    `  ${types.map(([type, count]) => `${count} ${type}`).join(", ")}`,
    `  The first one was answered with 503 and ${again}.`,
  ];
}

/** `url` is that of a Worker which goes on running; `requests` show more of what it holds. */
export function describeNext(url: string | undefined, requests: readonly string[]): string[] {
  if (url === undefined) {
    return [
      "Where to look next",
      "  This Worker ends here, with its data. To look around in it:",
      "    npm start        in one terminal: a Worker that stays, with an API viewer at http://localhost:8787/docs",
      "    npm run demo     in another: finds it, plays both stories on it and leaves everything there",
      "  README.md has a tour with curl.",
    ];
  }
  return [
    "Where to look next",
    `  ${url}/docs shows every request. Each story has an environment of its own, with a key of its own.`,
    ...requests,
  ];
}

export function listShopRequests(client: TieoutClient, accounts: readonly ReconciliationAccount[]): string[] {
  const curl = (path: string): string => `    curl -H "X-API-KEY: $KEY" "${client.url}${path}"`;
  return [
    `    KEY=${client.key}`,
    ...accounts.flatMap(({ plan, id, sights }) => [
      `  ${plan.name}: what is overdue, the latest matches with their explanations, the hash chain${plan.runType === "batch" ? ", the runs" : ""}${sights.size > 0 ? ", why some are open" : ""}`,
      curl(`/v1/records?reconciliation_id=${id}&overdue=true`),
      curl(`/v1/reconciliation_matches?reconciliation_id=${id}&limit=2`),
      curl(`/v1/reconciliations/${id}/audit?limit=200`),
      ...(plan.runType === "batch" ? [curl(`/v1/reconciliations/${id}/runs`)] : []),
      ...[...sights.values()].map((sight) => curl(`/v1/records/${sight.record.id}/candidates?reconciliation_id=${id}`)),
    ]),
  ];
}

export function describeDifferences(differences: readonly Difference[]): string[] {
  return differences.map(({ what, expected, came }) => `  ${what}: expected ${expected}, came ${came}`);
}
