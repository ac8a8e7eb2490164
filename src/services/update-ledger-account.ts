import { type SQL, sql } from "drizzle-orm";
import { METADATA_TOO_LARGE, type MetadataChange, mergeMetadata, metadataFits } from "../core/metadata.ts";
import { invalid, notFound, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { expectThat } from "../db/guard.ts";
import { findLedgerAccount, type LedgerAccountRow, ledgerAccountIsLive } from "../db/ledger-accounts.ts";
import { isMetadataWithinLimits, mergedMetadata } from "../db/metadata.ts";
import type { ServiceContext } from "./context.ts";
import { accountIdTaken } from "./create-ledger-account.ts";

/** What is absent stays. */
export interface LedgerAccountPatch {
  name?: string | undefined;
  description?: string | null | undefined;
  externalId?: string | null | undefined;
  metadata?: MetadataChange | undefined;
}

export async function updateLedgerAccount(
  ctx: ServiceContext,
  uid: string,
  patch: LedgerAccountPatch,
): Promise<Result<LedgerAccountRow>> {
  const account = await findLedgerAccount(ctx.db, ctx.environmentId, uid);
  if (!account?.isLive) return notFound("ledger account");
  if (outgrows(account, patch)) return invalid([METADATA_TOO_LARGE]);
  try {
    const change = { action: "ledger_account.updated", uid } as const;
    await runBatch(ctx.db, [...ctx.alongside, ...auditChange(ctx, change, writeChange(account, patch, ctx.now()))]);
  } catch (error) {
    const constraint = findConstraint(error);
    if (constraint?.kind === "unique" && constraint.name.startsWith("ledger_accounts.")) return accountIdTaken();
    if (constraint?.kind !== "guard") throw error;
    const now = await findLedgerAccount(ctx.db, ctx.environmentId, uid);
    if (!now?.isLive) return notFound("ledger account");
    if (outgrows(now, patch)) return invalid([METADATA_TOO_LARGE]);
    // Else the guard spoke for a statement of the caller's.
    throw error;
  }
  return ok((await findLedgerAccount(ctx.db, ctx.environmentId, uid)) as LedgerAccountRow);
}

function outgrows(account: LedgerAccountRow, patch: LedgerAccountPatch): boolean {
  return !metadataFits(mergeMetadata(account.metadata, patch.metadata ?? {}));
}

function writeChange({ id }: LedgerAccountRow, patch: LedgerAccountPatch, now: number): SQL[] {
  const changes = [sql`updated_at = ${now}`];
  if (patch.name !== undefined) changes.push(sql`name = ${patch.name}`);
  if (patch.description !== undefined) changes.push(sql`description = ${patch.description}`);
  if (patch.externalId !== undefined) changes.push(sql`external_id = ${patch.externalId}`);
  if (patch.metadata !== undefined) changes.push(sql`metadata = ${mergedMetadata(sql`metadata`, patch.metadata)}`);
  return [
    expectThat(ledgerAccountIsLive(id)),
    sql`update ledger_accounts set ${sql.join(changes, sql`, `)} where id = ${id}`,
    expectThat(
      sql`exists (select 1 from ledger_accounts where id = ${id} and ${isMetadataWithinLimits(sql`metadata`)})`,
    ),
  ];
}
