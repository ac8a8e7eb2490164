import { type BulkRequestSnapshot, presentBulkRequest } from "./bulk-request.ts";
import { formatSeconds } from "./calendar.ts";
import { type ExceptionSnapshot, presentException } from "./exception.ts";
import { type LedgerTransactionSnapshot, presentLedgerTransaction } from "./ledger/transaction-view.ts";
import { type MatchSnapshot, presentMatch } from "./match-view.ts";
import { type ExpectedPaymentSnapshot, presentExpectedPayment } from "./payment/expected-payment-view.ts";
import { presentTransaction, type TransactionSnapshot } from "./payment/transaction-view.ts";
import { presentRecord, type RecordSnapshot } from "./record-view.ts";

const SUBJECTS = {
  "record.reconciled": "record",
  "record.partially_reconciled": "record",
  "record.unreconciled": "record",
  "record.reconciliation_overdue": "record",
  "reconciliation_match.created": "match",
  "reconciliation_match.voided": "match",
  "reconciliation_exception.opened": "reconciliation_exception",
  "reconciliation_exception.closed": "reconciliation_exception",
  "bulk_request.completed": "bulk_request",
  "import.completed": "import",
  "expected_payment.created": "expected_payment",
  "expected_payment.reconciled": "expected_payment",
  "expected_payment.partially_reconciled": "expected_payment",
  "expected_payment.tentatively_reconciled": "expected_payment",
  "expected_payment.overdue": "expected_payment",
  "expected_payment.archived": "expected_payment",
  "expected_payment.unreconciled": "expected_payment",
  "transaction.created": "transaction",
  "ledger_transaction.created": "ledger_transaction",
  "ledger_transaction.posted": "ledger_transaction",
  "ledger_transaction.archived": "ledger_transaction",
  "webhook_endpoint.disabled": "webhook_endpoint",
} as const;

/** What an endpoint may subscribe to. */
export type EventType = keyof typeof SUBJECTS;
export const EVENT_TYPES = Object.keys(SUBJECTS) as [EventType, ...EventType[]];

/** Sent to one endpoint alone, on demand; nobody subscribes to it. */
export const PING = "ping";

/** Says how the snapshot of an event is stored, and so which presenter turns it into what GET answers. */
export type EventSubject = (typeof SUBJECTS)[EventType] | typeof PING;

export function subjectOf(type: EventType | typeof PING): EventSubject {
  return type === PING ? PING : SUBJECTS[type];
}

/** A record as of the commit, with the reconciliation that the event is about. */
export type RecordEventSnapshot = RecordSnapshot & { about_reconciliation_id: string };

/** An event as it is stored: `snapshot` holds the subject's rows as of the commit, `createdAt` is in ms. */
export interface StoredEvent {
  uid: string;
  type: string;
  subject: string;
  snapshot: unknown;
  createdAt: number;
}

/** The resource that an event is about, as GET showed it at the commit. What has no presenter is stored as shown. */
export function presentEventData(subject: string, snapshot: unknown): unknown {
  switch (subject as EventSubject) {
    case "record": {
      const { about_reconciliation_id, ...record } = snapshot as RecordEventSnapshot;
      return { ...presentRecord(record), reconciliation_id: about_reconciliation_id };
    }
    case "match":
      return presentMatch(snapshot as MatchSnapshot);
    case "reconciliation_exception":
      return presentException(snapshot as ExceptionSnapshot);
    case "bulk_request":
      return presentBulkRequest(snapshot as BulkRequestSnapshot);
    case "expected_payment":
      return presentExpectedPayment(snapshot as ExpectedPaymentSnapshot);
    case "transaction":
      return presentTransaction(snapshot as TransactionSnapshot);
    case "ledger_transaction":
      return presentLedgerTransaction(snapshot as LedgerTransactionSnapshot);
    default:
      return snapshot;
  }
}

/** An event as /v1 lists it, which is the body of a delivery in the format `standard`. */
export function presentEvent(event: StoredEvent) {
  return {
    id: event.uid,
    event_type: event.type,
    timestamp: new Date(event.createdAt).toISOString(),
    data: presentEventData(event.subject, event.snapshot),
  };
}

/** The topic and bare name that Modern Treasury splits an event type into. */
export function splitEventType(type: string): { topic: string; name: string } {
  const [topic, name] = type.split(".", 2) as [string, string | undefined];
  return { topic, name: name ?? topic };
}

/** An event as the payments door lists it; `entityUid` is the id of what it is about. */
export function presentPaymentEvent(event: StoredEvent & { entityUid: string }, isLive: boolean) {
  const { topic, name } = splitEventType(event.type);
  return {
    id: event.uid,
    object: "event" as const,
    live_mode: isLive,
    created_at: formatSeconds(event.createdAt),
    updated_at: formatSeconds(event.createdAt),
    resource: topic,
    event_name: name,
    event_time: new Date(event.createdAt).toISOString(),
    data: presentEventData(event.subject, event.snapshot),
    entity_id: event.entityUid,
  };
}

/** The types that have this topic and bare name, either of which may be left open. */
export function listEventTypes(topic: string | undefined, name: string | undefined): EventType[] {
  return EVENT_TYPES.filter((type) => {
    const split = splitEventType(type);
    return (topic === undefined || topic === split.topic) && (name === undefined || name === split.name);
  });
}
