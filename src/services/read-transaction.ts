import type { TransactionSnapshot } from "../core/payment/transaction-view.ts";
import { findTransaction, readTransaction } from "../db/transactions.ts";
import type { ServiceContext } from "./context.ts";

/**
 * Says to the transaction's reconciliations that there is news and answers with the transaction as it stands then.
 * `results` are those of `selectTransaction` and `selectReconciliationUids` at the end of the batch that wrote.
 */
export async function readTransactionAfterMatching(
  ctx: ServiceContext,
  uid: string,
  results: D1Result<unknown>[],
): Promise<TransactionSnapshot> {
  const [written, reconciliations] = results as [
    D1Result<Parameters<typeof readTransaction>[0]>,
    D1Result<{ uid: string }>,
  ];
  const [row] = written.results;
  if (!row) throw new Error("the transaction is not there");
  await ctx.reconcilers.poke(reconciliations.results.map((reconciliation) => reconciliation.uid));
  const now = await findTransaction(ctx.db, ctx.environmentId, uid);
  return now?.snapshot ?? readTransaction(row).snapshot;
}
