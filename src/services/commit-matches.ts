import { v7 as newId } from "uuid";
import { appendLinks, type ChainHead, type MatchFact } from "../core/chain.ts";
import type { StoredOutcome } from "../core/match-view.ts";
import type { Item, Side } from "../core/matching/item.ts";
import { computeStatusCode } from "../core/reconciliation.ts";
import { all, type Db, findConstraint, runBatch, type Statement } from "../db/client.ts";
import {
  type CommitScope,
  type EntryChange,
  expectUnchanged,
  fanOut,
  insertMatches,
  type MatchRow,
  selectStaleItems,
} from "../db/match-commit.ts";

/** What a commit has to know of a record: what was seen of it. Amounts in minor units. */
export type SeenItem = Pick<Item, "id" | "uid" | "version" | "amount" | "open" | "matches">;

/** A match that is to be made. Amounts in minor units. */
export interface PlannedMatch {
  uid: string;
  rule: { id: number; uid: string; version: number } | null;
  currency: string;
  variance: number;
  allocations: { item: SeenItem; side: Side; amount: number }[];
  explanation: StoredOutcome[];
  setKey: string;
}

export type CommitOutcome =
  | { kind: "committed"; head: ChainHead; deliveryUids: string[] }
  /** Nothing was written: these records, or the reconciliation itself, are not what was seen. */
  | { kind: "stale"; recordUids: string[] };

/**
 * Writes matches, in the order in which they were decided, in one guarded batch. `alongside` joins it. Throws when the
 * outcome is unknown; the match ids then tell whether the batch was written.
 */
export async function commitMatches(
  db: Db,
  scope: CommitScope,
  planned: readonly PlannedMatch[],
  alongside: readonly Statement[] = [],
): Promise<CommitOutcome> {
  const facts = planned.map((match) => describe(scope, match));
  const links = await appendLinks(scope.head, facts);
  const changes = sumChanges(planned);
  const rows = planned.map((match, place): MatchRow => {
    return {
      uid: match.uid,
      ruleId: match.rule?.id ?? null,
      ruleVersion: match.rule?.version ?? null,
      method: match.rule ? "automatic" : "manual",
      currency: match.currency,
      variance: match.variance,
      explanation: match.explanation,
      setKey: match.setKey,
      linkNo: (links[place] as { no: number }).no,
      eventUid: newId(),
      allocations: match.allocations.map(({ item, side, amount }) => ({ recordUid: item.uid, side, amount })),
    };
  });
  const automaticSetKeys = planned.flatMap((match) => (match.rule ? [match.setKey] : []));
  const eventUids = [...changes.map((change) => change.eventUid), ...rows.map((row) => row.eventUid)];
  try {
    const results = await runBatch(db, [
      ...alongside,
      ...expectUnchanged(scope, changes, automaticSetKeys).map(({ statement }) => statement),
      ...insertMatches(scope, rows, changes, links),
      fanOut(scope, eventUids),
    ]);
    const deliveries = results.at(-1) as D1Result<{ uid: string }>;
    const last = links.at(-1);
    return {
      kind: "committed",
      head: last ? { no: last.no, hash: last.hash } : scope.head,
      deliveryUids: deliveries.results.map(({ uid }) => uid),
    };
  } catch (error) {
    if (findConstraint(error) === undefined) throw error;
    const stale = await all<{ uid: string }>(db, selectStaleItems(scope, changes));
    return { kind: "stale", recordUids: stale.map(({ uid }) => uid) };
  }
}

/** One change for each record, however many of the matches it is in; what was seen is what the first of them saw. */
function sumChanges(planned: readonly PlannedMatch[]): EntryChange[] {
  const changes = new Map<string, EntryChange>();
  for (const { allocations } of planned) {
    for (const { item, amount } of allocations) {
      const known = changes.get(item.uid);
      if (known) {
        known.addMatched += amount;
        known.addMatches += 1;
      } else {
        const matched = item.amount - item.open;
        const status = computeStatusCode(item.amount, matched, item.matches);
        const { uid: recordUid, version } = item;
        changes.set(recordUid, {
          recordUid,
          version,
          matched,
          status,
          addMatched: amount,
          addMatches: 1,
          eventUid: newId(),
        });
      }
    }
  }
  return [...changes.values()];
}

function describe(scope: CommitScope, match: PlannedMatch): MatchFact {
  return {
    kind: "match",
    match_id: match.uid,
    reconciliation_id: scope.reconciliationUid,
    rule_id: match.rule?.uid ?? null,
    rule_version: match.rule?.version ?? null,
    method: match.rule ? "automatic" : "manual",
    currency: match.currency,
    variance: match.variance,
    records: match.allocations.map(({ item, side, amount }) => ({ record_id: item.uid, side, amount })),
    explanation: match.explanation,
    at: scope.now,
  };
}
