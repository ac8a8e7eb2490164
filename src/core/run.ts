import { getExponent, presentAmount } from "./money.ts";

export const RUN_MODES = ["preview", "commit"] as const;
export type RunMode = (typeof RUN_MODES)[number];

export const RUN_STATUSES = ["pending", "running", "completed", "failed"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export const RUN_PHASES = ["loading", "matching", "committing", "done"] as const;
export type RunPhase = (typeof RUN_PHASES)[number];

/** How many of a run's problems are kept; the others are only counted. */
const KEPT_PROBLEMS = 100;

/** What a rule has come to in a run. A record counts for the rule that was the first to match it. */
export interface RuleTally {
  rule_id: string;
  rule_version: number;
  matches: number;
  matched_records: number;
  ambiguous: number;
  cut: number;
}

export const PROBLEM_CODES = [
  "ambiguous",
  "search_cut",
  "rule_failed",
  "record_changed",
  "reconciliation_changed",
  "run_abandoned",
] as const;

export interface RunProblem {
  code: (typeof PROBLEM_CODES)[number];
  message: string;
  rule_id?: string;
  record_id?: string;
  match_id?: string;
}

export const RECONCILIATION_CHANGED: RunProblem = {
  code: "reconciliation_changed",
  message: "The reconciliation's rules, sides or terms changed while the run was under way, or it was deleted.",
};

export const RUN_ABANDONED: RunProblem = {
  code: "run_abandoned",
  message: "The run failed again and again at the same place, and was given up. What it had committed stays.",
};

/** What stays open on a side: signed sums (credit +, debit −) by currency, in minor units, as text beyond any limit. */
export interface OpenSide {
  records: number;
  sums: Record<string, string>;
}

export interface OpenSides {
  a: OpenSide;
  b: OpenSide;
}

/** The part of a run that its work changes. */
export interface RunState {
  status: RunStatus;
  phase: RunPhase;
  done: number;
  total: number;
  matched_records: number;
  by_rule: RuleTally[];
  problems: RunProblem[];
  problem_count: number;
  open: OpenSides | null;
  completed_at: number | null;
}

/** A run as one SELECT reads it; times in ms. */
export interface RunSnapshot extends RunState {
  uid: string;
  reconciliation_uid: string;
  mode: RunMode;
  preview_uid: string | null;
  created_at: number;
  started_at: number | null;
}

/** What a match adds to a run's numbers: `firstTouched` of its records were in no match of the run before. */
export interface CountedMatch {
  ruleUid: string;
  firstTouched: number;
}

export function newTallies(rules: readonly { uid: string; version: number }[]): RuleTally[] {
  return rules.map(({ uid, version }) => {
    return { rule_id: uid, rule_version: version, matches: 0, matched_records: 0, ambiguous: 0, cut: 0 };
  });
}

export const NOTHING_OPEN: OpenSides = { a: { records: 0, sums: {} }, b: { records: 0, sums: {} } };

export function withMatches<S extends RunState>(state: S, matches: readonly CountedMatch[]): S {
  const tallies = new Map(state.by_rule.map((tally) => [tally.rule_id, { ...tally }]));
  let touched = 0;
  for (const { ruleUid, firstTouched } of matches) {
    touched += firstTouched;
    const tally = tallies.get(ruleUid);
    if (!tally) continue;
    tally.matches += 1;
    tally.matched_records += firstTouched;
  }
  return { ...state, matched_records: state.matched_records + touched, by_rule: [...tallies.values()] };
}

/** As it is before anything has been committed: what was found ambiguous stays. */
export function withoutMatches<S extends RunState>(state: S): S {
  const tallies = state.by_rule.map((tally) => ({ ...tally, matches: 0, matched_records: 0 }));
  return { ...state, matched_records: 0, by_rule: tallies };
}

export function withProblems<S extends RunState>(state: S, problems: readonly RunProblem[]): S {
  return {
    ...state,
    problems: [...state.problems, ...problems].slice(0, KEPT_PROBLEMS),
    problem_count: state.problem_count + problems.length,
  };
}

/** Counts what rules have noted of records, `ambiguous` or `cut`. */
export function withFindings<S extends RunState>(
  state: S,
  findings: readonly { ruleUid: string; recordUid: string; finding: "ambiguous" | "cut" }[],
): S {
  const tallies = new Map(state.by_rule.map((tally) => [tally.rule_id, { ...tally }]));
  for (const { ruleUid, finding } of findings) {
    const tally = tallies.get(ruleUid);
    if (tally) tally[finding] += 1;
  }
  const problems = findings.map(({ ruleUid, recordUid, finding }): RunProblem => {
    const found =
      finding === "ambiguous"
        ? { code: "ambiguous" as const, message: "More than one match fits this record, and the rule skips such." }
        : { code: "search_cut" as const, message: "The search for this record ended at its limit." };
    return { ...found, rule_id: ruleUid, record_id: recordUid };
  });
  return withProblems({ ...state, by_rule: [...tallies.values()] }, problems);
}

/** Adds what is open of records to what stays open of their sides; `open` in signed minor units. */
export function addOpen(
  sides: OpenSides,
  records: readonly { side: "a" | "b"; currency: string; open: bigint; isNew: boolean }[],
): OpenSides {
  const sum: OpenSides = {
    a: { ...sides.a, sums: { ...sides.a.sums } },
    b: { ...sides.b, sums: { ...sides.b.sums } },
  };
  for (const { side, currency, open, isNew } of records) {
    const { sums } = sum[side];
    if (isNew) sum[side].records += 1;
    sums[currency] = `${BigInt(sums[currency] ?? "0") + open}`;
  }
  return sum;
}

/** The run as /v1 shows it: amounts in major units, times in RFC 3339. */
export function presentRun(run: RunSnapshot) {
  return {
    id: run.uid,
    reconciliation_id: run.reconciliation_uid,
    mode: run.mode,
    preview_id: run.preview_uid,
    status: run.status,
    progress: { phase: run.phase, done: run.done, total: run.total },
    matched_records: run.matched_records,
    by_rule: run.by_rule,
    open: run.open && run.status === "completed" ? presentOpen(run.open) : null,
    problems: run.problems,
    problem_count: run.problem_count,
    created_at: new Date(run.created_at).toISOString(),
    started_at: presentInstant(run.started_at),
    completed_at: presentInstant(run.completed_at),
  };
}

function presentOpen(open: OpenSides) {
  return { side_a: presentSide(open.a), side_b: presentSide(open.b) };
}

function presentSide({ records, sums }: OpenSide) {
  const currencies = Object.keys(sums).sort();
  return {
    records,
    sums: currencies.map((currency) => {
      return { currency, amount: presentAmount(BigInt(sums[currency] as string), getExponent(currency)) };
    }),
  };
}

function presentInstant(instantMs: number | null): string | null {
  return instantMs === null ? null : new Date(instantMs).toISOString();
}
