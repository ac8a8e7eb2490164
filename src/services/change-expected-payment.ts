import type { SQL } from "drizzle-orm";
import { COMMIT_MAX_TRIES } from "../config.ts";
import type { ExpectedPaymentSnapshot } from "../core/payment/expected-payment-view.ts";
import { fail, notFound, ok, type Result } from "../core/result.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { fanOutDeliveries } from "../db/deliveries.ts";
import { findExpectedPayment } from "../db/expected-payments.ts";
import { type ExpectedPaymentRow, findPaymentRow } from "../db/payment-rows.ts";
import type { ServiceContext } from "./context.ts";
import { explainConstraint } from "./create-ledger-transaction.ts";
import { sendAnnouncement } from "./send-announcement.ts";

export interface PaymentChange {
  statements: SQL[];
  eventUids: string[];
  /** The internal accounts whose Reconcilers have to look at it. */
  accountUids: string[];
}

/**
 * Writes what `plan` makes of an expected payment as it stands, and plans anew where another request was faster; null
 * changes nothing. Answers with the outcome of matching.
 */
export async function changeExpectedPayment(
  ctx: ServiceContext,
  uid: string,
  plan: (row: ExpectedPaymentRow, now: number) => Promise<Result<PaymentChange | null>>,
): Promise<Result<ExpectedPaymentSnapshot>> {
  let refused: { state: string; error: unknown } | undefined;
  for (let tries = 0; tries < COMMIT_MAX_TRIES; tries++) {
    const row = await findPaymentRow(ctx.db, ctx.environmentId, uid);
    if (!row) return notFound("expected payment");
    const now = ctx.now();
    const change = await plan(row, now);
    if (!change.ok) return change;
    if (change.value === null) return ok(row.snapshot);
    const state = JSON.stringify(row);
    // The guard spoke for a statement of the caller's: the payment is what it was, and nothing is wrong with it.
    if (refused?.state === state && tries === COMMIT_MAX_TRIES - 1) throw refused.error;
    try {
      await write(ctx, change.value, now);
      return ok(await readAfterMatching(ctx, uid, change.value.accountUids));
    } catch (error) {
      if (findConstraint(error)?.kind !== "guard") return explainConstraint(error);
      refused = { state, error };
    }
  }
  return fail({ kind: "conflict", detail: "The payment keeps changing at the same moment.", retryAfterSeconds: 1 });
}

async function write(ctx: ServiceContext, { statements, eventUids }: PaymentChange, now: number): Promise<void> {
  const results = await runBatch(ctx.db, [
    ...ctx.alongside,
    ...statements,
    fanOutDeliveries(ctx.environmentId, eventUids, now),
  ]);
  await sendAnnouncement(ctx, results.at(-1));
}

/** An expected payment once the Reconcilers of these internal accounts have looked at it, or the wait is over. */
export async function readAfterMatching(
  ctx: ServiceContext,
  uid: string,
  accountUids: readonly string[],
): Promise<ExpectedPaymentSnapshot> {
  if (accountUids.length > 0) await ctx.reconcilers.poke(accountUids);
  return (await findExpectedPayment(ctx.db, ctx.environmentId, uid)) as ExpectedPaymentSnapshot;
}
