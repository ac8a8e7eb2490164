import { sql } from "drizzle-orm";
import type { RunType } from "../core/reconciliation.ts";
import { conflict, invalid, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { findConstraint, jsonList, runBatch } from "../db/client.ts";
import { dataSourceExists } from "../db/data-sources.ts";
import { expectThat } from "../db/guard.ts";
import { findReconciliation, type ReconciliationRow } from "../db/reconciliations.ts";
import type { ServiceContext } from "./context.ts";
import { type ChosenSource, resolveSides } from "./resolve-sides.ts";

export interface NewReconciliation {
  name: string;
  runType: RunType;
  sideA: string[];
  sideB: string[];
  expectedWithinDays: number | null;
}

/** Makes a reconciliation; a continuous one matches in the background what is already there. */
export async function createReconciliation(
  ctx: ServiceContext,
  input: NewReconciliation,
): Promise<Result<ReconciliationRow>> {
  const sides = await resolveSides(ctx, { a: input.sideA, b: input.sideB });
  if (!sides.ok) return invalid(sides.failure);
  const uid = ctx.newId();
  const now = ctx.now();
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      ...sides.value.map(({ sourceId }) => expectThat(dataSourceExists(sourceId))),
      ...auditChange(ctx, { action: "reconciliation.created", uid }, [
        sql`insert into reconciliations (uid, environment_id, name, run_type, expected_within_days, created_at,
            updated_at)
          values (${uid}, ${ctx.environmentId}, ${input.name}, ${input.runType}, ${input.expectedWithinDays}, ${now},
            ${now})`,
        ...attachSources(uid, sides.value),
      ]),
    ]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    return conflict("A data source of a side was deleted at the same moment.");
  }
  await ctx.reconcilers.poke([uid]);
  const row = await findReconciliation(ctx.db, ctx.environmentId, uid);
  if (!row) return conflict("The reconciliation was deleted at the same moment.");
  return ok(row);
}

export function attachSources(uid: string, sources: readonly ChosenSource[]) {
  const tuples = jsonList(sources.map(({ sourceId, side, position }) => [sourceId, side, position]));
  return [
    sql`insert into reconciliation_sources (reconciliation_id, source_id, side, position)
      select c.id, j.value ->> 0, j.value ->> 1, j.value ->> 2
      from json_each(${tuples}) j cross join reconciliations c on c.uid = ${uid}`,
    sql`update data_sources set reconciliation_count = reconciliation_count + 1, settled_no = 0
      where id in (select value ->> 0 from json_each(${tuples}))`,
  ];
}
