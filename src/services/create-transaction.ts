import type { SQL } from "drizzle-orm";
import { v7 as newId } from "uuid";
import type { TransactionDraft } from "../core/payment/transaction-schema.ts";
import type { TransactionSnapshot } from "../core/payment/transaction-view.ts";
import { parseMetadata } from "../core/property.ts";
import { type FieldError, invalid, ok, type Result } from "../core/result.ts";
import { runBatch } from "../db/client.ts";
import { fanOutDeliveries } from "../db/deliveries.ts";
import { insertTransactionEvents } from "../db/payment-events.ts";
import { insertRecords, type NewRecordRow, selectReconciliationUids } from "../db/records.ts";
import { findAccountSource } from "../db/source-definitions.ts";
import { selectTransaction } from "../db/transactions.ts";
import type { ServiceContext } from "./context.ts";
import { readTransactionAfterMatching } from "./read-transaction.ts";
import { sendAnnouncement } from "./send-announcement.ts";

const NO_ACCOUNT: FieldError = {
  path: "/internal_account_id",
  code: "not_found",
  message: "There is no such internal account.",
};

/** Takes in a transaction of an internal account, which is a record of its data source. */
export async function createTransaction(
  ctx: ServiceContext,
  draft: TransactionDraft,
): Promise<Result<TransactionSnapshot>> {
  const source = await findAccountSource(ctx.db, ctx.environmentId, draft.accountUid);
  if (!source || source.currency === null) return invalid([NO_ACCOUNT]);
  const metadata = parseMetadata(draft.metadata, source.definitions);
  if (!metadata.ok) return invalid(metadata.failure);
  const row: NewRecordRow = {
    uid: ctx.newId(),
    sourceId: source.id,
    isAdjustment: false,
    payment: { attributes: draft.attributes, isPending: !draft.isPosted, amountLower: null },
    fields: {
      date: draft.asOfDate,
      amount: draft.amount,
      currency: source.currency,
      direction: draft.direction,
      description: draft.vendorDescription,
      externalId: null,
      metadata: metadata.value,
      expectedBy: null,
    },
  };
  const now = ctx.now();
  const results = await runBatch(ctx.db, [
    ...ctx.alongside,
    ...insertRecords(ctx.environmentId, [row], now),
    ...announceTransaction(ctx.environmentId, row.uid, now),
    selectTransaction(ctx.environmentId, row.uid),
    selectReconciliationUids(source.id),
  ]);
  await sendAnnouncement(ctx, results.at(-3));
  return ok(await readTransactionAfterMatching(ctx, row.uid, results.slice(-2)));
}

/** The statements that record that there is a new transaction; they stand after it, and the last one's result is sent. */
export function announceTransaction(environmentId: number, uid: string, now: number): SQL[] {
  const event = { uid, type: "transaction.created" as const, eventUid: newId() };
  return [
    insertTransactionEvents({ environmentId, now }, [event]),
    fanOutDeliveries(environmentId, [event.eventUid], now),
  ];
}
