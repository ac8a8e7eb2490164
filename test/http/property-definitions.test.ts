import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { METADATA_MAX_KEYS } from "../../src/core/property.ts";
import { propertyDefinitionEndpoints } from "../../src/http/v1/property-definitions.ts";
import type { Api } from "../support/api.ts";
import { itIsGuarded } from "../support/security.ts";
import { newTenant } from "../support/tenant.ts";

const PATH = "/v1/property_definitions";
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

async function newSource(by: Api, key: string): Promise<string> {
  const reply = await by.post("/v1/data_sources", { key, name: key });
  expect(reply.status).toBe(201);
  return key;
}

async function newOwner() {
  const tenant = await newTenant();
  return { ...tenant, typeKey: await newSource(tenant.writer, "stripe_payments") };
}

async function define(by: Api, fields: object) {
  const reply = await by.post(PATH, { type_key: "stripe_payments", name: "Customer", type: "string", ...fields });
  expect(reply.status).toBe(201);
  return reply.body;
}

const pathsOf = (reply: { body: { errors: { path: string }[] } }) =>
  reply.body.errors.map((error) => error.path).sort();

describe("property definitions", () => {
  it("are made, optional unless they say otherwise", async () => {
    const { writer, reader, typeKey } = await newOwner();
    const made = await writer.post(PATH, { type_key: typeKey, key: "customer_id", name: "Customer", type: "string" });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.any(String),
      type_key: typeKey,
      key: "customer_id",
      name: "Customer",
      type: "string",
      optional: true,
    });
    expect(made.headers.get("location")).toBe(`${PATH}/${made.body.id}`);
    expect(await reader.get(`${PATH}/${made.body.id}`)).toMatchObject({ status: 200, body: made.body });
    expect(await define(writer, { key: "paid", type: "boolean", optional: false })).toMatchObject({ optional: false });
  });

  it.each(["string", "number", "date", "datetime", "boolean"])("may be of type %s", async (type) => {
    const { writer } = await newOwner();
    expect(await define(writer, { key: "value", type })).toMatchObject({ type });
  });

  it("list every wrong field at once, the unknown source among them", async () => {
    const { writer } = await newOwner();
    const reply = await writer.post(PATH, { type_key: "nothing", key: "a b", type: "money", optional: "no", unit: 1 });
    expect(reply.status).toBe(422);
    expect(pathsOf(reply)).toEqual(["/key", "/name", "/optional", "/type", "/type_key", "/unit"]);
    const empty = await writer.post(PATH, {});
    expect(empty.body.errors).toEqual(
      ["/type_key", "/key", "/name", "/type"].map((path) => expect.objectContaining({ path, code: "required" })),
    );
  });

  it("are refused for an unknown, a deleted and a foreign data source alike", async () => {
    const [mine, other] = await Promise.all([newOwner(), newTenant()]);
    await newSource(mine.writer, "gone");
    await mine.writer.delete("/v1/data_sources/gone");
    for (const [by, typeKey] of [
      [mine.writer, "unknown"],
      [mine.writer, "gone"],
      [other.writer, mine.typeKey],
    ] as const) {
      const reply = await by.post(PATH, { type_key: typeKey, key: "a", name: "A", type: "string" });
      expect(reply.status).toBe(422);
      expect(reply.body.errors).toEqual([expect.objectContaining({ path: "/type_key", code: "unknown_data_source" })]);
    }
  });

  it.each(["a", "A.b-c_9", "x".repeat(64)])("take the key %s", async (key) => {
    const { writer } = await newOwner();
    expect(await define(writer, { key })).toMatchObject({ key });
  });

  it.each(["", "x".repeat(65), "a b", "a/b", "é", "a\n", 5, null])("refuse the key %j", async (key) => {
    const { writer, typeKey } = await newOwner();
    const reply = await writer.post(PATH, { type_key: typeKey, key, name: "A", type: "string" });
    expect(reply.status).toBe(422);
    expect(pathsOf(reply)).toEqual(["/key"]);
  });

  it("have a key once in each data source", async () => {
    const { writer } = await newOwner();
    await define(writer, { key: "customer_id" });
    const again = await writer.post(PATH, {
      type_key: "stripe_payments",
      key: "customer_id",
      name: "Other",
      type: "number",
    });
    expect(again).toMatchObject({ status: 409, body: { code: "conflict", errors: [{ path: "/key", code: "taken" }] } });
    expect(again.headers.get("retry-after")).toBeNull();
    await newSource(writer, "bank");
    await define(writer, { key: "customer_id", type_key: "bank" });
  });

  it("let one of two that come at once have a key", async () => {
    const { writer, typeKey } = await newOwner();
    const body = { type_key: typeKey, key: "customer_id", name: "Customer", type: "string" };
    const replies = await Promise.all([writer.post(PATH, body), writer.post(PATH, body)]);
    expect(replies.map((reply) => reply.status).sort()).toEqual([201, 409]);
  });

  it("free their key when they are deleted", async () => {
    const { writer, reader } = await newOwner();
    const { id } = await define(writer, { key: "customer_id" });
    expect(await writer.delete(`${PATH}/${id}`)).toMatchObject({ status: 204, body: "" });
    expect((await reader.get(`${PATH}/${id}`)).status).toBe(404);
    expect((await writer.delete(`${PATH}/${id}`)).status).toBe(404);
    await define(writer, { key: "customer_id", type: "number" });
  });

  it("go with their data source", async () => {
    const { writer, reader, typeKey } = await newOwner();
    const { id } = await define(writer, { key: "customer_id" });
    expect((await writer.delete(`/v1/data_sources/${typeKey}`)).status).toBe(204);
    expect((await reader.get(`${PATH}/${id}`)).status).toBe(404);
    expect((await reader.get(PATH)).body.data).toEqual([]);
    await newSource(writer, typeKey);
    expect((await reader.get(`${PATH}?type_key=${typeKey}`)).body.data).toEqual([]);
  });

  it("never outlive a data source that is deleted at the same moment", async () => {
    const { writer, typeKey, environmentId } = await newOwner();
    const body = { type_key: typeKey, key: "customer_id", name: "Customer", type: "string" };
    const [made, gone] = await Promise.all([writer.post(PATH, body), writer.delete(`/v1/data_sources/${typeKey}`)]);
    expect(gone.status).toBe(204);
    expect([201, 409, 422]).toContain(made.status);
    const left = await (env as unknown as { DB: D1Database }).DB.prepare(
      "select count(*) as count from property_definitions where environment_id = ?",
    )
      .bind(environmentId)
      .first();
    expect(left).toEqual({ count: 0 });
  });

  it("are as many as a record's metadata has keys", async () => {
    const { writer, environmentId, typeKey } = await newOwner();
    await (env as unknown as { DB: D1Database }).DB.prepare(
      `with recursive n (i) as (select 1 union all select i + 1 from n where i < ?1)
        insert into property_definitions
          (uid, environment_id, source_id, key, name, type, optional, created_at, updated_at)
        select ?2 || i, ?2, s.id, 'key_' || i, 'Key', 'string', 1, 0, 0 from n, data_sources s where s.environment_id = ?2`,
    )
      .bind(METADATA_MAX_KEYS - 1, environmentId)
      .run();
    await define(writer, { key: "last" });
    const reply = await writer.post(PATH, { type_key: typeKey, key: "more", name: "More", type: "string" });
    expect(reply).toMatchObject({ status: 409, body: { code: "conflict" } });
  });

  it("change their name and whether they are optional, and nothing else", async () => {
    const { writer, reader } = await newOwner();
    const made = await define(writer, { key: "customer_id" });
    const patched = await writer.patch(`${PATH}/${made.id}`, { name: "Buyer", optional: false });
    expect(patched).toMatchObject({ status: 200, body: { ...made, name: "Buyer", optional: false } });
    expect((await writer.patch(`${PATH}/${made.id}`, { optional: true })).body).toMatchObject({ name: "Buyer" });
    const refused = await writer.patch(`${PATH}/${made.id}`, { key: "x", type: "number", type_key: "bank", name: "" });
    expect(refused.status).toBe(422);
    expect(pathsOf(refused)).toEqual(["/key", "/name", "/type", "/type_key"]);
    expect((await reader.get(`${PATH}/${made.id}`)).body).toEqual({ ...made, name: "Buyer" });
  });

  it("are not found under an unknown or malformed id", async () => {
    const { writer } = await newTenant();
    for (const id of [UNKNOWN_ID, "nope", "%00"]) {
      expect((await writer.get(`${PATH}/${id}`)).status).toBe(404);
      expect((await writer.patch(`${PATH}/${id}`, { name: "x" })).status).toBe(404);
      expect((await writer.delete(`${PATH}/${id}`)).status).toBe(404);
    }
  });

  it("are listed newest first, by data source if asked, in pages", async () => {
    const { writer, reader } = await newOwner();
    await newSource(writer, "bank");
    const ids: string[] = [];
    for (const [key, type_key] of [
      ["a", "stripe_payments"],
      ["b", "bank"],
      ["c", "stripe_payments"],
      ["d", "stripe_payments"],
    ]) {
      ids.unshift((await define(writer, { key, type_key })).id);
    }
    const idsOf = (reply: { body: { data: { id: string }[] } }) => reply.body.data.map((row) => row.id);
    expect(idsOf(await reader.get(PATH))).toEqual(ids);
    const first = await reader.get(`${PATH}?type_key=stripe_payments&limit=2`);
    expect(idsOf(first)).toEqual([ids[0], ids[1]]);
    const second = await reader.get(`${PATH}?type_key=stripe_payments&limit=2&cursor=${first.body.next_cursor}`);
    expect(idsOf(second)).toEqual([ids[3]]);
    expect(second.body).toMatchObject({ next_cursor: null, has_more: false });
    expect(idsOf(await reader.get(`${PATH}?type_key=bank`))).toEqual([ids[2]]);
  });

  it("are not listed by a data source that is not there", async () => {
    const [mine, other] = await Promise.all([newOwner(), newTenant()]);
    const replies = [
      await mine.reader.get(`${PATH}?type_key=unknown`),
      await other.reader.get(`${PATH}?type_key=${mine.typeKey}`),
    ];
    for (const reply of replies) {
      expect(reply.status).toBe(422);
      expect(reply.body.errors).toEqual([expect.objectContaining({ path: "type_key", code: "unknown_data_source" })]);
    }
    const both = await mine.reader.get(`${PATH}?type_key=unknown&cursor=no`);
    expect(pathsOf(both)).toEqual(["cursor", "type_key"]);
  });

  itIsGuarded({
    endpoints: propertyDefinitionEndpoints,
    prepare: async ({ writer }) => {
      await newSource(writer, "stripe_payments");
      return { id: (await define(writer, { key: "reference" })).id };
    },
  });
});
