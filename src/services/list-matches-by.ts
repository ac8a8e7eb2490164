import { sql } from "drizzle-orm";
import type { MatchSnapshot } from "../core/match-view.ts";
import { type FieldError, invalid, ok, type Result } from "../core/result.ts";
import { first } from "../db/client.ts";
import { listMatches, type MatchFilters } from "../db/matches.ts";
import type { Page, PageRequest } from "../db/page.ts";
import { findReconciliationId } from "../db/reconciliations.ts";
import { findRuleId } from "../db/rules.ts";
import type { ServiceContext } from "./context.ts";
import { unknown } from "./list-records-by.ts";

export interface MatchQuery {
  reconciliationUid: string | undefined;
  ruleUid: string | undefined;
  recordUid: string | undefined;
  filters: Pick<MatchFilters, "method" | "status">;
}

/** Lists matches by filters that name other resources, deleted ones included: history stays readable. */
export async function listMatchesBy(
  ctx: ServiceContext,
  query: MatchQuery,
  page: PageRequest,
): Promise<Result<Page<MatchSnapshot>>> {
  const { reconciliationUid, ruleUid, recordUid } = query;
  const [reconciliationId, ruleId, recordId] = await Promise.all([
    reconciliationUid === undefined ? undefined : findReconciliationId(ctx.db, ctx.environmentId, reconciliationUid),
    ruleUid === undefined ? undefined : findRuleId(ctx.db, ctx.environmentId, ruleUid),
    recordUid === undefined ? undefined : findRecordId(ctx, recordUid),
  ]);
  const errors: FieldError[] = [];
  if (reconciliationUid !== undefined && reconciliationId === undefined) {
    errors.push(unknown("reconciliation_id", "reconciliation"));
  }
  if (ruleUid !== undefined && ruleId === undefined) errors.push(unknown("rule_id", "rule"));
  if (recordUid !== undefined && recordId === undefined) errors.push(unknown("record_id", "record"));
  if (errors.length > 0) return invalid(errors);
  const filters = { ...query.filters, reconciliationId, ruleId, recordId };
  return ok(await listMatches(ctx.db, ctx.environmentId, filters, page));
}

async function findRecordId(ctx: ServiceContext, uid: string): Promise<number | undefined> {
  const row = await first<{ id: number }>(
    ctx.db,
    sql`select id from records where uid = ${uid} and environment_id = ${ctx.environmentId}`,
  );
  return row?.id;
}
