import { v7 as newId } from "uuid";
import { COMMIT_MAX_EXPLANATION_CHARS, COMMIT_MAX_MATCHES } from "../config.ts";
import type { Decision } from "../core/matching/one-to-one.ts";
import type { CommitScope } from "../db/match-commit.ts";
import { commitMatches, type PlannedMatch } from "./commit-matches.ts";
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
  const planned = decisions.map(plan);
  const written = new Set<string>();
  let rest: readonly PlannedMatch[] = planned;
  // Each turn writes some of the rest or leaves some of it out.
  while (rest.length > 0) {
    const progress = store.readProgress() as Progress;
    const page = cutBatch(rest);
    const outcome = await commitMatches(deps.db, scopeOf(deps, configuration, progress), page);
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

/** As many matches from the front as fit into one batch: D1 takes values of 2 MB at most. Always at least one. */
function cutBatch(planned: readonly PlannedMatch[]): PlannedMatch[] {
  let chars = 0;
  const end = planned.findIndex((match, place) => {
    chars += JSON.stringify(match.explanation).length;
    return place >= COMMIT_MAX_MATCHES || (place > 0 && chars > COMMIT_MAX_EXPLANATION_CHARS);
  });
  return end === -1 ? [...planned] : planned.slice(0, end);
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
