import { bindings } from "../support/scene.ts";

export interface Table {
  name: string;
  columns: string[];
}

/** Every table of the database that is ours. */
export async function listTables(): Promise<Table[]> {
  const { DB } = bindings;
  const { results } = await DB.prepare("select name from sqlite_master where type = 'table'").all<{ name: string }>();
  const names = results.map(({ name }) => name).filter((name) => !/^(sqlite_|_cf_|d1_)/.test(name));
  const columns = await DB.batch<{ name: string }>(names.map((name) => DB.prepare(`pragma table_info("${name}")`)));
  return names.map((name, place) => ({ name, columns: (columns[place]?.results ?? []).map((column) => column.name) }));
}
