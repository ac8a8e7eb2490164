import { type SQL, sql } from "drizzle-orm";
import { REPLAY_MAX_EVENTS } from "../config.ts";
import type { DeliveryStatus } from "../core/delivery.ts";
import { PING } from "../core/event.ts";
import { all, type Db, first, jsonList } from "./client.ts";
import type { Page, PageRequest } from "./page.ts";
import { pageOfScan } from "./scan.ts";
import { newUuid } from "./uuid.ts";

export interface AttemptRow {
  no: number;
  startedAt: number;
  latencyMs: number;
  statusCode: number | null;
  error: string | null;
  responseBody: string | null;
}

/** A delivery with the names of what it delivers and where to, and every attempt, oldest first. */
export interface DeliveryRow {
  id: number;
  uid: string;
  eventUid: string;
  eventType: string;
  endpointId: number;
  endpointUid: string;
  status: DeliveryStatus;
  attemptCount: number;
  nextAttemptAt: number | null;
  leasedUntil: number | null;
  createdAt: number;
  completedAt: number | null;
  attempts: AttemptRow[];
}

export interface DeliveryFilters {
  endpointId?: number | undefined;
  eventId?: number | undefined;
  status?: DeliveryStatus | undefined;
}

const columns = sql.raw(`d.id, d.uid, v.uid as "eventUid", v.type as "eventType", d.endpoint_id as "endpointId",
  w.uid as "endpointUid", d.status, d.attempt_count as "attemptCount", d.next_attempt_at as "nextAttemptAt",
  d.leased_until as "leasedUntil", d.created_at as "createdAt", d.completed_at as "completedAt", (
    select json_group_array(json_object('no', a.no, 'startedAt', a.started_at, 'latencyMs', a.latency_ms,
      'statusCode', a.status_code, 'error', a.error, 'responseBody', a.response_body) order by a.no)
    from attempts a where a.delivery_id = d.id) as attempts`);

const named = sql.raw("join events v on v.id = d.event_id join webhook_endpoints w on w.id = d.endpoint_id");

export async function findDelivery(db: Db, environmentId: number, uid: string): Promise<DeliveryRow | undefined> {
  const row = await first<StoredDelivery>(
    db,
    sql`select ${columns} from deliveries d ${named} where d.uid = ${uid} and d.environment_id = ${environmentId}`,
  );
  return row && readDelivery(row);
}

export async function listDeliveries(
  db: Db,
  environmentId: number,
  filters: DeliveryFilters,
  page: PageRequest,
): Promise<Page<DeliveryRow>> {
  const before = page.before ?? Number.MAX_SAFE_INTEGER;
  const scan = sql`select id from deliveries where ${chooseIndex(environmentId, filters)} and id < ${before}`;
  const conditions = [
    sql`d.environment_id = ${environmentId}`,
    ...(filters.endpointId === undefined ? [] : [sql`d.endpoint_id = ${filters.endpointId}`]),
    ...(filters.status === undefined ? [] : [sql`d.status = ${filters.status}`]),
  ];
  const found = await pageOfScan(db, scan, page, (scanned, limit) =>
    all<StoredDelivery>(
      db,
      sql`select ${columns} from (${scanned}) s join deliveries d on d.id = s.id ${named}
        where ${sql.join(conditions, sql` and `)} order by d.id desc limit ${limit}`,
    ),
  );
  return { ...found, rows: found.rows.map(readDelivery) };
}

function chooseIndex(environmentId: number, filters: DeliveryFilters): SQL {
  if (filters.eventId !== undefined) return sql`event_id = ${filters.eventId}`;
  if (filters.endpointId !== undefined) return sql`endpoint_id = ${filters.endpointId}`;
  return sql`environment_id = ${environmentId}`;
}

type StoredDelivery = Omit<DeliveryRow, "attempts"> & { attempts: string };

function readDelivery(row: StoredDelivery): DeliveryRow {
  return { ...row, attempts: JSON.parse(row.attempts) };
}

/** The row number of an endpoint for which there may be deliveries, also of a deleted one. */
export async function findEndpointId(db: Db, environmentId: number, uid: string): Promise<number | undefined> {
  const row = await first<{ id: number }>(
    db,
    sql`select id from webhook_endpoints where uid = ${uid} and environment_id = ${environmentId}`,
  );
  return row?.id;
}

/**
 * Gives rise to a delivery, due now, of each of these events to each enabled endpoint that wants its type; `more` is a
 * query for further ones (`value`). Stands after the events' rows in their batch and answers the deliveries' ids (`uid`).
 */
export function fanOutDeliveries(environmentId: number, eventUids: readonly string[], now: number, more?: SQL): SQL {
  const given = sql`json_each(${jsonList(eventUids)})`;
  return sql`insert into deliveries (uid, environment_id, event_id, endpoint_id, status, next_attempt_at, created_at)
    select ${newUuid(now)}, ${environmentId}, v.id, w.id, 'pending', ${now}, ${now}
    from ${more === undefined ? given : sql`(select value from ${given} union all ${more})`} j
    cross join events v on v.uid = j.value and v.environment_id = ${environmentId} and v.type <> ${PING}
    cross join webhook_endpoints w on w.environment_id = ${environmentId} and w.status = 'enabled' and w.deleted_at is null
    where ${wantsType}
    order by v.id, w.id
    returning uid`;
}

const wantsType = sql.raw("exists (select 1 from json_each(w.event_types) t where t.value in ('*', v.type))");

/** Gives rise to one delivery, due now; it stands after the event's row in its batch. */
export function insertDelivery(
  environmentId: number,
  delivery: { uid: string; eventUid: string; endpointId: number },
  now: number,
): SQL {
  return sql`insert into deliveries (uid, environment_id, event_id, endpoint_id, status, next_attempt_at, created_at)
    select ${delivery.uid}, ${environmentId}, id, ${delivery.endpointId}, 'pending', ${now}, ${now}
    from events where uid = ${delivery.eventUid}`;
}

/** Where a replay begins: at an instant (ms), or behind an event that happened at it, whose row number this is. */
export interface ReplayStart {
  since: number;
  afterId: number;
}

/** The oldest events of an environment from there on, whoever wants them. */
function scanEventsFrom(environmentId: number, { since, afterId }: ReplayStart, limit: number): SQL {
  return sql`select id, uid, type, created_at from events
    where environment_id = ${environmentId} and (created_at, id) > (${since}, ${afterId})
    order by created_at, id limit ${limit}`;
}

/**
 * Delivers anew what an endpoint wants of the events since then, except what is under way to it already. The last
 * statement answers the deliveries' ids (`uid`).
 */
export function replayDeliveries(environmentId: number, endpointId: number, from: ReplayStart, now: number): SQL[] {
  const scan = scanEventsFrom(environmentId, from, REPLAY_MAX_EVENTS);
  const wanted = sql`from (${scan}) v join webhook_endpoints w on w.id = ${endpointId}
    where v.type <> ${PING} and ${wantsType} and not exists (
      select 1 from deliveries d where d.event_id = v.id and d.endpoint_id = w.id and d.status = 'pending')`;
  return [
    sql`update events set replayed_at = ${now} where id in (select v.id ${wanted})`,
    sql`insert into deliveries (uid, environment_id, event_id, endpoint_id, status, next_attempt_at, created_at)
      select ${newUuid(now)}, ${environmentId}, v.id, w.id, 'pending', ${now}, ${now} ${wanted}
      order by v.id
      returning uid`,
  ];
}

/** The id (`uid`) of the last event that a replay looks at, if there are further ones behind it. */
export function selectReplayEnd(environmentId: number, from: ReplayStart): SQL {
  return sql`select uid from (
      select uid, row_number() over (order by created_at, id) as place, count(*) over () as total
      from (${scanEventsFrom(environmentId, from, REPLAY_MAX_EVENTS + 1)}))
    where place = ${REPLAY_MAX_EVENTS} and total > place`;
}

/**
 * Takes the deliveries whose wake-up must have been lost: due before `dueBefore` and in nobody's hands. Each is put to
 * `now`, so that two crons, or one in the next minute, do not take it as well.
 */
export async function takeStragglers(db: Db, dueBefore: number, now: number, limit: number): Promise<string[]> {
  const rows = await all<{ uid: string }>(
    db,
    sql`update deliveries set next_attempt_at = ${now}
      where id in (
        select id from deliveries
        where status = 'pending' and waiting_since is null and next_attempt_at < ${dueBefore}
          and (leased_until is null or leased_until <= ${now})
        order by next_attempt_at limit ${limit})
      returning uid`,
  );
  return rows.map((row) => row.uid);
}

/** Puts a delivery that nobody could work on off to a later instant; says whether it is still pending and free. */
export async function putOffDelivery(db: Db, uid: string, until: number, now: number): Promise<boolean> {
  const rows = await all(
    db,
    sql`update deliveries set next_attempt_at = max(next_attempt_at, ${until})
      where uid = ${uid} and status = 'pending' and (leased_until is null or leased_until <= ${now})
      returning id`,
  );
  return rows.length > 0;
}
