import { notFound, type Result } from "../core/result.ts";
import { findTransaction } from "../db/transactions.ts";
import type { ServiceContext } from "./context.ts";
import { deleteRecord } from "./delete-record.ts";

/** Deletes a transaction with which nothing is matched or linked, as the record that it is. */
export async function deleteTransaction(ctx: ServiceContext, uid: string): Promise<Result<null>> {
  const transaction = await findTransaction(ctx.db, ctx.environmentId, uid);
  return transaction ? deleteRecord(ctx, uid) : notFound("transaction");
}
