import { type SQL, sql } from "drizzle-orm";
import { v7 as newId } from "uuid";
import { appendLinks, type ChainHead, type MatchFact } from "../core/chain.ts";
import type { StoredOutcome } from "../core/match-view.ts";
import type { Item, Side } from "../core/matching/item.ts";
import { computeStatusCode } from "../core/reconciliation.ts";
import { all, type Db, findConstraint, jsonList, runBatch, type Statement } from "../db/client.ts";
import { expectExceptionsStay, pairsOfReconciliation, syncExceptions } from "../db/exception-sync.ts";
import {
  type CommitScope,
  type EntryChange,
  expectUnchanged,
  fanOut,
  insertMatches,
  type MatchRow,
  selectStaleItems,
} from "../db/match-commit.ts";
import { logChanges } from "../db/records.ts";
import { NO_EFFECTS, type PaymentEffects } from "./payment-effects.ts";
import { planLinkEffects, splitIntoLinks } from "./payment-links.ts";

/** What a commit has to know of a record: what was seen of it. Amounts in minor units. */
export type SeenItem = Pick<Item, "id" | "uid" | "version" | "amount" | "open" | "matches" | "payment">;

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
  | { kind: "stale"; recordUids: string[] }
  /** Nothing was written, though all that was seen is as it was: something that follows from the matches is refused. */
  | { kind: "refused"; error: unknown };

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
  if (!scope.isOfPayments) return write(db, scope, planned, NO_EFFECTS, alongside);
  const pairs = planned.flatMap(splitIntoLinks);
  // What follows from links is read before the batch and may have changed when it runs: then it is read again.
  for (let tries = 1; ; tries++) {
    const outcome = await write(db, scope, pairs, await planLinkEffects(db, scope, pairs), alongside);
    if (outcome.kind !== "refused" || tries === EFFECTS_MAX_TRIES) return outcome;
  }
}

const EFFECTS_MAX_TRIES = 3;

async function write(
  db: Db,
  scope: CommitScope,
  planned: readonly PlannedMatch[],
  effects: PaymentEffects,
  alongside: readonly Statement[],
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
  const eventUids = [
    ...(scope.isOfPayments ? [] : [...changes, ...rows].map((row) => row.eventUid)),
    ...effects.eventUids,
  ];
  const statements = [
    ...alongside,
    ...expectUnchanged(scope, changes, automaticSetKeys).map(({ statement }) => statement),
    ...insertMatches(scope, rows, changes, links),
    ...effects.statements,
    ...logManual(planned),
  ];
  try {
    const results = await runInStep(db, scope, statements, eventUids);
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
    const isToBlame = stale.length > 0 || !scope.isOfPayments || (await hasMovedOn(db, scope, automaticSetKeys));
    return isToBlame ? { kind: "stale", recordUids: stale.map(({ uid }) => uid) } : { kind: "refused", error };
  }
}

/** Most commits leave the exceptions as they are, and then are spared the statements that would change them. */
async function runInStep(
  db: Db,
  scope: CommitScope,
  statements: readonly (SQL | Statement)[],
  eventUids: readonly string[],
): Promise<D1Result<unknown>[]> {
  const { reconciliationId, environmentId, isOfPayments, now } = scope;
  if (isOfPayments) return runBatch(db, [...statements, fanOut(scope, eventUids)]);
  try {
    return await runBatch(db, [...statements, expectExceptionsStay(reconciliationId), fanOut(scope, eventUids)]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    const sync = syncExceptions(environmentId, pairsOfReconciliation(reconciliationId), now);
    return runBatch(db, [...statements, ...sync.statements, fanOut(scope, eventUids, sync.eventUids)]);
  }
}

/** What a person has matched is news to the Reconciler: what was ambiguous because of it may not be any more. */
function logManual(planned: readonly PlannedMatch[]): SQL[] {
  const uids = planned.flatMap(({ rule, allocations }) => (rule ? [] : allocations.map(({ item }) => item.uid)));
  if (uids.length === 0) return [];
  const records = jsonList([...new Set(uids)]);
  return logChanges(sql`select r.id, r.source_id from json_each(${records}) j cross join records r on r.uid = j.value`);
}

async function hasMovedOn(db: Db, scope: CommitScope, setKeys: readonly string[]): Promise<boolean> {
  const [row] = await all<{ moved: number }>(
    db,
    sql`select not exists (select 1 from reconciliations where id = ${scope.reconciliationId}
        and generation = ${scope.generation} and chain_no = ${scope.head.no} and chain_hash = ${scope.head.hash})
      or exists (select 1 from json_each(${jsonList(setKeys)}) k cross join voided_sets v
        on v.reconciliation_id = ${scope.reconciliationId} and v.set_key = k.value) as moved`,
  );
  return row?.moved === 1;
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
