import type { TieoutClient } from "../tieout-client.ts";
import type { MatchView, RecordView } from "./account.ts";

export interface SetView {
  side: "a" | "b";
  record_ids: string[];
  records: number;
  amount: number;
  direction: "credit" | "debit" | null;
}

/** What a rule says of a record and one that might belong to it. */
export interface RuleSight {
  matched: boolean;
  finding: "ambiguous" | "search_cut" | null;
  conditions: MatchView["explanation"];
  groups: SetView[];
}

interface Candidate {
  record: RecordView;
  rules: RuleSight[];
}

/** What the API answers to the question why a record is open. */
export interface Sight {
  record: RecordView;
  /** Each set that was compared with the record once: those that fit; when none does, the one that comes nearest. */
  nearest: RuleSight[];
}

const CANDIDATES = 20;

export async function readSight(client: TieoutClient, recordId: string, reconciliationId: string): Promise<Sight> {
  const query = `reconciliation_id=${reconciliationId}&limit=${CANDIDATES}`;
  const { data } = await client.get<{ data: Candidate[] }>(`/v1/records/${recordId}/candidates?${query}`);
  const record = await client.get<RecordView>(`/v1/records/${recordId}`);
  return { record, nearest: listNearest(data.flatMap(({ rules }) => rules)) };
}

function listNearest(sights: readonly RuleSight[]): RuleSight[] {
  const fitting = sights.filter(({ matched }) => matched);
  if (fitting.length > 0) return [...new Map(fitting.map((sight) => [JSON.stringify(sight.groups), sight])).values()];
  const fewest = Math.min(...sights.map((sight) => listFailed(sight).length));
  return sights.filter((sight) => listFailed(sight).length === fewest).slice(0, 1);
}

export function listFailed({ conditions }: RuleSight): MatchView["explanation"] {
  return conditions.filter(({ outcome }) => outcome === "failed");
}
