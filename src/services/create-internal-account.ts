import { sql } from "drizzle-orm";
import { v7 as newId } from "uuid";
import type { AccountAttributes } from "../core/internal-account.ts";
import type { TextMetadata } from "../core/metadata.ts";
import { conflict, type FieldError, invalid, ok, type Result } from "../core/result.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { INTERNAL_ACCOUNT } from "../db/data-sources.ts";
import { findInternalAccount, type InternalAccountRow } from "../db/internal-accounts.ts";
import { dataSources } from "../db/schema.ts";
import type { ServiceContext } from "./context.ts";

export interface NewInternalAccount {
  name: string;
  currency: string;
  externalId: string | null;
  metadata: TextMetadata;
  attributes: AccountAttributes;
}

/** Makes an internal account and the data source whose records are its transactions. */
export async function createInternalAccount(
  ctx: ServiceContext,
  input: NewInternalAccount,
): Promise<Result<InternalAccountRow>> {
  const errors = await listUnknownAccounts(ctx, input.attributes);
  if (errors.length > 0) return invalid(errors);
  const uid = newId();
  const now = ctx.now();
  const source = {
    environmentId: ctx.environmentId,
    key: `internal_account_${uid}`,
    name: input.name,
    type: INTERNAL_ACCOUNT,
    createdAt: now,
    updatedAt: now,
  };
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      ctx.db.orm.insert(dataSources).values(source),
      sql`insert into internal_accounts (uid, environment_id, source_id, name, currency, external_id, metadata,
          attributes, created_at, updated_at)
        select ${uid}, environment_id, id, ${input.name}, ${input.currency}, ${input.externalId},
          ${JSON.stringify(input.metadata)}, ${JSON.stringify(input.attributes)}, ${now}, ${now}
        from data_sources where environment_id = ${ctx.environmentId} and key = ${source.key} and deleted_at is null`,
    ]);
  } catch (error) {
    if (!isExternalIdTaken(error)) throw error;
    return accountExternalIdTaken();
  }
  return ok((await findInternalAccount(ctx.db, ctx.environmentId, uid)) as InternalAccountRow);
}

/** The refusal of accounts that a new or changed account names and that are not there. None is ever deleted. */
export async function listUnknownAccounts(ctx: ServiceContext, attributes: AccountAttributes): Promise<FieldError[]> {
  const parent = attributes.parent_account_id;
  if (typeof parent !== "string" || (await findInternalAccount(ctx.db, ctx.environmentId, parent))) return [];
  return [{ path: "/parent_account_id", code: "not_found", message: "There is no such internal account." }];
}

export function isExternalIdTaken(error: unknown): boolean {
  const constraint = findConstraint(error);
  return constraint?.kind === "unique" && constraint.name.startsWith("internal_accounts.");
}

export function accountExternalIdTaken(): Result<never> {
  const message = "Another internal account has this external_id.";
  return conflict(message, [{ path: "/external_id", code: "taken", message }]);
}
