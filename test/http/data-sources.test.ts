import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { PAGE_DEFAULT_ROWS, PAGE_MAX_ROWS } from "../../src/config.ts";
import { dataSourceEndpoints } from "../../src/http/v1/data-sources.ts";
import { type Api, bootstrap } from "../support/api.ts";
import { itIsGuarded } from "../support/security.ts";
import { newTenant } from "../support/tenant.ts";

const { DB } = env as unknown as { DB: D1Database };
const PATH = "/v1/data_sources";
const RFC_3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

async function newSource(by: Api, key: string) {
  const reply = await by.post(PATH, { key, name: `Source ${key}` });
  expect(reply.status).toBe(201);
  return reply.body;
}

async function newSources(by: Api, count: number): Promise<string[]> {
  const keys: string[] = [];
  for (let i = 1; i <= count; i++) keys.unshift((await newSource(by, `source_${i}`)).key);
  return keys;
}

/** Has a reconciliation use the data source, as a row: what is asked here is what the source's endpoints say then. */
async function useInReconciliation(environmentId: number, key: string): Promise<void> {
  const reconciliation = await DB.prepare(
    `insert into reconciliations (uid, environment_id, name, run_type, created_at, updated_at)
      values (?, ?, 'R', 'continuous', 0, 0) returning id`,
  )
    .bind(`reconciliation of ${environmentId}`, environmentId)
    .first<{ id: number }>();
  await DB.prepare(
    `insert into reconciliation_sources (reconciliation_id, source_id, side, position)
      select ?, id, 'a', 0 from data_sources where environment_id = ? and key = ?`,
  )
    .bind(reconciliation?.id, environmentId, key)
    .run();
}

const keysOf = (reply: { body: { data: { key: string }[] } }) => reply.body.data.map((row) => row.key);
const pathsOf = (reply: { body: { errors: { path: string }[] } }) =>
  reply.body.errors.map((error) => error.path).sort();

describe("data sources", () => {
  it("are made as the concepts page has it", async () => {
    const { writer, reader } = await newTenant();
    const made = await writer.post(PATH, { key: "stripe_payments", name: "Stripe Payments" });
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(`${PATH}/stripe_payments`);
    expect(made.body).toEqual({
      key: "stripe_payments",
      name: "Stripe Payments",
      description: null,
      type: "api",
      record_count: 0,
      last_record_at: null,
      created_at: expect.stringMatching(RFC_3339_UTC),
      updated_at: made.body.created_at,
    });
    expect(await reader.get(`${PATH}/stripe_payments`)).toMatchObject({ status: 200, body: made.body });
  });

  it.each([
    ["a text", "Cards", "Cards"],
    ["null", null, null],
    ["an empty text", "", ""],
    ["any script", "Zahlungen – 支払い 💳", "Zahlungen – 支払い 💳"],
  ])("keep %s as a description", async (_, given, kept) => {
    const { writer } = await newTenant();
    const made = await writer.post(PATH, { key: "bank", name: "Bank", description: given });
    expect(made).toMatchObject({ status: 201, body: { description: kept } });
    expect((await writer.get(`${PATH}/bank`)).body.description).toBe(kept);
  });

  it.each(["a", "0", "bank-feed_2", "x".repeat(64)])("take the key %s", async (key) => {
    const { writer } = await newTenant();
    expect(await newSource(writer, key)).toMatchObject({ key });
  });

  it.each([
    "",
    "_a",
    "-a",
    "A",
    "a b",
    "a.b",
    "é",
    "a\n",
    "x".repeat(65),
    7,
    null,
    ["a"],
  ])("refuse the key %j", async (key) => {
    const { writer } = await newTenant();
    const reply = await writer.post(PATH, { key, name: "Bank" });
    expect(reply.status).toBe(422);
    expect(pathsOf(reply)).toEqual(["/key"]);
  });

  it("list every wrong field, every unknown one among them", async () => {
    const { writer } = await newTenant();
    const reply = await writer.post(`${PATH}?dry=1`, { key: "-", description: 5, nome: 1, type: "csv", "a/b~c": 1 });
    expect(reply.status).toBe(422);
    expect(reply.headers.get("content-type")).toBe("application/problem+json");
    expect(reply.body).toMatchObject({ code: "invalid", status: 422, instance: PATH });
    expect(pathsOf(reply)).toEqual(["/a~1b~0c", "/description", "/key", "/name", "/nome", "/type", "dry"]);
    expect((await writer.get(PATH)).body.data).toEqual([]);
  });

  it.each([[[]], ["text"], [null], [7]])("refuse the body %j", async (body) => {
    const { writer } = await newTenant();
    const reply = await writer.post(PATH, body);
    expect(reply.status).toBe(422);
    expect(reply.body.errors).toEqual([expect.objectContaining({ path: "", code: "invalid_type" })]);
  });

  it("have a key once in an environment", async () => {
    const [mine, other] = await Promise.all([newTenant(), newTenant()]);
    await newSource(mine.writer, "bank");
    const again = await mine.writer.post(PATH, { key: "bank", name: "Other" });
    expect(again).toMatchObject({ status: 409, body: { code: "conflict", errors: [{ path: "/key", code: "taken" }] } });
    await newSource(other.writer, "bank");
  });

  it("let one of two that come at once have a key", async () => {
    const { writer, reader } = await newTenant();
    const body = { key: "bank", name: "Bank" };
    const replies = await Promise.all([writer.post(PATH, body), writer.post(PATH, body), writer.post(PATH, body)]);
    expect(replies.map((reply) => reply.status).sort()).toEqual([201, 409, 409]);
    expect(keysOf(await reader.get(PATH))).toEqual(["bank"]);
  });

  it("change their name and description", async () => {
    const { writer } = await newTenant();
    const made = await newSource(writer, "bank");
    const renamed = await writer.patch(`${PATH}/bank`, { name: "Bank, EU" });
    expect(renamed).toMatchObject({ status: 200, body: { name: "Bank, EU", description: null } });
    const described = await writer.patch(`${PATH}/bank`, { description: "Daily" });
    expect(described.body).toMatchObject({ name: "Bank, EU", description: "Daily", created_at: made.created_at });
    expect((await writer.patch(`${PATH}/bank`, { description: null })).body.description).toBeNull();
    expect((await writer.patch(`${PATH}/bank`, {})).body).toMatchObject({ name: "Bank, EU", description: null });
  });

  it("never change their key", async () => {
    const { writer } = await newTenant();
    const made = await newSource(writer, "bank");
    const reply = await writer.patch(`${PATH}/bank`, { key: "bank", name: "", type: "csv" });
    expect(reply.status).toBe(422);
    expect(pathsOf(reply)).toEqual(["/key", "/name", "/type"]);
    expect((await writer.get(`${PATH}/bank`)).body).toEqual(made);
  });

  it("free their key when they are deleted", async () => {
    const { writer } = await newTenant();
    await newSource(writer, "bank");
    expect(await writer.delete(`${PATH}/bank`)).toMatchObject({ status: 204, body: "" });
    for (const reply of [
      await writer.get(`${PATH}/bank`),
      await writer.patch(`${PATH}/bank`, { name: "x" }),
      await writer.delete(`${PATH}/bank`),
    ]) {
      expect(reply).toMatchObject({ status: 404, body: { code: "not_found" } });
    }
    expect((await writer.get(PATH)).body.data).toEqual([]);
    await newSource(writer, "bank");
  });

  it("stay while a reconciliation uses them", async () => {
    const { writer, environmentId } = await newTenant();
    await newSource(writer, "bank");
    await useInReconciliation(environmentId, "bank");
    const refused = await writer.delete(`${PATH}/bank`);
    expect(refused).toMatchObject({ status: 409, body: { code: "conflict" } });
    expect((await writer.get(`${PATH}/bank`)).status).toBe(200);
  });

  it.each([
    "nothing",
    "%00",
    "%E0%A4%A",
    "a%2Fb",
    "__proto__",
    "x".repeat(5_000),
  ])("are not found under the key %s", async (key) => {
    const { writer } = await newTenant();
    await newSource(writer, "bank");
    for (const reply of [
      await writer.get(`${PATH}/${key}`),
      await writer.patch(`${PATH}/${key}`, { name: "x" }),
      await writer.delete(`${PATH}/${key}`),
    ]) {
      expect(reply).toMatchObject({ status: 404, body: { code: "not_found" } });
    }
    expect(keysOf(await writer.get(PATH))).toEqual(["bank"]);
  });

  itIsGuarded({
    endpoints: dataSourceEndpoints,
    prepare: async ({ writer }) => ({ key: (await newSource(writer, "guarded")).key }),
  });
});

describe("pages of data sources", () => {
  it("run from the newest to the oldest", async () => {
    const { writer, reader } = await newTenant();
    const keys = await newSources(writer, 5);
    const first = await reader.get(`${PATH}?limit=2`);
    expect(keysOf(first)).toEqual(keys.slice(0, 2));
    expect(first.body).toMatchObject({ has_more: true, next_cursor: expect.any(String) });
    const second = await reader.get(`${PATH}?limit=2&cursor=${first.body.next_cursor}`);
    expect(keysOf(second)).toEqual(keys.slice(2, 4));
    const third = await reader.get(`${PATH}?limit=2&cursor=${second.body.next_cursor}`);
    expect(third.body).toMatchObject({ data: [{ key: keys[4] }], has_more: false, next_cursor: null });
    expect(keysOf(await reader.get(`${PATH}?limit=5`))).toEqual(keys);
    expect((await reader.get(`${PATH}?limit=5`)).body.has_more).toBe(false);
  });

  it("neither skip nor repeat a row while others come and go", async () => {
    const { writer, reader } = await newTenant();
    const keys = await newSources(writer, 6);
    const walked: string[] = [];
    let cursor: string | null = null;
    for (let page = 0; page === 0 || cursor !== null; page++) {
      const reply = await reader.get(`${PATH}?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`);
      walked.push(...keysOf(reply));
      cursor = reply.body.next_cursor;
      await newSource(writer, `later_${page}`);
      if (page === 0) await writer.delete(`${PATH}/${keys[1]}`);
    }
    expect(walked).toEqual(keys);
  });

  it("have fifty rows unless another limit is given", async () => {
    const { environmentId, reader } = await newTenant();
    await DB.prepare(
      `with recursive n (i) as (select 1 union all select i + 1 from n where i < ?1)
        insert into data_sources (environment_id, key, name, type, created_at, updated_at)
        select ?2, 'source_' || i, 'Source', 'api', 0, 0 from n`,
    )
      .bind(PAGE_MAX_ROWS + 1, environmentId)
      .run();
    expect((await reader.get(PATH)).body.data).toHaveLength(PAGE_DEFAULT_ROWS);
    expect((await reader.get(`${PATH}?limit=1`)).body.data).toHaveLength(1);
    expect((await reader.get(`${PATH}?limit=${PAGE_MAX_ROWS}`)).body.data).toHaveLength(PAGE_MAX_ROWS);
  });

  it.each([
    "0",
    "201",
    "-1",
    "1.5",
    "abc",
    "",
    "1e2",
    "0x10",
    " 5",
    "99999999999999999999",
  ])("refuse the limit %j", async (limit) => {
    const reply = await bootstrap.get(`${PATH}?limit=${encodeURIComponent(limit)}`);
    expect(reply.status).toBe(422);
    expect(pathsOf(reply)).toEqual(["limit"]);
  });

  it("refuse every parameter that is unknown, wrong or repeated", async () => {
    const reply = await bootstrap.get(`${PATH}?limit=0&page=2&limit=5&__proto__=1&constructor=1`);
    expect(reply.status).toBe(422);
    expect(reply.body.errors).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ path: "limit", code: "repeated" }),
        expect.objectContaining({ path: "page", code: "unknown_parameter" }),
        expect.objectContaining({ path: "__proto__", code: "unknown_parameter" }),
        expect.objectContaining({ path: "constructor", code: "unknown_parameter" }),
      ]),
    );
  });

  it("refuse parameters where there are none", async () => {
    const { writer } = await newTenant();
    await newSource(writer, "bank");
    const reply = await writer.get(`${PATH}/bank?limit=1`);
    expect(reply.status).toBe(422);
    expect(pathsOf(reply)).toEqual(["limit"]);
  });

  it("refuse a cursor that was not given for this list", async () => {
    const [mine, other] = await Promise.all([newTenant(), newTenant()]);
    for (const { writer } of [mine, other]) {
      await newSources(writer, 2);
      for (const key of ["a", "b"]) {
        await writer.post("/v1/property_definitions", { type_key: "source_1", key, name: key, type: "string" });
      }
    }
    const cursorOf = async (api: Api, path: string) => (await api.get(`${path}?limit=1`)).body.next_cursor;
    const own = await cursorOf(mine.reader, PATH);
    expect((await mine.reader.get(`${PATH}?cursor=${own}`)).status).toBe(200);
    const [position, check] = own.split(".");
    for (const cursor of [
      await cursorOf(other.reader, PATH),
      await cursorOf(mine.reader, "/v1/property_definitions"),
      own.toUpperCase(),
      `${position}0.${check}`,
      `${position}.${"0".repeat(16)}`,
      position,
      "",
      "next",
      "%00",
    ]) {
      const reply = await mine.reader.get(`${PATH}?cursor=${cursor}`);
      expect(reply.status).toBe(422);
      expect(new Set(pathsOf(reply))).toEqual(new Set(["cursor"]));
    }
  });
});
