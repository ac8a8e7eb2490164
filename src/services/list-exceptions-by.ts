import { dayOf } from "../core/calendar.ts";
import type { ExceptionStatus } from "../core/exception.ts";
import { type FieldError, invalid, ok, type Result } from "../core/result.ts";
import { findDataSource } from "../db/data-sources.ts";
import { type ExceptionRow, listExceptions } from "../db/exceptions.ts";
import type { Page, PageRequest } from "../db/page.ts";
import { findReconciliationId } from "../db/reconciliations.ts";
import type { ServiceContext } from "./context.ts";
import { unknown } from "./list-records-by.ts";

export interface ExceptionQuery {
  reconciliationUid: string | undefined;
  typeKey: string | undefined;
  status: ExceptionStatus | undefined;
  assignee: string | undefined;
}

/** Lists exceptions by filters that name other resources, deleted reconciliations included. */
export async function listExceptionsBy(
  ctx: ServiceContext,
  { reconciliationUid, typeKey, status, assignee }: ExceptionQuery,
  page: PageRequest,
): Promise<Result<Page<ExceptionRow>>> {
  const [reconciliationId, source] = await Promise.all([
    reconciliationUid === undefined ? undefined : findReconciliationId(ctx.db, ctx.environmentId, reconciliationUid),
    typeKey === undefined ? undefined : findDataSource(ctx.db, ctx.environmentId, typeKey),
  ]);
  const errors: FieldError[] = [];
  if (reconciliationUid !== undefined && reconciliationId === undefined) {
    errors.push(unknown("reconciliation_id", "reconciliation"));
  }
  if (typeKey !== undefined && !source) errors.push(unknown("type_key", "data source"));
  if (errors.length > 0) return invalid(errors);
  const filters = { reconciliationId, sourceId: source?.id, status, assignee };
  return ok(await listExceptions(ctx.db, ctx.environmentId, filters, page, dayOf(ctx.now())));
}
