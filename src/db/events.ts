import { type SQL, sql } from "drizzle-orm";
import { EVENTS_PAGE_MAX_CHARS } from "../config.ts";
import type { StoredEvent } from "../core/event.ts";
import { all, type Db, first, jsonList } from "./client.ts";
import { cutByWeight, type Page, type PageRequest } from "./page.ts";
import { pageOfScan } from "./scan.ts";

export interface EventRow extends StoredEvent {
  id: number;
}

/** An event of the payments door; `entityUid` is the id of what it is about. */
export interface PaymentEventRow extends EventRow {
  entityUid: string;
}

export interface PaymentEventFilters {
  types?: string[] | undefined;
  entityUid?: string | undefined;
  /** When it happened, in ms, both included. */
  from?: number | undefined;
  to?: number | undefined;
}

interface EventColumns {
  id: number;
  uid: string;
  type: string;
  subject: string;
  snapshot: string;
  createdAt: number;
}

const columns = sql.raw(`v.id, v.uid, v.type, v.subject, v.snapshot, v.created_at as "createdAt"`);

/** A condition: somebody listens, that is the environment has an enabled endpoint. */
export function listenerExists(environmentId: number): SQL {
  return sql`exists (select 1 from webhook_endpoints
    where environment_id = ${environmentId} and status = 'enabled' and deleted_at is null)`;
}

export async function findEvent(db: Db, environmentId: number, uid: string): Promise<EventRow | undefined> {
  const row = await first<EventColumns>(
    db,
    sql`select ${columns} from events v where v.uid = ${uid} and v.environment_id = ${environmentId}`,
  );
  return row && readEvent(row);
}

/** Where an event stands among those of its environment: when it happened, in ms, and its row number. */
export async function findEventPlace(
  db: Db,
  environmentId: number,
  uid: string,
): Promise<{ createdAt: number; id: number } | undefined> {
  return first(
    db,
    sql`select created_at as "createdAt", id from events where uid = ${uid} and environment_id = ${environmentId}`,
  );
}

export async function listEvents(
  db: Db,
  environmentId: number,
  type: string | undefined,
  page: PageRequest,
): Promise<Page<EventRow>> {
  const scan = sql`select id from events
    where environment_id = ${environmentId} and id < ${page.before ?? Number.MAX_SAFE_INTEGER}`;
  const ofType = type === undefined ? sql`true` : sql`v.type = ${type}`;
  const found = await pageOfScan(db, scan, page, (scanned, limit) =>
    all<WeighedEvent>(
      db,
      sql`select v.id, length(v.snapshot) as weight from (${scanned}) s join events v on v.id = s.id
        where ${ofType} order by v.id desc limit ${limit}`,
    ),
  );
  return readPage<EventColumns>(db, found, columns);
}

interface WeighedEvent {
  id: number;
  weight: number;
}

/** Reads what a page found, as much of it as one answer can carry. */
async function readPage<Columns extends EventColumns>(
  db: Db,
  found: Page<WeighedEvent>,
  selected: SQL,
): Promise<Page<Omit<Columns, "snapshot"> & EventRow>> {
  const { rows, next } = cutByWeight(found, EVENTS_PAGE_MAX_CHARS);
  const events = await all<Columns>(
    db,
    sql`select ${selected} from json_each(${jsonList(rows.map(({ id }) => id))}) j
      cross join events v on v.id = j.value order by j.key`,
  );
  return { rows: events.map(readEvent), next };
}

const paymentColumns = sql`${columns}, v.entity_uid as "entityUid"`;

type PaymentEventColumns = EventColumns & { entityUid: string };

export async function findPaymentEvent(
  db: Db,
  environmentId: number,
  uid: string,
): Promise<PaymentEventRow | undefined> {
  const row = await first<PaymentEventColumns>(
    db,
    sql`select ${paymentColumns} from events v
      where v.uid = ${uid} and v.environment_id = ${environmentId} and v.entity_uid is not null`,
  );
  return row && readEvent(row);
}

/** A page of the payments door's events, newest first: by their times if times are asked for, else as they were written. */
export async function listPaymentEvents(
  db: Db,
  environmentId: number,
  filters: PaymentEventFilters,
  page: PageRequest,
): Promise<Page<PaymentEventRow>> {
  const { types, entityUid, from = 0, to = Number.MAX_SAFE_INTEGER } = filters;
  if (types?.length === 0) return { rows: [], next: null };
  const conditions = [
    sql`v.environment_id = ${environmentId} and v.entity_uid is not null and v.created_at between ${from} and ${to}`,
    ...(types === undefined ? [] : [sql`v.type in (select value from json_each(${jsonList(types)}))`]),
  ];
  const isByTime = entityUid === undefined && (filters.from !== undefined || filters.to !== undefined);
  const order = isByTime ? sql`created_at desc, id desc` : sql`id desc`;
  const scan = isByTime
    ? sql`select id, created_at from events
        where environment_id = ${environmentId} and created_at between ${from} and ${to} and ${isBefore(page)}`
    : sql`select id, created_at from events where id < ${page.before ?? Number.MAX_SAFE_INTEGER} and ${
        entityUid === undefined
          ? sql`environment_id = ${environmentId} and entity_uid is not null`
          : sql`entity_uid = ${entityUid}`
      }`;
  const found = await pageOfScan(
    db,
    scan,
    page,
    (scanned, limit) =>
      all<WeighedEvent>(
        db,
        sql`select v.id, length(v.snapshot) as weight from (${scanned}) s join events v on v.id = s.id
          where ${sql.join(conditions, sql` and `)} order by ${isByTime ? sql`v.created_at desc, v.id desc` : sql`v.id desc`}
          limit ${limit}`,
      ),
    order,
  );
  return readPage<PaymentEventColumns>(db, found, paymentColumns);
}

function isBefore({ before }: PageRequest): SQL {
  if (before === null) return sql`true`;
  return sql`(created_at, id) < (select created_at, id from events where id = ${before})`;
}

function readEvent<Columns extends EventColumns>(row: Columns): Omit<Columns, "snapshot"> & EventRow {
  return { ...row, snapshot: JSON.parse(row.snapshot) };
}
