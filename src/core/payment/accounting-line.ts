import { formatSeconds } from "../calendar.ts";
import type { TextMetadata } from "../metadata.ts";

/** A line given with an expected payment for the caller's accounting; `amount` in minor units, instants in ms. */
export interface AccountingLine {
  id: string;
  amount: number;
  description: string | null;
  metadata: TextMetadata;
  accounting_category_id: string | null;
  created_at: number;
  updated_at: number;
}

/** What the accounting lines of one expected payment may come to as JSON. */
export const ACCOUNTING_LINES_MAX_BYTES = 250_000;

/** Whether the accounting lines of one expected payment are small enough to be kept together. */
export function accountingLinesFit(lines: readonly object[]): boolean {
  return new TextEncoder().encode(JSON.stringify(lines)).length <= ACCOUNTING_LINES_MAX_BYTES;
}

/** An accounting line as the payments door shows it. */
export function presentAccountingLine(line: AccountingLine, payment: { id: string; isLive: boolean }) {
  return {
    id: line.id,
    object: "line_item" as const,
    live_mode: payment.isLive,
    created_at: formatSeconds(line.created_at),
    updated_at: formatSeconds(line.updated_at),
    itemizable_id: payment.id,
    itemizable_type: "ExpectedPayment" as const,
    amount: line.amount,
    description: line.description,
    metadata: line.metadata,
    accounting: {},
    accounting_category_id: line.accounting_category_id,
    accounting_ledger_class_id: null,
  };
}
