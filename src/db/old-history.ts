import { sql } from "drizzle-orm";
import { type Db, runBatch } from "./client.ts";

/** A place among the events in the order in which their times to be kept began (ms), by row number among equals. */
export interface KeptPlace {
  since: number;
  id: number;
}

/** Deletes the oldest completed deliveries made by an instant (ms), with their attempts; answers how many. */
export async function deleteOldDeliveries(db: Db, until: number, limit: number): Promise<number> {
  const oldest = sql`select id from deliveries where status <> 'pending' and created_at <= ${until}
    order by created_at, id limit ${limit}`;
  const [, deleted] = await runBatch(db, [
    sql`delete from attempts where delivery_id in (${oldest})`,
    sql`delete from deliveries where id in (${oldest})`,
  ]);
  return deleted?.meta.changes ?? 0;
}

/**
 * Looks at the oldest events behind a place whose time to be kept began by an instant (ms), and deletes those of which
 * no delivery is left; answers how many, and the place of the last one that it looked at.
 */
export async function deleteOldEvents(
  db: Db,
  until: number,
  after: KeptPlace,
  limit: number,
): Promise<{ deleted: number; last: KeptPlace | undefined }> {
  const oldest = sql`select id, coalesce(replayed_at, created_at) as since from events
    where coalesce(replayed_at, created_at) between ${after.since} and ${until}
      and (coalesce(replayed_at, created_at), id) > (${after.since}, ${after.id})
    order by coalesce(replayed_at, created_at), id limit ${limit}`;
  const [end, deleted] = await runBatch(db, [
    sql`select since, id from (${oldest}) order by since desc, id desc limit 1`,
    sql`delete from events where id in (
      select s.id from (${oldest}) s where not exists (select 1 from deliveries where event_id = s.id))`,
  ]);
  return { deleted: deleted?.meta.changes ?? 0, last: end?.results[0] as KeptPlace | undefined };
}
