/** What an index's tables are made with, with what keeps them in step; each name begins with the index's prefix. */
export function listItemTables(prefix: string): string[] {
  return [
    `create table ${prefix}items (id integer primary key, uid text not null, side text not null,
      source_id integer not null, type_key text not null, version integer not null, date text not null,
      amount integer not null, open integer not null, matches integer not null, currency text not null,
      sign integer not null, description text, external_id text, metadata text not null, payment text, due text,
      tie text not null, marked integer not null, noted integer not null default 0,
      external_text text not null generated always as (coalesce(external_id, '')) virtual)`,
    // With the expression itself SQLite would compare no more than the date by the index.
    `create index ${prefix}items_walk on ${prefix}items (date, amount, external_text, uid)`,
    `create index ${prefix}items_open on ${prefix}items (side, currency, open, date, tie)`,
    `create index ${prefix}items_due on ${prefix}items (due) where due is not null`,
    `create index ${prefix}items_source on ${prefix}items (source_id)`,
    `create index ${prefix}items_unmarked on ${prefix}items (id) where noted <> marked`,
    `create table ${prefix}woken (item_id integer primary key, date text not null, amount integer not null,
      external_text text not null, uid text not null)`,
    `create index ${prefix}woken_walk on ${prefix}woken (date, amount, external_text, uid)`,
    `create table ${prefix}watches (other_id integer not null, item_id integer not null,
      primary key (other_id, item_id)) without rowid`,
    `create index ${prefix}watches_item on ${prefix}watches (item_id)`,
    `create table ${prefix}notes (item_id integer not null, rule_id integer not null, finding text not null,
      primary key (item_id, rule_id)) without rowid`,
    `create trigger ${prefix}items_moved after update of date, amount, external_id, uid on ${prefix}items begin
      update ${prefix}woken set date = new.date, amount = new.amount, external_text = new.external_text,
        uid = new.uid where item_id = new.id;
    end`,
    `create trigger ${prefix}notes_added after insert on ${prefix}notes begin
      update ${prefix}items set noted = 1 where id = new.item_id and noted = 0;
    end`,
    `create trigger ${prefix}notes_removed after delete on ${prefix}notes begin
      update ${prefix}items set noted = 0 where id = old.item_id
        and not exists (select 1 from ${prefix}notes where item_id = old.item_id);
    end`,
    `create trigger ${prefix}items_removed after delete on ${prefix}items begin
      delete from ${prefix}keys where item_id = old.id;
      delete from ${prefix}woken where item_id = old.id;
      delete from ${prefix}watches where item_id = old.id;
      delete from ${prefix}notes where item_id = old.id;
    end`,
  ];
}

/** As `listItemTables`, for the keys and their tallies. A key's `tallied` is what it adds to a sum, null if nothing. */
export function listKeyTables(prefix: string): string[] {
  // A sum is kept in two parts: with enough large amounts one integer of SQLite would overflow.
  const part = (value: string) => `${value} / ${SUM_PART}, ${value} % ${SUM_PART}`;
  const tallyOf = (key: string) =>
    `plan = ${key}.plan and side = ${key}.side and key = ${key}.key and rank = ${key}.rank`;
  return [
    `create table ${prefix}keys (plan text not null, side text not null, key text not null, rank integer not null,
      date text not null, tie text not null, item_id integer not null, tallied integer,
      primary key (plan, side, key, rank, date, tie, item_id)) without rowid`,
    `create index ${prefix}keys_item on ${prefix}keys (item_id)`,
    `create table ${prefix}tallies (plan text not null, side text not null, key text not null, rank integer not null,
      count integer not null, high integer not null, low integer not null,
      primary key (plan, side, key, rank)) without rowid`,
    `create trigger ${prefix}keys_added after insert on ${prefix}keys when new.tallied is not null begin
      insert into ${prefix}tallies (plan, side, key, rank, count, high, low)
      values (new.plan, new.side, new.key, new.rank, 1, ${part("new.tallied")})
      on conflict (plan, side, key, rank)
      do update set count = count + 1, high = high + excluded.high, low = low + excluded.low;
    end`,
    `create trigger ${prefix}keys_removed after delete on ${prefix}keys when old.tallied is not null begin
      update ${prefix}tallies set count = count - 1,
        high = high - old.tallied / ${SUM_PART}, low = low - old.tallied % ${SUM_PART} where ${tallyOf("old")};
      delete from ${prefix}tallies where ${tallyOf("old")} and count = 0;
    end`,
  ];
}

/** A sum is `high` × this + `low`. */
export const SUM_PART = 1_000_000_000;
