/** What the demo compares: how many records ended in which state, some of them by name, and which events came. */
export interface Outcome {
  reconciliations: Record<string, ReconciliationOutcome>;
  /** By `external_id`: the status, and whether it was ever overdue. */
  records: Record<string, string>;
  /** By `external_id`: what the API says of a record that no rule can match. */
  sights: Record<string, SightOutcome>;
  preview: RunOutcome;
  commit: RunOutcome;
  refusedUploads: number;
  events: Record<string, number>;
}

export interface SightOutcome {
  finding: string;
  /** The sets that were compared with it: the names of their records in order. */
  sets: string[];
  /** The conditions that failed, with both values. */
  failed: string[];
}

export interface RunOutcome {
  matches: number;
  matched_records: number;
  ambiguous: number;
  open_a: number;
  open_b: number;
}

export interface ReconciliationOutcome {
  side_a: SideOutcome;
  side_b: SideOutcome;
  matches: number;
  variance: string;
  chain: string;
}

export interface SideOutcome {
  unreconciled: number;
  partially_reconciled: number;
  reconciled: number;
  /** Of any status: what was overdue and came at last stays marked. */
  overdue: number;
}

/** Names of records as one text, whatever their order. */
export function listNames(names: readonly string[]): string {
  return [...names].sort().join(" ");
}

export interface Difference {
  what: string;
  expected: string;
  came: string;
}

/** Every leaf in which the two differ, those that only one of them has included. */
export function listDifferences(expected: unknown, came: unknown, path: string[] = []): Difference[] {
  if (isTree(expected) || isTree(came)) {
    const [left, right] = [isTree(expected) ? expected : {}, isTree(came) ? came : {}];
    const names = [...new Set([...Object.keys(left), ...Object.keys(right)])];
    return names.flatMap((name) => listDifferences(left[name], right[name], [...path, name]));
  }
  if (expected === came) return [];
  return [{ what: path.join(" › "), expected: String(expected ?? "nothing"), came: String(came ?? "nothing") }];
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
