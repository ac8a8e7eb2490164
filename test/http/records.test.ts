import { describe, expect, it } from "vitest";
import { METADATA_MAX_BYTES, METADATA_MAX_KEYS } from "../../src/core/property.ts";
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

describe("amounts", () => {
  it.each([
    ["250.00", "USD", 250],
    ['"250.00"', "USD", 250],
    ["250", "USD", 250],
    ["2.5e2", "USD", 250],
    ["0", "USD", 0],
    ["-0", "USD", 0],
    ["0.1", "USD", 0.1],
    ["0.29", "USD", 0.29],
    ["1.1", "USD", 1.1],
    ['"9007199254740.93"', "USD", 9_007_199_254_740.93],
    ["9999999999999.99", "USD", 9_999_999_999_999.99],
    ['"9999999999999.99"', "USD", 9_999_999_999_999.99],
    ["999999999999999", "JPY", 999_999_999_999_999],
    ["999999999999.999", "BHD", 999_999_999_999.999],
    ["0.001", "BHD", 0.001],
  ])("%s %s are kept exactly", async (written, currency, shown) => {
    const { writer } = await newOwner();
    const rest = `"type_key": "stripe_payments", "date": "2026-01-15", "direction": "debit"`;
    const made = await postText(writer, `{${rest}, "currency": "${currency}", "amount": ${written}}`);
    expect(made).toMatchObject({ status: 201, body: { amount: shown, currency } });
    expect((await writer.get(`${PATH}/${made.body.id}`)).body.amount).toBe(shown);
  });

  it.each([
    ["1.005", "USD", "too_many_decimals"],
    ['"1.500"', "USD", "too_many_decimals"],
    ["1.5", "JPY", "too_many_decimals"],
    ['"1.0"', "JPY", "too_many_decimals"],
    ["0.0001", "BHD", "too_many_decimals"],
    ["1e-3", "USD", "too_many_decimals"],
    ["-1", "USD", "negative"],
    ['"-0.01"', "USD", "negative"],
    ["10000000000000.00", "USD", "too_large"],
    ["1000000000000000", "JPY", "too_large"],
    ["1000000000000", "BHD", "too_large"],
    ["1e300", "USD", "too_large"],
    ["1e400", "USD", "not_a_number"],
    ["12345678901234567890", "USD", "not_a_number"],
    ['"1e400"', "USD", "too_large"],
    ['"NaN"', "USD", "not_a_number"],
    ['"Infinity"', "USD", "not_a_number"],
    ['"1,000.00"', "USD", "not_a_number"],
    ['" 1"', "USD", "not_a_number"],
    ['""', "USD", "not_a_number"],
    ['"0x10"', "USD", "not_a_number"],
    ["true", "USD", "not_a_number"],
    ["[1]", "USD", "not_a_number"],
  ])("%s %s are refused", async (written, currency, code) => {
    const { writer } = await newOwner();
    const rest = `"type_key": "stripe_payments", "date": "2026-01-15", "direction": "debit"`;
    const reply = await postText(writer, `{${rest}, "currency": "${currency}", "amount": ${written}}`);
    expect(reply.status).toBe(422);
    expect(pathsOf(reply)).toEqual(["/amount"]);
    if (code !== "not_a_number") expect(errorsOf(reply)).toEqual([["/amount", code]]);
  });

  it("that are no JSON at all make the body unreadable", async () => {
    const { writer } = await newOwner();
    const reply = await postText(writer, `{"type_key": "stripe_payments", "amount": NaN}`);
    expect(reply).toMatchObject({ status: 400, body: { status: 400 } });
  });

  it.each([
    ["usd", "USD"],
    ["eUr", "EUR"],
    ["JPY", "JPY"],
  ])("take the currency %s as %s", async (given, kept) => {
    const { writer } = await newOwner();
    expect(await add(writer, { currency: given })).toMatchObject({ currency: kept });
  });

  it.each(["", "US", "USDX", "ZZZ", " USD", 840, null])("refuse the currency %j", async (currency) => {
    const { writer } = await newOwner();
    const reply = await writer.post(PATH, { ...MINIMAL, currency });
    expect(reply.status).toBe(422);
    expect(pathsOf(reply)).toEqual(["/currency"]);
  });
});

describe("dates", () => {
  it.each([
    ["2024-02-29", "2024-02-29"],
    ["2026-01-15T00:00:00Z", "2026-01-15"],
    ["2026-01-15T23:30:00-05:00", "2026-01-16"],
    ["2026-01-15t00:30:00.123456+01:00", "2026-01-14"],
    ["0000-01-01", "0000-01-01"],
    ["9999-12-31", "9999-12-31"],
  ])("take %s as %s", async (given, kept) => {
    const { writer } = await newOwner();
    const made = await add(writer, { date: given, expected_by: given });
    expect(made).toMatchObject({ date: kept, expected_by: kept });
  });

  it.each([
    "2025-02-29",
    "2025-011-08",
    "2025-13-01",
    "2025-00-10",
    "2025-1-1",
    "15.01.2026",
    "20260115",
    "2026-01-15T25:00:00Z",
    "2026-01-15T10:00:00",
    "2025-02-29T10:00:00Z",
    "0000-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00",
    "",
    20260115,
    null,
  ])("refuse %j", async (date) => {
    const { writer } = await newOwner();
    const reply = await writer.post(PATH, { ...MINIMAL, date });
    expect(reply.status).toBe(422);
    expect(pathsOf(reply)).toEqual(["/date"]);
  });
});

describe("metadata", () => {
  it("is kept as it was sent where nothing is defined", async () => {
    const { writer } = await newOwner();
    const metadata = { n: 1.5, yes: true, nothing: null, list: [1, "a", { b: [] }], "a.b": "ü 💳", "": "", constructor: "x" };
    const { id } = await add(writer, { metadata });
    expect((await writer.get(`${PATH}/${id}`)).body.metadata).toEqual(metadata);
  });

  it.each([
    ["string", "text", "text"],
    ["number", 1.5, 1.5],
    ["boolean", false, false],
    ["date", "2026-01-15", "2026-01-15"],
    ["date", "2026-01-15T23:30:00-05:00", "2026-01-16"],
    ["datetime", "2026-01-15T23:30:00-05:00", "2026-01-15T23:30:00-05:00"],
    ["string", null, null],
  ])("of type %s takes %j as %j", async (type, given, kept) => {
    const { writer } = await newOwner();
    await define(writer, { key: "value", type });
    expect((await add(writer, { metadata: { value: given } })).metadata).toEqual({ value: kept });
  });

  it.each([
    ["string", 5],
    ["number", "5"],
    ["boolean", "true"],
    ["date", "2025-02-29"],
    ["date", 20260115],
    ["datetime", "2026-01-15"],
    ["string", ["text"]],
  ])("of type %s refuses %j", async (type, value) => {
    const { writer } = await newOwner();
    await define(writer, { key: "value", type });
    const reply = await writer.post(PATH, { ...MINIMAL, metadata: { value } });
    expect(reply.status).toBe(422);
    expect(errorsOf(reply)).toEqual([["/metadata/value", "invalid_type"]]);
  });

  it.each([[undefined], [{}], [{ email: null }]])("%j lacks what is required", async (metadata) => {
    const { writer } = await newOwner();
    await define(writer, { key: "email", optional: false });
    const reply = await writer.post(PATH, { ...MINIMAL, metadata });
    expect(reply.status).toBe(422);
    expect(errorsOf(reply)).toEqual([["/metadata/email", "required"]]);
  });

  it("that stands already is not bound by a later definition", async () => {
    const { writer } = await newOwner();
    const { id } = await add(writer, { metadata: { email: 5 } });
    await define(writer, { key: "email", optional: false });
    expect((await must(writer.patch(`${PATH}/${id}`, { amount: 2 }), 200)).body.metadata).toEqual({ email: 5 });
    expect(pathsOf(await writer.patch(`${PATH}/${id}`, { metadata: { email: 5 } }))).toEqual(["/metadata/email"]);
    expect(pathsOf(await writer.patch(`${PATH}/${id}`, { metadata: {} }))).toEqual(["/metadata/email"]);
  });

  it.each([
    ["not an object", [], "/metadata"],
    ["null", null, "/metadata"],
    ["of too many keys", Object.fromEntries(Array.from({ length: METADATA_MAX_KEYS + 1 }, (_, n) => [n, n])), "/metadata"],
    ["too large", { text: "ü".repeat(METADATA_MAX_BYTES / 2) }, "/metadata"],
    ["too deep", { a: [[[[[[[[[]]]]]]]]] }, "/metadata/a/0/0/0/0/0/0/0"],
    ["with a lone surrogate", { a: "\ud800" }, "/metadata/a"],
    ["with a NUL in a key", { "a\0": 1 }, "/metadata/a\0"],
  ])("%s is refused", async (_, metadata, path) => {
    const { writer } = await newOwner();
    const reply = await writer.post(PATH, { ...MINIMAL, metadata });
    expect(reply.status).toBe(422);
    expect(pathsOf(reply)).toEqual([path]);
  });

  it("with a number that would change is refused", async () => {
    const { writer } = await newOwner();
    const text = JSON.stringify({ ...MINIMAL, metadata: { n: "N" } }).replace('"N"', "12345678901234567890");
    expect(errorsOf(await postText(writer, text))).toEqual([["/metadata/n", "inexact_number"]]);
  });

  it.each([100, 2_000, 200_000])("that is %i levels deep is refused, whatever the stack", async (depth) => {
    const { writer } = await newOwner();
    const deep = `${"[".repeat(depth)}${"]".repeat(depth)}`;
    const reply = await postText(writer, JSON.stringify({ ...MINIMAL, metadata: { n: "N" } }).replace('"N"', deep));
    expect([400, 422]).toContain(reply.status);
  });

  it("of as many keys and bytes as are allowed is kept", async () => {
    const { writer } = await newOwner();
    const metadata = Object.fromEntries(Array.from({ length: METADATA_MAX_KEYS }, (_, n) => [`k${n}`, n]));
    const size = JSON.stringify({ ...metadata, k0: "" }).length;
    const { id } = await add(writer, { metadata: { ...metadata, k0: "x".repeat(METADATA_MAX_BYTES - size) } });
    expect((await writer.get(`${PATH}/${id}`)).body.metadata.k0).toHaveLength(METADATA_MAX_BYTES - size);
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
    const replies = await Promise.all(
      [1, 2, 3, 4].map(() => writer.post(PATH, { ...MINIMAL, external_id: "pi_1" })),
    );
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
