import { isMarkedOverdue, type MatchView, type ReconciliationAccount, type RecordView, sumCents } from "./account.ts";
import type { Difference } from "./outcome.ts";
import { type Example, SOURCES } from "./shop-books.ts";
import { formatCents } from "./shop-month.ts";
import type { TieoutClient } from "./tieout-client.ts";
import type { WebhookReceiver } from "./webhook-receiver.ts";

/** The account of one reconciliation, line by line. */
export function describeReconciliation(account: ReconciliationAccount): string[] {
  const { plan, sideA, sideB, matches, chain } = account;
  const variance = formatCents(sumCents(matches.map((match) => match.variance)));
  return [
    plan.name,
    describeSide("A", plan.sideA, sideA),
    describeSide("B", plan.sideB, sideB),
    `  ${matches.length} matches, ${variance} USD left over within tolerances; hash chain ${chain}`,
    ...plan.examples.flatMap((example) => ["", ...describeExample(example, account)]),
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
  // As a ledger has it: credits less debits.
  const net = (amountOf: (record: RecordView) => number): number =>
    sumCents(records.map((record) => (record.direction === "credit" ? amountOf(record) : -amountOf(record))));
  const total = net(({ amount }) => amount);
  const matched = net((record) => record.reconciled_amount);
  const open = `${total < matched ? "−" : "+"} ${formatCents(Math.abs(total - matched))} open`;
  const money = `${formatCents(total)} = ${formatCents(matched)} matched ${open}`;
  return `  ${side} ${source.padEnd(13)} ${counts.join(", ")} (${overdue} overdue); net USD ${money}`;
}

function describeExample(example: Example, account: ReconciliationAccount): string[] {
  const record = [...account.sideA, ...account.sideB].find(({ external_id: id }) => id === example.externalId);
  if (!record) return [`  ${example.kind}: ${example.externalId} is not there`];
  const head = `  ${example.kind}: ${nameOf(record)} (${example.story})`;
  const matchIds = record.reconciliations.flatMap(({ match_ids: ids }) => ids);
  const match = account.matches.find(({ id }) => matchIds.includes(id));
  if (match) return [head, ...describeMatch(record, match, account)];
  const others = account.sideA.includes(record) ? account.sideB : account.sideA;
  return [head, `    ${dueText(record, account)}; ${explainOpen(record, example.reference, others, account)}`];
}

function describeMatch(record: RecordView, match: MatchView, account: ReconciliationAccount): string[] {
  const records = [...account.sideA, ...account.sideB];
  const partners = match.records
    .map(({ record_id: id }) => records.find((other) => other.id === id))
    .filter((partner) => partner !== undefined && partner !== record)
    .map((partner) => nameOf(partner as RecordView));
  const rest = formatCents(sumCents([record.amount]) - sumCents([record.reconciled_amount]));
  const remainder = record.status === "partially_reconciled" ? `; USD ${rest} still open` : "";
  const variance = match.variance === 0 ? "" : `; variance ${formatCents(sumCents([match.variance]))}`;
  return [
    `    with ${partners.join(", ")}${variance}${remainder}`,
    ...match.explanation.map((line) => `      ${describeCondition(line)}`),
  ];
}

/** One condition of an explanation with both values, as the API answers it. */
export function describeCondition({ condition, a, b, outcome }: MatchView["explanation"][number]): string {
  const { key, value, operand, constant, tolerance_amount: amount, tolerance_unit: unit } = condition;
  const isTwoSided = key !== undefined && value !== undefined;
  const tolerance = unit === undefined ? "" : ` (± ${amount === undefined ? "" : `${amount} `}${unit})`;
  const fixed = constant === undefined ? [] : [JSON.stringify(constant)];
  const text = isTwoSided
    ? `A's ${key} ${operand} B's ${value}${tolerance}`
    : [`${key === undefined ? "B" : "A"}'s ${key ?? value} ${operand}${tolerance}`, ...fixed].join(" ");
  const seen = isTwoSided ? [a, b] : [key === undefined ? b : a];
  return `${outcome}: ${text}: ${seen.map((side) => JSON.stringify(side)).join(", ")}`;
}

/** Why a record has no match: what the other side holds that mentions its reference. */
export function explainOpen(
  record: Pick<RecordView, "amount">,
  reference: string,
  others: readonly RecordView[],
  { sideA, sideB, matches }: Pick<ReconciliationAccount, "sideA" | "sideB" | "matches">,
): string {
  const mentions = ({ external_id: id, description }: RecordView): boolean =>
    id === reference || description.toUpperCase().includes(reference);
  const other = others.find(mentions);
  if (!other) return `nothing on the other side mentions ${reference}`;
  const [matchId] = other.reconciliations.flatMap(({ match_ids: ids }) => ids);
  const match = matches.find(({ id }) => id === matchId);
  if (!match) {
    const amounts = [record, other].map(({ amount }) => formatCents(sumCents([amount])));
    return `${nameOf(other)} mentions ${reference}, but no rule holds for ${amounts.join(" against ")}`;
  }
  const partner = match.records.find(({ record_id: id }) => id !== other.id);
  const holder = [...sideA, ...sideB].find(({ id }) => id === partner?.record_id);
  return `${nameOf(other)} is matched already, with ${holder?.external_id}`;
}

function dueText(record: RecordView, { plan }: ReconciliationAccount): string {
  const due = new Date(`${record.date}T00:00:00Z`);
  due.setUTCDate(due.getUTCDate() + plan.expectedWithinDays);
  return `due ${due.toISOString().slice(0, 10)}`;
}

function nameOf(record: Pick<RecordView, "external_id" | "type_key" | "amount" | "currency" | "date">): string {
  const noun = SOURCES.find(({ key }) => key === record.type_key)?.noun ?? record.type_key;
  return `${noun} ${record.external_id}, ${record.date}, ${record.currency} ${formatCents(sumCents([record.amount]))}`;
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
    ...types.map(([type, count]) => `  ${String(count).padStart(5)} ${type}`),
    `  The first one was answered with 503 and ${again}.`,
  ];
}

/** `client` is that of a Worker which goes on running. */
export function describeNext(client: TieoutClient | undefined, accounts: readonly ReconciliationAccount[]): string[] {
  if (!client) {
    return [
      "Where to look next",
      "  This Worker ends here, with its data. To look around in it:",
      "    npm start        in one terminal: a Worker that stays, with an API viewer at http://localhost:8787/docs",
      "    npm run demo     in another: finds it, plays the month on it and leaves everything there",
      "  README.md has a tour with curl.",
    ];
  }
  const curl = (path: string): string => `    curl -H "X-API-KEY: $KEY" "${client.url}${path}"`;
  return [
    "Where to look next",
    `  ${client.url}/docs shows every request. This run has an environment of its own; its key:`,
    `    KEY=${client.key}`,
    ...accounts.flatMap(({ plan, id }) => [
      `  ${plan.name}: what is overdue, the latest matches with their explanations, the hash chain`,
      curl(`/v1/records?reconciliation_id=${id}&overdue=true`),
      curl(`/v1/reconciliation_matches?reconciliation_id=${id}&limit=2`),
      curl(`/v1/reconciliations/${id}/audit?limit=200`),
    ]),
  ];
}

export function describeDifferences(differences: readonly Difference[]): string[] {
  return differences.map(({ what, expected, came }) => `  ${what}: expected ${expected}, came ${came}`);
}
