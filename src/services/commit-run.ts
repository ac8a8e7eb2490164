import { addOpen, NOTHING_OPEN, type RunProblem, withMatches, withProblems } from "../core/run.ts";
import { statement } from "../db/client.ts";
import { decidedBy, deleteRunMatches, listRunMatches, listVoidedAmong, type RunMatch } from "../db/run-matches.ts";
import { getRun, type RunChange } from "../db/runs.ts";
import { rememberedScope } from "./commit-decisions.ts";
import { commitMatches, type PlannedMatch } from "./commit-matches.ts";
import { countRunMatch, cutBatch, leaveOut, toPlannedMatch } from "./plan-matches.ts";
import type { Progress } from "./reconciler-store.ts";
import { listSliceStatements, type RunScope, writeRunSlice } from "./write-run-slice.ts";

/**
 * Commits the next page of what a run, or the preview that it commits, has decided. The run's row moves on in the same
 * batch. Matches of records that have changed are left out.
 */
export async function commitRun(scope: RunScope): Promise<void> {
  const { deps, store, configuration, run } = scope;
  const source = decidedBy(run.preview_id === null ? run : await getRun(deps.db, run.preview_id));
  const page = await listRunMatches(deps.db, source, run.done);
  const batch = cutBatch(page.map(toPlannedMatch));
  if (batch.length === 0 && run.done < run.total) throw new Error(`run ${run.uid} has lost what it has decided`);
  const handled = page.slice(0, batch.length);
  const done = run.done + handled.length;
  const cleanUp = run.preview_id === null ? [deleteRunMatches(source, done)] : [];
  const changed = new Set<string>();
  // Each turn leaves some more out.
  for (let rest = batch; ; ) {
    const change = describeChange(scope, handled, new Set(rest.map(({ uid }) => uid)), changed);
    if (rest.length === 0) {
      await writeRunSlice(scope, change, cleanUp);
      return takeFindings(scope, change);
    }
    const commitScope = { ...rememberedScope(deps, configuration, store.readProgress() as Progress), runId: run.id };
    const alongside = [...listSliceStatements(scope, change), ...cleanUp].map(statement);
    const outcome = await commitMatches(deps.db, commitScope, rest, alongside);
    if (outcome.kind === "committed") {
      deps.sendDeliveries(outcome.deliveryUids);
      return takeFindings(scope, change);
    }
    if (outcome.kind === "refused") throw outcome.error;
    const doubtful = outcome.recordUids.length > 0 ? outcome.recordUids : await listVoided(scope, rest);
    // With no record to blame, the reconciliation or the run is not what it was: the next slice sees how.
    if (doubtful.length === 0) return;
    for (const uid of doubtful) changed.add(uid);
    rest = leaveOut(rest, new Set(doubtful));
  }
}

/** A batch reconciliation learns from its runs alone what is ambiguous. */
function takeFindings({ store, run }: RunScope, { status }: RunChange): void {
  if (status === "completed") store.takeFindings(run.preview_id ?? run.id);
}

/** Records of matches whose very set was taken apart since it was decided. */
async function listVoided({ deps, run }: RunScope, matches: readonly PlannedMatch[]): Promise<string[]> {
  const setKeys = matches.map(({ setKey }) => setKey);
  const voided = new Set(await listVoidedAmong(deps.db, run.reconciliation_id, setKeys));
  return matches.flatMap(({ setKey, allocations }) =>
    voided.has(setKey) ? allocations.slice(0, 1).map(({ item }) => item.uid) : [],
  );
}

/** What the run is once a page has been handled, of which the matches with these ids are written. */
function describeChange(
  { deps, run }: RunScope,
  page: readonly RunMatch[],
  written: ReadonlySet<string>,
  changed: ReadonlySet<string>,
): RunChange {
  const made = page.filter(({ uid }) => written.has(uid));
  const leftOut = page.filter(({ uid }) => !written.has(uid));
  const done = run.done + page.length;
  const problems = leftOut.map((match) => describeLeftOut(match, changed));
  const open = addOpen(
    run.open ?? NOTHING_OPEN,
    leftOut.flatMap((match) => listReopened(match, changed)),
  );
  const next: RunChange = withProblems(withMatches({ ...run, done, open }, made.map(countRunMatch)), problems);
  if (done < run.total) return next;
  const proposals = run.preview_id === null ? "dropping" : run.proposals;
  return { ...next, status: "completed", phase: "done", proposals, completed_at: deps.now() };
}

function describeLeftOut({ uid, ruleUid, items }: RunMatch, changed: ReadonlySet<string>): RunProblem {
  const culprit = items.find(([record]) => changed.has(record));
  const message = culprit
    ? "This match was left out: the record changed after it was decided."
    : "This match was left out: it rests on another one that was left out.";
  const record = culprit ?? items[0];
  return {
    code: "record_changed",
    message,
    rule_id: ruleUid,
    match_id: uid,
    ...(record ? { record_id: record[0] } : {}),
  };
}

/** What stays open after all, of the records that have not changed. */
function listReopened({ currency, items }: RunMatch, changed: ReadonlySet<string>) {
  return items.flatMap(([uid, , matched, , amount, , side, , recordAmount, sign]) =>
    changed.has(uid) ? [] : [{ side, currency, open: BigInt(amount * sign), isNew: matched + amount === recordAmount }],
  );
}
