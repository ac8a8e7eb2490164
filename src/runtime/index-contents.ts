import type { IndexedItem } from "../core/matching/item-index.ts";
import type { IndexContents, StoredKey, StoredTally, TallyPlace, TextPlace } from "../services/index-contents.ts";
import type { CountedSql } from "./counted-sql.ts";
import { SUM_PART } from "./index-tables.ts";
import type { SqliteIndex } from "./sqlite-index.ts";

type KeyRecord = Record<string, SqlStorageValue> & StoredKey & { item_id: number };

interface TallyRecord extends Record<string, SqlStorageValue> {
  plan: string;
  side: string;
  key: string;
  rank: number;
  count: number;
  high: string;
  low: string;
  found_count: number;
  found_high: string;
  found_low: string;
}

const PLACE = "plan = ? and side = ? and key = ? and rank = ?";

/** The live index of an object's SQLite, as it lies there. */
export class SqliteIndexContents implements IndexContents {
  readonly #sql: CountedSql;
  readonly #index: SqliteIndex;
  readonly #prefix: string;

  constructor(sql: CountedSql, index: SqliteIndex, prefix: string) {
    this.#sql = sql;
    this.#index = index;
    this.#prefix = prefix;
  }

  listItems(sourceId: number, after: number, limit: number): IndexedItem[] {
    const query = `select id from ${this.#prefix}items where source_id = ? and id > ? order by id limit ?`;
    const ids = this.#sql.all<{ id: number }>(query, sourceId, after, limit);
    return ids.map(({ id }) => this.#index.find(id) as IndexedItem);
  }

  listKeys(itemIds: readonly number[]): Map<number, StoredKey[]> {
    const rows = this.#sql.all<KeyRecord>(
      `select k.item_id, k.plan, k.side, k.key, k.rank, k.date, k.tie, k.tallied
      from json_each(?) j cross join ${this.#prefix}keys k on k.item_id = j.value`,
      JSON.stringify(itemIds),
    );
    const keys = new Map<number, StoredKey[]>();
    for (const { item_id, ...key } of rows) keys.set(item_id, [...(keys.get(item_id) ?? []), key]);
    return keys;
  }

  listKnownIds(after: number, limit: number): number[] {
    return this.#sql
      .all<{ id: number }>(
        `select id from (select id from ${this.#prefix}items where id > ?1 order by id limit ?2)
        union select item_id from (
          select distinct item_id from ${this.#prefix}keys where item_id > ?1 order by item_id limit ?2)
        order by 1 limit ?2`,
        after,
        limit,
      )
      .map(({ id }) => id);
  }

  listStrays(ids: readonly number[], sourceIds: readonly number[]): number[] {
    return this.#sql
      .all<{ id: number }>(
        `select j.value as id from json_each(?) j left join ${this.#prefix}items i on i.id = j.value
        where i.id is null or i.source_id not in (select value from json_each(?))`,
        JSON.stringify(ids),
        JSON.stringify(sourceIds),
      )
      .map(({ id }) => id);
  }

  listTallies(plan: string, side: string, { from, skip }: TextPlace, limit: number): StoredTally[] {
    // A bound number would be a REAL, and so would what it divides.
    const sums = {
      count: "count(*)",
      high: `cast(coalesce(sum(k.tallied / ${SUM_PART}), 0) as text)`,
      low: `cast(coalesce(sum(k.tallied % ${SUM_PART}), 0) as text)`,
    };
    const found = (sum: string) => `(select ${sum} from ${this.#prefix}keys k where k.plan = t.plan
      and k.side = t.side and k.key = t.key and k.rank = t.rank and k.tallied is not null)`;
    return this.#sql
      .all<TallyRecord>(
        `select t.plan, t.side, t.key, t.rank, t.count, cast(t.high as text) as high, cast(t.low as text) as low,
          ${found(sums.count)} as found_count, ${found(sums.high)} as found_high, ${found(sums.low)} as found_low
        from ${this.#prefix}tallies t where (t.plan, t.side, t.key) >= (?, ?, ?)
        order by t.plan, t.side, t.key, t.rank limit ? offset ?`,
        plan,
        side,
        from,
        limit,
        skip,
      )
      .map(({ plan, side, key, rank, count, high, low, found_count, found_high, found_low }) => ({
        plan,
        side,
        key,
        rank,
        kept: { count, sum: addParts(high, low) },
        found: { count: found_count, sum: addParts(found_high, found_low) },
      }));
  }

  hasTally({ plan, side, key, rank }: TallyPlace): boolean {
    const query = `select 1 from ${this.#prefix}tallies where ${PLACE}`;
    return this.#sql.first(query, plan, side, key, rank) !== undefined;
  }

  listVoidedSets({ from, skip }: TextPlace, limit: number, maxChars: number): string[] {
    return this.#sql
      .all<{ set_key: string }>(
        `select set_key from (
          select set_key, sum(length(set_key)) over (order by set_key) - length(set_key) as chars_before
          from (select set_key from voided_sets where set_key >= ? order by set_key limit ? offset ?))
        where chars_before < ? order by set_key`,
        from,
        limit,
        skip,
        maxChars,
      )
      .map((row) => row.set_key);
  }
}

function addParts(high: string, low: string): bigint {
  return BigInt(high) * BigInt(SUM_PART) + BigInt(low);
}
