import { sql } from "drizzle-orm";
import { v7 as newId } from "uuid";
import type { PaymentStatus } from "../core/ledger/transitions.ts";
import type { Side } from "../core/matching/item.ts";
import { pairKeyOf } from "../core/matching/set-key.ts";
import { all, type Db, jsonList } from "../db/client.ts";
import { discardLineItems, insertLineItems, type NewLineItem } from "../db/line-item-commit.ts";
import type { CommitScope } from "../db/match-commit.ts";
import type { PlannedMatch } from "./commit-matches.ts";
import { type PaymentEffects, type PaymentStep, planPaymentSteps } from "./payment-effects.ts";

/** A match of one transaction with one expected payment. */
export interface PlannedLink extends PlannedMatch {
  groupUid: string | null;
}

/** The links that a match of a transaction with one or more expected payments is written as. */
export function splitIntoLinks(match: PlannedMatch): PlannedLink[] {
  const [transaction, ...others] = match.allocations.filter(({ side }) => side === "a");
  const payments = match.allocations.filter(({ side }) => side === "b");
  if (!transaction || others.length > 0 || payments.length === 0)
    throw new Error("a payment match has one transaction");
  const groupUid = payments.length > 1 ? newId() : null;
  const conditions = match.explanation.length / payments.length;
  return payments.map((payment, place) => ({
    ...match,
    uid: payments.length > 1 ? newId() : match.uid,
    variance: 0,
    allocations: [{ ...transaction, amount: payment.amount }, payment],
    explanation: match.explanation.slice(place * conditions, (place + 1) * conditions),
    setKey: pairKeyOf(transaction.item.id, payment.item.id),
    groupUid,
  }));
}

/** What links mean for their expected payments, beside the matches, as statements that stand after these. */
export async function planLinkEffects(
  db: Db,
  scope: CommitScope,
  links: readonly PlannedLink[],
): Promise<PaymentEffects> {
  const items = links.map(describeLineItem);
  const effects = await planPaymentSteps(db, scope, await readSteps(db, listStatusChanges(links)));
  return { ...effects, statements: [...insertLineItems(scope, items), ...effects.statements] };
}

function describeLineItem({ uid, allocations, rule, groupUid }: PlannedLink): NewLineItem {
  const [transaction, payment] = allocations as [PlannedMatch["allocations"][0], PlannedMatch["allocations"][0]];
  return {
    matchUid: uid,
    transactionUid: transaction.item.uid,
    paymentRecordUid: payment.item.uid,
    amount: payment.amount,
    method: rule ? "automatic" : "manual",
    groupUid,
  };
}

/** A record as a match that is being undone holds it. */
export interface LinkedRecord {
  record_uid: string;
  side: Side;
  /** What the match has given to it, and the least that reconciles it; minor units. */
  amount: number;
  amount_lower: number | null;
  matched: number;
  match_count: number;
  status: number;
}

/** What the undoing of links means for their expected payments, as statements that stand after the rest of it. */
export async function planUnlinkEffects(
  db: Db,
  scope: CommitScope,
  matchUids: readonly string[],
  records: readonly LinkedRecord[],
): Promise<PaymentEffects> {
  const payments = Map.groupBy(
    records.filter(({ side }) => side === "b"),
    (record) => record.record_uid,
  );
  const changes = [...payments].map(([recordUid, undone]): StatusChange => {
    const { status, match_count, matched, amount_lower } = undone[0] as LinkedRecord;
    const left = undone.reduce((rest, { amount }) => rest - amount, matched);
    const isInRange = amount_lower !== null && left >= amount_lower;
    return {
      recordUid,
      from: status === 2 ? "reconciled" : "partially_reconciled",
      to: undone.length === match_count ? "unreconciled" : isInRange ? "reconciled" : "partially_reconciled",
    };
  });
  const effects = await planPaymentSteps(db, scope, await readSteps(db, changes));
  return { ...effects, statements: [discardLineItems(scope, matchUids), ...effects.statements] };
}

/** An expected payment's change of status, by the record that stands for it. */
export interface StatusChange {
  recordUid: string;
  from: PaymentStatus;
  to: PaymentStatus;
}

function listStatusChanges(links: readonly PlannedLink[]): StatusChange[] {
  const changes = new Map<string, StatusChange & { open: number }>();
  for (const { item, amount } of links.map(({ allocations }) => allocations[1] as PlannedMatch["allocations"][0])) {
    const known = changes.get(item.uid);
    const from = known?.from ?? (item.matches === 0 ? "unreconciled" : "partially_reconciled");
    const open = (known?.open ?? item.open) - amount;
    const to = open <= (item.payment?.slack ?? 0) ? "reconciled" : "partially_reconciled";
    changes.set(item.uid, { recordUid: item.uid, from, to, open });
  }
  return [...changes.values()];
}

async function readSteps(db: Db, changes: readonly StatusChange[]): Promise<PaymentStep[]> {
  const rows = await all<{ record_uid: string; payment_uid: string }>(
    db,
    sql`select r.uid as record_uid, p.uid as payment_uid
      from json_each(${jsonList(changes.map(({ recordUid }) => recordUid))}) j cross join records r on r.uid = j.value
      cross join expected_payments p on p.record_id = r.id`,
  );
  const payments = new Map(rows.map((row) => [row.record_uid, row.payment_uid]));
  return changes.flatMap(({ recordUid, from, to }) => {
    const paymentUid = payments.get(recordUid);
    // One that has moved to another record is refused by the guard on its items.
    return paymentUid === undefined ? [] : [{ paymentUid, from, to }];
  });
}
