import { env } from "cloudflare:workers";
import { v7 as newId } from "uuid";
import { expect, it } from "vitest";
import { PAGE_SCAN_MAX_ROWS } from "../../src/config.ts";
import { bootstrap } from "../support/api.ts";
import { must } from "../support/scene.ts";
import { newTenant, type Tenant } from "../support/tenant.ts";

const { DB } = env as unknown as { DB: D1Database };
const PATH = "/v1/audit_entries";

/** Writes entries, a second apart and the first at `from` (ms). */
async function addEntries({ environmentId }: Tenant, resource: string, from: number, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, n) => [newId({ msecs: from + n * 1_000 }), from + n * 1_000]);
  await DB.prepare(
    `insert into audit_entries (uid, environment_id, request_uid, action, resource_type, resource_uid, created_at)
    select value ->> 0, ?1, value ->> 0, 'data_source.updated', 'data_source', ?2, value ->> 1 from json_each(?3)
    order by key`,
  )
    .bind(environmentId, resource, JSON.stringify(rows))
    .run();
}

const YEAR = (year: number) => Date.UTC(year, 0, 1);

it("finds a resource, or a time, at once, however many entries there are of others", async () => {
  const tenant = await newTenant();
  await addEntries(tenant, "early", YEAR(2100), 2);
  await addEntries(tenant, "busy", YEAR(2110), PAGE_SCAN_MAX_ROWS + 100);
  await addEntries(tenant, "late", YEAR(2120), 2);
  for (const api of [bootstrap, tenant.admin]) {
    for (const [query, resource] of [
      ["resource_id=early", "early"],
      ["resource_id=late", "late"],
      ["created_from=2120-01-01T00:00:00Z", "late"],
      ["created_to=2109-01-01T00:00:00Z&created_from=2099-01-01T00:00:00Z", "early"],
      ["created_from=2121-01-01T00:00:00Z", null],
    ]) {
      const { body } = await must(api.get(`${PATH}?${query}`), 200);
      const found = body.data.map((entry: { resource_id: string }) => entry.resource_id);
      expect([query, found, body.has_more]).toEqual([query, resource === null ? [] : [resource, resource], false]);
    }
  }
});

it("leaves out no entry that was written later than one of a later time", async () => {
  const tenant = await newTenant();
  const at = YEAR(2130);
  for (const [resource, seconds] of [
    ["a", 0],
    ["c", 20],
    ["b", 10],
  ] as const) {
    await addEntries(tenant, resource, at + seconds * 1_000, 1);
  }
  const found = async (query: string) => {
    const { body } = await must(tenant.admin.get(`${PATH}?${query}`), 200);
    return body.data.map((entry: { resource_id: string }) => entry.resource_id);
  };
  expect(await found("created_from=2130-01-01T00:00:05Z")).toEqual(["b", "c"]);
  expect(await found("created_from=2130-01-01T00:00:15Z")).toEqual(["c"]);
  expect(await found("created_from=2130-01-01T00:00:00Z&created_to=2130-01-01T00:00:15Z")).toEqual(["b", "a"]);
});
