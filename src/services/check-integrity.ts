import { type CheckPage, INTEGRITY_CHECKS, type IntegrityCheckName, type Place } from "../core/integrity.ts";
import { checkChangeLogs } from "../db/integrity/change-log-check.ts";
import type { IntegrityCheck } from "../db/integrity/check.ts";
import { checkReconciliationCounts, checkRecordCounts } from "../db/integrity/count-checks.ts";
import { checkExceptionDays, checkRuleDays, checkSourceDays, checkSummaryDays } from "../db/integrity/day-checks.ts";
import { checkDeliveries } from "../db/integrity/delivery-checks.ts";
import { checkExceptions } from "../db/integrity/exception-checks.ts";
import { checkBulkRequests, checkImportCounts, checkImports } from "../db/integrity/job-checks.ts";
import {
  checkLedgerAccounts,
  checkLedgerEntries,
  checkLedgerPeriods,
  checkLedgerTransactions,
} from "../db/integrity/ledger-checks.ts";
import { checkMatches, checkVoidedMatches } from "../db/integrity/match-checks.ts";
import { checkExpectedPayments, checkLineItems } from "../db/integrity/payment-checks.ts";
import { checkDataSources, checkEntries, checkRecords } from "../db/integrity/record-checks.ts";
import { checkChains } from "./check-chains.ts";
import { checkIndexes } from "./check-indexes.ts";
import type { ServiceContext } from "./context.ts";

const CHECKS: Record<Exclude<IntegrityCheckName, "indexes">, IntegrityCheck> = {
  data_sources: checkDataSources,
  change_logs: checkChangeLogs,
  record_counts: checkRecordCounts,
  source_days: checkSourceDays,
  records: checkRecords,
  bulk_requests: checkBulkRequests,
  imports: checkImports,
  import_counts: checkImportCounts,
  entries: checkEntries,
  reconciliation_counts: checkReconciliationCounts,
  summary_days: checkSummaryDays,
  rule_days: checkRuleDays,
  exception_days: checkExceptionDays,
  exceptions: checkExceptions,
  matches: checkMatches,
  voided_matches: checkVoidedMatches,
  chains: checkChains,
  transaction_line_items: checkLineItems,
  expected_payments: checkExpectedPayments,
  ledger_transactions: checkLedgerTransactions,
  ledger_entries: checkLedgerEntries,
  ledger_accounts: checkLedgerAccounts,
  ledger_periods: checkLedgerPeriods,
  webhook_deliveries: checkDeliveries,
};

/** A place among all checks. */
export interface IntegrityPlace {
  check: IntegrityCheckName;
  place: Place;
}

export interface IntegrityPage extends Omit<CheckPage, "next"> {
  check: IntegrityCheckName;
  next: IntegrityPlace | null;
}

/**
 * Looks at a page of an environment's rows and says what of them is not as it has to be. Each finding is true of one
 * moment, whatever is written meanwhile. With `only` it ends with that check, else it goes on with the next one.
 */
export async function checkIntegrity(
  ctx: ServiceContext,
  from: IntegrityPlace | null,
  only: IntegrityCheckName | null,
  limit: number,
): Promise<IntegrityPage> {
  const { check, place } = from ?? { check: only ?? INTEGRITY_CHECKS[0], place: [] };
  const page =
    check === "indexes"
      ? await checkIndexes(ctx, place, limit)
      : await CHECKS[check](ctx.db, ctx.environmentId, place, limit);
  if (page.next) return { ...page, check, next: { check, place: page.next } };
  const following = only ? undefined : INTEGRITY_CHECKS[INTEGRITY_CHECKS.indexOf(check) + 1];
  return { ...page, check, next: following ? { check: following, place: [] } : null };
}
