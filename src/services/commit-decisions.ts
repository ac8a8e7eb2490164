import { v7 as newId } from "uuid";
import { COMMIT_MAX_TRIES } from "../config.ts";
import type { Decision } from "../core/matching/one-to-one.ts";
import type { CommitScope } from "../db/match-commit.ts";
import { commitMatches, type PlannedMatch } from "./commit-matches.ts";
import type { Configuration, Progress, ReconcilerStore } from "./reconciler-store.ts";
import { refresh } from "./take-in-changes.ts";
import type { WorkDependencies } from "./work-off.ts";

export function listItemIds(decisions: readonly Decision[]): number[] {
  return [...new Set(decisions.flatMap((decision) => decision.allocations.map(({ item }) => item.id)))];
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
  let planned = decisions.map(plan);
  for (let tries = 0; planned.length > 0 && tries < COMMIT_MAX_TRIES; tries++) {
    const progress = store.readProgress() as Progress;
    const outcome = await commitMatches(deps.db, scopeOf(deps, configuration, progress), planned);
    if (outcome.kind === "committed") {
      const written = new Set(planned.map((match) => match.setKey));
      store.transaction(() => {
        store.writeProgress({ ...progress, head: outcome.head });
        store.writeInFlight(listItemIds(decisions.filter((decision) => !written.has(decision.setKey))));
      });
      deps.sendDeliveries(outcome.deliveryUids);
      break;
    }
    // With no record to blame, the reconciliation itself has changed: the next slice sees how.
    if (outcome.recordUids.length === 0) break;
    planned = leaveOut(planned, new Set(outcome.recordUids));
  }
  await refresh(deps, store, configuration, store.readInFlight());
}

/** Drops the matches of doubtful records, and those that were decided after them over a record of theirs. */
function leaveOut(planned: readonly PlannedMatch[], doubtful: Set<string>): PlannedMatch[] {
  return planned.filter((match) => {
    const uids = match.allocations.map(({ item }) => item.uid);
    if (!uids.some((uid) => doubtful.has(uid))) return true;
    for (const uid of uids) doubtful.add(uid);
    return false;
  });
}

function plan(decision: Decision): PlannedMatch {
  const { rule, currency, variance, allocations, setKey } = decision;
  return {
    uid: newId(),
    rule,
    currency,
    variance,
    allocations,
    explanation: decision.explanation.map(({ a, b, passed }) => [a, b, passed]),
    setKey,
  };
}

function scopeOf(
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
