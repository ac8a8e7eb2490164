import { sql } from "drizzle-orm";
import type { AccountingLine } from "../core/payment/accounting-line.ts";
import type { ExpectedPaymentSnapshot } from "../core/payment/expected-payment-view.ts";
import { type Db, first } from "./client.ts";
import { expectedPaymentSnapshot, paymentJoins } from "./expected-payments.ts";

/** An expected payment with what a change of it must know of its record. */
export interface ExpectedPaymentRow {
  id: number;
  accountId: number;
  accountUid: string;
  recordId: number;
  recordVersion: number;
  sourceId: number;
  snapshot: ExpectedPaymentSnapshot;
}

type StoredRow = Omit<ExpectedPaymentRow, "snapshot"> & { snapshot: string };

export async function findPaymentRow(
  db: Db,
  environmentId: number,
  uid: string,
): Promise<ExpectedPaymentRow | undefined> {
  const row = await first<StoredRow>(
    db,
    sql`select p.id, p.account_id as "accountId", a.uid as "accountUid", r.id as "recordId",
        r.version as "recordVersion", r.source_id as "sourceId", ${expectedPaymentSnapshot} as snapshot
      from expected_payments p ${paymentJoins} cross join internal_accounts a on a.id = p.account_id
      where p.uid = ${uid} and p.environment_id = ${environmentId}`,
  );
  return row && { ...row, snapshot: JSON.parse(row.snapshot) as ExpectedPaymentSnapshot };
}

/** The accounting lines of an expected payment, in the order in which they were given; `stored` is their text. */
export async function findAccountingLines(
  db: Db,
  environmentId: number,
  uid: string,
): Promise<{ id: number; lines: AccountingLine[]; stored: string } | undefined> {
  const row = await first<{ id: number; stored: string }>(
    db,
    sql`select id, accounting_lines as stored from expected_payments
      where uid = ${uid} and environment_id = ${environmentId}`,
  );
  return row && { ...row, lines: JSON.parse(row.stored) as AccountingLine[] };
}
