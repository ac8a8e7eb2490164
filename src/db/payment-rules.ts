import { type SQL, sql } from "drizzle-orm";
import type { PaymentRuleDefinition } from "../core/payment/payment-rule.ts";
import { all, type Db, first, jsonList } from "./client.ts";
import type { Page, PageRequest } from "./page.ts";
import { nextGeneration } from "./reconciliations.ts";
import { pageOfScan } from "./scan.ts";

export interface PaymentRuleRow {
  id: number;
  uid: string;
  name: string;
  priority: number;
  status: "active" | "inactive";
  version: number;
  definition: PaymentRuleDefinition;
  /** The ids of its internal accounts; null for all of the environment. */
  accountUids: string[] | null;
  created_at: number;
  updated_at: number;
}

export interface PaymentRuleFilters {
  status?: "active" | "inactive" | undefined;
  /** The row number of an internal account to which the rules apply. */
  accountId?: number | undefined;
}

type Stored = Omit<PaymentRuleRow, "definition" | "accountUids"> & { definition: string; accounts: string | null };

const columns = sql.raw(`r.id, r.uid, r.name, r.priority, r.status, r.version, v.definition, r.created_at,
  r.updated_at, case r.is_of_all_accounts when 0 then (
    select json_group_array(a.uid order by ra.position) from payment_rule_accounts ra
    join internal_accounts a on a.id = ra.account_id where ra.rule_id = r.id
  ) end as accounts
  from payment_rules r join payment_rule_versions v on v.rule_id = r.id and v.version = r.version`);

export async function findPaymentRule(db: Db, environmentId: number, uid: string): Promise<PaymentRuleRow | undefined> {
  const row = await first<Stored>(
    db,
    sql`select ${columns} where r.uid = ${uid} and r.environment_id = ${environmentId} and r.deleted_at is null`,
  );
  return row && read(row);
}

/** A page, newest first, after at most `PAGE_SCAN_MAX_ROWS` rows. */
export async function listPaymentRules(
  db: Db,
  environmentId: number,
  { status, accountId }: PaymentRuleFilters,
  page: PageRequest,
): Promise<Page<PaymentRuleRow>> {
  const conditions = [sql`r.deleted_at is null`];
  if (status !== undefined) conditions.push(sql`r.status = ${status}`);
  if (accountId !== undefined) conditions.push(appliesTo(sql`${accountId}`));
  const before = page.before ?? Number.MAX_SAFE_INTEGER;
  const scan = sql`select id from payment_rules where environment_id = ${environmentId} and id < ${before}`;
  const found = await pageOfScan(db, scan, page, (scanned, limit) =>
    all<Stored>(
      db,
      sql`select ${columns} where r.id in (${scanned}) and ${sql.join(conditions, sql` and `)}
        order by r.id desc limit ${limit}`,
    ),
  );
  return { ...found, rows: found.rows.map(read) };
}

/** The active rules of an internal account's own reconciliation, lower priority number first, then the older one. */
export async function listActivePaymentRules(
  db: Db,
  reconciliationId: number,
): Promise<Pick<PaymentRuleRow, "id" | "uid" | "version" | "definition">[]> {
  const rows = await all<Pick<Stored, "id" | "uid" | "version" | "definition">>(
    db,
    sql`select r.id, r.uid, r.version, v.definition from reconciliations c
      cross join payment_rules r on r.environment_id = c.environment_id and r.deleted_at is null
        and r.status = 'active' and ${appliesTo(sql`c.account_id`)}
      cross join payment_rule_versions v on v.rule_id = r.id and v.version = r.version
      where c.id = ${reconciliationId} order by r.priority, r.id`,
  );
  return rows.map((row) => ({ ...row, definition: JSON.parse(row.definition) }));
}

const UUID_CHARS = 36;

/** Those of some ids that are internal accounts of the environment. */
export async function listKnownAccounts(db: Db, environmentId: number, uids: readonly string[]): Promise<Set<string>> {
  const rows = await all<{ uid: string }>(
    db,
    sql`select a.uid from json_each(${jsonList(uids.filter((uid) => uid.length <= UUID_CHARS))}) j
      cross join internal_accounts a on a.uid = j.value and a.environment_id = ${environmentId}`,
  );
  return new Set(rows.map(({ uid }) => uid));
}

/** The ids of the internal accounts to which a rule applies: as it names them, else the newest ones. */
export async function listAccountsOf(
  db: Db,
  environmentId: number,
  accountUids: readonly string[] | null,
  limit: number,
): Promise<string[]> {
  if (accountUids !== null) return accountUids.slice(0, limit);
  const rows = await all<{ uid: string }>(
    db,
    sql`select uid from internal_accounts where environment_id = ${environmentId} order by id desc limit ${limit}`,
  );
  return rows.map(({ uid }) => uid);
}

/** A condition for guards: the rule is there and says what was read. */
export function paymentRuleIsAt(id: number, version: number): SQL {
  return sql`exists (select 1 from payment_rules where id = ${id} and version = ${version} and deleted_at is null)`;
}

/** Keeps what a rule says in its present version. */
export function recordPaymentRuleVersion(uid: string, definition: PaymentRuleDefinition, now: number): SQL {
  return sql`insert into payment_rule_versions (rule_id, version, definition, created_at)
    select id, version, ${JSON.stringify(definition)}, ${now} from payment_rules where uid = ${uid}`;
}

/** Statements that make a rule apply to these internal accounts and no others. */
export function replaceRuleAccounts(ruleUid: string, accountUids: readonly string[] | null): SQL[] {
  return [
    sql`delete from payment_rule_accounts where rule_id = (select id from payment_rules where uid = ${ruleUid})`,
    sql`insert into payment_rule_accounts (rule_id, account_id, position)
      select r.id, a.id, j.key from json_each(${jsonList(accountUids ?? [])}) j
      cross join payment_rules r on r.uid = ${ruleUid}
      cross join internal_accounts a on a.uid = j.value and a.environment_id = r.environment_id`,
  ];
}

/**
 * Tells the reconciliations of every internal account to which a rule applies that it has changed, and those of the
 * accounts to which it is about to apply: it stands before `replaceRuleAccounts`.
 */
export function raiseAccountGenerations(
  environmentId: number,
  ruleUid: string,
  nextAccountUids: readonly string[] | null = [],
): SQL {
  const rule = sql`(select r.id from payment_rules r where r.uid = ${ruleUid})`;
  const isOfAll =
    nextAccountUids === null
      ? sql`true`
      : sql`exists (select 1 from payment_rules where uid = ${ruleUid} and is_of_all_accounts = 1)`;
  return sql`update reconciliations set generation = ${nextGeneration} where account_id in (
      select id from internal_accounts where environment_id = ${environmentId} and ${isOfAll}
      union select account_id from payment_rule_accounts where rule_id = ${rule}
      union select id from internal_accounts where environment_id = ${environmentId}
        and uid in (select value from json_each(${jsonList(nextAccountUids ?? [])})))`;
}

function appliesTo(accountId: SQL): SQL {
  return sql`(r.is_of_all_accounts = 1 or exists (
    select 1 from payment_rule_accounts ra where ra.rule_id = r.id and ra.account_id = ${accountId}))`;
}

function read({ definition, accounts, ...row }: Stored): PaymentRuleRow {
  return { ...row, definition: JSON.parse(definition), accountUids: accounts === null ? null : JSON.parse(accounts) };
}
