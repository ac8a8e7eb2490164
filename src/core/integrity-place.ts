import { z } from "zod";
import type { IntegrityCheckName, Place } from "./integrity.ts";
import { readTally } from "./integrity-tally.ts";

const no = z.int().min(0);
const row = z.tuple([no, no]);
const period = z.tuple([no, z.string()]);
const group = z.union([
  z.tuple([no]),
  z.tuple([no, z.string()]).refine((place) => readTally(place) !== undefined, "Must be a tally."),
]);

/** A reconciliation, and beyond its beginning a part of its index, with a place within it. */
const index = z.union([
  z.tuple([no]),
  z.tuple([no, z.int().min(0).max(3)]),
  z.tuple([no, z.literal(0), no, no]),
  z.tuple([no, z.literal(1), no]),
  z.tuple([no, z.literal(2), z.string(), z.string(), z.string(), no]),
  z.tuple([no, z.literal(3), z.string(), no, no]),
]);

/** The places at which each check may go on. */
const PLACES: Record<IntegrityCheckName, z.ZodType<Place>> = {
  data_sources: row,
  change_logs: row,
  record_counts: group,
  source_days: group,
  records: row,
  bulk_requests: row,
  imports: row,
  import_counts: group,
  entries: row,
  reconciliation_counts: group,
  summary_days: group,
  rule_days: group,
  exception_days: group,
  exceptions: row,
  matches: row,
  voided_matches: row,
  chains: row,
  transaction_line_items: row,
  expected_payments: row,
  ledger_transactions: row,
  ledger_entries: row,
  ledger_accounts: row,
  ledger_periods: period,
  webhook_deliveries: row,
  indexes: index,
};

/** Whether a check may go on at a place, which came from outside; each may at its beginning. */
export function isPlaceOf(check: IntegrityCheckName, place: Place): boolean {
  return place.length === 0 || PLACES[check].safeParse(place).success;
}
