import { CANDIDATES_MAX_CHARS, SLICE_MAX_STEPS } from "../config.ts";
import { type CandidateSnapshots, toCandidateSnapshots } from "../core/candidate-view.ts";
import { explainCandidates } from "../core/matching/explain-candidates.ts";
import { fail, notFound, ok, type Result } from "../core/result.ts";
import { isOpen, listItemsByUid, PLAIN_ITEMS, toItem } from "../db/items.ts";
import { compileRules } from "./load-configuration.ts";
import type { ReconcilerStore } from "./reconciler-store.ts";
import { logFailures, type WorkDependencies, type WorkState } from "./work-off.ts";

/**
 * Finds a record's nearest candidates in a Reconciler's index, which stays as it is. A record that is reconciled is
 * looked at as if it were open in full. `reached` is where `workOff` has come to: refuses while the index is behind D1 or
 * being made, but not during a pass, which only matches.
 */
export async function searchCandidates(
  deps: WorkDependencies,
  store: ReconcilerStore,
  reached: WorkState,
  recordUid: string,
  limit: number,
): Promise<Result<CandidateSnapshots>> {
  const configuration = store.readConfiguration();
  const progress = store.readProgress();
  const isPassing = progress && progress.pass !== null && !progress.isLoading && progress.reindexAfter === null;
  if (!configuration || (reached === "more" && !isPassing)) {
    const detail = "The reconciliation's records are still being taken in. Ask again in a moment.";
    return fail({ kind: "conflict", detail, retryAfterSeconds: 1 });
  }
  const { reconciliationId, environmentId } = configuration;
  const [row] = await listItemsByUid(deps.db, reconciliationId, environmentId, [recordUid]);
  if (!row || row.side === null) return notFound("record");
  const record = { ...row, side: row.side };
  const item = toItem(record, PLAIN_ITEMS);
  const asked = store.index.find(row.id) ?? (isOpen(record, PLAIN_ITEMS) ? item : { ...item, open: item.amount });
  const rules = compileRules(configuration);
  const explained = explainCandidates(rules, store.index, asked, { items: limit, steps: SLICE_MAX_STEPS });
  logFailures(configuration, explained.failures);
  const filters = rules.map((rule) => configuration.rules.find(({ id }) => id === rule.id)?.definition.filters);
  return ok(cutToSize(toCandidateSnapshots(explained, filters)));
}

/** The nearest ones whose explanations are within what a Reconciler may answer; the first in any case. */
function cutToSize({ rules, candidates }: CandidateSnapshots): CandidateSnapshots {
  let chars = 0;
  const end = candidates.findIndex((candidate, place) => {
    chars += JSON.stringify(candidate).length;
    return place > 0 && chars > CANDIDATES_MAX_CHARS;
  });
  return { rules, candidates: end === -1 ? candidates : candidates.slice(0, end) };
}
