import type { RecordSnapshot } from "../core/record-view.ts";
import { type FieldError, invalid, ok, type Result } from "../core/result.ts";
import { findBulkRequest } from "../db/bulk-requests.ts";
import { findDataSource } from "../db/data-sources.ts";
import { findImport } from "../db/imports.ts";
import { listRecords, type RecordFilters } from "../db/list-records.ts";
import { findMatchId } from "../db/matches.ts";
import type { Page, PageRequest } from "../db/page.ts";
import { findReconciliation } from "../db/reconciliations.ts";
import type { ServiceContext } from "./context.ts";

export interface RecordQuery {
  typeKey: string | undefined;
  reconciliationUid: string | undefined;
  matchUid: string | undefined;
  bulkRequestUid: string | undefined;
  importUid: string | undefined;
  filters: Omit<RecordFilters, "sourceId" | "reconciliationId" | "matchId" | "bulkRequestId" | "importId">;
}

/** Lists records by filters that name other resources; a name that is not known in the environment is refused. */
export async function listRecordsBy(
  ctx: ServiceContext,
  query: RecordQuery,
  page: PageRequest,
): Promise<Result<Page<RecordSnapshot>>> {
  const { typeKey, reconciliationUid, matchUid, bulkRequestUid, importUid } = query;
  const [source, reconciliation, matchId, bulkRequest, importRow] = await Promise.all([
    typeKey === undefined ? undefined : findDataSource(ctx.db, ctx.environmentId, typeKey),
    reconciliationUid === undefined ? undefined : findReconciliation(ctx.db, ctx.environmentId, reconciliationUid),
    matchUid === undefined ? undefined : findMatchId(ctx.db, ctx.environmentId, matchUid),
    bulkRequestUid === undefined ? undefined : findBulkRequest(ctx.db, ctx.environmentId, bulkRequestUid),
    importUid === undefined ? undefined : findImport(ctx.db, ctx.environmentId, importUid),
  ]);
  const errors: FieldError[] = [];
  if (typeKey !== undefined && !source) errors.push(unknown("type_key", "data source"));
  if (reconciliationUid !== undefined && !reconciliation) errors.push(unknown("reconciliation_id", "reconciliation"));
  if (matchUid !== undefined && matchId === undefined) errors.push(unknown("reconciliation_match_id", "match"));
  if (bulkRequestUid !== undefined && !bulkRequest) errors.push(unknown("bulk_request_id", "bulk request"));
  if (importUid !== undefined && !importRow) errors.push(unknown("import_id", "import"));
  if (errors.length > 0) return invalid(errors);
  const filters = {
    ...query.filters,
    sourceId: source?.id,
    reconciliationId: reconciliation?.id,
    matchId,
    bulkRequestId: bulkRequest?.id,
    importId: importRow?.id,
  };
  return ok(await listRecords(ctx.db, ctx.environmentId, filters, page));
}

export function unknown(path: string, resource: string): FieldError {
  return { path, code: "unknown", message: `There is no such ${resource} in this environment.` };
}
