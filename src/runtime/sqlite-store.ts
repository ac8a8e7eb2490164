import type { Item, Side, Sign } from "../core/matching/item.ts";
import type { IndexedItem, IndexKey, ItemIndex, WalkPosition } from "../core/matching/item-index.ts";
import type { Configuration, Progress, ReconcilerStore } from "../services/reconciler-store.ts";

// The form of this storage may change at will: a store of another version is dropped and rebuilt from D1.
const STORAGE_VERSION = 1;

const TABLES = [
  "create table documents (name text primary key, body text not null) without rowid",
  `create table items (id integer primary key, uid text not null, side text not null, source_id integer not null,
    type_key text not null, version integer not null, date text not null, amount integer not null,
    open integer not null, matches integer not null, currency text not null, sign integer not null,
    description text, external_id text, metadata text not null, due text)`,
  "create index items_walk on items (side, date, amount, coalesce(external_id, ''), uid)",
  "create index items_due on items (due) where due is not null",
  "create index items_source on items (source_id)",
  `create table keys (plan text not null, side text not null, key text not null, amount integer not null,
    date text not null, item_id integer not null, primary key (plan, side, key, amount, date, item_id)) without rowid`,
  "create index keys_item on keys (item_id)",
  "create table queue (no integer primary key autoincrement, item_id integer not null unique)",
  "create table in_flight (item_id integer primary key)",
  "create table voided_sets (set_key text primary key) without rowid",
  `create table watches (other_id integer not null, item_id integer not null,
    primary key (other_id, item_id)) without rowid`,
];

interface ItemRecord extends Record<string, SqlStorageValue> {
  id: number;
  uid: string;
  side: Side;
  source_id: number;
  type_key: string;
  version: number;
  date: string;
  amount: number;
  open: number;
  matches: number;
  currency: string;
  sign: Sign;
  description: string | null;
  external_id: string | null;
  metadata: string;
  due: string | null;
}

/** A Reconciler's memory in its object's own SQLite. */
export class SqliteStore implements ReconcilerStore, ItemIndex {
  readonly #sql: SqlStorage;
  readonly #storage: DurableObjectStorage;
  #configuration: Configuration | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#prepare();
  }

  get index(): ItemIndex {
    return this;
  }

  /** Rows that SQLite has read so far for this store: what tests hold against growth. */
  rowsRead = 0;

  #prepare(): void {
    const [table] = this.#all<{ n: number }>("select count(*) as n from sqlite_master where name = 'documents'");
    if (table?.n === 1 && this.#readDocument<number>("storage_version") === STORAGE_VERSION) return;
    this.clear();
  }

  clear(): void {
    this.#configuration = undefined;
    this.#storage.transactionSync(() => {
      const tables = this.#all<{ name: string }>(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not like '_cf_%'",
      );
      for (const { name } of tables) this.#all(`drop table "${name}"`);
      for (const definition of TABLES) this.#all(definition);
      this.#writeDocument("storage_version", STORAGE_VERSION);
    });
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

  enqueue(ids: readonly number[]): void {
    if (ids.length === 0) return;
    this.#all("insert or ignore into queue (item_id) select value from json_each(?) order by key", JSON.stringify(ids));
  }

  peekQueue(limit: number): number[] {
    return this.#all<{ item_id: number }>("select item_id from queue order by no limit ?", limit).map(
      (row) => row.item_id,
    );
  }

  dequeue(ids: readonly number[]): void {
    if (ids.length === 0) return;
    this.#all("delete from queue where item_id in (select value from json_each(?))", JSON.stringify(ids));
  }

  readInFlight(): number[] {
    return this.#all<{ item_id: number }>("select item_id from in_flight order by item_id").map((row) => row.item_id);
  }

  writeInFlight(ids: readonly number[]): void {
    this.#all("delete from in_flight");
    if (ids.length === 0) return;
    this.#all("insert or ignore into in_flight (item_id) select value from json_each(?)", JSON.stringify(ids));
  }

  removeSource(sourceId: number): void {
    this.#all("delete from keys where item_id in (select id from items where source_id = ?)", sourceId);
    this.#all("delete from items where source_id = ?", sourceId);
  }

  listIds(after: number, limit: number): number[] {
    return this.#all<{ id: number }>("select id from items where id > ? order by id limit ?", after, limit).map(
      (row) => row.id,
    );
  }

  clearKeys(): void {
    this.#all("delete from keys");
  }

  listDue(today: string, limit: number): number[] {
    return this.#all<{ id: number }>("select id from items where due < ? order by due limit ?", today, limit).map(
      (row) => row.id,
    );
  }

  nextDue(): string | null {
    const [row] = this.#all<{ due: string }>("select due from items where due is not null order by due limit 1");
    return row?.due ?? null;
  }

  find(id: number): IndexedItem | undefined {
    const [row] = this.#all<ItemRecord>("select * from items where id = ?", id);
    return row && read(row);
  }

  put(item: IndexedItem, keys: readonly IndexKey[]): void {
    this.remove(item.id);
    this.#all(
      `insert into items (id, uid, side, source_id, type_key, version, date, amount, open, matches, currency, sign,
        description, external_id, metadata, due) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      item.id,
      item.uid,
      item.side,
      item.sourceId,
      item.typeKey,
      item.version,
      item.date,
      item.amount,
      item.open,
      item.matches,
      item.currency,
      item.sign,
      item.description,
      item.externalId,
      JSON.stringify(item.metadata),
      item.due,
    );
    for (const { plan, key } of keys) {
      this.#all(
        "insert into keys (plan, side, key, amount, date, item_id) values (?, ?, ?, ?, ?, ?)",
        plan,
        item.side,
        key,
        item.open,
        item.date,
        item.id,
      );
    }
  }

  remove(id: number): void {
    this.#all("delete from keys where item_id = ?", id);
    this.#all("delete from items where id = ?", id);
  }

  nextAmount(plan: string, side: Side, key: string, from: number, direction: "up" | "down"): number | undefined {
    const [row] = this.#all<{ amount: number }>(
      direction === "up"
        ? "select amount from keys where plan = ? and side = ? and key = ? and amount >= ? order by amount limit 1"
        : "select amount from keys where plan = ? and side = ? and key = ? and amount <= ? order by amount desc limit 1",
      plan,
      side,
      key,
      from,
    );
    return row?.amount;
  }

  listAt(plan: string, side: Side, key: string, amount: number, after: Item | null, limit: number): IndexedItem[] {
    return this.#all<ItemRecord>(
      `select i.* from (
        select item_id, date from keys where plan = ? and side = ? and key = ? and amount = ? and (date, item_id) > (?, ?)
        order by date, item_id limit ?) k join items i on i.id = k.item_id order by k.date, k.item_id`,
      plan,
      side,
      key,
      amount,
      after?.date ?? "",
      after?.id ?? 0,
      limit,
    ).map(read);
  }

  walk(side: Side, after: WalkPosition | null, limit: number): IndexedItem[] {
    return this.#all<ItemRecord>(
      `select * from items where side = ? and (date, amount, coalesce(external_id, ''), uid) > (?, ?, ?, ?)
      order by date, amount, coalesce(external_id, ''), uid limit ?`,
      side,
      after?.date ?? "",
      after?.amount ?? 0,
      after?.externalId ?? "",
      after?.uid ?? "",
      limit,
    ).map(read);
  }

  isVoidedSet(setKey: string): boolean {
    return this.#all("select 1 from voided_sets where set_key = ?", setKey).length > 0;
  }

  addVoidedSets(setKeys: readonly string[]): void {
    if (setKeys.length === 0) return;
    this.#all("insert or ignore into voided_sets (set_key) select value from json_each(?)", JSON.stringify(setKeys));
  }

  watch(id: number, others: readonly number[]): void {
    for (const other of others) {
      this.#all("insert or ignore into watches (other_id, item_id) values (?, ?)", other, id);
    }
  }

  takeWatchers(id: number): number[] {
    return this.#all<{ item_id: number }>("delete from watches where other_id = ? returning item_id", id)
      .map((row) => row.item_id)
      .sort((left, right) => left - right);
  }

  #readDocument<T>(name: string): T | undefined {
    const [row] = this.#all<{ body: string }>("select body from documents where name = ?", name);
    return row && (JSON.parse(row.body) as T);
  }

  #writeDocument(name: string, body: unknown): void {
    this.#all("insert or replace into documents (name, body) values (?, ?)", name, JSON.stringify(body));
  }

  #all<Row extends Record<string, SqlStorageValue>>(query: string, ...values: SqlStorageValue[]): Row[] {
    const cursor = this.#sql.exec<Row>(query, ...values);
    const rows = cursor.toArray();
    this.rowsRead += cursor.rowsRead;
    return rows;
  }
}

function read(row: ItemRecord): IndexedItem {
  return {
    id: row.id,
    uid: row.uid,
    side: row.side,
    sourceId: row.source_id,
    typeKey: row.type_key,
    version: row.version,
    date: row.date,
    amount: row.amount,
    open: row.open,
    matches: row.matches,
    currency: row.currency,
    sign: row.sign,
    description: row.description,
    externalId: row.external_id,
    metadata: JSON.parse(row.metadata),
    due: row.due,
  };
}
