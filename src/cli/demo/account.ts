import type { TieoutClient } from "../tieout-client.ts";
import { formatCents, sumCents } from "./cents.ts";
import type { ReconciliationOutcome, SideOutcome } from "./outcome.ts";
import type { ReconciliationPlan } from "./reconciliation-plan.ts";
import { readSight, type Sight } from "./sight.ts";
import type { SourceKey } from "./sources.ts";

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
  /** By `external_id`, of those examples which the API itself explains. */
  sights: Map<string, Sight>;
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
  const [sideA, sideB] = [await recordsOf(plan.sideA), await recordsOf(plan.sideB)];
  return {
    plan,
    id,
    counts,
    sideA,
    sideB,
    sights: await readSights(client, plan, id, [...sideA, ...sideB]),
    matches: await client.list<MatchView>(`/v1/reconciliation_matches?reconciliation_id=${id}&status=matched`),
    chain: await audit(client, id),
  };
}

async function readSights(
  client: TieoutClient,
  { examples }: ReconciliationPlan,
  id: string,
  records: readonly RecordView[],
): Promise<Map<string, Sight>> {
  const sights = new Map<string, Sight>();
  for (const { externalId, reference } of examples) {
    const record = records.find(({ external_id }) => external_id === externalId);
    if (!record || reference !== undefined || record.status === "reconciled") continue;
    sights.set(externalId, await readSight(client, record.id, id));
  }
  return sights;
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

export function summarise({ counts, sideA, sideB, matches, chain }: ReconciliationAccount): ReconciliationOutcome {
  return {
    side_a: { ...counts.side_a, overdue: sideA.filter(isMarkedOverdue).length },
    side_b: { ...counts.side_b, overdue: sideB.filter(isMarkedOverdue).length },
    matches: matches.length,
    variance: formatCents(sumCents(matches.map(({ variance }) => variance))),
    chain,
  };
}

export function describeStatus(record: RecordView): string {
  return isMarkedOverdue(record) ? `${record.status}, overdue` : record.status;
}

export function isMarkedOverdue({ reconciliations }: Pick<RecordView, "reconciliations">): boolean {
  return reconciliations.some(({ overdue_at }) => overdue_at !== null);
}
