import { sql } from "drizzle-orm";
import type { ExpectedPaymentSnapshot } from "../core/payment/expected-payment-view.ts";
import { conflict, ok, type Result } from "../core/result.ts";
import { expectPaymentUnchanged } from "../db/expected-payment-commit.ts";
import { expectThat } from "../db/guard.ts";
import type { ExpectedPaymentRow } from "../db/payment-rows.ts";
import { changeExpectedPayment, type PaymentChange } from "./change-expected-payment.ts";
import type { ServiceContext } from "./context.ts";
import { tombstone } from "./delete-record.ts";
import { planPaymentSteps } from "./payment-effects.ts";

/** Archives an expected payment of which nothing is reconciled; one that is archived already stays as it is. */
export async function archiveExpectedPayment(
  ctx: ServiceContext,
  uid: string,
): Promise<Result<ExpectedPaymentSnapshot>> {
  return changeExpectedPayment(ctx, uid, async (row, now) => {
    const { status } = row.snapshot;
    if (status === "archived") return ok(null);
    if (status !== "unreconciled") return conflict("Only an unreconciled expected payment can be archived.");
    return ok(await planArchiving(ctx, row, now));
  });
}

async function planArchiving(ctx: ServiceContext, row: ExpectedPaymentRow, now: number): Promise<PaymentChange> {
  const step = { paymentUid: row.snapshot.id, from: "unreconciled", to: "archived" } as const;
  const effects = await planPaymentSteps(ctx.db, { environmentId: ctx.environmentId, now }, [step]);
  return {
    statements: [expectPaymentUnchanged(row), ...withdrawRecord(row, now), ...effects.statements],
    eventUids: effects.eventUids,
    accountUids: [row.accountUid],
  };
}

/** Takes the record of an expected payment, with which nothing may be linked, out of matching. */
export function withdrawRecord(row: ExpectedPaymentRow, now: number) {
  return [
    expectThat(sql`exists (select 1 from records where id = ${row.recordId} and payment_links = 0)`),
    ...tombstone({ id: row.recordId, sourceId: row.sourceId }, now),
  ];
}
