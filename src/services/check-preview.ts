import { RUN_CHECK_MAX_CHANGES, RUN_CHECK_PAGE_MATCHES } from "../config.ts";
import { conflict, type FieldError, ok, type Result } from "../core/result.ts";
import type { ReconciliationRow } from "../db/reconciliations.ts";
import { type Change, decidedBy, listChanges } from "../db/run-matches.ts";
import { findCommitOf, type RunRow } from "../db/runs.ts";
import type { ServiceContext } from "./context.ts";

/** Whether a preview may still be committed exactly as it was shown. */
export async function checkPreview(
  ctx: ServiceContext,
  reconciliation: ReconciliationRow,
  preview: RunRow,
): Promise<Result<null>> {
  if (preview.status !== "completed") return refuse("not_completed", "This preview was not completed.");
  const commit = await findCommitOf(ctx.db, preview.id);
  if (commit) return refuse("committed", `Run ${commit.uid} has committed this preview already.`);
  if (preview.proposals !== "kept") return refuse("not_kept", "The proposals of this preview are no longer kept.");
  if (preview.generation !== reconciliation.generation) {
    return refuse("changed", "The reconciliation has changed since the preview.");
  }
  const changes = await findChanges(ctx, reconciliation, preview);
  if (changes.length === 0) return ok(null);
  return conflict("Records have changed since the preview: nothing was written.", changes.map(nameChange));
}

async function findChanges(ctx: ServiceContext, reconciliation: ReconciliationRow, preview: RunRow): Promise<Change[]> {
  const changes: Change[] = [];
  for (let from = 0; from < preview.decided_count; from += RUN_CHECK_PAGE_MATCHES) {
    const limit = RUN_CHECK_MAX_CHANGES - changes.length;
    const to = from + RUN_CHECK_PAGE_MATCHES;
    changes.push(...(await listChanges(ctx.db, reconciliation.id, decidedBy(preview), from, to, limit)));
    if (changes.length >= RUN_CHECK_MAX_CHANGES) break;
  }
  return changes;
}

function nameChange({ match_uid, record_uid }: Change): FieldError {
  const message = `The record has changed since the preview, which proposes it in match ${match_uid}.`;
  return { path: "/preview_id", code: "changed", message, record_id: record_uid };
}

function refuse(code: string, message: string): Result<null> {
  return conflict(message, [{ path: "/preview_id", code, message }]);
}
