import { type SQL, sql } from "drizzle-orm";
import { v7 as newId } from "uuid";
import type { EventType } from "../core/event.ts";
import { reverseEntries } from "../core/ledger/entries.ts";
import { type LedgerTransactionSnapshot, readEntry } from "../core/ledger/transaction-view.ts";
import { type FollowUp, followPayment, type PaymentStatus } from "../core/ledger/transitions.ts";
import { all, type Db, jsonList } from "../db/client.ts";
import { expectNone, expectThat } from "../db/guard.ts";
import {
  type ChangedLedgerTransaction,
  changeLedgerTransactions,
  insertLedgerTransactions,
  type LedgerTransactionState,
  type NewLedgerTransaction,
} from "../db/ledger-commit.ts";
import { bareLedgerTransaction, ledgerTransactionNames, ledgerTransactionSnapshot } from "../db/ledger-transactions.ts";
import {
  type EventScope,
  insertLedgerEvents,
  insertPaymentEvents,
  type NewPaymentEvent,
} from "../db/payment-events.ts";
import { nameEntries } from "./create-ledger-transaction.ts";

/** An expected payment's way from one status to another; to the same one if only its amounts have changed. */
export interface PaymentStep {
  paymentUid: string;
  from: PaymentStatus;
  to: PaymentStatus;
  /** Set where it is reconciled by hand with less than it should have been. */
  isClosed?: boolean;
}

export interface PaymentEffects {
  statements: SQL[];
  eventUids: string[];
}

/** As many ledger transactions are changed by one set of statements: their metadata are values of one list. */
const LEDGER_PAGE_TRANSACTIONS = 100;

export const NO_EFFECTS: PaymentEffects = { statements: [], eventUids: [] };

const REFUSED: PaymentEffects = { statements: [expectThat(sql`false`)], eventUids: [] };

interface Linked {
  step: PaymentStep;
  ledger: LedgerTransactionSnapshot | null;
}

/** The ledger transaction was read later than the payment, and shows that the payment is not what it was. */
function isOvertaken({ step, ledger }: Linked): boolean {
  if (ledger === null) return false;
  const follow = followPayment(ledger.status, step.to);
  return follow === undefined || (follow.kind === "reverse_and_renew" && !isReversal(step));
}

function isReversal({ from, to }: PaymentStep): boolean {
  return from === "reconciled" && to !== from;
}

/**
 * What follows from expected payments changing their status, as statements that stand after the change of their records
 * and entries in its batch: the payments themselves, their linked ledger transactions, and the events of both. The batch
 * is refused when a payment or its ledger transaction is not what it was, and when a status is not what the links say.
 */
export async function planPaymentSteps(
  db: Db,
  scope: EventScope,
  steps: readonly PaymentStep[],
): Promise<PaymentEffects> {
  if (steps.length === 0) return NO_EFFECTS;
  const ledgers = await readLinkedLedgers(db, steps);
  const linked = steps.map((step): Linked => ({ step, ledger: ledgers.get(step.paymentUid) ?? null }));
  if (linked.some(isOvertaken)) return REFUSED;
  const moves = linked.flatMap((one) => planMove(one, scope));
  const payments = steps.flatMap(({ paymentUid: uid, from, to }): NewPaymentEvent[] => {
    return from === to ? [] : [{ uid, type: `expected_payment.${to}`, eventUid: newId() }];
  });
  const ledgerEvents = moves.flatMap(({ events }) => events);
  return {
    statements: [
      expectSteps(linked),
      ...updatePayments(scope, steps),
      ...writeMoves(scope, moves),
      expectStatuses(steps),
      insertPaymentEvents(scope, payments),
      ...(ledgerEvents.length === 0 ? [] : [insertLedgerEvents(scope, ledgerEvents)]),
    ],
    eventUids: [...payments, ...ledgerEvents].map(({ eventUid }) => eventUid),
  };
}

async function readLinkedLedgers(
  db: Db,
  steps: readonly PaymentStep[],
): Promise<Map<string, LedgerTransactionSnapshot>> {
  // Only what is to be reversed is written anew, entry by entry.
  const asked = steps.map((step) => [step.paymentUid, isReversal(step) ? 1 : 0]);
  const rows = await all<{ uid: string; snapshot: string }>(
    db,
    sql`select p.uid, case j.value ->> 1 when 1 then ${ledgerTransactionSnapshot} else ${bareLedgerTransaction} end
        as snapshot
      from json_each(${jsonList(asked)}) j cross join expected_payments p on p.uid = j.value ->> 0
      cross join ledger_transactions t on t.id = p.ledger_transaction_id ${ledgerTransactionNames}`,
  );
  return new Map(rows.map(({ uid, snapshot }) => [uid, JSON.parse(snapshot) as LedgerTransactionSnapshot]));
}

interface LedgerMove {
  paymentUid: string;
  changed: ChangedLedgerTransaction[];
  added: NewLedgerTransaction[];
  /** The one that the payment is linked to from now on, if it is another one. */
  renewedUid: string | null;
  events: NewPaymentEvent[];
}

function planMove({ step, ledger }: Linked, scope: EventScope): LedgerMove[] {
  const follow: FollowUp | undefined = ledger === null ? { kind: "none" } : followPayment(ledger.status, step.to);
  if (follow === undefined) throw new Error(`a ${ledger?.status} ledger transaction of a payment that is ${step.to}`);
  if (ledger === null || follow.kind === "none") return [];
  const { paymentUid } = step;
  if (follow.kind === "become") {
    const { status } = follow;
    const state = { ...stateOf(ledger), status, postedAt: status === "posted" ? scope.now : null };
    const change: ChangedLedgerTransaction = { ...state, uid: ledger.id, version: ledger.version, entries: "copied" };
    const events = [describeEvent(ledger.id, status === "posted" ? "posted" : "archived")];
    return [{ paymentUid, changed: [change], added: [], renewedUid: null, events }];
  }
  const entries = ledger.entries.map(readEntry);
  if (entries.length === 0) throw new Error("a ledger transaction is reversed without its entries");
  const common = { ledgerUid: ledger.ledger_id, partiallyPostsUid: null, externalId: null };
  const reversal: NewLedgerTransaction = {
    ...stateOf(ledger),
    ...common,
    uid: newId(),
    reversesUid: ledger.id,
    status: "posted",
    postedAt: scope.now,
    ledgerableType: null,
    ledgerableUid: null,
    entries: nameEntries(reverseEntries(entries)),
  };
  const renewed: NewLedgerTransaction = {
    ...stateOf(ledger),
    ...common,
    uid: newId(),
    reversesUid: null,
    status: "pending",
    postedAt: null,
    entries: nameEntries(entries),
  };
  const events = [
    describeEvent(reversal.uid, "created"),
    describeEvent(reversal.uid, "posted"),
    describeEvent(renewed.uid, "created"),
  ];
  return [{ paymentUid, changed: [], added: [reversal, renewed], renewedUid: renewed.uid, events }];
}

function stateOf(ledger: LedgerTransactionSnapshot): LedgerTransactionState {
  return {
    status: ledger.status,
    description: ledger.description,
    metadata: ledger.metadata,
    effectiveAt: ledger.effective_at,
    postedAt: ledger.posted_at,
    externalId: ledger.external_id,
    ledgerableType: ledger.links.ledgerable_type,
    ledgerableUid: ledger.links.ledgerable_id,
    archivedReason: ledger.archived_reason,
  };
}

function describeEvent(uid: string, name: "created" | "posted" | "archived"): NewPaymentEvent {
  const type: EventType = `ledger_transaction.${name}`;
  return { uid, type, eventUid: newId() };
}

function writeMoves(scope: EventScope, moves: readonly LedgerMove[]): SQL[] {
  const pages = Array.from({ length: Math.ceil(moves.length / LEDGER_PAGE_TRANSACTIONS) }, (_, page) =>
    moves.slice(page * LEDGER_PAGE_TRANSACTIONS, (page + 1) * LEDGER_PAGE_TRANSACTIONS),
  );
  return pages.flatMap((page) => {
    const changed = page.flatMap((move) => move.changed);
    const added = page.flatMap((move) => move.added);
    const renewed = page.flatMap(({ paymentUid, renewedUid }) => (renewedUid ? [[paymentUid, renewedUid]] : []));
    return [
      ...(changed.length === 0 ? [] : changeLedgerTransactions(scope, changed)),
      ...(added.length === 0 ? [] : insertLedgerTransactions(scope, added)),
      ...(renewed.length === 0 ? [] : [moveLinks(renewed)]),
    ];
  });
}

function moveLinks(renewed: string[][]): SQL {
  return sql`update expected_payments set ledger_transaction_id = d.id
    from (select j.value ->> 0 as payment_uid, t.id from json_each(${jsonList(renewed)}) j
      cross join ledger_transactions t on t.uid = j.value ->> 1 limit -1) d
    where expected_payments.uid = d.payment_uid`;
}

/** A guard: the payments have the statuses that they are to leave, and the ledger transactions that were read. */
function expectSteps(linked: readonly Linked[]): SQL {
  const rows = jsonList(linked.map(({ step, ledger }) => [step.paymentUid, step.from, ledger?.id ?? null]));
  return expectNone(sql`select 1 from json_each(${rows}) j left join expected_payments p on p.uid = j.value ->> 0
    left join ledger_transactions t on t.id = p.ledger_transaction_id
    where p.status is not j.value ->> 1 or t.uid is not j.value ->> 2`);
}

/** What was closed short waits for all of its amount again once it is open. */
function updatePayments(scope: EventScope, steps: readonly PaymentStep[]): SQL[] {
  const rows = jsonList(steps.map(({ paymentUid, to, isClosed }) => [paymentUid, to, isClosed ? scope.now : null]));
  return [
    sql`update records set amount_lower = d.amount_lower
      from (select p.record_id, p.variables ->> '$[0].amount_lower_bound' as amount_lower
        from json_each(${rows}) j cross join expected_payments p on p.uid = j.value ->> 0
        where p.closed_at is not null and j.value ->> 1 <> 'reconciled' limit -1) d
      where records.id = d.record_id`,
    sql`update expected_payments set status = j.value ->> 1, updated_at = ${scope.now},
        closed_at = case when j.value ->> 1 = 'reconciled' then coalesce(closed_at, j.value ->> 2) end
      from json_each(${rows}) j where expected_payments.uid = j.value ->> 0`,
  ];
}

/** A guard: the payments' statuses are those of their entries. */
function expectStatuses(steps: readonly PaymentStep[]): SQL {
  return expectNone(sql`select 1 from json_each(${jsonList(steps.map(({ paymentUid }) => paymentUid))}) j
    cross join expected_payments p on p.uid = j.value left join entries e on e.record_id = p.record_id
    where p.status is not case coalesce(e.status, 0) when 1 then 'partially_reconciled' when 2 then 'reconciled'
      else case p.status when 'archived' then 'archived' else 'unreconciled' end end`);
}
