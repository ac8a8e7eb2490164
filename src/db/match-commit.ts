import { type SQL, sql } from "drizzle-orm";
import type { ChainHead, ChainLink } from "../core/chain.ts";
import { RECORD_STATUSES } from "../core/reconciliation.ts";
import { jsonList } from "./client.ts";
import { fanOutDeliveries } from "./deliveries.ts";
import { listenerExists } from "./events.ts";
import { NO_ENVIRONMENT } from "./expected-payments.ts";
import { expectNone, expectThat } from "./guard.ts";
import { jsonLists } from "./json-lists.ts";
import { matchSnapshot } from "./matches.ts";
import type { ReconciliationState } from "./news.ts";
import { recordSnapshot } from "./records.ts";

/** What a commit found a record to be, and what it adds to it. Amounts in minor units. */
export interface EntryChange {
  recordUid: string;
  version: number;
  matched: number;
  status: number;
  addMatched: number;
  addMatches: number;
  eventUid: string;
}

export interface MatchRow {
  uid: string;
  ruleId: number | null;
  ruleVersion: number | null;
  method: "automatic" | "manual";
  currency: string;
  variance: number;
  explanation: unknown;
  setKey: string;
  linkNo: number;
  eventUid: string;
  allocations: { recordUid: string; side: "a" | "b"; amount: number }[];
}

/** The reconciliation as a commit found it. */
export interface CommitScope {
  reconciliationId: number;
  reconciliationUid: string;
  environmentId: number;
  generation: number;
  head: ChainHead;
  now: number;
  /** The run that commits. */
  runId?: number;
  /** Whether it reconciles an internal account's transactions with expected payments: /v1 is not to show its matches. */
  isOfPayments: boolean;
}

/** The scope of a commit that rests on a fresh reading of the reconciliation. */
export function scopeOf(reconciliationUid: string, state: ReconciliationState, now: number): CommitScope {
  return {
    reconciliationId: state.id,
    reconciliationUid,
    environmentId: state.environment_id,
    generation: state.generation,
    head: { no: state.chain_no, hash: state.chain_hash },
    now,
    isOfPayments: state.account_id !== null,
  };
}

function entryChanges(changes: readonly EntryChange[]): SQL {
  return jsonList(
    changes.map((c) => [c.recordUid, c.version, c.matched, c.status, c.addMatched, c.addMatches, c.eventUid]),
  );
}

/** Everything in which a record may differ from what matching saw; each is a reason to refuse the batch. */
export const ITEM_VIOLATIONS = {
  gone: sql`r.id is null or r.deleted_at is not null`,
  edited: sql`r.version is not i.value ->> 1`,
  matched: sql`coalesce(e.matched, 0) is not i.value ->> 2`,
  status: sql`coalesce(e.status, 0) is not i.value ->> 3`,
};

/** The public ids of records that are not as the commit found them. */
export function selectStaleItems(
  scope: CommitScope,
  changes: readonly EntryChange[],
  violations: readonly SQL[] = Object.values(ITEM_VIOLATIONS),
): SQL {
  return sql`select i.value ->> 0 as uid from json_each(${entryChanges(changes)}) i
    left join records r on r.uid = i.value ->> 0
    left join entries e on e.reconciliation_id = ${scope.reconciliationId} and e.record_id = r.id
    where ${sql.join([...violations], sql` or `)}`;
}

export interface Expectation {
  name: "items" | "generation" | "head" | "voided_sets";
  statement: SQL;
}

/** The guard of a commit of matches: what must still hold when the batch runs. */
export function expectUnchanged(
  scope: CommitScope,
  changes: readonly EntryChange[],
  automaticSetKeys: readonly string[],
): Expectation[] {
  return [
    { name: "items", statement: expectNone(selectStaleItems(scope, changes)) },
    {
      name: "generation",
      statement: expectThat(sql`(select generation from reconciliations where id = ${scope.reconciliationId})
        = ${scope.generation}`),
    },
    {
      name: "head",
      statement: expectThat(sql`exists (select 1 from reconciliations where id = ${scope.reconciliationId}
        and chain_no = ${scope.head.no} and chain_hash = ${scope.head.hash})`),
    },
    {
      name: "voided_sets",
      statement: expectNone(sql`select 1 from json_each(${jsonList(automaticSetKeys)}) k cross join voided_sets v
        on v.reconciliation_id = ${scope.reconciliationId} and v.set_key = k.value`),
    },
  ];
}

/** Writes matches with their allocations, their records' entries, their links and their events. */
export function insertMatches(
  scope: CommitScope,
  matches: readonly MatchRow[],
  changes: readonly EntryChange[],
  links: readonly ChainLink[],
): SQL[] {
  const rows = matches.map((m) => [
    m.uid,
    scope.isOfPayments ? null : m.ruleId,
    m.ruleVersion,
    m.method,
    m.currency,
    m.variance,
    JSON.stringify(m.explanation),
    m.setKey,
    m.linkNo,
    scope.isOfPayments ? m.ruleId : null,
  ]);
  const allocations = matches.flatMap((m) =>
    m.allocations.map(({ recordUid, side, amount }) => [m.uid, recordUid, side, amount]),
  );
  const items = entryChanges(changes);
  const environmentId = scope.isOfPayments ? NO_ENVIRONMENT : scope.environmentId;
  return [
    ...jsonLists(rows).map(
      (list) => sql`insert into matches (environment_id, reconciliation_id, status, created_at, run_id, uid, rule_id,
          rule_version, method, currency, variance, explanation, set_key, link_no, payment_rule_id)
        select ${environmentId}, ${scope.reconciliationId}, 'matched', ${scope.now}, ${scope.runId ?? null},
          value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
          value ->> 8, value ->> 9
        from json_each(${list}) order by key`,
    ),
    ...jsonLists(allocations).map(
      (list) => sql`insert into allocations (match_id, record_id, side, amount)
        select m.id, r.id, j.value ->> 2, j.value ->> 3
        from json_each(${list}) j cross join matches m on m.uid = j.value ->> 0
        cross join records r on r.uid = j.value ->> 1`,
    ),
    // Sums by record: an UPDATE from a list would apply one of several allocations of the same record.
    sql`insert into entries (reconciliation_id, record_id, amount, matched, match_count, status, changed_at)
      select ${scope.reconciliationId}, n.id, ${entryAmount}, n.matched, n.match_count, ${entryStatus}, ${scope.now}
      from (${entriesAfter(scope, items)}) n where true
      on conflict do update set amount = excluded.amount, matched = excluded.matched,
        match_count = excluded.match_count, version = entries.version + 1, status = excluded.status,
        changed_at = excluded.changed_at, ambiguous_at = null`,
    ...writeCounters(scope, items),
    ...insertLinks(scope, links),
    ...insertRecordEvents(scope, items),
    ...insertMatchEvents(
      scope,
      "reconciliation_match.created",
      matches.map(({ uid, eventUid }) => ({ uid, eventUid })),
    ),
  ];
}

/** What entries come to with these changes added; `n` in the expressions below. */
function entriesAfter(scope: CommitScope, items: SQL): SQL {
  return sql`select r.id, r.amount, r.amount_lower, coalesce(e.matched, 0) + (i.value ->> 4) as matched,
      coalesce(e.match_count, 0) + (i.value ->> 5) as match_count
    from json_each(${items}) i cross join records r on r.uid = i.value ->> 0
    left join entries e on e.reconciliation_id = ${scope.reconciliationId} and e.record_id = r.id limit -1`;
}

const entryStatus = sql.raw(`case when n.match_count = 0 then 0
  when n.matched >= coalesce(n.amount_lower, n.amount) then 2 else 1 end`);

/** What comes within an expected payment's range is all that was to come. */
const entryAmount = sql.raw(`case when n.match_count > 0 and n.matched >= n.amount_lower then n.matched
  else n.amount end`);

/** Takes back what a voided match had given to its records' entries. */
export function withdrawEntries(scope: CommitScope, changes: readonly EntryChange[]): SQL[] {
  const items = entryChanges(changes);
  return [
    sql`update entries set amount = ${entryAmount}, matched = n.matched, match_count = n.match_count,
        version = entries.version + 1, status = ${entryStatus}, changed_at = ${scope.now}, ambiguous_at = null
      from (${entriesAfter(scope, items)}) n
      where entries.reconciliation_id = ${scope.reconciliationId} and entries.record_id = n.id`,
    ...writeCounters(scope, items),
    ...insertRecordEvents(scope, items),
  ];
}

/** Counters follow from the status before, which the guard has checked, and the status now. */
function writeCounters(scope: CommitScope, items: SQL): SQL[] {
  return [
    scope.isOfPayments
      ? sql`update records set payment_links = records.payment_links + d.added
          from (select r.id, i.value ->> 5 as added from json_each(${items}) i
            cross join records r on r.uid = i.value ->> 0 limit -1) d
          where records.id = d.id`
      : sql`update records set touched_count = records.touched_count + d.touched,
            reconciled_count = records.reconciled_count + d.reconciled
          from (
            select r.id, (e.status > 0) - (i.value ->> 3 > 0) as touched,
              (e.status = 2) - (i.value ->> 3 = 2) as reconciled
            from json_each(${items}) i cross join records r on r.uid = i.value ->> 0
            cross join entries e on e.reconciliation_id = ${scope.reconciliationId} and e.record_id = r.id limit -1
          ) d
          where records.id = d.id`,
    sql`update reconciliation_sources set partial_count = partial_count + d.partial,
        reconciled_count = reconciled_count + d.reconciled
      from (
        select r.source_id, sum((e.status = 1) - (i.value ->> 3 = 1)) as partial,
          sum((e.status = 2) - (i.value ->> 3 = 2)) as reconciled
        from json_each(${items}) i cross join records r on r.uid = i.value ->> 0
        cross join entries e on e.reconciliation_id = ${scope.reconciliationId} and e.record_id = r.id
        group by r.source_id
      ) d
      where reconciliation_id = ${scope.reconciliationId} and reconciliation_sources.source_id = d.source_id`,
  ];
}

export function insertLinks(scope: CommitScope, links: readonly ChainLink[]): SQL[] {
  const rows = links.map((l) => [l.no, l.kind, l.matchUid, l.payload, l.previousHash, l.hash]);
  const head = links.at(-1);
  if (!head) return [];
  return [
    ...jsonLists(rows).map(
      (list) => sql`insert into links (reconciliation_id, no, kind, match_id, payload, previous_hash, hash)
        select ${scope.reconciliationId}, j.value ->> 0, j.value ->> 1, m.id, j.value ->> 3, j.value ->> 4,
          j.value ->> 5
        from json_each(${list}) j cross join matches m on m.uid = j.value ->> 2 order by j.key`,
    ),
    sql`update reconciliations set chain_no = ${head.no}, chain_hash = ${head.hash} where id = ${scope.reconciliationId}`,
  ];
}

function insertRecordEvents(scope: CommitScope, items: SQL): SQL[] {
  if (scope.isOfPayments) return [];
  const type = sql.join(
    [
      sql`case e.status`,
      ...RECORD_STATUSES.map((status, code) => sql.raw(`when ${code} then 'record.${status}'`)),
      sql`end`,
    ],
    sql` `,
  );
  return [
    sql`insert into events (environment_id, created_at, subject, uid, type, occurrence, snapshot)
      select ${scope.environmentId}, ${scope.now}, 'record', i.value ->> 6, ${type},
        'entry/' || e.reconciliation_id || '/' || e.record_id || '/' || e.version || '/' || e.status,
        json_set(${recordSnapshot}, '$.about_reconciliation_id', ${scope.reconciliationUid})
      from json_each(${items}) i cross join records r on r.uid = i.value ->> 0 cross join data_sources s on s.id = r.source_id
      cross join entries e on e.reconciliation_id = ${scope.reconciliationId} and e.record_id = r.id
      where e.status is not i.value ->> 3 and ${listenerExists(scope.environmentId)}`,
  ];
}

/** Events about matches; they stand after the matches' rows and links. */
export function insertMatchEvents(
  scope: CommitScope,
  type: "reconciliation_match.created" | "reconciliation_match.voided",
  matches: readonly { uid: string; eventUid: string }[],
): SQL[] {
  if (scope.isOfPayments) return [];
  const rows = jsonList(matches.map(({ uid, eventUid }) => [uid, eventUid]));
  return [
    sql`insert into events (environment_id, created_at, subject, uid, type, occurrence, snapshot)
      select ${scope.environmentId}, ${scope.now}, 'match', j.value ->> 1, ${type}, 'match/' || m.id || '/' || ${type},
        ${matchSnapshot}
      from json_each(${rows}) j cross join matches m on m.uid = j.value ->> 0
      where ${listenerExists(scope.environmentId)} order by j.key`,
  ];
}

/** The last statement of a commit: answers the ids of the deliveries that its events gave rise to. */
export function fanOut(scope: CommitScope, eventUids: readonly string[], more?: SQL): SQL {
  return fanOutDeliveries(scope.environmentId, eventUids, scope.now, more);
}
