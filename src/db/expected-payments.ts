import { type SQL, sql } from "drizzle-orm";
import type { ExpectedPaymentSnapshot } from "../core/payment/expected-payment-view.ts";
import { all, type Db, first, jsonList } from "./client.ts";

/** The type of the data source whose records are an internal account's expected payments; /v1 does not show it. */
export const EXPECTED_PAYMENTS = "expected_payments";

/** The environment of the records that are expected payments: no list of /v1 meets them. */
export const NO_ENVIRONMENT = 0;

/** The key of an internal account's source of expected payments; no source of the user's can have it. */
export function expectedPaymentsKey(accountUid: string): string {
  return `${EXPECTED_PAYMENTS}~${accountUid}`;
}

const newestLink = (column: string) => `(select ${column} from transaction_line_items li
  join records t on t.id = li.transaction_id
  where li.payment_id = p.id and li.discarded_at is null order by li.id desc limit 1)`;

/** A JSON object of an expected payment `p`, its record `r` and its environment `v`, as `ExpectedPaymentSnapshot`. */
export const expectedPaymentSnapshot: SQL = sql.raw(`json_object('id', p.uid, 'is_live', v.mode = 'live',
  'status', p.status, 'method', case
    when p.closed_at is not null or exists (select 1 from transaction_line_items li
      where li.payment_id = p.id and li.discarded_at is null and li.method = 'manual') then 'manual'
    when p.status in ('partially_reconciled', 'reconciled') then 'automatic' end,
  'variables', json(p.variables), 'direction', r.direction, 'amount', r.amount,
  'matched', coalesce((select e.matched from entries e where e.record_id = r.id), 0),
  'transaction_id', ${newestLink("t.uid")}, 'line_item_id', ${newestLink("li.uid")},
  'ledger_transaction_id', (select lt.uid from ledger_transactions lt where lt.id = p.ledger_transaction_id),
  'description', p.description, 'external_id', p.external_id, 'metadata', json(p.metadata),
  'statement_descriptor', p.statement_descriptor, 'remittance_information', p.remittance_information,
  'created_at', p.created_at, 'updated_at', p.updated_at)`);

/** Joins what `expectedPaymentSnapshot` needs to an expected payment `p`. */
export const paymentJoins: SQL = sql.raw(
  "cross join records r on r.id = p.record_id cross join environments v on v.id = p.environment_id",
);

/** One row with the snapshot of an expected payment; none if it is of another environment. */
function selectExpectedPayment(environmentId: number, uid: string): SQL {
  return sql`select p.id, ${expectedPaymentSnapshot} as snapshot from expected_payments p ${paymentJoins}
    where p.uid = ${uid} and p.environment_id = ${environmentId}`;
}

export async function findExpectedPayment(
  db: Db,
  environmentId: number,
  uid: string,
): Promise<ExpectedPaymentSnapshot | undefined> {
  const row = await first<{ snapshot: string }>(db, selectExpectedPayment(environmentId, uid));
  return row && (JSON.parse(row.snapshot) as ExpectedPaymentSnapshot);
}

/** The ids of expected payments by the row numbers of their records. */
export async function listPaymentUids(db: Db, recordIds: readonly number[]): Promise<Map<number, string>> {
  const rows = await all<{ record_id: number; uid: string }>(
    db,
    sql`select p.record_id, p.uid from json_each(${jsonList(recordIds)}) j
      cross join expected_payments p on p.record_id = j.value`,
  );
  return new Map(rows.map(({ record_id, uid }) => [record_id, uid]));
}
