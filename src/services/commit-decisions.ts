import type { Decision } from "../core/matching/decision.ts";
import type { CommitScope } from "../db/match-commit.ts";
import { commitMatches, type PlannedMatch } from "./commit-matches.ts";
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
  const written = new Set<string>();
  let rest: readonly PlannedMatch[] = planned;
  // Each turn writes some of the rest or leaves some of it out.
  while (rest.length > 0) {
    const progress = store.readProgress() as Progress;
    const page = cutBatch(rest);
    const outcome = await commitMatches(deps.db, rememberedScope(deps, configuration, progress), page);
    if (outcome.kind === "committed") {
      for (const match of page) written.add(match.uid);
      rest = rest.slice(page.length);
      const unwritten = planned.filter((match) => !written.has(match.uid));
      store.transaction(() => {
        store.writeProgress({ ...progress, head: outcome.head });
        store.writeInFlight(listItemIds(unwritten));
      });
      deps.sendDeliveries(outcome.deliveryUids);
    } else if (outcome.recordUids.length > 0) {
      rest = leaveOut(rest, new Set(outcome.recordUids));
    } else {
      // With no record to blame, the reconciliation itself has changed: the next slice sees how.
      break;
    }
  }
  await refresh(deps, store, configuration, store.readInFlight());
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
  };
}
