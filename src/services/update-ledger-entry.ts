import type { LedgerEntrySnapshot } from "../core/ledger/transaction-view.ts";
import { METADATA_TOO_LARGE, type MetadataChange, mergeMetadata, metadataFits } from "../core/metadata.ts";
import { conflict, invalid, notFound, ok, type Result } from "../core/result.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { expectThat } from "../db/guard.ts";
import { entryLimits, findLedgerEntry, type LedgerEntryRow, writeEntryMetadata } from "../db/ledger-entries.ts";
import type { ServiceContext } from "./context.ts";

/** Changes what is noted on an entry; nothing else of it ever changes. */
export async function updateLedgerEntry(
  ctx: ServiceContext,
  uid: string,
  metadata: MetadataChange,
): Promise<Result<LedgerEntrySnapshot>> {
  const row = await findLedgerEntry(ctx.db, ctx.environmentId, uid);
  if (!row) return notFound("ledger entry");
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      writeEntryMetadata(row.id, metadata, ctx.now()),
      ...Object.values(entryLimits).map((limit) => expectThat(limit(row.id))),
    ]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    return explainRefusal(ctx, uid, metadata);
  }
  return ok(((await findLedgerEntry(ctx.db, ctx.environmentId, uid)) as LedgerEntryRow).snapshot);
}

async function explainRefusal(ctx: ServiceContext, uid: string, metadata: MetadataChange): Promise<Result<never>> {
  const { entry } = ((await findLedgerEntry(ctx.db, ctx.environmentId, uid)) as LedgerEntryRow).snapshot;
  if (entry.discarded_at !== null) return conflict("The entry is discarded; another one has taken its place.");
  if (!metadataFits(mergeMetadata(entry.metadata, metadata))) return invalid([METADATA_TOO_LARGE]);
  const message = "The entries of the transaction would have too much metadata between them.";
  return invalid([{ path: "/metadata", code: "too_large", message }]);
}
