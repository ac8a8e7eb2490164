import { validate as isUuid } from "uuid";
import { conflict, notFound, ok, type Result } from "../core/result.ts";
import {
  findLedgerTransaction,
  type LedgerTransactionRow,
  listTransactionUidsByExternalId,
} from "../db/ledger-transactions.ts";
import type { ServiceContext } from "./context.ts";

/** A ledger transaction by its id, or by the external_id of one that is pending or posted. */
export async function getLedgerTransaction(ctx: ServiceContext, name: string): Promise<Result<LedgerTransactionRow>> {
  const named = isUuid(name) ? await findLedgerTransaction(ctx.db, ctx.environmentId, name) : undefined;
  if (named) return ok(named);
  const [uid, other] = await listTransactionUidsByExternalId(ctx.db, ctx.environmentId, name);
  if (other !== undefined) {
    const message = "Transactions of several ledgers have this external_id; name one by its id.";
    return conflict(message, [{ path: "/external_id", code: "taken", message }]);
  }
  const found = uid === undefined ? undefined : await findLedgerTransaction(ctx.db, ctx.environmentId, uid);
  return found ? ok(found) : notFound("ledger transaction");
}
