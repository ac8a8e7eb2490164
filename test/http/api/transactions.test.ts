import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { METADATA_MAX_BYTES, METADATA_MAX_DEPTH, METADATA_MAX_KEYS } from "../../../src/core/property.ts";
import { first } from "../../../src/db/client.ts";
import { transactionEndpoints } from "../../../src/http/api/transactions.ts";
import { bootstrap } from "../../support/api.ts";
import { newBankAccount, newTransactionBody, refusalOf } from "../../support/bank-account.ts";
import { must } from "../../support/scene.ts";
import { itIsGuarded } from "../../support/security.ts";
import { newTenant } from "../../support/tenant.ts";
import { muteQueue, newEndpoint } from "../../support/webhooks.ts";

const PATH = "/api/transactions";
const WHOLE_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

const nested = (depth: number): unknown => (depth === 0 ? "x" : { a: nested(depth - 1) });
const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, "x"]));

describe("transactions", () => {
  it("are answered with every key of Modern Treasury's, unknown ones empty", async () => {
    const { api, tenant, account } = await newBankAccount();
    const made = await must(api.post(PATH, newTransactionBody(account)), 201);
    expect(made.headers.get("location")).toBe(`${PATH}/${made.body.id}`);
    expect(made.body).toEqual({
      id: expect.stringMatching(UUID),
      object: "transaction",
      live_mode: false,
      created_at: expect.stringMatching(WHOLE_SECONDS),
      updated_at: made.body.created_at,
      discarded_at: null,
      amount: 10_000,
      amount_string: "10000",
      currency: "USD",
      direction: "credit",
      vendor_code: null,
      vendor_code_type: null,
      vendor_id: null,
      vendor_customer_id: null,
      as_of_date: "2026-03-10",
      as_of_time: null,
      as_of_timezone: null,
      internal_account_id: account,
      metadata: {},
      posted: true,
      reconciled: false,
      type: "ach",
      foreign_exchange_rate: null,
      custom_identifiers: {},
      vendor_description: null,
      details: {},
    });
    expect(Object.keys(made.body)).toHaveLength(26);
    expect(await tenant.reader.get(`${PATH}/${made.body.id}`)).toMatchObject({ status: 200, body: made.body });
  });

  it("keep what they are given", async () => {
    const scene = await newBankAccount();
    const given = {
      direction: "debit",
      as_of_time: "23:59:59",
      posted: false,
      type: "wire",
      vendor_code: "195",
      vendor_code_type: "bai2",
      vendor_customer_id: "customer",
      vendor_description: "WIRE IN/ACME",
      custom_identifiers: { "Invoice No.": "INV 1001" },
      details: { originator_name: "Acme", nested: { list: [1, { a: null }] } },
    };
    const made = await scene.transaction({ ...given, metadata: { a: "1", empty: "", none: null } });
    expect(made).toMatchObject({ ...given, metadata: { a: "1" } });
    expect([made.metadata, made.details]).toEqual([{ a: "1" }, given.details]);
    expect(await scene.read(`${PATH}/${made.id}`)).toEqual(made);
  });

  it("take their amount as a text, too, and zero", async () => {
    const { transaction } = await newBankAccount();
    expect(await transaction({ amount: undefined, amount_string: "999999999999999" })).toMatchObject({
      amount: 999_999_999_999_999,
      amount_string: "999999999999999",
    });
    expect(await transaction({ amount: 5, amount_string: "0005" })).toMatchObject({ amount: 5, amount_string: "5" });
    expect(await transaction({ amount: 0 })).toMatchObject({ amount: 0, reconciled: false });
  });

  it("are of another type where a vendor code says what they are", async () => {
    const { transaction } = await newBankAccount();
    const code = { vendor_code: "169", vendor_code_type: "bai2" };
    for (const type of [undefined, null]) expect((await transaction({ ...code, type })).type).toBe("other");
    expect(await transaction({ type: "ach", vendor_code: null, vendor_code_type: null })).toMatchObject({
      type: "ach",
      vendor_code: null,
    });
  });

  it("are dated by the UTC day of a time", async () => {
    const { transaction } = await newBankAccount();
    expect((await transaction({ as_of_date: "2026-03-10T23:30:00-05:00" })).as_of_date).toBe("2026-03-11");
  });

  it("are in their account's currency, and live in a live environment", async () => {
    const account = await must(bootstrap.post("/api/internal_accounts", { name: "Live", currency: "JPY" }), 201);
    const made = await must(bootstrap.post(PATH, newTransactionBody(account.body.id)), 201);
    expect(made.body).toMatchObject({ live_mode: true, currency: "JPY", amount: 10_000 });
  });

  it.each([
    [{ internal_account_id: undefined }, "parameter_missing", "internal_account_id"],
    [{ internal_account_id: UNKNOWN_ID }, "resource_not_found", "internal_account_id"],
    [{ internal_account_id: "nobody" }, "parameter_invalid", "internal_account_id"],
    [{ amount: undefined }, "parameter_missing", "amount"],
    [{ amount: -1 }, "parameter_invalid", "amount"],
    [{ amount: 1.5 }, "parameter_invalid", "amount"],
    [{ amount: "10000" }, "parameter_invalid", "amount"],
    [{ amount: 1e15 }, "parameter_invalid", "amount"],
    [{ amount_string: "1e3" }, "parameter_invalid", "amount_string"],
    [{ amount_string: "10001" }, "parameter_invalid", "amount_string"],
    [{ direction: undefined }, "parameter_missing", "direction"],
    [{ direction: "in" }, "parameter_invalid", "direction"],
    [{ as_of_date: undefined }, "parameter_missing", "as_of_date"],
    [{ as_of_date: null }, "parameter_invalid", "as_of_date"],
    [{ as_of_date: "2025-011-08" }, "parameter_invalid", "as_of_date"],
    [{ as_of_date: "2025-02-29" }, "parameter_invalid", "as_of_date"],
    [{ as_of_time: "24:00:00" }, "parameter_invalid", "as_of_time"],
    [{ as_of_time: "9:30" }, "parameter_invalid", "as_of_time"],
    [{ posted: null }, "parameter_invalid", "posted"],
    [{ posted: "true" }, "parameter_invalid", "posted"],
    [{ type: undefined }, "parameter_missing", "type"],
    [{ type: "barter" }, "parameter_invalid", "type"],
    [{ vendor_code: "169" }, "parameter_missing", "vendor_code_type"],
    [{ vendor_code_type: "bai2" }, "parameter_missing", "vendor_code"],
    [{ vendor_code: "169", vendor_code_type: "x" }, "parameter_invalid", "vendor_code_type"],
    [{ vendor_description: "x".repeat(1_001) }, "parameter_invalid", "vendor_description"],
    [{ metadata: { a: 1 } }, "parameter_invalid", "metadata.a"],
    [{ metadata: pairs(METADATA_MAX_KEYS + 1) }, "parameter_invalid", "metadata"],
    [{ custom_identifiers: pairs(51) }, "parameter_invalid", "custom_identifiers"],
    [{ custom_identifiers: { a: "x".repeat(101) } }, "parameter_invalid", "custom_identifiers.a"],
    [{ custom_identifiers: { a: 1 } }, "parameter_invalid", "custom_identifiers.a"],
    [{ details: ["x"] }, "parameter_invalid", "details"],
    [{ details: { a: "x".repeat(METADATA_MAX_BYTES) } }, "parameter_invalid", "details"],
    [{ details: pairs(METADATA_MAX_KEYS + 1) }, "parameter_invalid", "details"],
    [{ currency: "USD" }, "parameter_invalid", "currency"],
    [{ reconciled: true }, "parameter_invalid", "reconciled"],
  ])("refuse %j", async (fields, code, parameter) => {
    const { api, account, read } = await newBankAccount();
    const reply = await api.post(PATH, { ...newTransactionBody(account), ...fields });
    expect(refusalOf(reply)).toEqual([422, code, parameter]);
    expect(await read(PATH)).toEqual([]);
  });

  it("have details of limited depth, and of numbers that can be kept", async () => {
    const { api, account, transaction } = await newBankAccount();
    const deepest = nested(METADATA_MAX_DEPTH);
    expect((await transaction({ details: deepest })).details).toEqual(deepest);
    const tooDeep = await api.post(PATH, { ...newTransactionBody(account), details: nested(METADATA_MAX_DEPTH + 1) });
    expect(refusalOf(tooDeep)).toEqual([422, "parameter_invalid", `details${".a".repeat(METADATA_MAX_DEPTH)}`]);
    const body = JSON.stringify({ ...newTransactionBody(account), details: { n: "#" } }).replace('"#"', "1e400");
    const inexact = await api.send("POST", PATH, body, { "Content-Type": "application/json" });
    expect(refusalOf(inexact)).toEqual([422, "parameter_invalid", "details.n"]);
  });

  it("do not know the accounts of another environment", async () => {
    const [mine, other] = await Promise.all([newTenant(), newBankAccount()]);
    const reply = await mine.writer.post(PATH, newTransactionBody(other.account));
    expect(refusalOf(reply)).toEqual([422, "resource_not_found", "internal_account_id"]);
  });

  itIsGuarded({
    endpoints: transactionEndpoints,
    prepare: async (tenant) => ({ id: (await (await newBankAccount(tenant)).transaction()).id }),
  });
});

describe("a transaction as a record of /v1", () => {
  it("is a record of its account's data source", async () => {
    const { api, transaction, source } = await newBankAccount();
    const made = await transaction({ amount: 1_250, vendor_description: "ACME", metadata: { a: "1" } });
    const { body } = await must(api.get(`/v1/records/${made.id}`), 200);
    expect(body).toMatchObject({
      type_key: source,
      amount: 12.5,
      date: "2026-03-10",
      description: "ACME",
      metadata: { a: "1" },
      status: "unreconciled",
      reconciliations: [],
    });
    expect((await api.get(`/v1/data_sources/${source}`)).body.record_count).toBe(1);
  });

  it("may come from /v1, with metadata of any type", async () => {
    const { api, account, source, read } = await newBankAccount();
    const metadata = { text: "a", number: 1.5, flag: true, list: [1, "x"], none: null };
    const record = { type_key: source, date: "2026-03-10", amount: 12.5, direction: "debit", description: "ACME" };
    const { body } = await must(api.post("/v1/records", { ...record, external_id: "x", metadata }), 201);
    const shown = await read(`${PATH}/${body.id}`);
    expect(shown).toMatchObject({
      amount: 1_250,
      direction: "debit",
      internal_account_id: account,
      posted: true,
      type: "other",
      vendor_description: "ACME",
    });
    expect(shown.metadata).toEqual({ text: "a", number: "1.5", flag: "true", list: '[1,"x"]' });
    expect(Object.keys(shown)).toHaveLength(26);
    expect((await read(`${PATH}?metadata[number]=1.5&metadata[flag]=true`)).length).toBe(1);
    const changed = await must(api.patch(`${PATH}/${body.id}`, { metadata: { text: "b" } }), 200);
    expect(changed.body.metadata).toEqual({ ...shown.metadata, text: "b" });
    expect((await read(`/v1/records/${body.id}`)).metadata).toEqual({ ...metadata, text: "b" });
  });

  it("keeps what only the payments door knows when /v1 changes it", async () => {
    const { api, transaction, read } = await newBankAccount();
    const made = await transaction({ type: "wire", custom_identifiers: { a: "1" }, details: { b: 2 }, posted: false });
    await must(api.patch(`/v1/records/${made.id}`, { amount: 7, description: "ACME" }), 200);
    const updated_at = expect.stringMatching(WHOLE_SECONDS);
    const changed = { amount: 700, amount_string: "700", vendor_description: "ACME", updated_at };
    expect(await read(`${PATH}/${made.id}`)).toEqual({ ...made, ...changed });
  });

  it("keeps to the property definitions of its data source", async () => {
    const { api, account, source, transaction } = await newBankAccount();
    const define = (key: string, type: string, optional: boolean) =>
      must(api.post("/v1/property_definitions", { type_key: source, key, name: key, type, optional }), 201);
    const before = await transaction();
    await define("ref", "string", false);
    await define("due", "date", true);
    const create = (metadata: object) => api.post(PATH, { ...newTransactionBody(account), metadata });
    expect(refusalOf(await create({}))).toEqual([422, "parameter_missing", "metadata.ref"]);
    expect(refusalOf(await create({ ref: "r", due: "soon" }))).toEqual([422, "parameter_invalid", "metadata.due"]);
    const made = await must(create({ ref: "r", due: "2026-03-10T10:00:00Z" }), 201);
    expect(made.body.metadata).toEqual({ ref: "r", due: "2026-03-10" });
    const change = (id: string, metadata: object) => api.patch(`${PATH}/${id}`, { metadata });
    expect(refusalOf(await change(made.body.id, { ref: null }))).toEqual([422, "parameter_missing", "metadata.ref"]);
    await must(change(before.id, { other: "x" }), 200);
  });

  it("is no adjustment of a manual match", async () => {
    const { api, account, source, transaction, read } = await newBankAccount();
    await must(api.post("/v1/data_sources", { key: "books", name: "Books" }), 201);
    const sides = { side_a: ["books"], side_b: [source] };
    const reconciliation = await must(api.post("/v1/reconciliations", { name: "Bank", ...sides }), 201);
    const record = { type_key: "books", date: "2026-03-10", amount: 120, direction: "credit" };
    const book = await must(api.post("/v1/records", record), 201);
    const line = await transaction();
    const match = await must(
      api.post("/v1/reconciliation_matches", {
        reconciliation_id: reconciliation.body.id,
        record_ids: [book.body.id, line.id],
        create_adjustment: true,
      }),
      201,
    );
    const known = [book.body.id, line.id];
    const adjustment = match.body.records.find(({ record_id }: { record_id: string }) => !known.includes(record_id));
    expect(await read(`/v1/records/${adjustment.record_id}`)).toMatchObject({ type_key: source });
    for (const query of ["", `?internal_account_id=${account}`]) {
      expect((await read(`${PATH}${query}`)).map(({ id }: { id: string }) => id)).toEqual([line.id]);
    }
    for (const [method, body] of [["GET"], ["PATCH", "{}"], ["DELETE"]] as const) {
      const headers = body === undefined ? {} : { "Content-Type": "application/json" };
      const reply = await api.send(method, `${PATH}/${adjustment.record_id}`, body, headers);
      expect(refusalOf(reply)).toEqual([404, "resource_not_found", "id"]);
    }
  });
});

describe("the event of a new transaction", () => {
  it("is recorded though nobody listens, whichever door the transaction came by", async () => {
    const { api, transaction, source, read } = await newBankAccount();
    const made = await transaction();
    const record = { type_key: source, date: "2026-03-10", amount: 12.5, direction: "debit" };
    const other = (await must(api.post("/v1/records", record), 201)).body;
    await must(api.patch(`${PATH}/${made.id}`, { metadata: { a: "1" } }), 200);
    const { data } = await read("/v1/events");
    expect(data.map((event: { event_type: string }) => event.event_type)).toEqual(Array(2).fill("transaction.created"));
    expect(data.map((event: { data: unknown }) => event.data)).toEqual([await read(`${PATH}/${other.id}`), made]);
  });

  it("goes to whoever wants it", async () => {
    const queue = muteQueue();
    const { api, tenant, transaction, source, read } = await newBankAccount();
    await newEndpoint(tenant.environmentId, { eventTypes: ["transaction.created"] });
    await transaction();
    await must(api.post("/v1/records", { type_key: source, date: "2026-03-10", amount: 1, direction: "credit" }), 201);
    const { data } = await read("/v1/webhook_deliveries");
    expect(data).toHaveLength(2);
    expect(queue.sent.map(({ uid }) => uid).sort()).toEqual(data.map(({ id }: { id: string }) => id).sort());
  });

  it("is not raised by records of other data sources", async () => {
    const { api, read } = await newBankAccount();
    await must(api.post("/v1/data_sources", { key: "books", name: "Books" }), 201);
    const record = { type_key: "books", date: "2026-03-10", amount: 120, direction: "credit" };
    const { body } = await must(api.post("/v1/records", record), 201);
    expect((await read("/v1/events")).data).toEqual([]);
    expect(refusalOf(await api.get(`${PATH}/${body.id}`))).toEqual([404, "resource_not_found", "id"]);
  });
});

describe("a changed transaction", () => {
  it("merges its metadata", async () => {
    const { api, transaction, read } = await newBankAccount();
    const made = await transaction({ metadata: { a: "1", b: "2", "Key Name": "é\"'" } });
    const { body } = await must(api.patch(`${PATH}/${made.id}`, { metadata: { a: "", b: null, c: "3" } }), 200);
    const updated_at = expect.stringMatching(WHOLE_SECONDS);
    expect(body).toEqual({ ...made, metadata: { "Key Name": "é\"'", c: "3" }, updated_at });
    expect(await read(`${PATH}/${made.id}`)).toEqual(body);
  });

  it("loses no metadata of changes that come at once", async () => {
    const { api, transaction, read } = await newBankAccount();
    const { id } = await transaction();
    const names = Array.from({ length: 6 }, (_, i) => `k${i}`);
    await Promise.all(names.map((name) => must(api.patch(`${PATH}/${id}`, { metadata: { [name]: "x" } }), 200)));
    expect(Object.keys((await read(`${PATH}/${id}`)).metadata).sort()).toEqual(names);
  });

  it("has a limit of metadata over all changes", async () => {
    const { api, transaction } = await newBankAccount();
    const { id } = await transaction({ metadata: pairs(METADATA_MAX_KEYS) });
    const refused = await api.patch(`${PATH}/${id}`, { metadata: { more: "x" } });
    expect(refusalOf(refused)).toEqual([422, "parameter_invalid", "metadata"]);
    await must(api.patch(`${PATH}/${id}`, { metadata: { k0: "", more: "x" } }), 200);
  });

  it("is posted once, and stays so", async () => {
    const { api, transaction, read } = await newBankAccount();
    const { id } = await transaction({ posted: false });
    const post = (posted: boolean) => api.patch(`${PATH}/${id}`, { posted });
    expect((await must(post(false), 200)).body.posted).toBe(false);
    expect((await must(post(true), 200)).body.posted).toBe(true);
    expect((await must(post(true), 200)).body.posted).toBe(true);
    expect(refusalOf(await post(false))).toEqual([422, "parameter_invalid", "posted"]);
    expect((await read(`${PATH}/${id}`)).posted).toBe(true);
  });

  it("is not what it was only if something has changed", async () => {
    const { api, db, transaction } = await newBankAccount();
    const { id } = await transaction({ metadata: { a: "1" } });
    const versionOf = () => first<{ version: number }>(db, sql`select version from records where uid = ${id}`);
    for (const same of [{}, { metadata: {} }, { metadata: { a: "1" } }, { metadata: { b: "" } }, { posted: true }]) {
      await must(api.patch(`${PATH}/${id}`, same), 200);
      expect([same, await versionOf()]).toEqual([same, { version: 1 }]);
    }
    await must(api.patch(`${PATH}/${id}`, { metadata: { a: "2" } }), 200);
    expect(await versionOf()).toEqual({ version: 2 });
  });

  it.each([
    [{ amount: 5 }, "amount"],
    [{ vendor_description: "x" }, "vendor_description"],
    [{ custom_identifiers: { a: "1" } }, "custom_identifiers"],
    [{ metadata: { a: 1 } }, "metadata.a"],
    [{ metadata: null }, "metadata"],
    [{ posted: null }, "posted"],
  ])("is refused %j", async (change, parameter) => {
    const { api, transaction, read } = await newBankAccount();
    const made = await transaction();
    expect(refusalOf(await api.patch(`${PATH}/${made.id}`, change))).toEqual([422, "parameter_invalid", parameter]);
    expect(await read(`${PATH}/${made.id}`)).toEqual(made);
  });

  it("may be changed while /v1 has it matched, and is deleted only after", async () => {
    const { api, source, transaction, read } = await newBankAccount();
    await must(api.post("/v1/data_sources", { key: "books", name: "Books" }), 201);
    const sides = { side_a: ["books"], side_b: [source] };
    const reconciliation = await must(api.post("/v1/reconciliations", { name: "Bank", ...sides }), 201);
    const filters = { operand: "and", rules: [{ key: "amount", operand: "eq", value: "amount" }] };
    await must(api.post("/v1/reconciliation_rules", { reconciliation_id: reconciliation.body.id, filters }), 201);
    const record = { type_key: "books", date: "2026-03-10", amount: 100, direction: "credit" };
    await must(api.post("/v1/records", record), 201);
    const { id } = await transaction();
    const matched = await read(`/v1/records/${id}`);
    expect(matched.status).toBe("reconciled");
    expect((await must(api.patch(`${PATH}/${id}`, { metadata: { a: "1" } }), 200)).body.metadata).toEqual({ a: "1" });
    expect(refusalOf(await api.delete(`${PATH}/${id}`))).toEqual([422, "parameter_invalid", undefined]);
    const [matchId] = matched.reconciliations[0].match_ids;
    await must(api.delete(`/v1/reconciliation_matches/${matchId}`), 200);
    expect((await read(`/v1/records/${id}`)).status).toBe("unreconciled");
    await must(api.delete(`${PATH}/${id}`), 204);
  });
});

describe("a deleted transaction", () => {
  it.each([true, false])("is gone at both doors, posted: %s", async (posted) => {
    const { api, account, source, transaction, read } = await newBankAccount();
    const [kept, { id }] = [await transaction(), await transaction({ posted })];
    const deleted = await must(api.delete(`${PATH}/${id}`), 204);
    expect([deleted.body, deleted.headers.get("content-type")]).toEqual(["", null]);
    for (const method of ["GET", "DELETE"]) {
      expect(refusalOf(await api.send(method, `${PATH}/${id}`))).toEqual([404, "resource_not_found", "id"]);
    }
    expect(refusalOf(await api.patch(`${PATH}/${id}`, {}))).toEqual([404, "resource_not_found", "id"]);
    expect((await api.get(`/v1/records/${id}`)).status).toBe(404);
    expect((await read(`/v1/data_sources/${source}`)).record_count).toBe(1);
    for (const query of ["", `?internal_account_id=${account}`]) {
      expect((await read(`${PATH}${query}`)).map((row: { id: string }) => row.id)).toEqual([kept.id]);
    }
  });
});

describe("lists of transactions", () => {
  it.each([
    ["posted=true", ["wire", "old", "code"]],
    ["posted=false", ["pending"]],
    ["as_of_date_start=2026-03-10", ["wire", "pending", "code"]],
    ["as_of_date_start=2026-01-31&as_of_date_end=2026-01-31", ["old"]],
    ["as_of_date_end=2026-03-09", ["old"]],
    ["direction=debit", ["pending"]],
    ["payment_type=wire", ["wire"]],
    ["payment_type=other", ["code"]],
    ["description=in%2Facme", ["wire"]],
    ["description=%25", []],
    ["metadata[team]=a", ["old", "pending"]],
    ["metadata[team]=a&metadata[Key%20Name]=x%20y", ["pending"]],
    ["metadata[team]=a&direction=debit&posted=false", ["pending"]],
    ["vendor_id=x", []],
    ["virtual_account_id=x", []],
    ["counterparty_id=x", []],
    ["transactable_type=payment_order", []],
  ])("have filters: %s", async (query, names) => {
    const { transaction, account, read } = await newBankAccount();
    const add = (name: string, fields: object) => transaction({ custom_identifiers: { name }, ...fields });
    await add("code", { type: undefined, vendor_code: "169", vendor_code_type: "bai2" });
    await add("pending", { posted: false, direction: "debit", metadata: { team: "a", "Key Name": "x y" } });
    await add("old", { as_of_date: "2026-01-31", metadata: { team: "a" } });
    await add("wire", { type: "wire", vendor_description: "WIRE IN/ACME" });
    for (const filters of [query, `${query}&internal_account_id=${account}`]) {
      const found = await read(`${PATH}?${filters}`);
      expect(found.map((row: { custom_identifiers: { name: string } }) => row.custom_identifiers.name)).toEqual(names);
    }
  });

  it("have the transactions of one account, or of all", async () => {
    const tenant = await newTenant();
    const [one, two] = [await newBankAccount(tenant), await newBankAccount(tenant)];
    const ofOne = await one.transaction();
    const ofTwo = await two.transaction();
    expect(await one.read(PATH)).toEqual([ofTwo, ofOne]);
    expect(await one.read(`${PATH}?internal_account_id=${one.account}`)).toEqual([ofOne]);
    expect(await one.read(`${PATH}?internal_account_id=${UNKNOWN_ID}`)).toEqual([]);
  });

  it("do not show what another environment has", async () => {
    const [mine, other] = await Promise.all([newTenant(), newBankAccount()]);
    await other.transaction({ metadata: { a: "1" } });
    for (const query of ["", `internal_account_id=${other.account}`, "metadata[a]=1"]) {
      expect((await must(mine.reader.get(`${PATH}?${query}`), 200)).body).toEqual([]);
    }
  });

  it.each(["", "internal_account_id="])("neither skip nor repeat a row while others are added: %s", async (filter) => {
    const { transaction, account, api } = await newBankAccount();
    for (const amount of [1, 2, 3, 4, 5]) await transaction({ amount });
    const query = filter === "" ? "" : `&${filter}${account}`;
    const walked: number[] = [];
    for (let cursor: string | null = "", page = 0; cursor !== null; page++) {
      const reply = await must(api.get(`${PATH}?per_page=2${query}${cursor && `&after_cursor=${cursor}`}`), 200);
      expect(reply.headers.get("x-per-page")).toBe("2");
      walked.push(...reply.body.map((row: { amount: number }) => row.amount));
      cursor = reply.headers.get("x-after-cursor") || null;
      await transaction({ amount: 100 + page });
    }
    expect(walked).toEqual([5, 4, 3, 2, 1]);
  });

  it.each([
    "posted=1",
    "as_of_date_start=soon",
    "direction=in",
    "payment_type=barter",
    "after_cursor=x",
    "type=ach",
  ])("refuse %s", async (query) => {
    const { reader } = await newTenant();
    const [name] = query.split("=");
    expect(refusalOf(await reader.get(`${PATH}?${query}`))).toEqual([422, "parameter_invalid", name]);
  });
});
