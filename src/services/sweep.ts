import { sql } from "drizzle-orm";
import { SWEEP_MAX_RECONCILERS, SWEEP_PARALLEL, SWEEP_WAKE_MAX_MS } from "../config.ts";
import { dayOf } from "../core/calendar.ts";
import { all, type Db } from "../db/client.ts";
import { isUnfinished } from "../db/runs.ts";

/**
 * The cron's round over Reconcilers: those with news that no poke has brought them, with a configuration that they have
 * not taken in, with something due, or with a run that is not finished. Each is found by an index over just such rows;
 * `SWEEP_MAX_RECONCILERS` at most, in no order, so that one that keeps failing does not hold up the others, and none
 * is waited for longer than `SWEEP_WAKE_MAX_MS`.
 */
export async function sweepReconcilers(
  db: Db,
  now: number,
  wake: (reconciliationUid: string) => Promise<void>,
  wakeMaxMs = SWEEP_WAKE_MAX_MS,
): Promise<{ woken: number; failed: number }> {
  const rows = await all<{ uid: string }>(
    db,
    sql`select c.uid from (
        select rs.reconciliation_id as id from data_sources s indexed by data_sources_unsettled
        cross join reconciliation_sources rs indexed by reconciliation_sources_source on rs.source_id = s.id
        where s.reconciliation_count > 0 and s.change_no > s.settled_no and rs.seen_no < s.change_no
        union select rs.reconciliation_id from data_sources s indexed by data_sources_payments_unsettled
        cross join reconciliation_sources rs indexed by reconciliation_sources_source on rs.source_id = s.id
        where s.payment_count > 0 and s.change_no > s.settled_no and rs.seen_no < s.change_no
        union select id from reconciliations indexed by reconciliations_unsettled
        where settled_generation <> generation
        union select id from reconciliations indexed by reconciliations_due
        where next_due is not null and next_due < ${dayOf(now)}
        union select reconciliation_id from runs indexed by runs_unsettled where ${isUnfinished}
      ) waiting cross join reconciliations c on c.id = waiting.id
      order by random() limit ${SWEEP_MAX_RECONCILERS}`,
  );
  let failed = 0;
  const waiting = rows.map(({ uid }) => uid);
  const worker = async () => {
    for (let uid = waiting.pop(); uid !== undefined; uid = waiting.pop()) {
      await inTime(wake(uid), wakeMaxMs).catch((error) => {
        failed += 1;
        console.error(
          JSON.stringify({ message: "a reconciler was not swept", reconciliation: uid, error: String(error) }),
        );
      });
    }
  };
  await Promise.all(Array.from({ length: SWEEP_PARALLEL }, worker));
  return { woken: rows.length, failed };
}

async function inTime(work: Promise<void>, maxMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("it took too long")), maxMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
