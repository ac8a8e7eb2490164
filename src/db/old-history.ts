import { sql } from "drizzle-orm";
import { type Db, runBatch } from "./client.ts";

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
 * Looks at the oldest events whose time to be kept began by an instant (ms), and deletes those of which no delivery is
 * left; answers how many.
 */
export async function deleteOldEvents(db: Db, until: number, limit: number): Promise<number> {
  const [deleted] = await runBatch(db, [
    sql`delete from events where id in (
      select s.id from (
        select id from events where coalesce(replayed_at, created_at) <= ${until}
        order by coalesce(replayed_at, created_at), id limit ${limit}
      ) s where not exists (select 1 from deliveries where event_id = s.id))`,
  ]);
  return deleted?.meta.changes ?? 0;
}
