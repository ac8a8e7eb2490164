import { type Day, dayOf } from "../core/calendar.ts";
import { notFound, ok, type Result } from "../core/result.ts";
import type { SummaryFacts } from "../core/summary.ts";
import { findReconciliation } from "../db/reconciliations.ts";
import { readSummary } from "../db/summaries.ts";
import type { ServiceContext } from "./context.ts";

/** The state of a reconciliation at the end of a day (UTC), by default of today. */
export async function summarizeReconciliation(
  ctx: ServiceContext,
  uid: string,
  asOf: Day = dayOf(ctx.now()),
): Promise<Result<SummaryFacts>> {
  const reconciliation = await findReconciliation(ctx.db, ctx.environmentId, uid);
  if (!reconciliation) return notFound("reconciliation");
  const keysOf = (side: "a" | "b") => reconciliation.sources.flatMap((s) => (s.side === side ? [s.key] : []));
  const typeKeys = { a: keysOf("a"), b: keysOf("b") };
  return ok({ reconciliationUid: uid, asOf, typeKeys, ...(await readSummary(ctx.db, reconciliation.id, asOf)) });
}
