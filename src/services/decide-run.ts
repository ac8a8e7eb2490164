import { sql } from "drizzle-orm";
import {
  RUN_COUNT_PAGE_ITEMS,
  RUN_LOAD_PAGE_ITEMS,
  RUN_SLICE_MAX_CHARS,
  RUN_WALK_PAGE_ITEMS,
  RUN_WALK_STEP_ITEMS,
  SLICE_MAX_STEPS,
} from "../config.ts";
import { decideForRule, FIRST_ROUND, isSpent, type RoundPosition, type RuleSlice } from "../core/matching/decide.ts";
import { type IndexedItem, type Note, walkPositionOf } from "../core/matching/item-index.ts";
import { listIndexKeys } from "../core/matching/keys.ts";
import type { EngineRule } from "../core/matching/rule.ts";
import { type Meter, newMeter } from "../core/matching/search.ts";
import {
  addOpen,
  NOTHING_OPEN,
  newTallies,
  type OpenSides,
  type RunProblem,
  withFindings,
  withMatches,
  withoutMatches,
  withProblems,
} from "../core/run.ts";
import { first } from "../db/client.ts";
import { decidedBy, insertRunMatches, type RunMatch } from "../db/run-matches.ts";
import type { RunChange } from "../db/runs.ts";
import { compileRules, listFailedRules } from "./load-configuration.ts";
import { countRunMatch, planRunMatch } from "./plan-matches.ts";
import type { ReconcilerStore } from "./reconciler-store.ts";
import type { RunProgress, RunStage } from "./run-progress.ts";
import { type RunScope, writeRunSlice } from "./write-run-slice.ts";

type StageOf<K extends RunStage["kind"]> = Extract<RunStage, { kind: K }>;

/** What a slice has done: where the next one goes on (null: all is decided), and what it makes of the run's row. */
interface Decided {
  stage: RunStage | null;
  change: RunChange;
  matches?: RunMatch[];
  loaded?: number;
}

/** Of a step the items, of all steps of a slice together the work and what it comes to. */
const LIMIT = { items: RUN_WALK_STEP_ITEMS, steps: SLICE_MAX_STEPS, chars: RUN_SLICE_MAX_CHARS };

/** Starts deciding, for the first time or anew: nothing of an earlier attempt counts. */
export async function beginDeciding(scope: RunScope): Promise<void> {
  const { store, configuration, run } = scope;
  const { last_id: lastId, open: total } = await readExtent(scope);
  const problems = listFailedRules(configuration).map(({ uid, message }) => describeFailedRule(uid, message));
  const change: RunChange = {
    ...run,
    ...{ phase: "loading", done: 0, total, decided_count: 0, matched_records: 0, open: null },
    ...{ by_rule: newTallies(configuration.rules), problems: [], problem_count: 0 },
  };
  await writeRunSlice(scope, withProblems(change, problems));
  store.transaction(() => {
    store.clearScratch();
    const stage = { kind: "loading" as const, after: 0 };
    const { id: runId, attempt, revision } = run;
    store.writeRun({ runId, attempt, revision: revision + 1, lastId, loaded: 0, stage, pending: null });
  });
}

async function readExtent({ deps, run }: RunScope): Promise<{ last_id: number; open: number }> {
  const row = await first<{ last_id: number; open: number }>(
    deps.db,
    sql`select coalesce((select max(id) from records), 0) as last_id, (
        select coalesce(sum(s.record_count - rs.reconciled_count), 0) from reconciliation_sources rs
        join data_sources s on s.id = rs.source_id where rs.reconciliation_id = ${run.reconciliation_id}) as open`,
  );
  if (!row) throw new Error("a query without a table has a row");
  return row;
}

/**
 * One slice of deciding. The scratch index and the store's position change together, with what D1 is to be told kept
 * beside them; so a slice whose write to D1 was lost is written again, and not decided again.
 */
export async function decideRun(scope: RunScope): Promise<void> {
  const { store, run } = scope;
  const known = recall(scope);
  if (!known) return beginDeciding({ ...scope, run: { ...run, attempt: run.attempt + 1 } });
  const progress = known.pending ? known : store.transaction(() => advance(scope, known));
  const { change, matches } = progress.pending as NonNullable<RunProgress["pending"]>;
  await writeRunSlice(scope, change, insertRunMatches(decidedBy(run), run.decided_count, matches));
  if (change.phase === "loading" || change.phase === "matching") {
    store.writeRun({ ...progress, revision: progress.revision + 1, pending: null });
  } else {
    forgetRun(store);
  }
}

/** What the store remembers of the run, unless it is not what the run's row rests on. */
function recall({ store, run }: RunScope): RunProgress | undefined {
  const known = store.readRun();
  if (!known || known.runId !== run.id || known.attempt !== run.attempt) return undefined;
  if (known.revision === run.revision) return known;
  const isWritten = known.pending !== null && known.revision + 1 === run.revision;
  return isWritten ? { ...known, revision: run.revision, pending: null } : undefined;
}

export function forgetRun(store: ReconcilerStore): void {
  if (!store.readRun()) return;
  store.transaction(() => {
    store.clearScratch();
    store.writeRun(null);
  });
}

function advance(scope: RunScope, progress: RunProgress): RunProgress {
  const { stage, change, matches = [], loaded = progress.loaded } = decideStage(scope, progress);
  const next = { ...progress, loaded, stage: stage ?? progress.stage, pending: { change, matches } };
  scope.store.writeRun(next);
  return next;
}

function decideStage(scope: RunScope, progress: RunProgress): Decided {
  const { stage } = progress;
  switch (stage.kind) {
    case "loading":
      return load(scope, progress, stage);
    case "matching":
      return match(scope, progress, stage);
    case "summing":
      return sumUp(scope, stage);
  }
}

function load({ store, configuration, run }: RunScope, progress: RunProgress, { after }: StageOf<"loading">): Decided {
  const rules = compileRules(configuration);
  const ids = store.listIds(after, RUN_LOAD_PAGE_ITEMS).filter((id) => id <= progress.lastId);
  for (const id of ids) {
    const item = store.index.find(id);
    // In the scratch index `matches` counts those of the run.
    if (item) store.scratch.put({ ...item, matches: 0 }, listIndexKeys(rules, item));
  }
  const loaded = progress.loaded + ids.length;
  if (ids.length < RUN_LOAD_PAGE_ITEMS) {
    const change: RunChange = { ...run, phase: "matching", done: 0, total: loaded * rules.length };
    return { stage: { kind: "matching", rule: 0, position: FIRST_ROUND }, change, loaded };
  }
  const change = { ...run, done: loaded, total: Math.max(run.total, loaded) };
  return { stage: { kind: "loading", after: ids.at(-1) as number }, change, loaded };
}

function match(scope: RunScope, progress: RunProgress, stage: StageOf<"matching">): Decided {
  const { configuration, run } = scope;
  const rules = compileRules(configuration);
  const rule = rules[stage.rule];
  if (!rule) return { stage: { kind: "summing", after: null, open: NOTHING_OPEN }, change: run };
  const matches: RunMatch[] = [];
  const meter = newMeter();
  let position: RoundPosition | null = stage.position;
  let [visited, walked] = [0, 0];
  let failure: string | undefined;
  while (position && visited < RUN_WALK_PAGE_ITEMS && !isSpent(meter, LIMIT)) {
    const step = decideStep(scope, rule, rules, position, meter);
    for (const decision of step.decisions) matches.push(planRunMatch(decision));
    visited += step.visited;
    if (!position.isRepeat) walked += step.visited;
    failure ??= step.failures[0]?.message;
    position = step.next;
  }
  const isNews = failure !== undefined && !isFailureIn(run.problems, rule);
  const problems = isNews ? [describeFailedRule(rule.uid, failure as string)] : [];
  const end = progress.loaded * (stage.rule + 1);
  const done = position ? Math.min(run.done + walked, end) : end;
  const change = withMatches(
    { ...run, done, decided_count: run.decided_count + matches.length },
    matches.map(countRunMatch),
  );
  const next = position ? { ...stage, position } : { ...stage, rule: stage.rule + 1, position: FIRST_ROUND };
  return { stage: next, change: withProblems(change, problems), matches };
}

/** What a throw has changed in the scratch index is taken back, so that other rules can go on with it. */
function decideStep(
  { store }: RunScope,
  rule: EngineRule,
  rules: readonly EngineRule[],
  position: RoundPosition,
  meter: Meter,
): RuleSlice {
  try {
    return store.transaction(() => decideForRule(rule, rules, store.scratch, position, LIMIT, meter));
  } catch (error) {
    const message = "rule failed in a run";
    console.error(JSON.stringify({ message, rule_id: rule.uid, version: rule.version, error: String(error) }));
    return { decisions: [], visited: 0, failures: [{ rule, message: String(error) }], woken: [], next: null };
  }
}

/** A rule may fail for many records; that it does is said once. */
function isFailureIn(problems: readonly RunProblem[], { uid }: EngineRule): boolean {
  return problems.some(({ code, rule_id }) => code === "rule_failed" && rule_id === uid);
}

function describeFailedRule(uid: string, error: string): RunProblem {
  return { code: "rule_failed", message: `The rule could not be used: ${error}`, rule_id: uid };
}

/** Counts what stays open, and what the rules have noted of it, in a run's order. */
function sumUp(scope: RunScope, { after, open }: StageOf<"summing">): Decided {
  const page = scope.store.scratch.walk(after, RUN_COUNT_PAGE_ITEMS);
  const sums = addOpen(
    open,
    page.map((item) => {
      return { side: item.side, currency: item.currency, open: BigInt(item.open * item.sign), isNew: true };
    }),
  );
  const notes = page.flatMap((item) => listNotesOf(scope, item));
  if (scope.configuration.runType === "batch") scope.store.keepFindings(scope.run.id, notes, after === null);
  const run = withFindings(scope.run, describeFindings(scope, page, notes));
  const last = page.at(-1);
  if (!last || page.length < RUN_COUNT_PAGE_ITEMS) return { stage: null, change: finish({ ...scope, run }, sums) };
  return { stage: { kind: "summing", after: walkPositionOf(last), open: sums }, change: run };
}

function listNotesOf({ store, configuration }: RunScope, item: IndexedItem): Note[] {
  const notes = store.scratch.listNotes({ itemId: item.id, ruleId: 0 }, configuration.rules.length);
  return notes.filter(({ itemId }) => itemId === item.id);
}

function describeFindings({ configuration }: RunScope, items: readonly IndexedItem[], notes: readonly Note[]) {
  const rules = new Map(configuration.rules.map(({ id, uid }) => [id, uid]));
  const records = new Map(items.map(({ id, uid }) => [id, uid]));
  return notes.flatMap(({ itemId, ruleId, finding }) => {
    const [ruleUid, recordUid] = [rules.get(ruleId), records.get(itemId)];
    return ruleUid && recordUid ? [{ ruleUid, recordUid, finding }] : [];
  });
}

function finish({ deps, run }: RunScope, open: OpenSides): RunChange {
  if (run.mode === "preview") {
    return { ...run, status: "completed", phase: "done", done: run.total, open, completed_at: deps.now() };
  }
  return withoutMatches({ ...run, phase: "committing", done: 0, total: run.decided_count, open });
}
