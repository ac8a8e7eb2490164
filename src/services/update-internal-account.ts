import { type SQL, sql } from "drizzle-orm";
import type { AccountAttributes } from "../core/internal-account.ts";
import { METADATA_TOO_LARGE, type MetadataChange, mergeMetadata, metadataFits } from "../core/metadata.ts";
import { invalid, notFound, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { expectThat } from "../db/guard.ts";
import { findInternalAccount, type InternalAccountRow } from "../db/internal-accounts.ts";
import { isMetadataWithinLimits, mergedMetadata } from "../db/metadata.ts";
import type { ServiceContext } from "./context.ts";
import { accountExternalIdTaken, isExternalIdTaken, listUnknownAccounts } from "./create-internal-account.ts";

/** What is absent stays. */
export interface InternalAccountPatch {
  name?: string | undefined;
  externalId?: string | null | undefined;
  metadata?: MetadataChange | undefined;
  attributes: AccountAttributes;
}

/** Changes an internal account; its data source goes by its name. */
export async function updateInternalAccount(
  ctx: ServiceContext,
  uid: string,
  patch: InternalAccountPatch,
): Promise<Result<InternalAccountRow>> {
  const account = await findInternalAccount(ctx.db, ctx.environmentId, uid);
  if (!account) return notFound("internal account");
  const errors = await listUnknownAccounts(ctx, patch.attributes);
  if (errors.length > 0) return invalid(errors);
  try {
    const change = { action: "internal_account.updated", uid } as const;
    const writes = writeChange(account, patch, ctx.now());
    await runBatch(ctx.db, [...ctx.alongside, ...auditChange(ctx, change, writes)]);
  } catch (error) {
    if (isExternalIdTaken(error)) return accountExternalIdTaken();
    if (findConstraint(error)?.kind === "guard" && (await outgrowsLimits(ctx, uid, patch))) {
      return invalid([METADATA_TOO_LARGE]);
    }
    throw error;
  }
  return ok((await findInternalAccount(ctx.db, ctx.environmentId, uid)) as InternalAccountRow);
}

function writeChange({ id, sourceId }: InternalAccountRow, patch: InternalAccountPatch, now: number): SQL[] {
  const changes = [sql`updated_at = ${now}`];
  if (patch.name !== undefined) changes.push(sql`name = ${patch.name}`);
  if (patch.externalId !== undefined) changes.push(sql`external_id = ${patch.externalId}`);
  if (patch.metadata !== undefined) changes.push(sql`metadata = ${mergedMetadata(sql`metadata`, patch.metadata)}`);
  const members = Object.entries(patch.attributes).map(
    ([name, value]) => sql`${`$.${name}`}, json(${JSON.stringify(value)})`,
  );
  if (members.length > 0) changes.push(sql`attributes = json_set(attributes, ${sql.join(members, sql`, `)})`);
  return [
    sql`update internal_accounts set ${sql.join(changes, sql`, `)} where id = ${id}`,
    expectThat(
      sql`exists (select 1 from internal_accounts where id = ${id} and ${isMetadataWithinLimits(sql`metadata`)})`,
    ),
    ...(patch.name === undefined
      ? []
      : [sql`update data_sources set name = ${patch.name}, updated_at = ${now} where id = ${sourceId}`]),
  ];
}

async function outgrowsLimits(ctx: ServiceContext, uid: string, patch: InternalAccountPatch): Promise<boolean> {
  const account = await findInternalAccount(ctx.db, ctx.environmentId, uid);
  return account !== undefined && !metadataFits(mergeMetadata(account.metadata, patch.metadata ?? {}));
}
