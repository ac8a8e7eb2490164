import type { Outcome, ReconciliationOutcome, SideOutcome } from "./outcome.ts";
import type { ReconciliationPlan, SourceKey } from "./shop-books.ts";
import { formatCents } from "./shop-month.ts";
import type { TieoutClient } from "./tieout-client.ts";

export interface RecordView {
  id: string;
  type_key: SourceKey;
  date: string;
  amount: number;
  currency: string;
  direction: "credit" | "debit";
  external_id: string;
  description: string;
  status: string;
  reconciled_amount: number;
  reconciliations: { reconciliation_id: string; overdue_at: string | null; match_ids: string[] }[];
}

export interface MatchView {
  id: string;
  rule_id: string;
  variance: number;
  records: { record_id: string; side: "a" | "b"; amount: number }[];
  explanation: { condition: Record<string, unknown>; a: unknown; b: unknown; outcome: string }[];
}

export interface ReconciliationView {
  id: string;
  expected_within_days: number;
  counts: Record<"side_a" | "side_b", Omit<SideOutcome, "overdue">>;
}

/** Everything that a client can read about one reconciliation after the month. */
export interface ReconciliationAccount {
  plan: ReconciliationPlan;
  id: string;
  counts: ReconciliationView["counts"];
  sideA: RecordView[];
  sideB: RecordView[];
  matches: MatchView[];
  chain: string;
}

interface AuditPage {
  valid: boolean;
  checked: number;
  first_broken: { reason: string } | null;
  next_cursor: string | null;
}

export async function readAccount(
  client: TieoutClient,
  plan: ReconciliationPlan,
  id: string,
): Promise<ReconciliationAccount> {
  const { counts } = await client.get<ReconciliationView>(`/v1/reconciliations/${id}`);
  const recordsOf = (source: SourceKey) =>
    client.list<RecordView>(`/v1/records?reconciliation_id=${id}&type_key=${source}`);
  return {
    plan,
    id,
    counts,
    sideA: await recordsOf(plan.sideA),
    sideB: await recordsOf(plan.sideB),
    matches: await client.list<MatchView>(`/v1/reconciliation_matches?reconciliation_id=${id}&status=matched`),
    chain: await audit(client, id),
  };
}

async function audit(client: TieoutClient, id: string): Promise<string> {
  let checked = 0;
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query: string = cursor === "" ? "" : `?cursor=${cursor}`;
    const page: AuditPage = await client.get(`/v1/reconciliations/${id}/audit${query}`);
    if (!page.valid) return `broken: ${page.first_broken?.reason}`;
    checked += page.checked;
    cursor = page.next_cursor;
  }
  return `valid, ${checked} links`;
}

/** What came out, in the shape of what is expected; `names` are the records to tell apart. */
export function computeOutcome(
  accounts: readonly ReconciliationAccount[],
  names: readonly string[],
  refusedUploads: number,
  events: Record<string, number>,
): Outcome {
  const records = accounts.flatMap(({ sideA, sideB }) => [...sideA, ...sideB]);
  const statuses = new Map(records.map((record) => [record.external_id, describeStatus(record)]));
  return {
    reconciliations: Object.fromEntries(accounts.map((account) => [account.plan.name, summarise(account)])),
    records: Object.fromEntries(names.map((name) => [name, statuses.get(name) ?? "not there"])),
    refusedUploads,
    events,
  };
}

function summarise({ counts, sideA, sideB, matches, chain }: ReconciliationAccount): ReconciliationOutcome {
  return {
    side_a: { ...counts.side_a, overdue: sideA.filter(isMarkedOverdue).length },
    side_b: { ...counts.side_b, overdue: sideB.filter(isMarkedOverdue).length },
    matches: matches.length,
    variance: formatCents(sumCents(matches.map(({ variance }) => variance))),
    chain,
  };
}

function describeStatus(record: RecordView): string {
  return isMarkedOverdue(record) ? `${record.status}, overdue` : record.status;
}

export function isMarkedOverdue({ reconciliations }: Pick<RecordView, "reconciliations">): boolean {
  return reconciliations.some(({ overdue_at }) => overdue_at !== null);
}

/** Amounts arrive as JSON numbers of dollars; sums are taken in cents. */
export function sumCents(amounts: readonly number[]): number {
  return amounts.reduce((sum, amount) => sum + Math.round(amount * 100), 0);
}
