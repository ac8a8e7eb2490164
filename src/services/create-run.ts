import { conflict, type Failure, type FieldError, fail, invalid, notFound, ok, type Result } from "../core/result.ts";
import type { RunMode } from "../core/run.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { expectThat } from "../db/guard.ts";
import { findReconciliation, type ReconciliationRow, reconciliationIsAt } from "../db/reconciliations.ts";
import { findPreview, findRun, findUnfinishedRun, insertRun, previewIsKept, type RunRow } from "../db/runs.ts";
import { checkPreview } from "./check-preview.ts";
import type { ServiceContext } from "./context.ts";
import { unknown } from "./list-records-by.ts";

export interface NewRun {
  mode: RunMode;
  previewUid: string | null;
}

/** Writes down a run, for the reconciliation's Reconciler to work off: one at a time. */
export async function createRun(
  ctx: ServiceContext,
  reconciliationUid: string,
  { mode, previewUid }: NewRun,
): Promise<Result<RunRow>> {
  const reconciliation = await findReconciliation(ctx.db, ctx.environmentId, reconciliationUid);
  if (!reconciliation) return notFound("reconciliation");
  const preview = previewUid === null ? null : await findPreviewOf(ctx, reconciliation, previewUid);
  if (preview === undefined) return invalid([unknown("/preview_id", "preview of this reconciliation")]);
  const allowed = await checkPresent(ctx, reconciliation, preview);
  if (!allowed.ok) return allowed;
  const uid = ctx.newId();
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(reconciliationIsAt(reconciliation.id, reconciliation.generation)),
      ...(preview ? [expectThat(previewIsKept(preview.id))] : []),
      insertRun(ctx.environmentId, reconciliation.id, { uid, mode, previewId: preview?.id ?? null }, ctx.now()),
    ]);
  } catch (error) {
    if (findConstraint(error) === undefined) throw error;
    const now = await checkPresent(ctx, reconciliation, preview);
    return now.ok ? fail(SAME_MOMENT) : now;
  }
  await ctx.reconcilers.poke([reconciliation.uid]);
  const run = await findRun(ctx.db, ctx.environmentId, reconciliation.uid, uid);
  if (!run) throw new Error("a run that was written is not there");
  return ok(run);
}

const SAME_MOMENT: Failure = {
  kind: "conflict",
  detail: "The reconciliation changed at the same moment.",
  retryAfterSeconds: 1,
};

async function findPreviewOf(
  ctx: ServiceContext,
  reconciliation: ReconciliationRow,
  uid: string,
): Promise<RunRow | undefined> {
  const preview = await findPreview(ctx.db, ctx.environmentId, uid);
  return preview?.reconciliation_id === reconciliation.id ? preview : undefined;
}

async function checkPresent(
  ctx: ServiceContext,
  reconciliation: ReconciliationRow,
  preview: RunRow | null,
): Promise<Result<null>> {
  const unfinished = await findUnfinishedRun(ctx.db, reconciliation.id);
  if (unfinished) return conflict(`Run ${unfinished.uid} of this reconciliation is not finished.`);
  return preview ? checkPreview(ctx, reconciliation, preview) : ok(null);
}

/** What a refused body names wrongly. */
export async function listUnknownPreviews(ctx: ServiceContext, previewUid: unknown): Promise<FieldError[]> {
  if (typeof previewUid !== "string") return [];
  const preview = await findPreview(ctx.db, ctx.environmentId, previewUid);
  return preview ? [] : [unknown("/preview_id", "preview of this reconciliation")];
}
