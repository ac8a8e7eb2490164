import type { RecordSnapshot } from "../core/record-view.ts";
import { type FieldError, invalid, ok, type Result } from "../core/result.ts";
import { findDataSource } from "../db/data-sources.ts";
import { listRecords, type RecordFilters } from "../db/list-records.ts";
import { findMatchId } from "../db/matches.ts";
import type { Page, PageRequest } from "../db/page.ts";
import { findReconciliation } from "../db/reconciliations.ts";
import type { ServiceContext } from "./context.ts";

export interface RecordQuery {
  typeKey: string | undefined;
  reconciliationUid: string | undefined;
  matchUid: string | undefined;
  filters: Omit<RecordFilters, "sourceId" | "reconciliationId" | "matchId">;
}

/** Lists records by filters that name other resources; a name that is not known in the environment is refused. */
export async function listRecordsBy(
  ctx: ServiceContext,
  query: RecordQuery,
  page: PageRequest,
): Promise<Result<Page<RecordSnapshot>>> {
  const { typeKey, reconciliationUid, matchUid } = query;
  const [source, reconciliation, matchId] = await Promise.all([
    typeKey === undefined ? undefined : findDataSource(ctx.db, ctx.environmentId, typeKey),
    reconciliationUid === undefined ? undefined : findReconciliation(ctx.db, ctx.environmentId, reconciliationUid),
    matchUid === undefined ? undefined : findMatchId(ctx.db, ctx.environmentId, matchUid),
  ]);
  const errors: FieldError[] = [];
  if (typeKey !== undefined && !source) errors.push(unknown("type_key", "data source"));
  if (reconciliationUid !== undefined && !reconciliation) errors.push(unknown("reconciliation_id", "reconciliation"));
  if (matchUid !== undefined && matchId === undefined) errors.push(unknown("reconciliation_match_id", "match"));
  if (errors.length > 0) return invalid(errors);
  const filters = { ...query.filters, sourceId: source?.id, reconciliationId: reconciliation?.id, matchId };
  return ok(await listRecords(ctx.db, ctx.environmentId, filters, page));
}

export function unknown(path: string, resource: string): FieldError {
  return { path, code: "unknown", message: `There is no such ${resource} in this environment.` };
}
