import canonicalize from "canonicalize";
import { sql } from "drizzle-orm";
import { COMMIT_MAX_TRIES } from "../config.ts";
import type { MetadataChange } from "../core/metadata.ts";
import type { TransactionSnapshot } from "../core/payment/transaction-view.ts";
import { type Metadata, parseMetadata } from "../core/property.ts";
import { type FieldError, fail, invalid, notFound, ok, type Result } from "../core/result.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { expectThat } from "../db/guard.ts";
import { logChanges, selectReconciliationUids } from "../db/records.ts";
import { findAccountSource } from "../db/source-definitions.ts";
import { findTransaction, selectTransaction, type TransactionRow } from "../db/transactions.ts";
import type { ServiceContext } from "./context.ts";
import { readTransactionAfterMatching } from "./read-transaction.ts";

/** What is absent stays. */
export interface TransactionPatch {
  metadata?: MetadataChange | undefined;
  isPosted?: boolean | undefined;
}

interface TransactionState {
  metadata: Metadata;
  isPending: boolean;
}

const POSTED_STAYS: FieldError = {
  path: "/posted",
  code: "immutable",
  message: "A transaction that is posted stays so.",
};

/** Changes a transaction, whatever it is matched with; its reconciliations look at it again. */
export async function updateTransaction(
  ctx: ServiceContext,
  uid: string,
  patch: TransactionPatch,
): Promise<Result<TransactionSnapshot>> {
  let refused: { version: number; error: unknown } | undefined;
  for (let tries = 0; tries < COMMIT_MAX_TRIES; tries++) {
    const row = await findTransaction(ctx.db, ctx.environmentId, uid);
    if (!row) return notFound("transaction");
    // The guard spoke for a statement of the caller's: the transaction is what it was.
    if (refused?.version === row.version) throw refused.error;
    const next = await applyPatch(ctx, row.snapshot, patch);
    if (!next.ok) return invalid(next.failure);
    if (isSame(row.snapshot, next.value)) return ok(row.snapshot);
    try {
      return ok(await write(ctx, row, next.value));
    } catch (error) {
      if (findConstraint(error)?.kind !== "guard") throw error;
      refused = { version: row.version, error };
    }
  }
  return fail({ kind: "conflict", detail: "The transaction keeps changing at the same moment.", retryAfterSeconds: 1 });
}

async function applyPatch(
  ctx: ServiceContext,
  current: TransactionSnapshot,
  { metadata: change = {}, isPosted }: TransactionPatch,
): Promise<Result<TransactionState, FieldError[]>> {
  if (isPosted === false && current.is_pending === 0) return fail([POSTED_STAYS]);
  const isPending = current.is_pending === 1 && isPosted !== true;
  if (Object.keys(change).length === 0) return ok({ metadata: current.metadata, isPending });
  const source = await findAccountSource(ctx.db, ctx.environmentId, current.internal_account_id);
  // What the change does not name was written under the definitions of its time.
  const definitions = (source?.definitions ?? []).filter(({ key }) => Object.hasOwn(change, key));
  const metadata = parseMetadata(merge(current.metadata, change), definitions);
  return metadata.ok ? ok({ metadata: metadata.value, isPending }) : metadata;
}

/** As `mergeMetadata`, for metadata in which /v1 has put values of other types. */
function merge(metadata: Metadata, change: MetadataChange): Metadata {
  const kept = Object.entries(metadata).filter(([name]) => !Object.hasOwn(change, name));
  const given = Object.entries(change).filter(([, value]) => value !== null);
  return Object.fromEntries([...kept, ...given]);
}

function isSame(current: TransactionSnapshot, next: TransactionState): boolean {
  return (
    next.isPending === (current.is_pending === 1) && canonicalize(next.metadata) === canonicalize(current.metadata)
  );
}

async function write(ctx: ServiceContext, row: TransactionRow, next: TransactionState): Promise<TransactionSnapshot> {
  const { id, sourceId, version, snapshot } = row;
  const results = await runBatch(ctx.db, [
    ...ctx.alongside,
    expectThat(sql`exists (select 1 from records where id = ${id} and version = ${version} and deleted_at is null)`),
    sql`update records set version = version + 1, updated_at = ${ctx.now()},
        metadata = ${JSON.stringify(next.metadata)}, is_pending = ${next.isPending ? 1 : 0}
      where id = ${id}`,
    ...logChanges(sql`select id, source_id from records where id = ${id}`),
    selectTransaction(ctx.environmentId, snapshot.id),
    selectReconciliationUids(sourceId),
  ]);
  return readTransactionAfterMatching(ctx, snapshot.id, results.slice(-2));
}
