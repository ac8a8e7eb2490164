import { type SQL, sql } from "drizzle-orm";
import type { EventType } from "../core/event.ts";
import { jsonList } from "./client.ts";
import { expectedPaymentSnapshot, paymentJoins } from "./expected-payments.ts";
import { ledgerTransactionNames, ledgerTransactionSnapshot } from "./ledger-transactions.ts";
import { transactionJoins, transactionSnapshot } from "./transactions.ts";

export interface EventScope {
  environmentId: number;
  now: number;
}

/** An event of the payments door that is to be written, about the resource with the id `uid`. */
export interface NewPaymentEvent {
  uid: string;
  type: EventType;
  eventUid: string;
}

/** Events about expected payments as they stand then; they are recorded whether anybody listens or not. */
export function insertPaymentEvents(scope: EventScope, events: readonly NewPaymentEvent[]): SQL {
  return sql`insert into events (environment_id, created_at, subject, uid, type, entity_uid, occurrence, snapshot)
    select ${scope.environmentId}, ${scope.now}, 'expected_payment', j.value ->> 2, j.value ->> 1, p.uid,
      'expected_payment/' || p.id || '/' || (j.value ->> 2), ${expectedPaymentSnapshot}
    from json_each(${listEvents(events)}) j cross join expected_payments p on p.uid = j.value ->> 0 ${paymentJoins}
    where true order by j.key
    on conflict do nothing`;
}

/** The event of each expected payment that this batch has marked as overdue: once, whatever becomes of its dates. */
export function insertOverduePaymentEvents(
  scope: EventScope,
  marked: readonly { recordId: number; eventUid: string }[],
): SQL {
  const rows = jsonList(marked.map(({ recordId, eventUid }) => [recordId, eventUid]));
  return sql`insert into events (environment_id, created_at, subject, uid, type, entity_uid, occurrence, snapshot)
    select ${scope.environmentId}, ${scope.now}, 'expected_payment', j.value ->> 1, 'expected_payment.overdue', p.uid,
      'expected_payment/' || p.id || '/overdue', ${expectedPaymentSnapshot}
    from json_each(${rows}) j cross join expected_payments p on p.record_id = j.value ->> 0
    cross join entries e on e.record_id = p.record_id and e.overdue_at = ${scope.now} ${paymentJoins}
    where true order by j.key
    on conflict do nothing`;
}

/** A pending transaction that would reconcile an expected payment; records and versions as they were seen. */
export interface Sighting {
  transactionUid: string;
  transactionVersion: number;
  paymentRecordUid: string;
  paymentVersion: number;
  eventUid: string;
}

/** The event of each sighting that is still true, once for each pair; its data name the pending transaction. */
export function insertTentativeEvents(scope: EventScope, sightings: readonly Sighting[]): SQL {
  const rows = jsonList(
    sightings.map((s) => [s.transactionUid, s.transactionVersion, s.paymentRecordUid, s.paymentVersion, s.eventUid]),
  );
  return sql`insert into events (environment_id, created_at, subject, uid, type, entity_uid, occurrence, snapshot)
    select ${scope.environmentId}, ${scope.now}, 'expected_payment', j.value ->> 4,
      'expected_payment.tentatively_reconciled', p.uid, 'expected_payment/' || p.id || '/tentative/' || t.id,
      json_set(${expectedPaymentSnapshot}, '$.transaction_id', t.uid)
    from json_each(${rows}) j cross join records t on t.uid = j.value ->> 0
    cross join records r on r.uid = j.value ->> 2 cross join expected_payments p on p.record_id = r.id
    cross join environments v on v.id = p.environment_id
    where t.version = j.value ->> 1 and t.is_pending = 1 and t.deleted_at is null
      and r.version = j.value ->> 3 and p.status in ('unreconciled', 'partially_reconciled')
    order by j.key
    on conflict do nothing`;
}

/** Events about ledger transactions as they stand then. */
export function insertLedgerEvents(scope: EventScope, events: readonly NewPaymentEvent[]): SQL {
  return sql`insert into events (environment_id, created_at, subject, uid, type, entity_uid, occurrence, snapshot)
    select ${scope.environmentId}, ${scope.now}, 'ledger_transaction', j.value ->> 2, j.value ->> 1, t.uid,
      'ledger_transaction/' || t.id || '/' || (j.value ->> 1), ${ledgerTransactionSnapshot}
    from json_each(${listEvents(events)}) j cross join ledger_transactions t on t.uid = j.value ->> 0
    ${ledgerTransactionNames} where true order by j.key
    on conflict do nothing`;
}

/** Events about transactions as they stand then. */
export function insertTransactionEvents(scope: EventScope, events: readonly NewPaymentEvent[]): SQL {
  return sql`insert into events (environment_id, created_at, subject, uid, type, entity_uid, occurrence, snapshot)
    select ${scope.environmentId}, ${scope.now}, 'transaction', j.value ->> 2, j.value ->> 1, r.uid,
      'transaction/' || r.id || '/' || (j.value ->> 1), ${transactionSnapshot}
    from json_each(${listEvents(events)}) j cross join records r on r.uid = j.value ->> 0
    ${transactionJoins} where true order by j.key
    on conflict do nothing`;
}

function listEvents(events: readonly NewPaymentEvent[]): SQL {
  return jsonList(events.map(({ uid, type, eventUid }) => [uid, type, eventUid]));
}
