/** Everything that is checked, in the order in which it is checked. */
export const INTEGRITY_CHECKS = [
  "data_sources",
  "change_logs",
  "record_counts",
  "source_days",
  "records",
  "bulk_requests",
  "imports",
  "import_counts",
  "entries",
  "reconciliation_counts",
  "summary_days",
  "rule_days",
  "exception_days",
  "exceptions",
  "matches",
  "voided_matches",
  "chains",
  "transaction_line_items",
  "expected_payments",
  "ledger_transactions",
  "ledger_entries",
  "ledger_accounts",
  "ledger_periods",
  "webhook_deliveries",
  "indexes",
] as const;

export type IntegrityCheckName = (typeof INTEGRITY_CHECKS)[number];

/** Where a check goes on: row numbers and names, as the check reads them. An empty one is the beginning. */
export type Place = readonly (string | number)[];

/** A thing of the user's that is not as it has to be. What is expected and found are texts; amounts in minor units. */
export interface Finding {
  resourceType: string;
  resourceId: string;
  expected: string | null;
  found: string | null;
  message: string;
}

/** A thing that kept changing while it was looked at, so that nothing can be said of it. */
export interface Unsettled extends Pick<Finding, "resourceType" | "resourceId" | "message"> {
  /** Where it is looked at anew, and then what follows it. */
  retry: Place;
}

/** What came of a part of a check. */
export interface CheckPage {
  /** How many rows were looked at. */
  checked: number;
  findings: Finding[];
  /** A page ends with the first. */
  unsettled: Unsettled[];
  /** Null at the end. */
  next: Place | null;
}
