import type { Side } from "../core/matching/item.ts";
import type { ItemIndex, Mark, Note } from "../core/matching/item-index.ts";
import type { IndexContents } from "../services/index-contents.ts";
import type { Configuration, Progress, ReconcilerStore } from "../services/reconciler-store.ts";
import type { RunProgress } from "../services/run-progress.ts";
import { CountedSql } from "./counted-sql.ts";
import { SqliteIndexContents } from "./index-contents.ts";
import { SqliteIndex } from "./sqlite-index.ts";

// The form of this storage may change at will: a store of another version is dropped and rebuilt from D1.
const STORAGE_VERSION = 5;

const LIVE = "live_";

const TABLES = [
  "create table documents (name text primary key, body text not null) without rowid",
  "create table queue (no integer primary key autoincrement, item_id integer not null unique)",
  "create table in_flight (item_id integer primary key)",
  "create table voided_sets (set_key text primary key) without rowid",
  `create table findings (item_id integer not null, rule_id integer not null, finding text not null,
    primary key (item_id, rule_id)) without rowid`,
];

/** A Reconciler's memory in its object's own SQLite. */
export class SqliteStore implements ReconcilerStore {
  /** What the index holds, as it lies there. */
  readonly contents: IndexContents;
  readonly #storage: DurableObjectStorage;
  readonly #sql: CountedSql;
  readonly #live: SqliteIndex;
  readonly #scratch: SqliteIndex;
  #configuration: Configuration | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = new CountedSql(storage.sql);
    this.#live = new SqliteIndex(this.#sql, "arrival", LIVE);
    this.#scratch = new SqliteIndex(this.#sql, "run", "scratch_");
    this.contents = new SqliteIndexContents(this.#sql, this.#live, LIVE);
    this.#prepare();
  }

  get index(): ItemIndex {
    return this.#live;
  }

  get scratch(): ItemIndex {
    return this.#scratch;
  }

  /** Rows that SQLite has read so far for this store: what tests hold against growth. */
  get rowsRead(): number {
    return this.#sql.rowsRead;
  }

  #prepare(): void {
    const table = this.#sql.first("select 1 from sqlite_master where name = 'documents'");
    if (table && this.#readDocument<number>("storage_version") === STORAGE_VERSION) return;
    this.clear();
  }

  clear(): void {
    this.#configuration = undefined;
    this.#storage.transactionSync(() => {
      const tables = this.#sql.all<{ name: string }>(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not like '_cf_%'",
      );
      for (const { name } of tables) this.#sql.all(`drop table "${name}"`);
      for (const definition of TABLES) this.#sql.all(definition);
      this.#live.create();
      this.#scratch.create();
      this.#writeDocument("storage_version", STORAGE_VERSION);
    });
  }

  clearScratch(): void {
    this.transaction(() => this.#scratch.clear());
  }

  transaction<T>(work: () => T): T {
    try {
      return this.#storage.transactionSync(work);
    } catch (error) {
      // What was written is taken back, and with it what is remembered of it.
      this.#configuration = undefined;
      throw error;
    }
  }

  readConfiguration(): Configuration | undefined {
    this.#configuration ??= this.#readDocument<Configuration>("configuration");
    return this.#configuration;
  }

  writeConfiguration(configuration: Configuration): void {
    this.#configuration = configuration;
    this.#writeDocument("configuration", configuration);
  }

  readProgress(): Progress | undefined {
    return this.#readDocument<Progress>("progress");
  }

  writeProgress(progress: Progress): void {
    this.#writeDocument("progress", progress);
  }

  readRun(): RunProgress | undefined {
    return this.#readDocument<RunProgress | null>("run") ?? undefined;
  }

  writeRun(run: RunProgress | null): void {
    this.#writeDocument("run", run);
  }

  countRunAttempt(): number {
    const attempts = (this.#readDocument<number>("run_attempts") ?? 0) + 1;
    this.#writeDocument("run_attempts", attempts);
    return attempts;
  }

  clearRunAttempts(): void {
    this.#writeDocument("run_attempts", 0);
  }

  keepFindings(runId: number, notes: readonly Note[], isFirst: boolean): void {
    if (isFirst) {
      this.#sql.all("delete from findings");
      this.#writeDocument("findings_run", runId);
    }
    this.#sql.all(
      `insert or replace into findings (item_id, rule_id, finding)
      select value ->> 'itemId', value ->> 'ruleId', value ->> 'finding' from json_each(?)`,
      JSON.stringify(notes),
    );
  }

  takeFindings(runId: number): void {
    if (this.#readDocument<number>("findings_run") !== runId) return;
    this.transaction(() => this.#live.replaceNotes("findings"));
  }

  countFailures(): number {
    return this.#readDocument<number>("failures") ?? 0;
  }

  writeFailures(count: number): void {
    this.#writeDocument("failures", count);
  }

  enqueue(ids: readonly number[]): void {
    this.#sql.forEach("insert or ignore into queue (item_id) select value from json_each(?) order by key", ids);
  }

  peekQueue(limit: number): number[] {
    return this.#sql
      .all<{ item_id: number }>("select item_id from queue order by no limit ?", limit)
      .map((row) => row.item_id);
  }

  dequeue(ids: readonly number[]): void {
    this.#sql.forEach("delete from queue where item_id in (select value from json_each(?))", ids);
  }

  readInFlight(): number[] {
    return this.#sql
      .all<{ item_id: number }>("select item_id from in_flight order by item_id")
      .map((row) => row.item_id);
  }

  writeInFlight(ids: readonly number[]): void {
    this.#sql.all("delete from in_flight");
    this.#sql.forEach("insert or ignore into in_flight (item_id) select value from json_each(?)", ids);
  }

  removeSource(sourceId: number): void {
    this.#live.removeSource(sourceId);
  }

  listIds(after: number, limit: number): number[] {
    return this.#live.listIds(after, limit);
  }

  listNewest(side: Side, before: number, limit: number): number[] {
    return this.#live.listNewest(side, before, limit);
  }

  clearKeys(): void {
    this.transaction(() => this.#live.clearKeys());
  }

  listDue(today: string, limit: number): number[] {
    return this.#live.listDue(today, limit);
  }

  listDueOn(day: string, limit: number): number[] {
    return this.#live.listDueOn(day, limit);
  }

  nextDue(): string | null {
    return this.#live.nextDue();
  }

  clearDue(ids: readonly number[]): void {
    this.#live.clearDue(ids);
  }

  listMarks(limit: number): Mark[] {
    return this.#live.listMarks(limit);
  }

  settleMarks(marks: readonly Mark[]): void {
    this.#live.settleMarks(marks);
  }

  #readDocument<T>(name: string): T | undefined {
    const row = this.#sql.first<{ body: string }>("select body from documents where name = ?", name);
    return row && (JSON.parse(row.body) as T);
  }

  #writeDocument(name: string, body: unknown): void {
    this.#sql.all("insert or replace into documents (name, body) values (?, ?)", name, JSON.stringify(body));
  }
}
