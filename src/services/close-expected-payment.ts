import { invalid, ok, type Result } from "../core/result.ts";
import { closeRecord } from "../db/expected-payment-commit.ts";
import type { ExpectedPaymentRow } from "../db/payment-rows.ts";
import type { PaymentChange } from "./change-expected-payment.ts";
import type { ServiceContext } from "./context.ts";
import { planPaymentSteps } from "./payment-effects.ts";

/** Takes what a partially reconciled payment has got for all of it. */
export async function planClosing(
  ctx: ServiceContext,
  row: ExpectedPaymentRow,
  now: number,
): Promise<Result<PaymentChange>> {
  const { id, status } = row.snapshot;
  if (status !== "partially_reconciled") {
    const message = "Only a partially reconciled expected payment can be closed short.";
    return invalid([{ path: "/status", code: "invalid_state", message }]);
  }
  const step = { paymentUid: id, from: status, to: "reconciled", isClosed: true } as const;
  const effects = await planPaymentSteps(ctx.db, { environmentId: ctx.environmentId, now }, [step]);
  return ok({
    statements: [...closeRecord(row, now), ...effects.statements],
    eventUids: effects.eventUids,
    accountUids: [row.accountUid],
  });
}
