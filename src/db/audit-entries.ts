import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { v7 as newId } from "uuid";
import { AUDIT_DISORDER_MAX_MS, AUDIT_ENTRIES_MAX_CHARS } from "../config.ts";
import { type AuditAction, type AuditedType, typeOfAction } from "../core/audit-entry.ts";
import { auditedFacts } from "./audited-facts.ts";
import { all, type Db, first, type Statement } from "./client.ts";
import type { Sight } from "./environments.ts";
import { cutByWeight, type Page, type PageRequest } from "./page.ts";
import { pageOfScan } from "./scan.ts";
import { firstUuid, newUuid } from "./uuid.ts";

/** Who changes something, and with which request. */
export interface AuditAuthor {
  environmentId: number;
  keyUid: string | null;
  requestUid: string;
  now: () => number;
}

export interface AuditedChange {
  action: AuditAction;
  /** The resource's id at the door; of a data source its key. */
  uid: string;
  /** Where the resource belongs, if not to the author's environment; null where the id alone says it. */
  environmentId?: number | null;
}

/**
 * The statements of a change, and around them those that put down who makes it, what the resource was and what it
 * becomes. What changes nothing leaves no entry.
 */
export function auditChange(
  author: AuditAuthor,
  change: AuditedChange,
  statements: (SQLWrapper | Statement)[],
): (SQLWrapper | Statement)[] {
  const { action, uid: resourceUid } = change;
  const uid = newId({ msecs: author.now() });
  const resource = sql`from (${auditedFacts(typeOfAction(action))}) f where ${isNamed(author, change)}`;
  const environmentId = change.environmentId ?? author.environmentId;
  return [
    insertEntries(author, action, sql`select ${uid}, ${environmentId}, ${resourceUid}, (select f.facts ${resource})`),
    ...statements,
    sql`update audit_entries set after = (select f.facts ${resource}),
        environment_id = coalesce((select f.environment_id ${resource}), environment_id)
      where uid = ${uid}`,
    sql`delete from audit_entries where uid = ${uid} and before is after`,
  ];
}

/** Puts down that the resources of a type go with their parent, whose row number this is; it stands before they go. */
export function auditDeletedWith(author: AuditAuthor, action: AuditAction, parentId: number): SQL {
  const resources = sql`from (${auditedFacts(typeOfAction(action))}) f where f.parent_id = ${parentId}`;
  return insertEntries(
    author,
    action,
    sql`select ${newUuid(author.now())}, f.environment_id, f.uid, f.facts ${resources}`,
  );
}

function isNamed(author: AuditAuthor, { uid, environmentId = author.environmentId }: AuditedChange): SQL {
  if (environmentId === null) return sql`f.uid = ${uid}`;
  return sql`f.uid = ${uid} and f.environment_id = ${environmentId}`;
}

/** `resources` answers the new entries' ids, and the environments, ids and befores of what they are about. */
function insertEntries({ keyUid, requestUid, now }: AuditAuthor, action: AuditAction, resources: SQL): SQL {
  return sql`insert into audit_entries (uid, environment_id, resource_uid, before, key_uid, request_uid, action,
      resource_type, created_at)
    select *, ${keyUid}, ${requestUid}, ${action}, ${typeOfAction(action)}, ${now()} from (${resources})`;
}

export interface AuditEntryRow {
  id: number;
  uid: string;
  environmentUid: string;
  keyUid: string | null;
  requestUid: string;
  action: AuditAction;
  resourceType: AuditedType;
  resourceUid: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  createdAt: number;
}

export interface AuditEntryFilters {
  resourceType?: AuditedType | undefined;
  resourceUid?: string | undefined;
  /** Null: the bootstrap key. */
  keyUid?: string | null | undefined;
  action?: AuditAction | undefined;
  /** In ms, both included. */
  from?: number | undefined;
  to?: number | undefined;
}

type Stored = Omit<AuditEntryRow, "before" | "after"> & { before: string | null; after: string | null };

const columns = sql.raw(`t.id, t.uid, n.uid as "environmentUid", t.key_uid as "keyUid", t.request_uid as "requestUid",
  t.action, t.resource_type as "resourceType", t.resource_uid as "resourceUid", t.before, t.after,
  t.created_at as "createdAt"`);

export async function findAuditEntry(db: Db, sight: Sight, uid: string): Promise<AuditEntryRow | undefined> {
  const row = await first<Stored>(
    db,
    sql`select ${columns} from audit_entries t join environments n on n.id = t.environment_id
      where t.uid = ${uid} and ${isVisible(sql`t.environment_id`, sight)}`,
  );
  return row && read(row);
}

/** A page, newest first, after at most `PAGE_SCAN_MAX_ROWS` rows of the best index there is. */
export async function listAuditEntries(
  db: Db,
  sight: Sight,
  filters: AuditEntryFilters,
  page: PageRequest,
): Promise<Page<AuditEntryRow>> {
  const { resourceUid, from, to } = filters;
  const scan = sql`select id from audit_entries where ${isVisible(sql`environment_id`, sight)}
    and ${resourceUid === undefined ? sql`true` : sql`resource_uid = ${resourceUid}`}
    and id < ${page.before ?? Number.MAX_SAFE_INTEGER}
    and id > ${from === undefined ? 0 : lastBefore(from)}
    and id < ${to === undefined ? Number.MAX_SAFE_INTEGER : firstAfter(to)}`;
  const conditions = sql.join(listConditions(filters), sql` and `);
  const found = await pageOfScan(db, scan, page, (scanned, limit) =>
    all<Stored>(
      db,
      sql`select ${columns} from (${scanned}) s cross join audit_entries t on t.id = s.id
        cross join environments n on n.id = t.environment_id
        where ${conditions} order by t.id desc limit ${limit}`,
    ),
  );
  const weighed = found.rows.map((row) => ({ ...row, weight: lengthOf(row.before) + lengthOf(row.after) }));
  const cut = cutByWeight({ ...found, rows: weighed }, AUDIT_ENTRIES_MAX_CHARS);
  return { ...cut, rows: cut.rows.map(read) };
}

// Row numbers grow with time but for `AUDIT_DISORDER_MAX_MS`, and the index over the ids is one over times. The scan ends
// there; which entries are meant, their own times decide.

function lastBefore(instant: number): SQL {
  return sql`coalesce((select id from audit_entries where uid < ${firstUuid(instant - AUDIT_DISORDER_MAX_MS)}
    order by uid desc limit 1), 0)`;
}

function firstAfter(instant: number): SQL {
  return sql`coalesce((select id from audit_entries where uid > ${firstUuid(instant + AUDIT_DISORDER_MAX_MS)}
    order by uid limit 1), ${Number.MAX_SAFE_INTEGER})`;
}

function lengthOf(facts: string | null): number {
  return facts?.length ?? 0;
}

function listConditions({ resourceType, resourceUid, keyUid, action, from, to }: AuditEntryFilters): SQL[] {
  const conditions = [sql`true`];
  if (resourceType !== undefined) conditions.push(sql`t.resource_type = ${resourceType}`);
  if (resourceUid !== undefined) conditions.push(sql`t.resource_uid = ${resourceUid}`);
  if (keyUid !== undefined) conditions.push(sql`t.key_uid is ${keyUid}`);
  if (action !== undefined) conditions.push(sql`t.action = ${action}`);
  if (from !== undefined) conditions.push(sql`t.created_at >= ${from}`);
  if (to !== undefined) conditions.push(sql`t.created_at <= ${to}`);
  return conditions;
}

function isVisible(environmentId: SQL, sight: Sight): SQL {
  return sight === "all" ? sql`true` : sql`${environmentId} = ${sight}`;
}

function read({ before, after, ...row }: Stored): AuditEntryRow {
  const parse = (facts: string | null) => (facts === null ? null : JSON.parse(facts));
  return { ...row, before: parse(before), after: parse(after) };
}
