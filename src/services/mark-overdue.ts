import { sql } from "drizzle-orm";
import { v7 as newId } from "uuid";
import { COMMIT_MAX_TRIES } from "../config.ts";
import type { RecordSnapshot } from "../core/record-view.ts";
import { conflict, fail, notFound, ok, type Result } from "../core/result.ts";
import { findConstraint, jsonList, runBatch } from "../db/client.ts";
import { fanOutDeliveries } from "../db/deliveries.ts";
import { pairsOfReconciliation, syncExceptions } from "../db/exception-sync.ts";
import { expectThat } from "../db/guard.ts";
import { listItemsByUid } from "../db/items.ts";
import { insertOverdueEvents } from "../db/overdue.ts";
import { findReconciliation, reconciliationIsAt } from "../db/reconciliations.ts";
import { findRecordSnapshot, logChanges } from "../db/records.ts";
import type { ServiceContext } from "./context.ts";
import { sendAnnouncement } from "./send-announcement.ts";

interface Pair {
  reconciliation: { id: number; uid: string; generation: number };
  record: { id: number; version: number };
}

/**
 * Marks a record of a reconciliation as overdue since an instant (ms) and raises the event, whenever it is due. One that
 * is marked already is left as it is.
 */
export async function markOverdue(
  ctx: ServiceContext,
  reconciliationUid: string,
  recordUid: string,
  overdueAt: number,
): Promise<Result<RecordSnapshot>> {
  for (let tries = 0; tries < COMMIT_MAX_TRIES; tries++) {
    const reconciliation = await findReconciliation(ctx.db, ctx.environmentId, reconciliationUid);
    if (!reconciliation) return notFound("reconciliation");
    const [record] = await listItemsByUid(ctx.db, reconciliation.id, ctx.environmentId, [recordUid]);
    if (!record || record.side === null) return notFound("record of this reconciliation");
    if (record.status === 2) return conflict("The record is reconciled here.");
    if (record.is_pending === 1) return conflict("This transaction is not posted yet.");
    if (record.overdue_at !== null || (await write(ctx, { reconciliation, record }, overdueAt))) {
      const snapshot = await findRecordSnapshot(ctx.db, ctx.environmentId, recordUid);
      return snapshot ? ok(snapshot) : notFound("record");
    }
  }
  return fail({ kind: "conflict", detail: "The record keeps changing at the same moment.", retryAfterSeconds: 1 });
}

/** Answers whether it is written; if not, something has changed meanwhile. */
async function write(ctx: ServiceContext, { reconciliation, record }: Pair, overdueAt: number): Promise<boolean> {
  const { environmentId } = ctx;
  const now = ctx.now();
  const eventUid = newId();
  const scope = { environmentId, reconciliationId: reconciliation.id, reconciliationUid: reconciliation.uid };
  const exceptions = syncExceptions(environmentId, pairsOfReconciliation(reconciliation.id), now);
  try {
    const results = await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(reconciliationIsAt(reconciliation.id, reconciliation.generation)),
      expectThat(isOpen(scope.reconciliationId, record)),
      sql`insert into entries (reconciliation_id, record_id, amount, overdue_at)
        select ${reconciliation.id}, id, amount, ${overdueAt} from records where id = ${record.id}
        on conflict do update set overdue_at = excluded.overdue_at, version = entries.version + 1`,
      insertOverdueEvents(scope, jsonList([[record.id, eventUid]]), overdueAt, now),
      // Its Reconciler is not to report it once more.
      ...logChanges(sql`select id, source_id from records where id = ${record.id}`),
      ...exceptions.statements,
      fanOutDeliveries(environmentId, [eventUid], now, exceptions.eventUids),
    ]);
    await sendAnnouncement(ctx, results.at(-1));
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    return false;
  }
  await ctx.reconcilers.poke([reconciliation.uid]);
  return true;
}

function isOpen(reconciliationId: number, record: Pair["record"]) {
  return sql`exists (select 1 from records where id = ${record.id} and version = ${record.version} and deleted_at is null)
    and not exists (select 1 from entries where reconciliation_id = ${reconciliationId} and record_id = ${record.id}
      and (status = 2 or overdue_at is not null))`;
}
