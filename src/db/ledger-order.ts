/** How a list of ledger transactions or entries is ordered; what has the same place stands in the order of making. */
export interface LedgerOrder {
  by: "created_at" | "effective_at";
  direction: "asc" | "desc";
}
