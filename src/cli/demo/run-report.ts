import type { MatchView, ReconciliationAccount, RecordView } from "./account.ts";
import { formatCents, sumCents } from "./cents.ts";
import { describeSet } from "./record-report.ts";
import { type RunPair, summariseRun } from "./run-pair.ts";

/** What a preview would match, and what the commit of it has made; `differences` is how many there are. */
export function describeRuns(
  { preview, proposed, commit, made }: RunPair,
  { sideA, sideB }: ReconciliationAccount,
  differences: number,
): string[] {
  const { ambiguous, open_a, open_b } = summariseRun(preview);
  const verdict =
    differences === 0
      ? "exactly these, by id, records, amounts and explanation"
      : `not what the preview showed: ${differences} differences`;
  return [
    `  preview ${preview.id}: would match ${proposed.length}, leave ${open_a} of A and ${open_b} of B open (${ambiguous} ambiguous)`,
    ...proposed.map((match) => `    ${describeProposal(match, sideA, sideB)}`),
    `  commit  ${commit.id} of that preview: ${made.length} made, ${verdict}`,
  ];
}

function describeProposal({ records }: MatchView, sideA: readonly RecordView[], sideB: readonly RecordView[]): string {
  const pick = (side: readonly RecordView[]) =>
    side.filter(({ id }) => records.some(({ record_id }) => record_id === id));
  const lines = pick(sideB).map(({ external_id, date, amount }) => {
    return `${external_id}, ${date}, USD ${formatCents(sumCents([amount]))}`;
  });
  return `${lines.join(", ")} with ${describeSet(pick(sideA))}`;
}
