import { describeStatus, type ReconciliationAccount, type RecordView, summarise } from "./account.ts";
import { listNames, type Outcome, type SightOutcome } from "./outcome.ts";
import { type RunPair, summariseRun } from "./run-pair.ts";
import { listFailed, type Sight } from "./sight.ts";

/** What was seen while the month went on, before its end. */
export interface Seen {
  refusedUploads: number;
  /** Why the early bank line was open, before its last charge came. */
  early: Sight;
  runs: RunPair;
  events: Record<string, number>;
}

/** What came out, in the shape of what is expected; `names` are the records to tell apart. */
export function computeOutcome(
  accounts: readonly ReconciliationAccount[],
  names: readonly string[],
  { refusedUploads, early, runs, events }: Seen,
): Outcome {
  const records = accounts.flatMap(({ sideA, sideB }) => [...sideA, ...sideB]);
  const statuses = new Map(records.map((record) => [record.external_id, describeStatus(record)]));
  const sights = [early, ...accounts.flatMap((account) => [...account.sights.values()])];
  return {
    reconciliations: Object.fromEntries(accounts.map((account) => [account.plan.name, summarise(account)])),
    records: Object.fromEntries(names.map((name) => [name, statuses.get(name) ?? "not there"])),
    sights: Object.fromEntries(sights.map((sight) => [sight.record.external_id, summariseSight(sight, records)])),
    preview: summariseRun(runs.preview),
    commit: summariseRun(runs.commit),
    refusedUploads,
    events,
  };
}

function summariseSight({ nearest }: Sight, records: readonly RecordView[]): SightOutcome {
  const nameOf = (id: string) => records.find((record) => record.id === id)?.external_id ?? id;
  const sets = nearest.flatMap(({ groups }) => groups.map(({ record_ids: ids }) => listNames(ids.map(nameOf))));
  const failed = nearest.flatMap((sight) =>
    listFailed(sight).map(({ condition, a, b }) => `${condition.key}: ${a}, ${b}`),
  );
  return { finding: nearest[0]?.finding ?? "none", sets: sets.sort(), failed };
}
