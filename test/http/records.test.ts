import { describe, expect, it } from "vitest";
import { recordEndpoints } from "../../src/http/v1/records.ts";
import type { Api, Reply } from "../support/api.ts";
import { must } from "../support/scene.ts";
import { itIsGuarded } from "../support/security.ts";
import { newTenant } from "../support/tenant.ts";

const PATH = "/v1/records";
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";
const RFC_3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

// As the concepts page has them.
const DATA_SOURCE = { key: "stripe_payments", name: "Stripe Payments" };
const RECORD = {
  type_key: "stripe_payments",
  date: "2026-01-15",
  amount: 250.0,
  direction: "credit",
  description: "Invoice #1042",
  external_id: "pi_abc123",
  metadata: { customer_id: "cus_xyz" },
};
const PROPERTY_DEFINITION = {
  key: "customer_email",
  name: "Customer Email",
  type: "string",
  optional: true,
  type_key: "stripe_payments",
};

const MINIMAL = { type_key: "stripe_payments", date: "2026-01-15", amount: 1, direction: "debit" };

async function newOwner() {
  const tenant = await newTenant();
  await must(tenant.writer.post("/v1/data_sources", DATA_SOURCE), 201);
  return tenant;
}

async function add(by: Api, fields: object = {}) {
  return (await must(by.post(PATH, { ...MINIMAL, ...fields }), 201)).body;
}

async function define(by: Api, fields: object) {
  await must(by.post("/v1/property_definitions", { ...PROPERTY_DEFINITION, ...fields }), 201);
}

const pathsOf = (reply: Reply) => reply.body.errors.map((error: { path: string }) => error.path).sort();
const errorsOf = (reply: Reply) => {
  return reply.body.errors.map(({ path, code }: { path: string; code: string }) => [path, code]);
};

/** Sends a body as text, for what JSON.stringify cannot write. */
function postText(by: Api, text: string): Promise<Reply> {
  return by.send("POST", PATH, text, { "Content-Type": "application/json" });
}

describe("records", () => {
  it("are taken in as the concepts page has them", async () => {
    const { writer, reader } = await newOwner();
    await must(writer.post("/v1/property_definitions", PROPERTY_DEFINITION), 201);
    const made = await writer.post(PATH, RECORD);
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(`${PATH}/${made.body.id}`);
    expect(made.body).toEqual({
      ...RECORD,
      id: expect.any(String),
      currency: "USD",
      expected_by: null,
      status: "unreconciled",
      reconciled_amount: 0,
      reconciliations: [],
      created_at: expect.stringMatching(RFC_3339_UTC),
      updated_at: made.body.created_at,
    });
    expect((await reader.get(`${PATH}/${made.body.id}`)).body).toEqual(made.body);
    const source = await reader.get("/v1/data_sources/stripe_payments");
    expect(source.body).toMatchObject({ record_count: 1, last_record_at: made.body.created_at });
  });

  it("need a source, a date, an amount and a direction, and no more", async () => {
    const { writer } = await newOwner();
    expect(await add(writer)).toMatchObject({ description: null, external_id: null, metadata: {}, expected_by: null });
    const reply = await writer.post(PATH, {});
    expect(reply.status).toBe(422);
    expect(errorsOf(reply).sort()).toEqual([
      ["/amount", "required"],
      ["/date", "required"],
      ["/direction", "required"],
      ["/type_key", "required"],
    ]);
  });

  it("list every wrong field at once, what the source defines among them", async () => {
    const { writer } = await newOwner();
    await define(writer, { key: "email", optional: false });
    await define(writer, { key: "paid.on", type: "date" });
    const reply = await writer.post(PATH, {
      type_key: "stripe_payments",
      date: "2025-02-29",
      amount: "1.005",
      currency: "usd",
      direction: "up",
      description: 5,
      external_id: "",
      expected_by: "soon",
      metadata: { "paid.on": "yesterday" },
      status: "reconciled",
      "a/b~c": 1,
    });
    expect(reply.status).toBe(422);
    expect(pathsOf(reply)).toEqual([
      "/amount",
      "/a~1b~0c",
      "/date",
      "/description",
      "/direction",
      "/expected_by",
      "/external_id",
      "/metadata/email",
      "/metadata/paid.on",
      "/status",
    ]);
    expect((await writer.get(PATH)).body.data).toEqual([]);
  });

  it("are refused for an unknown, a deleted and a foreign data source alike", async () => {
    const [mine, other] = await Promise.all([newOwner(), newTenant()]);
    await must(mine.writer.post("/v1/data_sources", { key: "gone", name: "Gone" }), 201);
    await must(mine.writer.delete("/v1/data_sources/gone"), 204);
    for (const [by, key] of [
      [mine.writer, "unknown"],
      [mine.writer, "gone"],
      [other.writer, "stripe_payments"],
    ] as const) {
      const reply = await by.post(PATH, { ...MINIMAL, type_key: key, amount: -1 });
      expect(reply.status).toBe(422);
      expect(errorsOf(reply).sort()).toEqual([
        ["/amount", "negative"],
        ["/type_key", "unknown_data_source"],
      ]);
    }
  });

  it("name an unknown source also where the body is refused before the source is looked for", async () => {
    const { writer } = await newOwner();
    const reply = await writer.post(`${PATH}?dry=1`, { ...MINIMAL, type_key: "unknown", description: "\0" });
    expect(reply.status).toBe(422);
    expect(pathsOf(reply)).toEqual(["/description", "/type_key", "dry"]);
  });

  it.each([["[]"], ["null"], ["7"], ['"text"']])("refuse the body %s", async (body) => {
    const { writer } = await newOwner();
    const reply = await postText(writer, body);
    expect(reply.status).toBe(422);
    expect(reply.body.errors[0]).toMatchObject({ path: "" });
  });

  it.each(["nothing", "%00", "1", UNKNOWN_ID])("are not found under the id %s", async (id) => {
    const { writer } = await newOwner();
    for (const reply of [
      await writer.get(`${PATH}/${id}`),
      await writer.patch(`${PATH}/${id}`, { amount: 2 }),
      await writer.delete(`${PATH}/${id}`),
    ]) {
      expect(reply).toMatchObject({ status: 404, body: { code: "not_found" } });
    }
  });

  itIsGuarded({
    endpoints: recordEndpoints,
    prepare: async ({ writer }) => {
      await must(writer.post("/v1/data_sources", DATA_SOURCE), 201);
      return { id: (await add(writer)).id };
    },
  });
});

describe("an external_id", () => {
  it("that is taken is refused with the holder's id", async () => {
    const { writer } = await newOwner();
    const holder = await add(writer, { external_id: "pi_1" });
    const other = await add(writer, { external_id: "pi_2" });
    for (const reply of [
      await writer.post(PATH, { ...MINIMAL, external_id: "pi_1" }),
      await writer.patch(`${PATH}/${other.id}`, { external_id: "pi_1" }),
    ]) {
      expect(reply).toMatchObject({
        status: 409,
        body: { code: "conflict", errors: [{ path: "/external_id", code: "taken", record_id: holder.id }] },
      });
      expect(reply.headers.get("retry-after")).toBeNull();
    }
    expect((await writer.get("/v1/data_sources/stripe_payments")).body.record_count).toBe(2);
  });

  it("is free in another data source, and again once its record is deleted", async () => {
    const { writer } = await newOwner();
    await must(writer.post("/v1/data_sources", { key: "bank", name: "Bank" }), 201);
    const { id } = await add(writer, { external_id: "pi_1" });
    await add(writer, { type_key: "bank", external_id: "pi_1" });
    await must(writer.delete(`${PATH}/${id}`), 204);
    await add(writer, { external_id: "pi_1" });
  });

  it("goes to one of several records that come at once", async () => {
    const { writer } = await newOwner();
    const replies = await Promise.all([1, 2, 3, 4].map(() => writer.post(PATH, { ...MINIMAL, external_id: "pi_1" })));
    expect(replies.map((reply) => reply.status).sort()).toEqual([201, 409, 409, 409]);
    const holder = replies.find((reply) => reply.status === 201)?.body.id;
    for (const reply of replies.filter((reply) => reply.status === 409)) {
      expect(reply.body.errors[0].record_id).toBe(holder);
    }
  });

  it("may be missing on many records", async () => {
    const { writer } = await newOwner();
    await add(writer);
    await add(writer, { external_id: null });
    expect((await writer.get(PATH)).body.data).toHaveLength(2);
  });
});
