import { sql } from "drizzle-orm";
import { v7 as newId } from "uuid";
import { COMMIT_MAX_TRIES } from "../config.ts";
import type { Item } from "../core/matching/item.ts";
import { type ManualPlan, planManualMatch } from "../core/matching/manual.ts";
import { setKeyOf } from "../core/matching/set-key.ts";
import { directionOf } from "../core/record.ts";
import { conflict, type Failure, type FieldError, fail, invalid, notFound, ok, type Result } from "../core/result.ts";
import { type Db, first, type Statement, statement } from "../db/client.ts";
import { listItemsByUid, PLAIN_ITEMS, toItem } from "../db/items.ts";
import { type CommitScope, scopeOf } from "../db/match-commit.ts";
import { type ReconciliationState, readNews } from "../db/news.ts";
import { insertRecords, type NewRecordRow } from "../db/records.ts";
import { commitMatches, type PlannedMatch } from "./commit-matches.ts";
import type { ManualMatchCommand } from "./reconcilers.ts";
import type { WorkDependencies } from "./work-off.ts";

/**
 * Makes a match that a person asked for. The Reconciler's index learns of it as of any other change of D1: the chain
 * has moved on.
 */
export async function matchByHand(
  deps: WorkDependencies,
  command: ManualMatchCommand,
  alongside: readonly Statement[],
): Promise<Result<{ matchUid: string }, Failure>> {
  for (let tries = 0; tries < COMMIT_MAX_TRIES; tries++) {
    const news = await readNews(deps.db, deps.reconciliationUid, []);
    if (!news || news.reconciliation.deleted_at !== null) return notFound("reconciliation");
    const { reconciliation } = news;
    const items = await findItems(deps.db, reconciliation, command.recordUids);
    if (!items.ok) return items;
    const planned = planManualMatch(items.value, command);
    if (!planned.ok) return invalid(planned.failure);
    const scope = scopeOf(deps.reconciliationUid, reconciliation, deps.now());
    const { match, statements } = await prepare(deps.db, scope, planned.value, command);
    const outcome = await commitMatches(deps.db, scope, [match], [...alongside, ...statements]);
    if (outcome.kind === "committed") {
      deps.sendDeliveries(outcome.deliveryUids);
      return ok({ matchUid: match.uid });
    }
  }
  return fail({ kind: "conflict", detail: "The records keep changing at the same moment.", retryAfterSeconds: 1 });
}

async function findItems(
  db: Db,
  reconciliation: ReconciliationState,
  uids: readonly string[],
): Promise<Result<Item[]>> {
  const rows = await listItemsByUid(db, reconciliation.id, reconciliation.environment_id, uids);
  const byUid = new Map(rows.map((row) => [row.uid, row]));
  const errors: FieldError[] = [];
  const taken: FieldError[] = [];
  const items: Item[] = [];
  uids.forEach((uid, place) => {
    const path = `/record_ids/${place}`;
    const row = byUid.get(uid);
    if (!row) {
      errors.push({ path, code: "unknown", message: "There is no such record in this environment." });
    } else if (row.side === null) {
      errors.push({ path, code: "on_neither_side", message: "Its data source is on neither side." });
    } else if (row.is_pending === 1) {
      errors.push({ path, code: "pending", message: "This transaction is not posted yet." });
    } else if (row.status === 2) {
      taken.push({ path, code: "reconciled", message: "This record is reconciled already." });
    } else {
      items.push(toItem({ ...row, side: row.side }, PLAIN_ITEMS));
    }
  });
  if (errors.length > 0) return invalid(errors);
  return taken.length > 0 ? conflict("Some of the records are reconciled already.", taken) : ok(items);
}

/** The match to be made, and the statements that bring its adjustment record in before it. */
async function prepare(
  db: Db,
  scope: CommitScope,
  plan: ManualPlan,
  command: ManualMatchCommand,
): Promise<{ match: PlannedMatch; statements: Statement[] }> {
  const allocations = [...plan.allocations];
  const statements: Statement[] = [];
  if (plan.adjustment) {
    const { side, amount, sign, date } = plan.adjustment;
    const source = await getFirstSource(db, scope.reconciliationId, side);
    const row: NewRecordRow = {
      uid: newId(),
      sourceId: source.id,
      isAdjustment: true,
      payment: null,
      fields: {
        date,
        amount,
        currency: plan.currency,
        direction: directionOf(sign),
        description: command.adjustmentReason,
        externalId: null,
        metadata: { adjustment: true },
        expectedBy: null,
      },
    };
    statements.push(...insertRecords(scope.environmentId, [row], scope.now).map(statement));
    allocations.push({ item: toNewItem(row, source.key, side, sign), side, amount });
  }
  const match: PlannedMatch = {
    uid: command.matchUid ?? newId(),
    rule: null,
    currency: plan.currency,
    variance: 0,
    allocations,
    explanation: [],
    // The adjustment goes with its match, so that it is no part of the set that comes back.
    setKey: setKeyOf(plan.allocations.map(({ item }) => item)),
  };
  return { match, statements };
}

async function getFirstSource(db: Db, reconciliationId: number, side: string): Promise<{ id: number; key: string }> {
  const source = await first<{ id: number; key: string }>(
    db,
    sql`select s.id, s.key from reconciliation_sources rs join data_sources s on s.id = rs.source_id
      where rs.reconciliation_id = ${reconciliationId} and rs.side = ${side} order by rs.position limit 1`,
  );
  if (!source) throw new Error("a side of a reconciliation has no data source");
  return source;
}

function toNewItem(row: NewRecordRow, typeKey: string, side: Item["side"], sign: Item["sign"]): Item {
  const { date, amount, currency, description, externalId, metadata } = row.fields;
  return {
    id: 0,
    uid: row.uid,
    side,
    sourceId: row.sourceId,
    typeKey,
    version: 1,
    date,
    amount,
    open: amount,
    matches: 0,
    currency,
    sign,
    description,
    externalId,
    metadata,
  };
}
