import { sql } from "drizzle-orm";
import { DISSOLVE_PAGE_MATCHES, DISSOLVE_PAGE_RECORDS, RUN_DROP_PAGE_ROWS } from "../config.ts";
import { all, first, runBatch } from "../db/client.ts";
import { expectThat } from "../db/guard.ts";
import { detachSources, hasNoLiveMatch } from "../db/reconciliations.ts";
import { dropRunMatches } from "../db/run-matches.ts";
import { voidMatches } from "./void-matches.ts";
import type { WorkDependencies } from "./work-off.ts";

/**
 * One page of the work that a deleted reconciliation leaves: its live matches are voided, what its previews propose is
 * dropped, and with the last of it it lets go of its data sources. Answers whether nothing is left to do.
 */
export async function dissolveReconciliation(deps: WorkDependencies): Promise<{ done: boolean }> {
  const reconciliation = await first<{ id: number; generation: number }>(
    deps.db,
    sql`select id, generation from reconciliations where uid = ${deps.reconciliationUid} and deleted_at is not null`,
  );
  if (!reconciliation) return { done: true };
  const live = await all<{ uid: string; records: number }>(
    deps.db,
    sql`select m.uid, (select count(*) from allocations where match_id = m.id) as records
      from matches m where m.reconciliation_id = ${reconciliation.id} and m.status = 'matched'
      order by m.id limit ${DISSOLVE_PAGE_MATCHES + 1}`,
  );
  const page = cutPage(live);
  if (page.length > 0) {
    const voided = await voidMatches(deps, page, "The reconciliation was deleted.");
    if (!voided.ok || live.length > page.length) return { done: false };
  }
  const [, dropped] = await runBatch(deps.db, dropRunMatches(reconciliation.id, null, 0, RUN_DROP_PAGE_ROWS));
  if (dropped?.meta.changes === RUN_DROP_PAGE_ROWS) return { done: false };
  await runBatch(deps.db, [
    expectThat(hasNoLiveMatch(reconciliation.id)),
    ...detachSources(reconciliation.id),
    sql`update reconciliations set settled_generation = generation where id = ${reconciliation.id}`,
  ]);
  return { done: true };
}

function cutPage(live: readonly { uid: string; records: number }[]): string[] {
  let total = 0;
  const end = live.findIndex(({ records }, place) => {
    total += records;
    return place >= DISSOLVE_PAGE_MATCHES || (place > 0 && total > DISSOLVE_PAGE_RECORDS);
  });
  return live.slice(0, end === -1 ? live.length : end).map(({ uid }) => uid);
}
