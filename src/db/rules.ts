import { type SQL, sql } from "drizzle-orm";
import { type RuleDefinition, readRuleDefinition } from "../core/rule-definition.ts";
import { all, type Db, first } from "./client.ts";
import { cutPage, type Page, type PageRequest } from "./page.ts";
import { nextGeneration } from "./reconciliations.ts";

export interface RuleRow {
  id: number;
  uid: string;
  reconciliation_id: number;
  reconciliation_uid: string;
  priority: number;
  status: "active" | "inactive";
  description: string | null;
  version: number;
  definition: RuleDefinition;
  created_at: number;
  updated_at: number;
}

type Stored = Omit<RuleRow, "definition"> & { definition: string };

const columns = sql.raw(`r.id, r.uid, r.reconciliation_id, c.uid as reconciliation_uid, r.priority, r.status,
  r.description, r.version, v.definition, r.created_at, r.updated_at
  from reconciliation_rules r join reconciliations c on c.id = r.reconciliation_id
  join rule_versions v on v.rule_id = r.id and v.version = r.version`);

export async function findRule(db: Db, environmentId: number, uid: string): Promise<RuleRow | undefined> {
  const row = await first<Stored>(
    db,
    sql`select ${columns} where r.uid = ${uid} and r.environment_id = ${environmentId} and r.deleted_at is null`,
  );
  return row && read(row);
}

/** The row number of a rule, deleted ones included: matches keep naming them. */
export async function findRuleId(db: Db, environmentId: number, uid: string): Promise<number | undefined> {
  const row = await first<{ id: number }>(
    db,
    sql`select id from reconciliation_rules where uid = ${uid} and environment_id = ${environmentId}`,
  );
  return row?.id;
}

export async function listRules(
  db: Db,
  environmentId: number,
  reconciliationId: number | undefined,
  page: PageRequest,
): Promise<Page<RuleRow>> {
  const scope =
    reconciliationId === undefined
      ? sql`r.environment_id = ${environmentId}`
      : sql`r.environment_id = ${environmentId} and r.reconciliation_id = ${reconciliationId}`;
  const rows = await all<Stored>(
    db,
    sql`select ${columns} where ${scope} and r.deleted_at is null and r.id < ${page.before ?? Number.MAX_SAFE_INTEGER}
      order by r.id desc limit ${page.limit + 1}`,
  );
  return cutPage(rows.map(read), page.limit);
}

/** A condition for guards: the rule is there and in the version that was read. */
export function ruleIsAt(id: number, version: number): SQL {
  return sql`exists (select 1 from reconciliation_rules
    where id = ${id} and version = ${version} and deleted_at is null)`;
}

/** Statements that keep what a rule says in its present version, and tell its reconciliation that it has changed. */
export function recordRuleVersion(uid: string, definition: RuleDefinition, now: number): SQL[] {
  return [
    sql`insert into rule_versions (rule_id, version, definition, created_at)
      select id, version, ${JSON.stringify(definition)}, ${now} from reconciliation_rules where uid = ${uid}`,
    raiseGeneration(uid),
  ];
}

export function raiseGeneration(ruleUid: string): SQL {
  return sql`update reconciliations set generation = ${nextGeneration}
    where id = (select reconciliation_id from reconciliation_rules where uid = ${ruleUid})`;
}

function read(row: Stored): RuleRow {
  return { ...row, definition: readRuleDefinition(row.definition) };
}
