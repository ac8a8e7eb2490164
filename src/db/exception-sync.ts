import { type SQL, sql } from "drizzle-orm";
import { v7 as newId } from "uuid";
import { dayOf } from "../core/calendar.ts";
import { jsonList } from "./client.ts";
import { fanOutDeliveries } from "./deliveries.ts";
import { listenerExists } from "./events.ts";
import { exceptionSnapshot, recordCount } from "./exceptions.ts";
import { expectNone } from "./guard.ts";
import { newUuid } from "./uuid.ts";

// An exception stands for a pair of reconciliation and source. Every batch that may change which records of a pair are
// overdue or ambiguous ends with the statements that open, reopen or close the pair's exception.

/** The pairs of a reconciliation, with those of sources that have left it. */
export function pairsOfReconciliation(reconciliationId: number): SQL {
  return sql`select reconciliation_id, source_id from reconciliation_sources where reconciliation_id = ${reconciliationId}
    union select reconciliation_id, source_id from reconciliation_exceptions where reconciliation_id = ${reconciliationId}`;
}

/** The pairs of data sources. */
export function pairsOfSources(sourceIds: readonly number[]): SQL {
  return sql`select rs.reconciliation_id, rs.source_id from json_each(${jsonList(sourceIds)}) j
    cross join reconciliation_sources rs on rs.source_id = j.value`;
}

export interface ExceptionSync {
  statements: SQL[];
  /** Once these have run: a query for the ids (`value`) of the events that they gave rise to. */
  eventUids: SQL;
}

/**
 * Brings the exceptions of some pairs in step with their records. One that a person has dismissed stays so until there
 * are more records than the fewest that there have been since then.
 */
export function syncExceptions(environmentId: number, pairs: SQL, now: number): ExceptionSync {
  const changeUid = newId();
  return {
    statements: [
      turnExceptions(environmentId, pairs, changeUid, now),
      lowerDismissed(pairs),
      sql`insert into exception_comments (uid, exception_id, kind, body, created_at)
        select ${newUuid(now)}, x.id, iif(x.status = 'open', 'opened', 'closed'),
          iif(x.status = 'open', 'Records are overdue or ambiguous: ' || ${recordCount} || '.',
            'No overdue or ambiguous record is left.'), ${now}
        ${changedExceptions(pairs, changeUid)}`,
      insertExceptionEvents(environmentId, pairs, changeUid, now),
    ],
    eventUids: selectExceptionEvents(pairs, changeUid),
  };
}

/** The exceptions of pairs as they are, where there are any, and whether records are left that need one. */
function statesOf(pairs: SQL): SQL {
  return sql`select p.reconciliation_id, p.source_id, x.id, x.status, x.dismissed_count, (
      exists (select 1 from exception_days where reconciliation_id = p.reconciliation_id and source_id = p.source_id)
      and exists (select 1 from reconciliation_sources
        where reconciliation_id = p.reconciliation_id and source_id = p.source_id)
      and exists (select 1 from reconciliations
        where id = p.reconciliation_id and deleted_at is null and account_id is null)) as is_left
    from (${pairs}) p left join reconciliation_exceptions x
      on x.reconciliation_id = p.reconciliation_id and x.source_id = p.source_id`;
}

function turnExceptions(environmentId: number, pairs: SQL, changeUid: string, now: number): SQL {
  return sql`insert into reconciliation_exceptions (uid, environment_id, reconciliation_id, source_id, status, opened_at,
      closed_at, created_at, updated_at, change_uid)
    select ${newUuid(now)}, ${environmentId}, x.reconciliation_id, x.source_id, iif(x.is_left, 'open', 'resolved'),
      ${now}, iif(x.is_left, null, ${now}), ${now}, ${now}, ${changeUid}
    from (${statesOf(pairs)}) x
    where case when x.is_left then x.status is null or x.status = 'resolved' or x.dismissed_count < ${recordCount}
      else x.status in ('open', 'investigating') end
    on conflict (reconciliation_id, source_id) do update set status = excluded.status, version = version + 1,
      opened_at = iif(excluded.status = 'open', excluded.opened_at, opened_at), closed_at = excluded.closed_at,
      dismissed_count = null, updated_at = excluded.updated_at, change_uid = excluded.change_uid`;
}

/** What has gone from a dismissed exception is not what it was dismissed for: as many new ones are news. */
function lowerDismissed(pairs: SQL): SQL {
  return sql`update reconciliation_exceptions as x
    set dismissed_count = iif(x.id in (select id from (${statesOf(pairs)}) where is_left), ${recordCount}, 0)
    where x.id in (select x.id from (${statesOf(pairs)}) x
      where x.dismissed_count > 0 and x.dismissed_count > iif(x.is_left, ${recordCount}, 0))`;
}

function changedExceptions(pairs: SQL, changeUid: string): SQL {
  return sql`from (${pairs}) p cross join reconciliation_exceptions x
      on x.reconciliation_id = p.reconciliation_id and x.source_id = p.source_id and x.change_uid = ${changeUid}`;
}

const occurrence = sql.raw("'reconciliation_exception/' || x.id || '/' || x.version");

/** The events of the exceptions that a batch has opened or closed. */
export function insertExceptionEvents(environmentId: number, pairs: SQL, changeUid: string, now: number): SQL {
  return sql`insert into events (environment_id, created_at, subject, uid, type, occurrence, snapshot)
    select ${environmentId}, ${now}, 'reconciliation_exception', ${newUuid(now)},
      'reconciliation_exception.' || iif(x.closed_at is null, 'opened', 'closed'), ${occurrence},
      ${exceptionSnapshot(dayOf(now))}
    ${changedExceptions(pairs, changeUid)}
    cross join reconciliations c on c.id = x.reconciliation_id cross join data_sources s on s.id = x.source_id
    where ${listenerExists(environmentId)}`;
}

export function selectExceptionEvents(pairs: SQL, changeUid: string): SQL {
  return sql`select v.uid as value ${changedExceptions(pairs, changeUid)} cross join events v on v.occurrence = ${occurrence}`;
}

/** As `syncExceptions`, for a batch without other events: the last statement answers the ids of the deliveries. */
export function syncExceptionsAndFanOut(environmentId: number, pairs: SQL, now: number): SQL[] {
  const { statements, eventUids } = syncExceptions(environmentId, pairs, now);
  return [...statements, fanOutDeliveries(environmentId, [], now, eventUids)];
}

/**
 * A guard for the end of a batch that can only take records out of exceptions: refuses it if one of the reconciliation's
 * exceptions has none left, or fewer than it was dismissed with, so that the batch is to be tried again with
 * `syncExceptions`.
 */
export function expectExceptionsStay(reconciliationId: number): SQL {
  return expectNone(sql`select 1 from reconciliation_exceptions x
    where x.reconciliation_id = ${reconciliationId} and case
      when x.dismissed_count > 0 then x.dismissed_count > ${recordCount}
      when x.closed_at is null then not exists (
        select 1 from exception_days where reconciliation_id = x.reconciliation_id and source_id = x.source_id)
      end`);
}
