import { type SQL, sql } from "drizzle-orm";
import type { MetadataChange, TextMetadata } from "../core/metadata.ts";
import type { AccountingLine } from "../core/payment/accounting-line.ts";
import type { PaymentRecord } from "../core/payment/payment-record.ts";
import type { RuleVariable } from "../core/payment/rule-variable.ts";
import { signOf } from "../core/record.ts";
import { type Db, first } from "./client.ts";
import { expectedPaymentsKey, NO_ENVIRONMENT } from "./expected-payments.ts";
import { expectThat } from "./guard.ts";
import { isMetadataWithinLimits, mergedMetadata } from "./metadata.ts";
import type { ExpectedPaymentRow } from "./payment-rows.ts";
import { insertRecords, logChanges } from "./records.ts";

/** An internal account as its expected payments meet it; `sourceId` is that of the source of their records. */
export interface PaymentAccount {
  id: number;
  uid: string;
  currency: string;
  sourceId: number;
}

export async function findPaymentAccount(
  db: Db,
  environmentId: number,
  uid: string,
): Promise<PaymentAccount | undefined> {
  return first<PaymentAccount>(
    db,
    sql`select a.id, a.uid, a.currency, s.id as "sourceId" from internal_accounts a
      join data_sources s on s.environment_id = a.environment_id and s.key = ${expectedPaymentsKey(uid)}
        and s.deleted_at is null
      where a.uid = ${uid} and a.environment_id = ${environmentId}`,
  );
}

export interface NewExpectedPaymentRow {
  uid: string;
  environmentId: number;
  account: PaymentAccount;
  recordUid: string;
  record: PaymentRecord;
  variables: RuleVariable[];
  description: string | null;
  externalId: string | null;
  metadata: TextMetadata;
  statementDescriptor: string | null;
  remittanceInformation: string | null;
  accountingLines: AccountingLine[];
  ledgerTransactionUid: string | null;
}

/** Brings in an expected payment with its record; its ledger transaction is there already. */
export function insertExpectedPayment(row: NewExpectedPaymentRow, now: number): SQL[] {
  return [
    ...insertPaymentRecord(row, now),
    sql`insert into expected_payments (uid, environment_id, account_id, record_id, status, variables, description,
        external_id, metadata, statement_descriptor, remittance_information, accounting_lines, ledger_transaction_id,
        created_at, updated_at)
      select ${row.uid}, ${row.environmentId}, ${row.account.id}, r.id, 'unreconciled',
        ${JSON.stringify(row.variables)}, ${row.description}, ${row.externalId}, ${JSON.stringify(row.metadata)},
        ${row.statementDescriptor}, ${row.remittanceInformation}, ${JSON.stringify(row.accountingLines)},
        (select id from ledger_transactions where uid = ${row.ledgerTransactionUid}), ${now}, ${now}
      from records r where r.uid = ${row.recordUid}`,
  ];
}

type PlacedRecord = Pick<NewExpectedPaymentRow, "uid" | "account" | "recordUid" | "record">;

/** The record has the payment's id for an `external_id`, by which it is found again should the payment come back. */
function insertPaymentRecord({ uid, account, recordUid, record }: PlacedRecord, now: number): SQL[] {
  const payment = { attributes: record.attributes, isPending: false, amountLower: record.amountLower };
  const fields = { ...record.fields, externalId: uid };
  const row = { uid: recordUid, sourceId: account.sourceId, fields, isAdjustment: false, payment };
  return insertRecords(NO_ENVIRONMENT, [row], now);
}

/** The record that stood for an expected payment in an internal account from which it has been moved away. */
export async function findFormerRecord(
  db: Db,
  paymentUid: string,
  { sourceId }: PaymentAccount,
): Promise<string | undefined> {
  const row = await first<{ uid: string }>(
    db,
    sql`select uid from records where environment_id = ${NO_ENVIRONMENT} and external_id = ${paymentUid}
      and source_id = ${sourceId} and deleted_at is not null`,
  );
  return row?.uid;
}

/** What of an expected payment matching does not look at; what is absent stays. */
export interface ExpectedPaymentTexts {
  description?: string | null | undefined;
  externalId?: string | null | undefined;
  statementDescriptor?: string | null | undefined;
  remittanceInformation?: string | null | undefined;
  metadata?: MetadataChange | undefined;
}

export function updateTexts(id: number, texts: ExpectedPaymentTexts, now: number): SQL[] {
  const changes: SQL[] = [sql`updated_at = ${now}`];
  const set = (column: string, value: string | null | undefined) => {
    if (value !== undefined) changes.push(sql`${sql.raw(column)} = ${value}`);
  };
  set("description", texts.description);
  set("external_id", texts.externalId);
  set("statement_descriptor", texts.statementDescriptor);
  set("remittance_information", texts.remittanceInformation);
  if (texts.metadata !== undefined) changes.push(sql`metadata = ${mergedMetadata(sql`metadata`, texts.metadata)}`);
  return [
    sql`update expected_payments set ${sql.join(changes, sql`, `)} where id = ${id}`,
    expectThat(
      sql`exists (select 1 from expected_payments where id = ${id} and ${isMetadataWithinLimits(sql`metadata`)})`,
    ),
  ];
}

/** A guard: the expected payment, its record and what is matched of it are as they were read. */
export function expectPaymentUnchanged(row: ExpectedPaymentRow): SQL {
  return expectThat(sql`exists (select 1 from expected_payments p join records r on r.id = p.record_id
    where p.id = ${row.id} and p.status = ${row.snapshot.status} and r.id = ${row.recordId}
      and r.version = ${row.recordVersion} and r.deleted_at is null
      and coalesce((select e.matched from entries e where e.record_id = r.id), 0) = ${row.snapshot.matched})`);
}

/** Gives an expected payment other rule variables, by which it is matched again. */
export function updateVariables(
  row: ExpectedPaymentRow,
  variables: readonly RuleVariable[],
  record: PaymentRecord,
  now: number,
): SQL[] {
  const ofPayment = sql`id = ${row.recordId}`;
  return [
    ...updatePaymentRecord(ofPayment, record, now),
    writeVariables(row, variables, now),
    ...logPaymentChange(ofPayment),
  ];
}

function updatePaymentRecord(which: SQL, { fields, attributes, amountLower }: PaymentRecord, now: number): SQL[] {
  return [
    sql`update records set version = version + 1, updated_at = ${now}, date = ${fields.date}, amount = ${fields.amount},
        amount_lower = ${amountLower}, currency = ${fields.currency}, direction = ${signOf(fields.direction)},
        expected_by = ${fields.expectedBy}, attributes = ${JSON.stringify(attributes)}, deleted_at = null
      where ${which}`,
    sql`update entries set amount = ${fields.amount} where record_id = (select id from records where ${which})`,
  ];
}

/**
 * Moves an expected payment to another internal account, where a record of its own stands for it: the one that did so
 * before, if it comes back, since what was undone there is remembered of that one.
 */
export function moveToAccount(
  row: ExpectedPaymentRow,
  placed: PlacedRecord & { isFormer: boolean },
  variables: readonly RuleVariable[],
  now: number,
): SQL[] {
  const which = sql`uid = ${placed.recordUid}`;
  const recordId = sql`(select id from records where ${which})`;
  return [
    ...(placed.isFormer ? reviveRecord(placed, which, now) : insertPaymentRecord(placed, now)),
    sql`update expected_payments set account_id = ${placed.account.id}, record_id = ${recordId} where id = ${row.id}`,
    // It is reported as overdue once, wherever it is.
    sql`insert into entries (reconciliation_id, record_id, amount, overdue_at)
      select c.id, ${recordId}, ${placed.record.fields.amount}, e.overdue_at
      from entries e cross join reconciliations c on c.account_id = ${placed.account.id}
      where e.record_id = ${row.recordId} and e.overdue_at is not null
      on conflict do update set overdue_at = excluded.overdue_at, version = entries.version + 1`,
    writeVariables(row, variables, now),
  ];
}

function reviveRecord({ account, record }: PlacedRecord, which: SQL, now: number): SQL[] {
  return [
    ...updatePaymentRecord(which, record, now),
    sql`update data_sources set record_count = record_count + 1, last_record_at = ${now} where id = ${account.sourceId}`,
    ...logPaymentChange(which),
  ];
}

function writeVariables(row: ExpectedPaymentRow, variables: readonly RuleVariable[], now: number): SQL {
  return sql`update expected_payments set variables = ${JSON.stringify(variables)}, updated_at = ${now}
    where id = ${row.id}`;
}

/** Makes what is matched of an expected payment all that there is to match; the payment's status follows. */
export function closeRecord(row: ExpectedPaymentRow, now: number): SQL[] {
  return [
    sql`update records set version = version + 1, updated_at = ${now}, amount_lower = ${row.snapshot.matched}
      where id = ${row.recordId}`,
    sql`update entries set amount = matched, status = 2, version = version + 1 where record_id = ${row.recordId}`,
    sql`update reconciliation_sources set partial_count = partial_count - 1, reconciled_count = reconciled_count + 1
      where source_id = ${row.sourceId}
        and reconciliation_id = (select id from reconciliations where account_id = ${row.accountId})`,
    ...logPaymentChange(sql`id = ${row.recordId}`),
  ];
}

function logPaymentChange(which: SQL): SQL[] {
  return logChanges(sql`select id, source_id from records where ${which}`);
}

export function updateAccountingLines(id: number, lines: readonly AccountingLine[], read: string, now: number): SQL[] {
  return [
    expectThat(sql`exists (select 1 from expected_payments where id = ${id} and accounting_lines = ${read})`),
    sql`update expected_payments set accounting_lines = ${JSON.stringify(lines)}, updated_at = ${now} where id = ${id}`,
  ];
}
