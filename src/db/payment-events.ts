import { type SQL, sql } from "drizzle-orm";
import type { EventType } from "../core/event.ts";
import { jsonList } from "./client.ts";
import { expectedPaymentSnapshot, paymentJoins } from "./expected-payments.ts";
import { ledgerTransactionNames, ledgerTransactionSnapshot } from "./ledger-transactions.ts";

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

/**
 * Events about expected payments as they stand then; they are recorded whether anybody listens or not. `occurrence`, an
 * expression over `p`, makes what happens once happen once.
 */
export function insertPaymentEvents(
  scope: EventScope,
  events: readonly NewPaymentEvent[],
  occurrence: SQL = sql`j.value ->> 2`,
): SQL {
  return sql`insert into events (environment_id, created_at, subject, uid, type, entity_uid, occurrence, snapshot)
    select ${scope.environmentId}, ${scope.now}, 'expected_payment', j.value ->> 2, j.value ->> 1, p.uid,
      'expected_payment/' || p.id || '/' || (j.value ->> 1) || '/' || ${occurrence}, ${expectedPaymentSnapshot}
    from json_each(${listEvents(events)}) j cross join expected_payments p on p.uid = j.value ->> 0 ${paymentJoins}
    where true order by j.key
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

function listEvents(events: readonly NewPaymentEvent[]): SQL {
  return jsonList(events.map(({ uid, type, eventUid }) => [uid, type, eventUid]));
}
