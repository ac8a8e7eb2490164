import type { SQL } from "drizzle-orm";
import { v7 as newId } from "uuid";
import type { LedgerStatus } from "../core/ledger/balance.ts";
import { fanOutDeliveries } from "../db/deliveries.ts";
import { type EventScope, insertLedgerEvents, type NewPaymentEvent } from "../db/payment-events.ts";

/** A ledger transaction's way from one status to another; from null if it is new. */
export interface LedgerStep {
  uid: string;
  from: LedgerStatus | null;
  to: LedgerStatus;
}

/**
 * The statements that record what has become of ledger transactions; they stand after it in its batch, and the last
 * one's result is to be sent. None where no status has changed.
 */
export function announceLedgerTransactions(scope: EventScope, steps: readonly LedgerStep[]): SQL[] {
  const events = steps.flatMap(listEvents);
  if (events.length === 0) return [];
  const eventUids = events.map(({ eventUid }) => eventUid);
  return [insertLedgerEvents(scope, events), fanOutDeliveries(scope.environmentId, eventUids, scope.now)];
}

function listEvents({ uid, from, to }: LedgerStep): NewPaymentEvent[] {
  const events: NewPaymentEvent[] = [];
  if (from === null) events.push({ uid, type: "ledger_transaction.created", eventUid: newId() });
  if (from !== to && to !== "pending") events.push({ uid, type: `ledger_transaction.${to}`, eventUid: newId() });
  return events;
}
