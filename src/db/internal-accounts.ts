import { and, desc, eq, type SQL, sql } from "drizzle-orm";
import type { AccountAttributes } from "../core/internal-account.ts";
import type { TextMetadata } from "../core/metadata.ts";
import type { Db } from "./client.ts";
import { holdsMetadata } from "./metadata.ts";
import type { Page, PageRequest } from "./page.ts";
import { pageOfScan } from "./scan.ts";
import { internalAccounts } from "./schema.ts";

type StoredAccount = typeof internalAccounts.$inferSelect;

export interface InternalAccountRow extends Omit<StoredAccount, "metadata" | "attributes"> {
  metadata: TextMetadata;
  attributes: AccountAttributes;
}

export interface InternalAccountFilters {
  externalId?: string | undefined;
  currency?: string | undefined;
  counterpartyId?: string | undefined;
  legalEntityId?: string | undefined;
  /** What one of its capabilities must be. */
  paymentType?: string | undefined;
  paymentDirection?: string | undefined;
  metadata: { key: string; value: string }[];
}

export async function findInternalAccount(
  db: Db,
  environmentId: number,
  uid: string,
): Promise<InternalAccountRow | undefined> {
  const [row] = await db.orm
    .select()
    .from(internalAccounts)
    .where(and(eq(internalAccounts.environmentId, environmentId), eq(internalAccounts.uid, uid)));
  return row && read(row);
}

/** A page, newest first, after at most `PAGE_SCAN_MAX_ROWS` rows of the best index there is. */
export async function listInternalAccounts(
  db: Db,
  environmentId: number,
  filters: InternalAccountFilters,
  page: PageRequest,
): Promise<Page<InternalAccountRow>> {
  const before = page.before ?? Number.MAX_SAFE_INTEGER;
  const scan =
    filters.externalId === undefined
      ? sql`select id from internal_accounts where environment_id = ${environmentId} and id < ${before}`
      : sql`select id from internal_accounts where environment_id = ${environmentId}
          and external_id = ${filters.externalId} and id < ${before}`;
  const conditions = sql.join(listConditions(filters), sql` and `);
  const found = await pageOfScan(db, scan, page, (scanned, limit) =>
    db.orm
      .select()
      .from(internalAccounts)
      .where(sql`${internalAccounts.id} in (${scanned}) and ${conditions}`)
      .orderBy(desc(internalAccounts.id))
      .limit(limit),
  );
  return { ...found, rows: found.rows.map(read) };
}

function listConditions(filters: InternalAccountFilters): SQL[] {
  const { currency, counterpartyId, legalEntityId, paymentType, paymentDirection, metadata } = filters;
  const conditions: SQL[] = [sql`true`];
  if (currency !== undefined) conditions.push(sql`currency = ${currency}`);
  if (counterpartyId !== undefined) conditions.push(sql`attributes ->> 'counterparty_id' = ${counterpartyId}`);
  if (legalEntityId !== undefined) conditions.push(sql`attributes ->> 'legal_entity_id' = ${legalEntityId}`);
  if (paymentType !== undefined || paymentDirection !== undefined) {
    conditions.push(sql`exists (select 1 from json_each(attributes, '$.account_capabilities') c
      where c.value ->> 'payment_type' = ${paymentType ?? sql`c.value ->> 'payment_type'`}
        and c.value ->> 'direction' = ${paymentDirection ?? sql`c.value ->> 'direction'`})`);
  }
  if (metadata.length > 0) conditions.push(holdsMetadata(sql`metadata`, metadata));
  return conditions;
}

function read(row: StoredAccount): InternalAccountRow {
  return { ...row, metadata: JSON.parse(row.metadata), attributes: JSON.parse(row.attributes) };
}
