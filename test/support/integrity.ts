import type { Api, Reply } from "./api.ts";
import { bindings, must } from "./scene.ts";

const PATH = "/v1/admin/integrity";

export interface FoundFault {
  check: string;
  resource_type: string;
  resource_id: string;
  expected: string | null;
  found: string | null;
  message: string;
}

/** Every page of one check, or of all of them. */
export async function listIntegrityPages(
  api: Api,
  check: string | null = null,
  limit = 1_000,
): Promise<Reply["body"][]> {
  const pages: Reply["body"][] = [];
  const filter = check === null ? "" : `&check=${check}`;
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query = `limit=${limit}${filter}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const { body }: Reply = await must(api.get(`${PATH}?${query}`), 200);
    pages.push(body);
    cursor = body.next_cursor;
  }
  return pages;
}

/** Everything that is wrong in the key's environment; throws if something could not be looked at. */
export async function listFaults(api: Api, check: string | null = null, limit = 1_000): Promise<FoundFault[]> {
  const pages = await listIntegrityPages(api, check, limit);
  const unsettled = pages.flatMap((page) => page.unsettled);
  if (unsettled.length > 0) throw new Error(`not settled: ${JSON.stringify(unsettled)}`);
  return pages.flatMap((page) => page.findings);
}

/** Writes past the services, as someone with the database's key might; the triggers that would refuse it are put aside. */
export async function tamperWith(statements: string[], values: unknown[] = [], triggers: string[] = []): Promise<void> {
  const { results } = await bindings.DB.prepare(
    "select name, sql from sqlite_master where type = 'trigger' and name in (select value from json_each(?))",
  )
    .bind(JSON.stringify(triggers))
    .all<{ name: string; sql: string }>();
  if (results.length !== triggers.length) throw new Error(`there are no such triggers: ${triggers}`);
  const prepare = (text: string) => bindings.DB.prepare(text);
  const used = (text: string) =>
    values.slice(0, Math.max(0, ...[...text.matchAll(/\?(\d)/g)].map(([, no]) => Number(no))));
  await bindings.DB.batch([
    prepare("pragma defer_foreign_keys = on"),
    ...results.map(({ name }) => prepare(`drop trigger ${name}`)),
    ...statements.map((text) => prepare(text).bind(...used(text))),
    ...results.map(({ sql }) => prepare(sql)),
  ]);
}
