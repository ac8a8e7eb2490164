import { type SQL, sql } from "drizzle-orm";
import { INTEGRITY_COUNT_PAGE_ROWS } from "../../config.ts";

/** What days and records have in common, of a row with these columns; beside the data source, where that is not given. */
export function currencyName(row: "r" | "t"): SQL {
  return sql.raw(`${row}.currency || iif(${row}.direction = 1, ' credit', ' debit')`);
}

/** A table of sums by day. */
export interface DayTable {
  table: string;
  /** A condition: whose days, of a row `d`. */
  owner: SQL;
  /** The other columns of its key, in their order. */
  key: readonly string[];
  /** What a row `t` counts, and what is joined to it for that; null for what is not looked at. */
  name: SQL;
  joins: SQL;
  sums: readonly string[];
}

/** The next days of one owner after the place `j.value -> 2`, as a page of a `CountCheck`. */
export function pageOfDays({ table, owner, key, name, joins, sums }: DayTable): SQL {
  const [columns, days] = [sql.raw(key.map((column) => `d.${column}`).join(", ")), sql.raw(`${table} d`)];
  // Row numbers and signs are more than -2, and so are, beside the text of it, currencies and days.
  const start = sql.raw(key.map((_, place) => `coalesce(j.value ->> '$[2][${place}]', -2)`).join(", "));
  const range = sql`${owner} and j.value ->> 2 is not null and (${columns}) > (${start}) order by ${columns}`;
  const added = sql.raw(sums.map((column) => `sum(t.${column})`).join(", "));
  return sql`(
    select json_array(coalesce(sum(named.rows), 0), (
        select json_array(${columns}) from ${days} where ${range} limit 1 offset ${INTEGRITY_COUNT_PAGE_ROWS - 1}
      ), json_group_object(named.name, json(named.sums)) filter (where named.name is not null))
    from (
      select count(*) as rows, ${name} as name, json_array(${added}) as sums
      from (select d.* from ${days} where ${range} limit ${INTEGRITY_COUNT_PAGE_ROWS}) t ${joins}
      group by 2
    ) named)`;
}

/** A page of records, or what stands on them: rows with a number `no`, a `name`, and columns that are added up. */
export function pageOfRows(rows: SQL, sums: readonly SQL[]): SQL {
  return sql`(
    select json_array(coalesce(sum(named.rows), 0),
      iif(sum(named.rows) = ${INTEGRITY_COUNT_PAGE_ROWS}, max(named.last), null),
      json_group_object(named.name, json(named.sums)) filter (where named.name is not null))
    from (
      select count(*) as rows, max(t.no) as last, t.name, json_array(${sql.join([...sums], sql`, `)}) as sums
      from (${rows}) t group by t.name
    ) named)`;
}

/** The two sums of an amount, as the triggers split it. */
export function splitSum(amount: string): SQL {
  return sql.raw(`sum((${amount}) / 1000000000), sum((${amount}) % 1000000000)`);
}
