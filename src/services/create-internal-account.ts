import { type SQL, sql } from "drizzle-orm";
import type { AccountAttributes } from "../core/internal-account.ts";
import type { TextMetadata } from "../core/metadata.ts";
import { conflict, type FieldError, invalid, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { findConstraint, jsonList, runBatch } from "../db/client.ts";
import { INTERNAL_ACCOUNT } from "../db/data-sources.ts";
import { EXPECTED_PAYMENTS, expectedPaymentsKey } from "../db/expected-payments.ts";
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
  const uid = ctx.newId();
  const now = ctx.now();
  const common = {
    environmentId: ctx.environmentId,
    name: input.name,
    paymentCount: 1,
    createdAt: now,
    updatedAt: now,
  };
  const transactions = { ...common, key: `internal_account_${uid}`, type: INTERNAL_ACCOUNT };
  const payments = { ...common, key: expectedPaymentsKey(uid), type: EXPECTED_PAYMENTS };
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      ...auditChange(ctx, { action: "internal_account.created", uid }, [
        ctx.db.orm.insert(dataSources).values([transactions, payments]),
        sql`insert into internal_accounts (uid, environment_id, source_id, name, currency, external_id, metadata,
            attributes, created_at, updated_at)
          select ${uid}, environment_id, id, ${input.name}, ${input.currency}, ${input.externalId},
            ${JSON.stringify(input.metadata)}, ${JSON.stringify(input.attributes)}, ${now}, ${now}
          from data_sources
          where environment_id = ${ctx.environmentId} and key = ${transactions.key} and deleted_at is null`,
        ...insertReconciliation(uid, [transactions.key, payments.key]),
      ]),
    ]);
  } catch (error) {
    if (!isExternalIdTaken(error)) throw error;
    return accountExternalIdTaken();
  }
  return ok((await findInternalAccount(ctx.db, ctx.environmentId, uid)) as InternalAccountRow);
}

/** The account's own reconciliation, which has its id: transactions on Side A, expected payments on Side B. */
function insertReconciliation(accountUid: string, [a, b]: [string, string]): SQL[] {
  const account = sql`from internal_accounts a where a.uid = ${accountUid}`;
  return [
    sql`insert into reconciliations (uid, environment_id, name, run_type, account_id, created_at, updated_at)
      select a.uid, a.environment_id, a.name, 'continuous', a.id, a.created_at, a.created_at ${account}`,
    sql`insert into reconciliation_sources (reconciliation_id, source_id, side, position)
      select c.id, s.id, j.value ->> 1, 0 from json_each(${jsonList([
        [a, "a"],
        [b, "b"],
      ])}) j
      cross join reconciliations c on c.uid = ${accountUid}
      cross join data_sources s on s.environment_id = c.environment_id and s.key = j.value ->> 0
        and s.deleted_at is null`,
  ];
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
