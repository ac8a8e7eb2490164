import type { TieoutClient } from "../tieout-client.ts";
import type { MatchView } from "./account.ts";
import { type Difference, listDifferences, type RunOutcome } from "./outcome.ts";
import { waitUntil } from "./waiting.ts";

export interface RunView {
  id: string;
  mode: "preview" | "commit";
  status: "pending" | "running" | "completed" | "failed";
  matched_records: number;
  by_rule: { matches: number; ambiguous: number }[];
  open: Record<"side_a" | "side_b", { records: number }> | null;
  problems: { code: string; message: string }[];
}

/** A preview and the commit of it, each with its matches in the order in which they were decided. */
export interface RunPair {
  preview: RunView;
  proposed: MatchView[];
  commit: RunView;
  made: MatchView[];
}

export async function previewAndCommit(client: TieoutClient, reconciliationId: string): Promise<RunPair> {
  const path = `/v1/reconciliations/${reconciliationId}/runs`;
  const preview = await finish(client, path, { mode: "preview" });
  const proposed = await client.list<MatchView>(`${path}/${preview.id}/matches`);
  const commit = await finish(client, path, { mode: "commit", preview_id: preview.id });
  const made = await client.list<MatchView>(`${path}/${commit.id}/matches`);
  return { preview, proposed, commit, made };
}

async function finish(client: TieoutClient, path: string, body: Record<string, unknown>): Promise<RunView> {
  let run = await client.post<RunView>(path, body);
  const isFinished = () => run.status === "completed" || run.status === "failed";
  await waitUntil(async () => {
    if (!isFinished()) run = await client.get<RunView>(`${path}/${run.id}`);
    return isFinished();
  });
  if (run.status !== "completed") {
    throw new Error(`The ${run.mode} ${run.id} is ${run.status}: ${JSON.stringify(run.problems)}`);
  }
  return run;
}

export function summariseRun({ matched_records, by_rule, open }: RunView): RunOutcome {
  const total = (count: "matches" | "ambiguous") => by_rule.reduce((sum, tally) => sum + tally[count], 0);
  return {
    matches: total("matches"),
    matched_records,
    ambiguous: total("ambiguous"),
    open_a: open?.side_a.records ?? 0,
    open_b: open?.side_b.records ?? 0,
  };
}

/** Where what a commit made, or what the reconciliation holds after it, is not exactly what its preview proposed. */
export function compareWithPreview({ proposed, made }: RunPair, held: readonly MatchView[]): Difference[] {
  return [
    ...listDifferences(byId(proposed), byId(made), ["the commit, against its preview"]),
    ...listDifferences(byId(proposed), byId(held), ["the reconciliation's matches, against the preview"]),
  ];
}

function byId(matches: readonly MatchView[]): Record<string, string> {
  return Object.fromEntries(
    matches.map(({ id, rule_id, variance, records, explanation }) => {
      const amounts = records.map(({ record_id, side, amount }) => `${side} ${record_id} ${amount}`).sort();
      return [id, JSON.stringify({ rule_id, variance, amounts, explanation })];
    }),
  );
}
