import { sql } from "drizzle-orm";
import { MANUAL_MATCH_MAX_RECORDS } from "../config.ts";
import type { MatchSnapshot } from "../core/match-view.ts";
import { type FieldError, invalid, notFound, ok, type Result } from "../core/result.ts";
import { all, jsonList } from "../db/client.ts";
import { findMatchSnapshot } from "../db/matches.ts";
import { findReconciliation } from "../db/reconciliations.ts";
import type { ServiceContext } from "./context.ts";
import { unknown } from "./list-records-by.ts";
import type { ManualMatchCommand } from "./reconcilers.ts";

/** Makes a match by hand, through the reconciliation's Reconciler. */
export async function createMatch(
  ctx: ServiceContext,
  reconciliationUid: string,
  command: ManualMatchCommand,
): Promise<Result<MatchSnapshot>> {
  const reconciliation = await findReconciliation(ctx.db, ctx.environmentId, reconciliationUid);
  if (!reconciliation) return invalid(await listUnknownNames(ctx, reconciliationUid, command.recordUids));
  const made = await ctx.reconcilers.matchByHand(
    reconciliation.uid,
    { ...command, matchUid: ctx.newId() },
    ctx.alongside,
  );
  if (!made.ok) return made;
  const snapshot = await findMatchSnapshot(ctx.db, ctx.environmentId, made.value.matchUid);
  return snapshot ? ok(snapshot) : notFound("match");
}

/** One more than an id has: what is longer is none, and the list of them stays small. */
const UUID_MAX_CHARS = 37;

/** The refusals of what a body names and the environment does not have; what has another shape is passed over. */
export async function listUnknownNames(
  ctx: ServiceContext,
  reconciliationUid: unknown,
  recordUids: unknown,
): Promise<FieldError[]> {
  const errors: FieldError[] = [];
  if (typeof reconciliationUid === "string") {
    const reconciliation = await findReconciliation(ctx.db, ctx.environmentId, reconciliationUid);
    if (!reconciliation) errors.push(unknown("/reconciliation_id", "reconciliation"));
  }
  if (!Array.isArray(recordUids)) return errors;
  const uids = recordUids
    .slice(0, MANUAL_MATCH_MAX_RECORDS)
    .map((uid) => (typeof uid === "string" ? uid.slice(0, UUID_MAX_CHARS) : null));
  const places = await all<{ place: number }>(
    ctx.db,
    sql`select j.key as place from json_each(${jsonList(uids)}) j
      left join records r on r.uid = j.value and r.environment_id = ${ctx.environmentId} and r.deleted_at is null
      where j.type = 'text' and r.id is null order by j.key`,
  );
  return [...errors, ...places.map(({ place }) => unknown(`/record_ids/${place}`, "record"))];
}
