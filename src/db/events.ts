import { type SQL, sql } from "drizzle-orm";
import type { StoredEvent } from "../core/event.ts";
import { all, type Db, first } from "./client.ts";
import type { Page, PageRequest } from "./page.ts";
import { pageOfScan } from "./scan.ts";

export interface EventRow extends StoredEvent {
  id: number;
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
    all<EventColumns>(
      db,
      sql`select ${columns} from (${scanned}) s join events v on v.id = s.id
        where ${ofType} order by v.id desc limit ${limit}`,
    ),
  );
  return { ...found, rows: found.rows.map(readEvent) };
}

function readEvent(row: EventColumns): EventRow {
  return { ...row, snapshot: JSON.parse(row.snapshot) };
}
