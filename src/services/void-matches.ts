import { type SQL, sql } from "drizzle-orm";
import { v7 as newId } from "uuid";
import { COMMIT_MAX_TRIES } from "../config.ts";
import { appendLinks, type VoidFact } from "../core/chain.ts";
import type { Side } from "../core/matching/item.ts";
import { setKeyOf } from "../core/matching/set-key.ts";
import { type Failure, fail, notFound, ok, type Result } from "../core/result.ts";
import { all, type Db, findConstraint, jsonList, runBatch, type Statement } from "../db/client.ts";
import { pairsOfReconciliation, pairsOfSources, syncExceptions } from "../db/exception-sync.ts";
import { expectNone } from "../db/guard.ts";
import {
  type CommitScope,
  type EntryChange,
  expectUnchanged,
  fanOut,
  insertLinks,
  insertMatchEvents,
  scopeOf,
  withdrawEntries,
} from "../db/match-commit.ts";
import { readNews } from "../db/news.ts";
import { logChanges } from "../db/records.ts";
import { NO_EFFECTS } from "./payment-effects.ts";
import { planUnlinkEffects } from "./payment-links.ts";
import type { WorkDependencies } from "./work-off.ts";

interface MatchedRecord {
  match_uid: string;
  set_key: string;
  record_id: number;
  record_uid: string;
  source_id: number;
  side: Side;
  is_adjustment: number;
  amount: number;
  version: number;
  amount_lower: number | null;
  matched: number;
  match_count: number;
  status: number;
}

/**
 * Voids matches of one reconciliation in one guarded batch: their records go back to where they were, the matches and
 * their links stay. Matches that are voided already are left as they are.
 */
export async function voidMatches(
  deps: WorkDependencies,
  matchUids: readonly string[],
  reason: string | null,
  alongside: readonly Statement[] = [],
): Promise<Result<null, Failure>> {
  for (let tries = 0; tries < COMMIT_MAX_TRIES; tries++) {
    const news = await readNews(deps.db, deps.reconciliationUid, []);
    if (!news) return notFound("reconciliation");
    const { reconciliation } = news;
    const records = await listMatchedRecords(deps.db, reconciliation.id, matchUids);
    if (records.length === 0) return ok(null);
    const scope = scopeOf(deps.reconciliationUid, reconciliation, deps.now());
    try {
      deps.sendDeliveries(await commitVoid(deps.db, scope, records, reason, alongside));
      return ok(null);
    } catch (error) {
      if (findConstraint(error) === undefined) throw error;
    }
  }
  return fail({ kind: "conflict", detail: "The match keeps changing at the same moment.", retryAfterSeconds: 1 });
}

async function commitVoid(
  db: Db,
  scope: CommitScope,
  records: readonly MatchedRecord[],
  reason: string | null,
  alongside: readonly Statement[],
): Promise<string[]> {
  const uids = [...new Set(records.map((record) => record.match_uid))];
  const facts = uids.map((uid): VoidFact => {
    return { kind: "void", match_id: uid, reconciliation_id: scope.reconciliationUid, reason, at: scope.now };
  });
  const links = await appendLinks(scope.head, facts);
  const changes = sumChanges(records);
  const effects = scope.isOfPayments ? await planUnlinkEffects(db, scope, uids, records) : NO_EFFECTS;
  const matches = uids.map((uid) => ({ uid, eventUid: newId() }));
  const eventUids = [
    ...(scope.isOfPayments ? [] : [...changes, ...matches].map((row) => row.eventUid)),
    ...effects.eventUids,
  ];
  const changed = jsonList(changes.map((change) => change.recordUid));
  const { environmentId, reconciliationId, now } = scope;
  const sync = scope.isOfPayments ? null : syncExceptions(environmentId, pairsOf(reconciliationId, records), now);
  const results = await runBatch(db, [
    ...alongside,
    ...expectUnchanged(scope, changes, []).map(({ statement }) => statement),
    expectStillMatched(uids),
    sql`update matches set status = 'voided', voided_at = ${scope.now}, void_reason = ${reason},
        set_key = j.value ->> 1
      from json_each(${jsonList(listSetKeys(scope, records))}) j where matches.uid = j.value ->> 0`,
    sql`insert or ignore into voided_sets (reconciliation_id, set_key, match_id)
      select reconciliation_id, set_key, id from matches where uid in (select value from json_each(${jsonList(uids)}))`,
    ...withdrawEntries(scope, changes),
    ...insertLinks(scope, links),
    ...withdrawAdjustments(scope, changed),
    ...logChanges(sql`select r.id, r.source_id from json_each(${changed}) j cross join records r on r.uid = j.value`),
    ...insertMatchEvents(scope, "reconciliation_match.voided", matches),
    ...effects.statements,
    ...(sync?.statements ?? []),
    fanOut(scope, eventUids, sync?.eventUids),
  ]);
  const deliveries = results.at(-1) as D1Result<{ uid: string }>;
  return deliveries.results.map(({ uid }) => uid);
}

/** An adjustment goes with its match, and may have been overdue in other reconciliations. */
function pairsOf(reconciliationId: number, records: readonly MatchedRecord[]): SQL {
  const pairs = pairsOfReconciliation(reconciliationId);
  const sourceIds = records.filter((record) => record.is_adjustment === 1).map((record) => record.source_id);
  return sourceIds.length === 0 ? pairs : sql`${pairs} union ${pairsOfSources([...new Set(sourceIds)])}`;
}

/** The sets that are not to be matched again by themselves, as they are now: a matched record may have been edited. */
function listSetKeys(scope: CommitScope, records: readonly MatchedRecord[]): [matchUid: string, setKey: string][] {
  const sets = Map.groupBy(records, (record) => record.match_uid);
  return [...sets].map(([uid, members]) => {
    const kept = members.filter((member) => member.is_adjustment === 0);
    const items = kept.map(({ record_id: id, version }) => ({ id, version }));
    return [uid, scope.isOfPayments ? (members[0] as MatchedRecord).set_key : setKeyOf(items)];
  });
}

/** A guard: every one of the matches is there and not voided. */
function expectStillMatched(uids: readonly string[]): SQL {
  return expectNone(sql`select 1 from json_each(${jsonList(uids)}) j left join matches m on m.uid = j.value
    where m.status is not 'matched'`);
}

/** The records that were made to even out the matches go with them, unless a match of another reconciliation holds them. */
function withdrawAdjustments(scope: CommitScope, changed: SQL): SQL[] {
  const adjustments = sql`select r.id, r.source_id from json_each(${changed}) j cross join records r on r.uid = j.value
    where r.is_adjustment = 1 and r.touched_count = 0`;
  return [
    sql`update data_sources set record_count = record_count - d.count
      from (select source_id, count(*) as count from (${adjustments}) group by source_id) d
      where data_sources.id = d.source_id`,
    sql`update records set deleted_at = ${scope.now}, version = version + 1
      where id in (select id from (${adjustments}))`,
  ];
}

function listMatchedRecords(db: Db, reconciliationId: number, uids: readonly string[]): Promise<MatchedRecord[]> {
  return all<MatchedRecord>(
    db,
    sql`select m.uid as match_uid, m.set_key, r.id as record_id, r.uid as record_uid, r.source_id, a.side, r.is_adjustment,
        a.amount, r.version, r.amount_lower, e.matched, e.match_count, e.status
      from json_each(${jsonList(uids)}) j
      cross join matches m on m.uid = j.value and m.reconciliation_id = ${reconciliationId} and m.status = 'matched'
      cross join allocations a on a.match_id = m.id cross join records r on r.id = a.record_id
      cross join entries e on e.reconciliation_id = m.reconciliation_id and e.record_id = r.id
      order by j.key, r.id`,
  );
}

function sumChanges(records: readonly MatchedRecord[]): EntryChange[] {
  const changes = new Map<string, EntryChange>();
  for (const { record_uid: recordUid, version, matched, status, amount } of records) {
    const change = changes.get(recordUid) ?? {
      recordUid,
      version,
      matched,
      status,
      addMatched: 0,
      addMatches: 0,
      eventUid: newId(),
    };
    change.addMatched -= amount;
    change.addMatches -= 1;
    changes.set(recordUid, change);
  }
  return [...changes.values()];
}
