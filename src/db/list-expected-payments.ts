import { type SQL, sql } from "drizzle-orm";
import type { PaymentStatus } from "../core/ledger/transitions.ts";
import type { ExpectedPaymentSnapshot } from "../core/payment/expected-payment-view.ts";
import { all, type Db } from "./client.ts";
import { type Bounds, inSeconds, keepsBounds } from "./comparison.ts";
import { expectedPaymentSnapshot, paymentJoins } from "./expected-payments.ts";
import { holdsMetadata } from "./metadata.ts";
import type { Page, PageRequest } from "./page.ts";
import { pageOfScan } from "./scan.ts";

export interface ExpectedPaymentFilters {
  status?: PaymentStatus | undefined;
  accountId?: number | undefined;
  externalId?: string | undefined;
  direction?: 1 | -1 | undefined;
  /** Of one of the rule variables. */
  type?: string | undefined;
  counterpartyId?: string | undefined;
  /** Bounds of an amount that the payment may come to. */
  amount?: Omit<Bounds<number>, "not_eq"> | undefined;
  createdAt?: Bounds<number> | undefined;
  updatedAt?: Bounds<number> | undefined;
  metadata: { key: string; value: string }[];
}

/** A page, newest first, after at most `PAGE_SCAN_MAX_ROWS` rows of the best index there is. */
export async function listExpectedPayments(
  db: Db,
  environmentId: number,
  filters: ExpectedPaymentFilters,
  page: PageRequest,
): Promise<Page<ExpectedPaymentSnapshot>> {
  const scan = sql`select id from expected_payments
    where ${chooseIndex(environmentId, filters)} and id < ${page.before ?? Number.MAX_SAFE_INTEGER}`;
  const conditions = sql.join(listConditions(environmentId, filters), sql` and `);
  const found = await pageOfScan(db, scan, page, (scanned, limit) =>
    all<{ id: number; snapshot: string }>(
      db,
      sql`select p.id, ${expectedPaymentSnapshot} as snapshot
        from (${scanned}) s cross join expected_payments p on p.id = s.id ${paymentJoins}
        where ${conditions} order by p.id desc limit ${limit}`,
    ),
  );
  return { ...found, rows: found.rows.map(({ snapshot }) => JSON.parse(snapshot) as ExpectedPaymentSnapshot) };
}

function chooseIndex(environmentId: number, filters: ExpectedPaymentFilters): SQL {
  if (filters.externalId !== undefined) {
    return sql`environment_id = ${environmentId} and external_id = ${filters.externalId}`;
  }
  if (filters.status !== undefined) return sql`environment_id = ${environmentId} and status = ${filters.status}`;
  if (filters.accountId !== undefined) return sql`account_id = ${filters.accountId}`;
  return sql`environment_id = ${environmentId}`;
}

function listConditions(environmentId: number, filters: ExpectedPaymentFilters): SQL[] {
  const conditions: SQL[] = [sql`p.environment_id = ${environmentId}`];
  const add = <T>(value: T | undefined, condition: (value: T) => SQL) => {
    if (value !== undefined) conditions.push(condition(value));
  };
  add(filters.status, (status) => sql`p.status = ${status}`);
  add(filters.accountId, (id) => sql`p.account_id = ${id}`);
  add(filters.direction, (sign) => sql`r.direction = ${sign}`);
  add(filters.type, (type) => inVariables("type", type));
  add(filters.counterpartyId, (id) => inVariables("counterparty_id", id));
  return [
    ...conditions,
    ...reachesBounds(filters.amount ?? {}),
    ...keepsBounds(inSeconds(sql`p.created_at`), filters.createdAt),
    ...keepsBounds(inSeconds(sql`p.updated_at`), filters.updatedAt),
    ...(filters.metadata.length > 0 ? [holdsMetadata(sql`p.metadata`, filters.metadata)] : []),
  ];
}

function inVariables(field: string, value: string): SQL {
  return sql`exists (select 1 from json_each(p.variables) v where v.value ->> ${field} = ${value})`;
}

/** An amount within the payment's own bounds, which all its variables share, keeps these too. */
function reachesBounds({ gt, gte, lt, lte, eq }: NonNullable<ExpectedPaymentFilters["amount"]>): SQL[] {
  const lower = sql`(p.variables ->> '$[0].amount_lower_bound')`;
  const upper = sql`(p.variables ->> '$[0].amount_upper_bound')`;
  return [
    ...keepsBounds(upper, { gt, gte }),
    ...keepsBounds(lower, { lt, lte }),
    ...keepsBounds(lower, { lte: eq }),
    ...keepsBounds(upper, { gte: eq }),
  ];
}
