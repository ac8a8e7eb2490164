import { type SQL, sql } from "drizzle-orm";
import { expectThat } from "./guard.ts";

/** What ledger transactions say that they stand for when they are linked to an expected payment. */
export const EXPECTED_PAYMENT = "expected_payment";

/** Links an open expected payment, which has no ledger transaction yet, to one that stands before it in the batch. */
export function linkPayment(environmentId: number, paymentUid: string, transactionUid: string, now: number): SQL[] {
  return [
    expectThat(sql`exists (select 1 from expected_payments where uid = ${paymentUid}
      and environment_id = ${environmentId} and ledger_transaction_id is null
      and status in ('unreconciled', 'partially_reconciled'))`),
    sql`update expected_payments set updated_at = ${now},
        ledger_transaction_id = (select id from ledger_transactions where uid = ${transactionUid})
      where uid = ${paymentUid}`,
  ];
}

export function unlinkPayment(environmentId: number, paymentUid: string, transactionUid: string, now: number): SQL {
  return sql`update expected_payments set ledger_transaction_id = null, updated_at = ${now}
    where uid = ${paymentUid} and environment_id = ${environmentId}
      and ledger_transaction_id = (select id from ledger_transactions where uid = ${transactionUid})`;
}
