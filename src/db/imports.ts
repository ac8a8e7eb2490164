import { type SQL, sql } from "drizzle-orm";
import type { ImportDialect, ImportSnapshot } from "../core/import/import-view.ts";
import type { Mapping } from "../core/import/mapping.ts";
import type { ImportPosition } from "../core/import/position.ts";
import type { ImportProblem } from "../core/import/problem.ts";
import type { ImportTotals } from "../core/import/totals.ts";
import { all, type Db, first } from "./client.ts";
import { listenerExists } from "./events.ts";
import { expectThat } from "./guard.ts";
import { isJobUnfinished } from "./jobs.ts";
import { cutPage, type Page, type PageRequest } from "./page.ts";

export interface ImportRow {
  id: number;
  snapshot: ImportSnapshot;
}

/** An import that is not over, with what its next slice begins with. */
export interface UnfinishedImport extends ImportRow {
  environmentId: number;
  sourceId: number;
  mapping: Mapping;
  dialect: ImportDialect;
  position: ImportPosition;
  /** The position as it is stored; every slice changes it. */
  storedPosition: string;
}

interface Stored {
  id: number;
  snapshot: string;
}

/** A JSON object of an import `i` into a data source `s`, in the form of `ImportSnapshot`. */
const importSnapshot = sql.raw(`json_object('uid', i.uid, 'type_key', s.key, 'filename', i.filename, 'status', i.status,
  'encoding', i.dialect ->> 'encoding', 'delimiter', i.dialect ->> 'delimiter', 'done', i.position ->> 'done',
  'size', i.position ->> 'size', 'rows', i.row_count, 'created', i.created_count, 'skipped', i.skipped_count,
  'failed', i.failed_count, 'totals', json(i.totals), 'problems', json(i.problems), 'created_at', i.created_at,
  'completed_at', i.completed_at)`);

const columns = sql`i.id, ${importSnapshot} as snapshot`;
const sourced = sql.raw("imports i join data_sources s on s.id = i.source_id");

export async function findImport(db: Db, environmentId: number, uid: string): Promise<ImportRow | undefined> {
  const row = await first<Stored>(
    db,
    sql`select ${columns} from ${sourced} where i.uid = ${uid} and i.environment_id = ${environmentId}`,
  );
  return row && read(row);
}

/** A page of an environment's imports, or of those into one data source. */
export async function listImports(
  db: Db,
  environmentId: number,
  sourceId: number | null,
  page: PageRequest,
): Promise<Page<ImportRow>> {
  const scope = sourceId === null ? sql`i.environment_id = ${environmentId}` : sql`i.source_id = ${sourceId}`;
  const rows = await all<Stored>(
    db,
    sql`select ${columns} from ${sourced} where ${scope} and i.id < ${page.before ?? Number.MAX_SAFE_INTEGER}
      order by i.id desc limit ${page.limit + 1}`,
  );
  return cutPage(rows.map(read), page.limit);
}

/** An import that is not over, of whatever environment. */
export async function findUnfinishedImport(db: Db, uid: string): Promise<UnfinishedImport | undefined> {
  const row = await first<
    Stored & { environmentId: number; sourceId: number; mapping: string; dialect: string; position: string }
  >(
    db,
    sql`select ${columns}, i.environment_id as "environmentId", i.source_id as "sourceId", i.mapping, i.dialect, i.position
      from ${sourced} where i.uid = ${uid} and i.status in ('pending', 'processing')`,
  );
  if (!row) return undefined;
  return {
    ...read(row),
    environmentId: row.environmentId,
    sourceId: row.sourceId,
    mapping: JSON.parse(row.mapping),
    dialect: JSON.parse(row.dialect),
    position: JSON.parse(row.position),
    storedPosition: row.position,
  };
}

export interface NewImport {
  uid: string;
  typeKey: string;
  filename: string | null;
  mapping: Mapping;
  dialect: ImportDialect;
  position: ImportPosition;
  totals: ImportTotals;
  problems: ImportProblem[];
}

/** The types of data sources that files may be imported into. */
const importable = sql.raw("('api', 'csv')");

/**
 * The statements that write down an import, pending, and make its data source if there is none of its key. They refuse
 * the batch if the data source is of a type that takes no imports, or the file's text is not whole.
 */
export function insertImport(environmentId: number, row: NewImport, now: number): SQL[] {
  const { uid, typeKey, filename } = row;
  const [mapping, dialect, position, totals, problems] = [
    row.mapping,
    row.dialect,
    row.position,
    row.totals,
    row.problems,
  ].map((value) => JSON.stringify(value));
  const source = sql`from data_sources where environment_id = ${environmentId} and key = ${typeKey} and deleted_at is null`;
  return [
    sql`insert into data_sources (environment_id, key, name, type, created_at, updated_at)
      select ${environmentId}, ${typeKey}, ${typeKey}, 'csv', ${now}, ${now} where not exists (select 1 ${source})`,
    expectThat(sql`exists (select 1 ${source} and type in ${importable})`),
    expectThat(sql`(select count(*) from import_chunks where import_uid = ${uid}) = ${row.position.chunks}`),
    sql`insert into imports (uid, environment_id, source_id, filename, mapping, dialect, status, position, totals,
        problems, created_at, updated_at)
      select ${uid}, ${environmentId}, id, ${filename}, ${mapping}, ${dialect}, 'pending', ${position}, ${totals},
        ${problems}, ${now}, ${now} ${source}`,
  ];
}

/** A first statement of a batch: refuses it unless the import is still at work, and where it was. */
export function expectAtPosition({ id, storedPosition }: UnfinishedImport): SQL {
  return expectThat(
    sql`exists (select 1 from imports where id = ${id} and position = ${storedPosition} and ${isJobUnfinished})`,
  );
}

/** Writes down how far an import has come. */
export function advanceImport(id: number, reached: ImportSnapshot, position: ImportPosition, now: number): SQL {
  return sql`update imports set position = ${JSON.stringify(position)}, totals = ${JSON.stringify(reached.totals)},
      problems = ${JSON.stringify(reached.problems)}, row_count = ${reached.rows}, created_count = ${reached.created},
      skipped_count = ${reached.skipped}, failed_count = ${reached.failed}, status = ${reached.status},
      updated_at = ${now}, completed_at = ${reached.completed_at}
    where id = ${id}`;
}

/** Gives an import up that cannot go on; one that is over or has moved on meanwhile stays as it is. */
export function failImport(
  { id, storedPosition }: UnfinishedImport,
  problems: readonly ImportProblem[],
  now: number,
): SQL {
  return sql`update imports set status = 'failed', problems = ${JSON.stringify(problems)}, updated_at = ${now},
      completed_at = ${now}
    where id = ${id} and position = ${storedPosition} and ${isJobUnfinished}`;
}

/** Adds a problem of the line that an unfinished import has come to; where there are so many, in place of the last one. */
export function appendImportProblem(
  uid: string,
  { code, message }: Pick<ImportProblem, "code" | "message">,
  maxProblems: number,
): SQL {
  return sql`update imports set problems = json_insert(json_remove(problems, ${`$[${maxProblems - 1}]`}), '$[#]',
      json_object('line', position ->> 'line', 'column', null, 'code', ${code}, 'message', ${message}))
    where uid = ${uid} and ${isJobUnfinished}`;
}

/** The event of an import that this batch completes, if somebody listens; `shown` is what GET answers from then on. */
export function insertImportEvent(row: UnfinishedImport, eventUid: string, shown: unknown, now: number): SQL {
  return sql`insert into events (environment_id, created_at, subject, uid, type, occurrence, snapshot)
    select ${row.environmentId}, ${now}, 'import', ${eventUid}, 'import.completed', ${`import/${row.id}/completed`},
      ${JSON.stringify(shown)}
    where ${listenerExists(row.environmentId)}
    on conflict do nothing`;
}

function read({ id, snapshot }: Stored): ImportRow {
  return { id, snapshot: JSON.parse(snapshot) };
}
