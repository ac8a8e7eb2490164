import { type SQL, sql } from "drizzle-orm";
import { METADATA_TOO_LARGE, type MetadataChange, mergeMetadata, metadataFits } from "../core/metadata.ts";
import { invalid, notFound, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { expectThat } from "../db/guard.ts";
import { findLedgerAccount, type LedgerAccountRow, ledgerAccountIsLive } from "../db/ledger-accounts.ts";
import { findLedger, type LedgerRow, ledgerIsLive } from "../db/ledgers.ts";
import { isMetadataWithinLimits, mergedMetadata } from "../db/metadata.ts";
import type { ServiceContext } from "./context.ts";

/** What is absent stays. */
export interface LedgerPatch {
  name?: string | undefined;
  description?: string | null | undefined;
  metadata?: MetadataChange | undefined;
  clearingAccountUid?: string | null | undefined;
}

export async function updateLedger(ctx: ServiceContext, uid: string, patch: LedgerPatch): Promise<Result<LedgerRow>> {
  const ledger = await findLedger(ctx.db, ctx.environmentId, uid);
  if (!ledger || ledger.discardedAt !== null) return notFound("ledger");
  const clearing = patch.clearingAccountUid
    ? await findLedgerAccount(ctx.db, ctx.environmentId, patch.clearingAccountUid)
    : undefined;
  if (patch.clearingAccountUid && !(clearing?.isLive && clearing.ledgerId === ledger.id)) return noSuchAccount();
  if (!metadataFits(mergeMetadata(ledger.metadata, patch.metadata ?? {}))) return invalid([METADATA_TOO_LARGE]);
  try {
    const writes = writeChange(ledger, patch, clearing, ctx.now());
    await runBatch(ctx.db, [...ctx.alongside, ...auditChange(ctx, { action: "ledger.updated", uid }, writes)]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    return explainRefusal(ctx, uid, patch, clearing, error);
  }
  return ok((await findLedger(ctx.db, ctx.environmentId, uid)) as LedgerRow);
}

function writeChange(
  { id }: LedgerRow,
  patch: LedgerPatch,
  clearing: LedgerAccountRow | undefined,
  now: number,
): SQL[] {
  const changes = [sql`updated_at = ${now}`];
  if (patch.name !== undefined) changes.push(sql`name = ${patch.name}`);
  if (patch.description !== undefined) changes.push(sql`description = ${patch.description}`);
  if (patch.metadata !== undefined) changes.push(sql`metadata = ${mergedMetadata(sql`metadata`, patch.metadata)}`);
  if (patch.clearingAccountUid !== undefined) changes.push(sql`clearing_account_id = ${clearing?.id ?? null}`);
  return [
    expectThat(ledgerIsLive(id)),
    ...(clearing ? [expectThat(ledgerAccountIsLive(clearing.id))] : []),
    sql`update ledgers set ${sql.join(changes, sql`, `)} where id = ${id}`,
    expectThat(sql`exists (select 1 from ledgers where id = ${id} and ${isMetadataWithinLimits(sql`metadata`)})`),
  ];
}

async function explainRefusal(
  ctx: ServiceContext,
  uid: string,
  patch: LedgerPatch,
  clearing: LedgerAccountRow | undefined,
  error: unknown,
): Promise<Result<never>> {
  const ledger = await findLedger(ctx.db, ctx.environmentId, uid);
  if (!ledger || ledger.discardedAt !== null) return notFound("ledger");
  if (clearing && !(await findLedgerAccount(ctx.db, ctx.environmentId, clearing.uid))?.isLive) return noSuchAccount();
  if (!metadataFits(mergeMetadata(ledger.metadata, patch.metadata ?? {}))) return invalid([METADATA_TOO_LARGE]);
  // Else the guard spoke for a statement of the caller's.
  throw error;
}

function noSuchAccount(): Result<never> {
  const message = "There is no such ledger account in this ledger.";
  return invalid([{ path: "/clearing_ledger_account_id", code: "not_found", message }]);
}
