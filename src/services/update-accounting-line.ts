import { COMMIT_MAX_TRIES } from "../config.ts";
import { METADATA_TOO_LARGE, type MetadataChange, mergeMetadata, metadataFits } from "../core/metadata.ts";
import { type AccountingLine, accountingLinesFit } from "../core/payment/accounting-line.ts";
import { fail, invalid, notFound, ok, type Result } from "../core/result.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { updateAccountingLines } from "../db/expected-payment-commit.ts";
import { findAccountingLines } from "../db/payment-rows.ts";
import type { ServiceContext } from "./context.ts";

/** Merges metadata into that of an accounting line of an expected payment. */
export async function updateAccountingLine(
  ctx: ServiceContext,
  paymentUid: string,
  lineId: string,
  change: MetadataChange,
): Promise<Result<AccountingLine>> {
  let refused: { stored: string; error: unknown } | undefined;
  for (let tries = 0; tries < COMMIT_MAX_TRIES; tries++) {
    const payment = await findAccountingLines(ctx.db, ctx.environmentId, paymentUid);
    const line = payment?.lines.find(({ id }) => id === lineId);
    if (!payment || !line) return notFound("line item");
    // The guard spoke for a statement of the caller's: the lines are what they were.
    if (refused?.stored === payment.stored) throw refused.error;
    const now = ctx.now();
    const changed = { ...line, metadata: mergeMetadata(line.metadata, change), updated_at: now };
    const lines = payment.lines.map((one) => (one.id === lineId ? changed : one));
    if (!metadataFits(changed.metadata) || !accountingLinesFit(lines)) return invalid([METADATA_TOO_LARGE]);
    try {
      await runBatch(ctx.db, [...ctx.alongside, ...updateAccountingLines(payment.id, lines, payment.stored, now)]);
      return ok(changed);
    } catch (error) {
      if (findConstraint(error)?.kind !== "guard") throw error;
      refused = { stored: payment.stored, error };
    }
  }
  return fail({ kind: "conflict", detail: "The line items keep changing at the same moment.", retryAfterSeconds: 1 });
}
