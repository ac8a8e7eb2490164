import { SLICE_MAX_FAILURES } from "../config.ts";
import type { Decision } from "../core/matching/decision.ts";
import type { CommitScope } from "../db/match-commit.ts";
import { type CommitOutcome, commitMatches, type PlannedMatch } from "./commit-matches.ts";
import { cutBatch, leaveOut, planMatch } from "./plan-matches.ts";
import type { Configuration, Progress, ReconcilerStore } from "./reconciler-store.ts";
import { refresh } from "./take-in-changes.ts";
import type { WorkDependencies } from "./work-off.ts";

export function listItemIds(matches: readonly (Decision | PlannedMatch)[]): number[] {
  return [...new Set(matches.flatMap((match) => match.allocations.map(({ item }) => item.id)))];
}

/**
 * Writes decisions that the index has taken in already. Those that rest on a record that has changed are left out, the
 * rest is written, and the records of what was left out are looked at again.
 */
export async function commitDecisions(
  deps: WorkDependencies,
  store: ReconcilerStore,
  configuration: Configuration,
  decisions: readonly Decision[],
): Promise<void> {
  const planned = decisions.map(planMatch);
  const done = new Set<string>();
  let rest: readonly PlannedMatch[] = planned;
  let most = planned.length;
  // Each turn writes some of the rest or leaves some of it out.
  while (rest.length > 0) {
    const progress = store.readProgress() as Progress;
    const page = cutBatch(rest).slice(0, most);
    const outcome = await tryPage(deps, store, rememberedScope(deps, configuration, progress), page);
    if (outcome.kind === "committed") {
      for (const match of page) done.add(match.uid);
      rest = rest.slice(page.length);
      const unwritten = planned.filter((match) => !done.has(match.uid));
      store.transaction(() => {
        store.writeProgress({ ...progress, head: outcome.head });
        store.writeInFlight(listItemIds(unwritten));
      });
      most = planned.length;
      deps.sendDeliveries(outcome.deliveryUids);
    } else if (outcome.kind === "refused") {
      most = Math.floor(page.length / 2);
      if (most === 0) {
        await giveUp(deps, store, configuration, page, outcome.error);
        for (const match of page) done.add(match.uid);
        rest = rest.slice(1);
        most = planned.length;
      }
    } else if (outcome.recordUids.length > 0) {
      rest = leaveOut(rest, new Set(outcome.recordUids));
    } else {
      // With no record to blame, the reconciliation itself has changed: the next slice sees how.
      break;
    }
  }
  await refresh(deps, store, configuration, store.readInFlight());
}

/**
 * Throws when the outcome is unknown, as the next slice will see it. Once slices have failed several times in a row, what
 * throws is taken for refused: the one match that D1 chokes on is found, and does not stop the reconciliation for ever.
 */
async function tryPage(
  deps: WorkDependencies,
  store: ReconcilerStore,
  scope: CommitScope,
  page: readonly PlannedMatch[],
): Promise<CommitOutcome> {
  try {
    return await commitMatches(deps.db, scope, page);
  } catch (error) {
    if (store.countFailures() < SLICE_MAX_FAILURES) throw error;
    return { kind: "refused", error };
  }
}

/** Leaves records alone whose match cannot be written, until one of them changes: it must not hold up the others. */
async function giveUp(
  deps: WorkDependencies,
  store: ReconcilerStore,
  configuration: Configuration,
  page: readonly PlannedMatch[],
  error: unknown,
): Promise<void> {
  const records = page.flatMap(({ allocations }) => allocations.map(({ item }) => item.uid));
  const { reconciliationUid: reconciliation_id } = configuration;
  console.error(JSON.stringify({ message: "match refused", reconciliation_id, records, error: String(error) }));
  const ids = listItemIds(page);
  await refresh(deps, store, configuration, ids);
  store.dequeue(ids);
}

/** The scope of a commit that rests on what a Reconciler remembers. */
export function rememberedScope(
  deps: Pick<WorkDependencies, "now">,
  configuration: Configuration,
  progress: Pick<Progress, "head">,
): CommitScope {
  return {
    reconciliationId: configuration.reconciliationId,
    reconciliationUid: configuration.reconciliationUid,
    environmentId: configuration.environmentId,
    generation: configuration.generation,
    head: progress.head,
    now: deps.now(),
    isOfPayments: configuration.accountUid !== null,
  };
}
