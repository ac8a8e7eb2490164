import type { MatchView, ReconciliationAccount, RecordView } from "./account.ts";
import { formatCents, sumCents } from "./cents.ts";
import type { Example } from "./reconciliation-plan.ts";
import { describeCondition, describeSet, nameRecord } from "./record-report.ts";
import { describeSight } from "./sight-report.ts";

export function describeExample(example: Example, account: ReconciliationAccount): string[] {
  const records = [...account.sideA, ...account.sideB];
  const record = records.find(({ external_id: id }) => id === example.externalId);
  if (!record) return [`  ${example.kind}: ${example.externalId} is not there`];
  const head = `  ${example.kind}: ${nameRecord(record)} (${example.story})`;
  const match = findMatch(record, account);
  if (match) return [head, ...describeMatch(record, match, account)];
  const due = `    ${dueText(record, account)}; `;
  const sight = account.sights.get(example.externalId);
  if (sight) {
    const [first, ...rest] = describeSight(sight, records);
    return [head, `${due}${first}`, ...rest.map((line) => `    ${line}`)];
  }
  if (example.reference === undefined) return [head, `${due}nothing is known of it`];
  const others = account.sideA.includes(record) ? account.sideB : account.sideA;
  return [head, `${due}${explainOpen(record, example.reference, others, account)}`];
}

/** The match that holds a record, with its explanation. */
export function describeMatchOf(recordId: string, account: ReconciliationAccount): string[] {
  const record = [...account.sideA, ...account.sideB].find(({ id }) => id === recordId);
  const match = record && findMatch(record, account);
  return match ? describeMatch(record, match, account) : ["    it is not matched"];
}

function findMatch({ reconciliations }: RecordView, { matches }: ReconciliationAccount): MatchView | undefined {
  const matchIds = reconciliations.flatMap(({ match_ids: ids }) => ids);
  return matches.find(({ id }) => matchIds.includes(id));
}

function describeMatch(record: RecordView, match: MatchView, account: ReconciliationAccount): string[] {
  const records = [...account.sideA, ...account.sideB];
  const partners = match.records
    .flatMap(({ record_id: id }) => records.find((other) => other.id === id) ?? [])
    .filter((partner) => partner.id !== record.id);
  const [only] = partners;
  const rest = formatCents(sumCents([record.amount]) - sumCents([record.reconciled_amount]));
  const remainder = record.status === "partially_reconciled" ? `; USD ${rest} still open` : "";
  const variance = match.variance === 0 ? "" : `; variance ${formatCents(sumCents([match.variance]))}`;
  return [
    `    with ${only && partners.length === 1 ? nameRecord(only) : describeSet(partners)}${variance}${remainder}`,
    ...match.explanation.map((line) => `      ${describeCondition(line)}`),
  ];
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
    return `${nameRecord(other)} mentions ${reference}, but no rule holds for ${amounts.join(" against ")}`;
  }
  const partner = match.records.find(({ record_id: id }) => id !== other.id);
  const holder = [...sideA, ...sideB].find(({ id }) => id === partner?.record_id);
  return `${nameRecord(other)} is matched already, with ${holder?.external_id}`;
}

function dueText(record: RecordView, { plan }: ReconciliationAccount): string {
  const due = new Date(`${record.date}T00:00:00Z`);
  due.setUTCDate(due.getUTCDate() + plan.expectedWithinDays);
  return `due ${due.toISOString().slice(0, 10)}`;
}
