import { type SQL, sql } from "drizzle-orm";
import { dayOf } from "../core/calendar.ts";
import type { Side } from "../core/matching/item.ts";
import type { RunType } from "../core/reconciliation.ts";
import { conflict, fail, invalid, notFound, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { findConstraint, jsonList, runBatch } from "../db/client.ts";
import { dataSourceExists } from "../db/data-sources.ts";
import { pairsOfReconciliation, syncExceptionsAndFanOut } from "../db/exception-sync.ts";
import { expectThat } from "../db/guard.ts";
import { clearOverdueByDays } from "../db/overdue.ts";
import {
  findReconciliation,
  nextGeneration,
  type ReconciliationRow,
  reconciliationIsAt,
} from "../db/reconciliations.ts";
import type { ServiceContext } from "./context.ts";
import { attachSources } from "./create-reconciliation.ts";
import { type ChosenSource, resolveSides } from "./resolve-sides.ts";
import { sendAnnouncement } from "./send-announcement.ts";

export interface ReconciliationPatch {
  name?: string | undefined;
  runType?: RunType | undefined;
  sideA?: string[] | undefined;
  sideB?: string[] | undefined;
  expectedWithinDays?: number | null | undefined;
}

/** Changes a reconciliation; what is there is matched anew in the background, and no match is undone. */
export async function updateReconciliation(
  ctx: ServiceContext,
  uid: string,
  patch: ReconciliationPatch,
): Promise<Result<ReconciliationRow>> {
  const current = await findReconciliation(ctx.db, ctx.environmentId, uid);
  if (!current) return notFound("reconciliation");
  const keysOf = (side: Side) => current.sources.filter((source) => source.side === side).map((source) => source.key);
  const given = { a: patch.sideA ?? keysOf("a"), b: patch.sideB ?? keysOf("b") };
  const sides = await resolveSides(ctx, given, patch.sideB === undefined ? "a" : "b");
  if (!sides.ok) return invalid(sides.failure);
  const leaving = listLeaving(current, sides.value);
  if (leaving.some((source) => source.partial_count + source.reconciled_count > 0)) return sourceIsMatched();
  const days = patch.expectedWithinDays === undefined ? current.expected_within_days : patch.expectedWithinDays;
  try {
    const results = await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(reconciliationIsAt(current.id, current.generation)),
      ...sides.value.map(({ sourceId }) => expectThat(dataSourceExists(sourceId))),
      ...leaving.map(({ source_id }) => expectThat(hasNothingMatched(current.id, source_id))),
      ...auditChange(ctx, { action: "reconciliation.updated", uid }, [
        sql`update reconciliations set generation = ${nextGeneration}, updated_at = ${ctx.now()},
            name = ${patch.name ?? current.name}, run_type = ${patch.runType ?? current.run_type},
            expected_within_days = ${days}, due_generation = iif(expected_within_days is ${days}, due_generation, generation)
          where id = ${current.id}`,
        ...replaceSources(current, sides.value, leaving),
      ]),
      ...(isLater(days, current.expected_within_days) ? [clearOverdueByDays(current.id, dayOf(ctx.now()))] : []),
      ...syncExceptionsAndFanOut(ctx.environmentId, pairsOfReconciliation(current.id), ctx.now()),
    ]);
    await sendAnnouncement(ctx, results.at(-1));
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    return fail({ kind: "conflict", detail: "The reconciliation changed at the same moment.", retryAfterSeconds: 1 });
  }
  await ctx.reconcilers.poke([uid]);
  const row = await findReconciliation(ctx.db, ctx.environmentId, uid);
  return row ? ok(row) : notFound("reconciliation");
}

function sourceIsMatched(): Result<never> {
  return conflict("A data source that is to leave has live matches in this reconciliation; void them first.");
}

/** Whether so many days end later than so many: null stands for no end. */
function isLater(days: number | null, before: number | null): boolean {
  return before !== null && (days === null || days > before);
}

/** Sources that are gone or stand on the other side now: on either they must have nothing matched. */
function listLeaving(current: ReconciliationRow, sides: readonly ChosenSource[]) {
  const staying = new Set(sides.map(({ sourceId, side }) => `${sourceId}${side}`));
  return current.sources.filter((source) => !staying.has(`${source.source_id}${source.side}`));
}

function hasNothingMatched(reconciliationId: number, sourceId: number): SQL {
  return sql`exists (select 1 from reconciliation_sources where reconciliation_id = ${reconciliationId}
    and source_id = ${sourceId} and partial_count = 0 and reconciled_count = 0)`;
}

function replaceSources(
  current: ReconciliationRow,
  sides: readonly ChosenSource[],
  leaving: ReconciliationRow["sources"],
) {
  const gone = jsonList(leaving.map((source) => source.source_id));
  const before = new Set(
    current.sources.filter((source) => !leaving.includes(source)).map((source) => source.source_id),
  );
  const entering = sides.filter(({ sourceId }) => !before.has(sourceId));
  const positions = jsonList(sides.map(({ sourceId, position }) => [sourceId, position]));
  return [
    sql`update data_sources set reconciliation_count = reconciliation_count - 1
      where id in (select value from json_each(${gone}))`,
    sql`delete from reconciliation_sources where reconciliation_id = ${current.id}
      and source_id in (select value from json_each(${gone}))`,
    ...attachSources(current.uid, entering),
    sql`update reconciliation_sources set position = j.value ->> 1 from json_each(${positions}) j
      where reconciliation_id = ${current.id} and source_id = j.value ->> 0`,
  ];
}
