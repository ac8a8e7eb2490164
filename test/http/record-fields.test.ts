import { describe, expect, it } from "vitest";
import { METADATA_MAX_BYTES, METADATA_MAX_KEYS } from "../../src/core/property.ts";
import type { Api, Reply } from "../support/api.ts";
import { must } from "../support/scene.ts";
import { newTenant } from "../support/tenant.ts";

const PATH = "/v1/records";
const MINIMAL = { type_key: "stripe_payments", date: "2026-01-15", amount: 1, direction: "debit" };

async function newOwner() {
  const tenant = await newTenant();
  await must(tenant.writer.post("/v1/data_sources", { key: "stripe_payments", name: "Stripe Payments" }), 201);
  return tenant;
}

async function add(by: Api, fields: object = {}) {
  return (await must(by.post(PATH, { ...MINIMAL, ...fields }), 201)).body;
}

async function define(by: Api, fields: object) {
  await must(by.post("/v1/property_definitions", { type_key: "stripe_payments", name: "Value", ...fields }), 201);
}

const pathsOf = (reply: Reply) => reply.body.errors.map((error: { path: string }) => error.path).sort();
const errorsOf = (reply: Reply) => {
  return reply.body.errors.map(({ path, code }: { path: string; code: string }) => [path, code]);
};

/** Sends a body as text, for what JSON.stringify cannot write. */
function postText(by: Api, text: string): Promise<Reply> {
  return by.send("POST", PATH, text, { "Content-Type": "application/json" });
}

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
    const metadata = {
      n: 1.5,
      yes: true,
      nothing: null,
      list: [1, "a", { b: [] }],
      "a.b": "ü 💳",
      "": "",
      constructor: "x",
    };
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
    await define(writer, { key: "email", type: "string", optional: false });
    const reply = await writer.post(PATH, { ...MINIMAL, metadata });
    expect(reply.status).toBe(422);
    expect(errorsOf(reply)).toEqual([["/metadata/email", "required"]]);
  });

  it("that stands already is not bound by a later definition", async () => {
    const { writer } = await newOwner();
    const { id } = await add(writer, { metadata: { email: 5 } });
    await define(writer, { key: "email", type: "string", optional: false });
    expect((await must(writer.patch(`${PATH}/${id}`, { amount: 2 }), 200)).body.metadata).toEqual({ email: 5 });
    expect(pathsOf(await writer.patch(`${PATH}/${id}`, { metadata: { email: 5 } }))).toEqual(["/metadata/email"]);
    expect(pathsOf(await writer.patch(`${PATH}/${id}`, { metadata: {} }))).toEqual(["/metadata/email"]);
  });

  it.each([
    ["not an object", [], "/metadata"],
    ["null", null, "/metadata"],
    [
      "of too many keys",
      Object.fromEntries(Array.from({ length: METADATA_MAX_KEYS + 1 }, (_, n) => [n, n])),
      "/metadata",
    ],
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

describe("a record that is wrong in several ways", () => {
  it.each([
    [{ amount: -1, currency: "ZZZ" }, ["/amount", "/currency"]],
    [{ amount: "x", currency: "ZZZ" }, ["/amount", "/currency"]],
    [{ amount: "1.001", currency: "ZZZ" }, ["/currency"]],
    [{ amount: "1.001", description: "\u0000" }, ["/amount", "/description"]],
    [{ description: "\u0000", metadata: { need: "x" } }, ["/description", "/metadata/need"]],
  ])("%j is refused with every field named", async (fields, paths) => {
    const owner = await newOwner();
    await define(owner.writer, { key: "need", type: "number" });
    const reply = await owner.writer.post(PATH, { ...MINIMAL, ...fields });
    expect([reply.status, pathsOf(reply)]).toEqual([422, paths]);
  });
});
