import { bindings } from "./scene.ts";

/** Every row of every table. */
export type DatabaseImage = { name: string; columns: string[]; rows: unknown[][] }[];

/** Marks of requests come and go whatever a request does; the others are not ours. */
const LEFT_OUT = ["idempotency_keys", "guard", "d1_migrations"];

type Table = Pick<DatabaseImage[number], "name" | "columns">;

const prepare = (text: string) => bindings.DB.prepare(text);

async function listTables(): Promise<Table[]> {
  const { results } = await prepare(
    `select m.name, json_group_array(c.name) as columns from sqlite_master m, pragma_table_info(m.name) c
      where m.type = 'table' and m.name not like '~_cf~_%' escape '~' and m.name not in (select value from json_each(?))
      group by m.name order by m.rootpage`,
  )
    .bind(JSON.stringify(LEFT_OUT))
    .all<{ name: string; columns: string }>();
  return results.map(({ name, columns }) => ({ name, columns: JSON.parse(columns) }));
}

export async function readImage(): Promise<DatabaseImage> {
  const tables = await listTables();
  const results = await bindings.DB.batch<{ row: string }>(
    tables.map(({ name, columns }) => prepare(`select json_array(${columns.join(", ")}) as row from ${name}`)),
  );
  return tables.map((table, place) => {
    const rows = results[place]?.results.map(({ row }) => JSON.parse(row) as unknown[]) ?? [];
    return { ...table, rows: rows.filter(([first]) => !LEFT_OUT.includes(first as string)) };
  });
}

/** Makes the database what it was when the image was taken; triggers are put aside meanwhile. */
export async function restoreImage(image: DatabaseImage): Promise<void> {
  const { results: triggers } = await prepare("select name, sql from sqlite_master where type = 'trigger'").all<{
    name: string;
    sql: string;
  }>();
  await bindings.DB.batch([
    prepare("pragma defer_foreign_keys = on"),
    prepare("delete from idempotency_keys"),
    ...triggers.map(({ name }) => prepare(`drop trigger ${name}`)),
    ...image.map(({ name }) => prepare(`delete from ${name}`)),
    ...image.map(({ name, columns, rows }) =>
      prepare(
        `insert into ${name} (${columns.join(", ")})
          select ${columns.map((_, place) => `value ->> ${place}`).join(", ")} from json_each(?)`,
      ).bind(JSON.stringify(rows)),
    ),
    ...triggers.map(({ sql }) => prepare(sql)),
  ]);
}

const DRAWN = new Set(["token", "generation", "settled_generation", "due_generation"]);

/**
 * The image as lines of text, without what chance and the clock have put into it: two runs of the same thing come to
 * the same. Ids are numbered in the order in which they appear.
 */
export function describeImage(image: DatabaseImage, leftOut: readonly string[] = []): string[] {
  const names = new Map<string, string>();
  const nameOf = (id: string) => {
    const name = names.get(id) ?? `id ${names.size}`;
    names.set(id, name);
    return name;
  };
  return image
    .filter(({ name }) => name !== "sqlite_sequence" && !leftOut.includes(name))
    .flatMap(({ name, columns, rows }) =>
      rows
        .map((row) => row.map((value, place) => (DRAWN.has(columns[place] ?? "") ? "drawn" : value)))
        .map((row) =>
          `${name} ${JSON.stringify(row)}`
            .replaceAll(/whsec_[\w+/=]+/g, "secret")
            .replaceAll(/tk_(live|test)_[\w-]+/g, "key")
            .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, nameOf)
            .replaceAll(/\b[0-9a-f]{64}\b/g, "hash")
            .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "time")
            .replaceAll(/\b1[6-9]\d{11}\b/g, "ms"),
        ),
    );
}
