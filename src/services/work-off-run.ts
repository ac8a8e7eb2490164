import { RUN_DROP_PAGE_ROWS, RUN_KEPT_PREVIEWS, RUN_MAX_ATTEMPTS } from "../config.ts";
import { RECONCILIATION_CHANGED, RUN_ABANDONED, type RunProblem, withoutMatches, withProblems } from "../core/run.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { dropRunMatches } from "../db/run-matches.ts";
import { findUnfinishedRun, getRun, type RunChange, writeRun } from "../db/runs.ts";
import { commitRun } from "./commit-run.ts";
import { beginDeciding, decideRun, forgetRun } from "./decide-run.ts";
import type { ReconcilerStore } from "./reconciler-store.ts";
import type { WorkDependencies } from "./work-off.ts";
import { type RunScope, writeRunSlice } from "./write-run-slice.ts";

/**
 * One bounded slice of a reconciliation's unfinished run, if it has one: decides what is to be matched, over a copy of
 * the index, then commits it. Deciding starts again when the store has lost its memory; committing rests on D1 alone.
 * The caller holds a mutex, and `workOff` has just answered that nothing newer waits.
 */
export async function workOffRun(deps: WorkDependencies, store: ReconcilerStore): Promise<"settled" | "more"> {
  const configuration = store.readConfiguration();
  const run = configuration && (await findUnfinishedRun(deps.db, configuration.reconciliationId));
  if (!run) {
    forgetRun(store);
    return "settled";
  }
  const scope = { deps, store, configuration, run };
  if (store.countRunAttempt() > RUN_MAX_ATTEMPTS) {
    await failRun(scope, RUN_ABANDONED);
    store.clearRunAttempts();
    return "more";
  }
  try {
    await workOffSlice(scope);
  } catch (error) {
    // Something else has been faster: what it was is seen when the run and the reconciliation are read again.
    if (findConstraint(error)?.kind !== "guard") throw error;
  }
  store.clearRunAttempts();
  return "more";
}

async function workOffSlice(scope: RunScope): Promise<void> {
  const { run, configuration } = scope;
  if (run.status === "pending") return prepareRun(scope);
  if (run.generation !== configuration.generation) return failRun(scope, RECONCILIATION_CHANGED);
  return run.phase === "committing" ? commitRun(scope) : decideRun(scope);
}

/** Lets go of what older runs have left, a page at a time, then starts the run. */
async function prepareRun(scope: RunScope): Promise<void> {
  const { deps, configuration, run } = scope;
  const statements = dropRunMatches(run.reconciliation_id, run.preview_id, RUN_KEPT_PREVIEWS, RUN_DROP_PAGE_ROWS);
  const [, dropped] = await runBatch(deps.db, statements);
  if (dropped?.meta.changes === RUN_DROP_PAGE_ROWS) return;
  const { generation } = configuration;
  const started = { ...run, status: "running" as const, generation, started_at: deps.now() };
  if (run.preview_id === null) return beginDeciding({ ...scope, run: started });
  const { by_rule, open, decided_count: total, ...preview } = await getRun(deps.db, run.preview_id);
  if (preview.generation !== generation) return failRun(scope, RECONCILIATION_CHANGED);
  await writeRunSlice(scope, withoutMatches({ ...started, by_rule, open, phase: "committing", done: 0, total }));
}

async function failRun({ deps, run, store }: RunScope, problem: RunProblem): Promise<void> {
  const proposals = run.proposals === "kept" ? "dropping" : run.proposals;
  const failed: RunChange = { ...run, status: "failed", proposals, completed_at: deps.now() };
  await runBatch(deps.db, writeRun(run, withProblems(failed, [problem])));
  forgetRun(store);
}
