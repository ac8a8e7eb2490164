import type { Item, Side, Sign } from "../core/matching/item.ts";
import {
  compareCandidates,
  type Finding,
  type IndexedItem,
  type IndexKey,
  type IndexOrder,
  type ItemIndex,
  type Mark,
  type Note,
  type Tally,
  tieOf,
  type WalkPosition,
} from "../core/matching/item-index.ts";
import { compareTexts } from "../core/text.ts";
import type { CountedSql } from "./counted-sql.ts";
import { listItemTables, listKeyTables, SUM_PART } from "./index-tables.ts";

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
  payment: string | null;
  due: string | null;
  marked: number;
}

interface TallyRecord extends Record<string, SqlStorageValue> {
  rank: number;
  count: number;
  high: string;
  low: string;
}

/** An index in an object's SQLite, in tables of its own but for the voided sets. */
export class SqliteIndex implements ItemIndex {
  readonly order: IndexOrder;
  readonly #sql: CountedSql;
  readonly #prefix: string;

  constructor(sql: CountedSql, order: IndexOrder, prefix: string) {
    this.#sql = sql;
    this.order = order;
    this.#prefix = prefix;
  }

  /** Makes the tables, which must not be there. */
  create(): void {
    for (const definition of listItemTables(this.#prefix)) this.#sql.all(definition);
    this.#createKeys();
  }

  /** Forgets everything but the voided sets, in a time that hardly depends on how much there is. */
  clear(): void {
    this.#drop("items", "woken", "watches", "notes", "keys", "tallies");
    this.create();
  }

  clearKeys(): void {
    this.#drop("keys", "tallies");
    this.#createKeys();
  }

  removeSource(sourceId: number): void {
    this.#sql.all(`delete from ${this.#prefix}items where source_id = ?`, sourceId);
  }

  listIds(after: number, limit: number): number[] {
    return this.#sql
      .all<{ id: number }>(`select id from ${this.#prefix}items where id > ? order by id limit ?`, after, limit)
      .map(({ id }) => id);
  }

  listNewest(side: Side, before: number, limit: number): number[] {
    // By row number, whatever else there is an index on.
    const query = `select id from ${this.#prefix}items not indexed where side = ? and id < ? order by id desc limit ?`;
    return this.#sql.all<{ id: number }>(query, side, before, limit).map(({ id }) => id);
  }

  listDue(today: string, limit: number): number[] {
    return this.#sql
      .all<{ id: number }>(`select id from ${this.#prefix}items where due < ? order by due limit ?`, today, limit)
      .map(({ id }) => id);
  }

  listDueOn(day: string, limit: number): number[] {
    return this.#sql
      .all<{ id: number }>(`select id from ${this.#prefix}items where due = ? order by id limit ?`, day, limit)
      .map(({ id }) => id);
  }

  nextDue(): string | null {
    const query = `select due from ${this.#prefix}items where due is not null order by due limit 1`;
    return this.#sql.first<{ due: string }>(query)?.due ?? null;
  }

  clearDue(ids: readonly number[]): void {
    const query = `update ${this.#prefix}items set due = null where id in (select value from json_each(?))`;
    this.#sql.forEach(query, ids);
  }

  find(id: number): IndexedItem | undefined {
    const row = this.#sql.first<ItemRecord>(`select * from ${this.#prefix}items where id = ?`, id);
    return row && read(row);
  }

  put(item: IndexedItem, keys: readonly IndexKey[]): void {
    const tie = tieOf(item, this.order);
    this.#sql.all(`delete from ${this.#prefix}keys where item_id = ?`, item.id);
    this.#sql.all(
      `insert into ${this.#prefix}items (id, uid, side, source_id, type_key, version, date, amount, open, matches,
        currency, sign, description, external_id, metadata, payment, due, tie, marked)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      on conflict (id) do update set uid = excluded.uid, side = excluded.side, source_id = excluded.source_id,
        type_key = excluded.type_key, version = excluded.version, date = excluded.date, amount = excluded.amount,
        open = excluded.open, matches = excluded.matches, currency = excluded.currency, sign = excluded.sign,
        description = excluded.description, external_id = excluded.external_id, metadata = excluded.metadata,
        payment = excluded.payment, due = excluded.due, tie = excluded.tie, marked = excluded.marked`,
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
      item.payment ? JSON.stringify(item.payment) : null,
      item.due,
      tie,
      item.isMarked ? 1 : 0,
    );
    for (const { plan, key, rank, isTallied } of keys) {
      this.#sql.all(
        `insert into ${this.#prefix}keys (plan, side, key, rank, date, tie, item_id, tallied)
        values (?, ?, ?, ?, ?, ?, ?, ?)`,
        plan,
        item.side,
        key,
        rank,
        item.date,
        tie,
        item.id,
        isTallied ? item.open * item.sign : null,
      );
    }
  }

  remove(id: number): void {
    this.#sql.all(`delete from ${this.#prefix}items where id = ?`, id);
  }

  nextRank(plan: string, side: Side, key: string, from: number, direction: "up" | "down"): number | undefined {
    const keys = `select rank from ${this.#prefix}keys where plan = ? and side = ? and key = ?`;
    const next = direction === "up" ? "rank >= ? order by rank" : "rank <= ? order by rank desc";
    return this.#sql.first<{ rank: number }>(`${keys} and ${next} limit 1`, plan, side, key, from)?.rank;
  }

  listAt(plan: string, side: Side, key: string, rank: number, after: Item | null, limit: number): IndexedItem[] {
    return this.#sql
      .all<ItemRecord>(
        `select i.* from ${this.#prefix}keys k cross join ${this.#prefix}items i on i.id = k.item_id
        where k.plan = ? and k.side = ? and k.key = ? and k.rank = ? and (k.date, k.tie, k.item_id) > (?, ?, ?)
        order by k.date, k.tie, k.item_id limit ?`,
        plan,
        side,
        key,
        rank,
        after?.date ?? "",
        after ? tieOf(after, this.order) : "",
        after?.id ?? 0,
        limit,
      )
      .map(read);
  }

  listBetween(plan: string, side: Side, key: string, min: number, max: number, limit: number): IndexedItem[] {
    return this.#sql
      .all<ItemRecord>(
        `select i.* from ${this.#prefix}keys k cross join ${this.#prefix}items i on i.id = k.item_id
        where k.plan = ? and k.side = ? and k.key = ? and k.rank between ? and ?
        order by k.rank, k.date, k.tie, k.item_id limit ?`,
        plan,
        side,
        key,
        min,
        max,
        limit,
      )
      .map(read);
  }

  nextKey(plan: string, side: Side, prefix: string, after: string): string | undefined {
    // What begins with the prefix stands together: the first key from there on begins with it, or none does.
    const isWithin = compareTexts(after, prefix) >= 0;
    const key = this.#sql.first<{ key: string }>(
      `select key from ${this.#prefix}keys where plan = ? and side = ? and key ${isWithin ? ">" : ">="} ?
      order by key limit 1`,
      plan,
      side,
      isWithin ? after : prefix,
    )?.key;
    return key?.startsWith(prefix) ? key : undefined;
  }

  tally(plan: string, side: Side, key: string, min: number, max: number): Tally[] {
    return this.#sql
      .all<TallyRecord>(
        `select rank, count, cast(high as text) as high, cast(low as text) as low from ${this.#prefix}tallies
        where plan = ? and side = ? and key = ? and rank between ? and ? order by rank desc`,
        plan,
        side,
        key,
        min,
        max,
      )
      .map(({ rank, count, high, low }) => ({ rank, count, sum: BigInt(high) * BigInt(SUM_PART) + BigInt(low) }));
  }

  listNearest(side: Side, currency: string, amount: number, limit: number): IndexedItem[] {
    const distance = (item: IndexedItem) => Math.abs(item.open - amount);
    return [...this.#listAbove(side, currency, amount, limit), ...this.#listBelow(side, currency, amount, limit)]
      .sort((left, right) => distance(left) - distance(right) || compareCandidates(left, right, this.order))
      .slice(0, limit);
  }

  walk(after: WalkPosition | null, limit: number): IndexedItem[] {
    return this.#sql
      .all<ItemRecord>(
        `select * from ${this.#prefix}items where (date, amount, external_text, uid) > (?, ?, ?, ?)
        order by date, amount, external_text, uid limit ?`,
        ...placeOf(after),
        limit,
      )
      .map(read);
  }

  wake(ids: readonly number[]): void {
    this.#sql.forEach(
      `insert or ignore into ${this.#prefix}woken (item_id, date, amount, external_text, uid)
      select i.id, i.date, i.amount, i.external_text, i.uid
      from json_each(?) j cross join ${this.#prefix}items i on i.id = j.value`,
      ids,
    );
  }

  unwake(id: number): boolean {
    return this.#sql.all(`delete from ${this.#prefix}woken where item_id = ? returning 1`, id).length > 0;
  }

  walkWoken(after: WalkPosition | null, limit: number): IndexedItem[] {
    return this.#sql
      .all<ItemRecord>(
        `select i.* from ${this.#prefix}woken w cross join ${this.#prefix}items i on i.id = w.item_id
        where (w.date, w.amount, w.external_text, w.uid) > (?, ?, ?, ?)
        order by w.date, w.amount, w.external_text, w.uid limit ?`,
        ...placeOf(after),
        limit,
      )
      .map(read);
  }

  isVoidedSet(setKey: string): boolean {
    return this.#sql.first("select 1 from voided_sets where set_key = ?", setKey) !== undefined;
  }

  addVoidedSets(setKeys: readonly string[]): void {
    if (setKeys.length === 0) return;
    this.#sql.all(
      "insert or ignore into voided_sets (set_key) select value from json_each(?)",
      JSON.stringify(setKeys),
    );
  }

  watch(id: number, others: readonly number[]): void {
    this.#sql.forEach(
      `insert or ignore into ${this.#prefix}watches (other_id, item_id) select value, ? from json_each(?)`,
      others,
      id,
    );
  }

  takeWatchers(id: number): number[] {
    return this.#sql
      .all<{ item_id: number }>(`delete from ${this.#prefix}watches where other_id = ? returning item_id`, id)
      .map((row) => row.item_id)
      .sort((left, right) => left - right);
  }

  note(itemId: number, ruleId: number, finding: Finding | null): void {
    if (finding === null) {
      this.#sql.all(`delete from ${this.#prefix}notes where item_id = ? and rule_id = ?`, itemId, ruleId);
      return;
    }
    this.#sql.all(
      `insert or replace into ${this.#prefix}notes (item_id, rule_id, finding)
      select id, ?, ? from ${this.#prefix}items where id = ?`,
      ruleId,
      finding,
      itemId,
    );
  }

  listNotes(after: { itemId: number; ruleId: number } | null, limit: number): Note[] {
    return this.#sql
      .all<{ item_id: number; rule_id: number; finding: Finding }>(
        `select item_id, rule_id, finding from ${this.#prefix}notes where (item_id, rule_id) > (?, ?)
        order by item_id, rule_id limit ?`,
        after?.itemId ?? 0,
        after?.ruleId ?? 0,
        limit,
      )
      .map(({ item_id: itemId, rule_id: ruleId, finding }) => ({ itemId, ruleId, finding }));
  }

  /** Takes the notes of another table instead, as far as their items are here. */
  replaceNotes(table: string): void {
    this.#sql.all(`delete from ${this.#prefix}notes`);
    this.#sql.all(
      `insert into ${this.#prefix}notes (item_id, rule_id, finding)
      select n.item_id, n.rule_id, n.finding from ${table} n cross join ${this.#prefix}items i on i.id = n.item_id`,
    );
  }

  listMarks(limit: number): Mark[] {
    return this.#sql
      .all<{ id: number; noted: number }>(
        `select id, noted from ${this.#prefix}items where noted <> marked order by id limit ?`,
        limit,
      )
      .map(({ id, noted }) => ({ itemId: id, isUncertain: noted === 1 }));
  }

  settleMarks(marks: readonly Mark[]): void {
    this.#sql.all(
      `update ${this.#prefix}items set marked = j.value ->> 'isUncertain' from json_each(?) j
      where ${this.#prefix}items.id = j.value ->> 'itemId'`,
      JSON.stringify(marks),
    );
  }

  #listAbove(side: Side, currency: string, amount: number, limit: number): IndexedItem[] {
    return this.#sql
      .all<ItemRecord>(
        `select * from ${this.#prefix}items where side = ? and currency = ? and open >= ?
        order by open, date, tie, id limit ?`,
        side,
        currency,
        amount,
        limit,
      )
      .map(read);
  }

  /** One amount after the other: read backwards, the index would give the items of each in the wrong order. */
  #listBelow(side: Side, currency: string, amount: number, limit: number): IndexedItem[] {
    const items: IndexedItem[] = [];
    for (let below = amount; items.length < limit; ) {
      const page = this.#sql.all<ItemRecord>(
        `select * from ${this.#prefix}items where side = ?1 and currency = ?2 and open =
          (select open from ${this.#prefix}items where side = ?1 and currency = ?2 and open < ?3
          order by open desc limit 1)
        order by date, tie, id limit ?4`,
        side,
        currency,
        below,
        limit - items.length,
      );
      const last = page.at(-1);
      if (!last) break;
      items.push(...page.map(read));
      below = last.open;
    }
    return items;
  }

  #drop(...tables: string[]): void {
    for (const table of tables) this.#sql.all(`drop table ${this.#prefix}${table}`);
  }

  #createKeys(): void {
    for (const definition of listKeyTables(this.#prefix)) this.#sql.all(definition);
  }
}

/** As bound values; null is the place before everything. */
function placeOf(after: WalkPosition | null): [string, number, string, string] {
  return after ? [after.date, after.amount, after.externalId, after.uid] : ["", 0, "", ""];
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
    ...(row.payment === null ? {} : { payment: JSON.parse(row.payment) }),
    due: row.due,
    ...(row.marked === 1 ? { isMarked: true } : {}),
  };
}
