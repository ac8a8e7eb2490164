import { describe, expect, it } from "vitest";
import { METADATA_MAX_KEYS } from "../../../src/core/property.ts";
import { internalAccountEndpoints } from "../../../src/http/api/internal-accounts.ts";
import { type Api, bootstrap } from "../../support/api.ts";
import { must } from "../../support/scene.ts";
import { itIsGuarded } from "../../support/security.ts";
import { newTenant } from "../../support/tenant.ts";

const PATH = "/api/internal_accounts";
const WHOLE_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const MANY_ATTRIBUTES = Object.fromEntries(Array.from({ length: METADATA_MAX_KEYS + 1 }, (_, no) => [`k${no}`, "v"]));
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

async function newAccount(by: Api, fields: Record<string, unknown> = {}) {
  const reply = await must(by.post(PATH, { name: "Operating", currency: "USD", ...fields }), 201);
  return reply.body;
}

async function namesOf(by: Api, query: string): Promise<string[]> {
  const { body } = await must(by.get(`${PATH}?${query}`), 200);
  return body.map((account: { name: string }) => account.name);
}

const sourceOf = (account: { id: string }) => `internal_account_${account.id}`;
const refusalOf = ({ status, body }: { status: number; body: { errors: { code: string; parameter?: string } } }) => [
  status,
  body.errors.code,
  body.errors.parameter,
];

describe("internal accounts", () => {
  it("are answered with every key of Modern Treasury's, unknown ones empty", async () => {
    const { writer, reader } = await newTenant();
    const made = await writer.post(PATH, { name: "Operating", currency: "usd" });
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(`${PATH}/${made.body.id}`);
    expect(made.body).toEqual({
      id: expect.stringMatching(UUID),
      object: "internal_account",
      live_mode: false,
      created_at: expect.stringMatching(WHOLE_SECONDS),
      updated_at: made.body.created_at,
      name: "Operating",
      party_name: null,
      party_type: null,
      party_address: null,
      account_type: null,
      account_details: [],
      routing_details: [],
      account_capabilities: [],
      connection: null,
      currency: "USD",
      metadata: {},
      parent_account_id: null,
      counterparty_id: null,
      vendor_id: null,
      legal_entity_id: null,
      status: "active",
      ledger_account_id: null,
      contra_ledger_account_id: null,
      external_id: null,
      debitable: null,
    });
    expect(Object.keys(made.body)).toHaveLength(25);
    expect(await reader.get(`${PATH}/${made.body.id}`)).toMatchObject({ status: 200, body: made.body });
  });

  it("keep what Modern Treasury takes", async () => {
    const { writer } = await newTenant();
    const parent = await newAccount(writer);
    const given = {
      party_name: "Acme, Inc.",
      party_type: "business",
      account_type: "checking",
      counterparty_id: "counterparty",
      legal_entity_id: "entity",
      parent_account_id: parent.id,
      ledger_account_id: "ledger account",
      contra_ledger_account_id: "contra",
      external_id: "ops",
      metadata: { team: "treasury", empty: "", none: null },
    };
    const account = await newAccount(writer, {
      ...given,
      connection_id: "bank",
      party_address: { line1: "1 Main St", postal_code: "10001", country: "US" },
      account_capabilities: [{ payment_type: "ach", direction: "credit", id: "x", object: "account_capability" }],
      vendor_attributes: { branch: "7" },
    });
    expect(account).toMatchObject({ ...given, metadata: { team: "treasury" } });
    expect(account.metadata).toEqual({ team: "treasury" });
    const times = { live_mode: false, created_at: account.created_at, updated_at: account.updated_at };
    expect(account.connection).toEqual({
      id: "bank",
      object: "connection",
      ...times,
      discarded_at: null,
      vendor_id: null,
      vendor_customer_id: null,
      vendor_name: null,
    });
    expect(account.party_address).toEqual({
      id: expect.stringMatching(UUID),
      object: "address",
      ...times,
      line1: "1 Main St",
      line2: null,
      locality: null,
      region: null,
      postal_code: "10001",
      country: "US",
    });
    expect(account.account_capabilities).toEqual([
      {
        id: expect.stringMatching(UUID),
        object: "account_capability",
        ...times,
        discarded_at: null,
        payment_type: "ach",
        direction: "credit",
        identifier: null,
      },
    ]);
    expect((await writer.get(`${PATH}/${account.id}`)).body).toEqual(account);
  });

  it("are live in a live environment", async () => {
    expect(await newAccount(bootstrap)).toMatchObject({ live_mode: true });
  });

  it.each([
    [{ name: undefined }, "parameter_missing", "name"],
    [{ currency: undefined }, "parameter_missing", "currency"],
    [{ name: null }, "parameter_invalid", "name"],
    [{ currency: "QQQ" }, "parameter_invalid", "currency"],
    [{ party_type: "robot" }, "parameter_invalid", "party_type"],
    [{ account_type: "piggy_bank" }, "parameter_invalid", "account_type"],
    [{ external_id: "" }, "parameter_invalid", "external_id"],
    [{ external_id: "x".repeat(181) }, "parameter_invalid", "external_id"],
    [{ status: "closed" }, "parameter_invalid", "status"],
    [{ id: UNKNOWN_ID }, "parameter_invalid", "id"],
    [{ metadata: { a: ["b"] } }, "parameter_invalid", "metadata.a"],
    [{ vendor_attributes: { a: 1 } }, "parameter_invalid", "vendor_attributes.a"],
    [{ vendor_attributes: MANY_ATTRIBUTES }, "parameter_invalid", "vendor_attributes"],
    [{ account_capabilities: [{ direction: "credit" }] }, "parameter_missing", "account_capabilities[0].payment_type"],
    [{ parent_account_id: "nobody" }, "resource_not_found", "parent_account_id"],
  ])("refuse %j", async (fields, code, parameter) => {
    const { writer } = await newTenant();
    const reply = await writer.post(PATH, { name: "Operating", currency: "USD", ...fields });
    expect(refusalOf(reply)).toEqual([422, code, parameter]);
    expect((await writer.get(PATH)).body).toEqual([]);
    expect((await writer.get("/v1/data_sources")).body.data).toEqual([]);
  });

  it("do not know the accounts of another environment", async () => {
    const [mine, other] = await Promise.all([newTenant(), newTenant()]);
    const parent_account_id = (await newAccount(other.writer)).id;
    const reply = await mine.writer.post(PATH, { name: "Operating", currency: "USD", parent_account_id });
    expect(refusalOf(reply)).toEqual([422, "resource_not_found", "parent_account_id"]);
  });

  it("have an external_id once in an environment", async () => {
    const [mine, other] = await Promise.all([newTenant(), newTenant()]);
    const body = { name: "Operating", currency: "USD", external_id: "ops" };
    const replies = await Promise.all([1, 2, 3].map(() => mine.writer.post(PATH, body)));
    expect(replies.map((reply) => reply.status).sort()).toEqual([201, 409, 409]);
    expect((await mine.reader.get("/v1/data_sources")).body.data).toHaveLength(1);
    await newAccount(other.writer, { external_id: "ops" });
    const second = await newAccount(mine.writer);
    const taken = await mine.writer.patch(`${PATH}/${second.id}`, { external_id: "ops" });
    expect(refusalOf(taken)).toEqual([409, "conflict", "external_id"]);
  });

  it("ignore an Idempotency-Key on PATCH", async () => {
    const { writer } = await newTenant();
    const { id } = await newAccount(writer);
    const change = (name: string) =>
      writer.send("PATCH", `${PATH}/${id}`, JSON.stringify({ name }), {
        "Content-Type": "application/json",
        "Idempotency-Key": "k",
      });
    expect((await change("First")).body.name).toBe("First");
    expect((await change("Second")).body.name).toBe("Second");
  });

  itIsGuarded({
    endpoints: internalAccountEndpoints,
    prepare: async ({ writer }) => ({ id: (await newAccount(writer)).id }),
  });
});

describe("a changed internal account", () => {
  it("keeps what is absent", async () => {
    const { writer } = await newTenant();
    const account = await newAccount(writer, { party_name: "Acme", external_id: "ops", counterparty_id: "c" });
    const renamed = await must(writer.patch(`${PATH}/${account.id}`, { name: "Payroll" }), 200);
    expect(renamed.body).toEqual({ ...account, name: "Payroll", updated_at: expect.stringMatching(WHOLE_SECONDS) });
    const emptied = await must(
      writer.patch(`${PATH}/${account.id}`, { party_name: null, external_id: null, legal_entity_id: "l" }),
      200,
    );
    expect(emptied.body).toMatchObject({
      name: "Payroll",
      party_name: null,
      external_id: null,
      counterparty_id: "c",
      legal_entity_id: "l",
    });
    expect((await writer.get(`${PATH}/${account.id}`)).body).toEqual(emptied.body);
  });

  it("has its address replaced whole", async () => {
    const { writer } = await newTenant();
    const account = await newAccount(writer, { party_address: { line1: "1 Main St", country: "US" } });
    const { body } = await must(writer.patch(`${PATH}/${account.id}`, { party_address: { country: "CA" } }), 200);
    expect(body.party_address).toMatchObject({ line1: null, country: "CA" });
  });

  it("merges its metadata", async () => {
    const { writer } = await newTenant();
    const account = await newAccount(writer, { metadata: { a: "1", b: "2", "Key Name": "é\"'" } });
    const change = { metadata: { a: "", b: null, c: "3", "": "4" } };
    const { body } = await must(writer.patch(`${PATH}/${account.id}`, change), 200);
    expect(body.metadata).toEqual({ "Key Name": "é\"'", c: "3", "": "4" });
    expect((await must(writer.patch(`${PATH}/${account.id}`, { metadata: {} }), 200)).body.metadata).toEqual(
      body.metadata,
    );
  });

  it("loses no metadata of changes that come at once", async () => {
    const { writer } = await newTenant();
    const { id } = await newAccount(writer);
    const names = Array.from({ length: 8 }, (_, i) => `k${i}`);
    await Promise.all(names.map((name) => must(writer.patch(`${PATH}/${id}`, { metadata: { [name]: "x" } }), 200)));
    expect(Object.keys((await writer.get(`${PATH}/${id}`)).body.metadata).sort()).toEqual(names);
  });

  it("has a limit of metadata over all changes", async () => {
    const { writer } = await newTenant();
    const { id } = await newAccount(writer);
    const names = (prefix: string, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, "x"]));
    await must(writer.patch(`${PATH}/${id}`, { metadata: names("a", METADATA_MAX_KEYS) }), 200);
    const refused = await writer.patch(`${PATH}/${id}`, { name: "Other", metadata: { b0: "x" } });
    expect(refusalOf(refused)).toEqual([422, "parameter_invalid", "metadata"]);
    expect((await writer.get(`${PATH}/${id}`)).body.name).toBe("Operating");
    await must(writer.patch(`${PATH}/${id}`, { metadata: { a0: "", b0: "x" } }), 200);
  });

  it.each([
    [{ currency: "USD" }, "parameter_invalid", "currency"],
    [{ name: "" }, "parameter_invalid", "name"],
    [{ name: null }, "parameter_invalid", "name"],
    [{ metadata: { a: 1 } }, "parameter_invalid", "metadata.a"],
    [{ parent_account_id: UNKNOWN_ID }, "resource_not_found", "parent_account_id"],
  ])("is refused %j", async (change, code, parameter) => {
    const { writer } = await newTenant();
    const account = await newAccount(writer);
    expect(refusalOf(await writer.patch(`${PATH}/${account.id}`, change))).toEqual([422, code, parameter]);
    expect((await writer.get(`${PATH}/${account.id}`)).body).toEqual(account);
  });
});

describe("the data source of an internal account", () => {
  it("is there at /v1 under the account's name", async () => {
    const { writer, reader } = await newTenant();
    const account = await newAccount(writer);
    const { body } = await must(reader.get(`/v1/data_sources/${sourceOf(account)}`), 200);
    expect(body).toMatchObject({ type: "internal_account", name: "Operating", record_count: 0 });
    await must(writer.patch(`${PATH}/${account.id}`, { name: "Payroll" }), 200);
    expect((await reader.get(`/v1/data_sources/${sourceOf(account)}`)).body.name).toBe("Payroll");
  });

  it("is not deleted at /v1", async () => {
    const { writer, reader } = await newTenant();
    const account = await newAccount(writer);
    const reply = await writer.delete(`/v1/data_sources/${sourceOf(account)}`);
    expect(reply).toMatchObject({ status: 409, body: { code: "conflict" } });
    expect((await reader.get(`/v1/data_sources/${sourceOf(account)}`)).status).toBe(200);
  });

  it("takes part in reconciliations", async () => {
    const { writer } = await newTenant();
    const account = await newAccount(writer);
    await must(writer.post("/v1/data_sources", { key: "books", name: "Books" }), 201);
    const sides = { side_a: ["books"], side_b: [sourceOf(account)] };
    const reconciliation = await must(writer.post("/v1/reconciliations", { name: "Bank", ...sides }), 201);
    const filters = { operand: "and", rules: [{ key: "amount", operand: "eq", value: "amount" }] };
    await must(writer.post("/v1/reconciliation_rules", { reconciliation_id: reconciliation.body.id, filters }), 201);
    const record = { date: "2026-03-10", amount: 12.5, direction: "credit" };
    await must(writer.post("/v1/records", { ...record, type_key: "books" }), 201);
    const line = await must(writer.post("/v1/records", { ...record, type_key: sourceOf(account) }), 201);
    expect(line.body.status).toBe("reconciled");
  });

  it("has records of the account's currency only", async () => {
    const { writer } = await newTenant();
    const account = await newAccount(writer, { currency: "EUR" });
    const record = { type_key: sourceOf(account), date: "2026-03-10", amount: 1, direction: "credit" };
    const pathsOf = (reply: { body: { errors: { path: string }[] } }) => reply.body.errors.map((error) => error.path);
    for (const currency of ["USD", undefined]) {
      const refused = await writer.post("/v1/records", { ...record, currency });
      expect([refused.status, pathsOf(refused)]).toEqual([422, ["/currency"]]);
    }
    const several = await writer.post("/v1/records", { ...record, date: "soon", currency: "JPY", amount: -1 });
    expect([several.status, pathsOf(several).sort()]).toEqual([422, ["/amount", "/currency", "/date"]]);
    const unknown = await writer.post("/v1/records", { ...record, currency: "QQQ" });
    expect([unknown.status, pathsOf(unknown)]).toEqual([422, ["/currency"]]);
    const line = await must(writer.post("/v1/records", { ...record, currency: "eur" }), 201);
    const changed = await writer.patch(`/v1/records/${line.body.id}`, { currency: "USD" });
    expect([changed.status, pathsOf(changed)]).toEqual([422, ["/currency"]]);
    await must(writer.patch(`/v1/records/${line.body.id}`, { amount: 2 }), 200);
  });
});

describe("lists of internal accounts", () => {
  it.each([
    ["currency=usd", ["usd", "child", "cards"]],
    ["currency=EUR", ["eur"]],
    ["counterparty_id=c1", ["cards"]],
    ["legal_entity_id=l1", ["eur"]],
    ["external_id=ops", ["usd"]],
    ["external_id=none", []],
    ["status=active", ["usd", "eur", "child", "cards"]],
    ["status=closed", []],
    ["metadata[team]=a", ["usd", "eur"]],
    ["metadata[team]=a&metadata[Key%20Name]=x%20y", ["eur"]],
    ["metadata%5Bteam%5D=b", []],
    ["payment_type=ach", ["child", "cards"]],
    ["payment_direction=debit", ["cards"]],
    ["payment_type=ach&payment_direction=debit", []],
    ["external_id=ops&currency=EUR", []],
  ])("have filters: %s", async (query, names) => {
    const { writer } = await newTenant();
    const capability = (payment_type: string, direction: string) => ({ payment_type, direction });
    await newAccount(writer, {
      name: "cards",
      counterparty_id: "c1",
      account_capabilities: [capability("ach", "credit"), capability("card", "debit")],
    });
    await newAccount(writer, { name: "child", account_capabilities: [capability("ach", "credit")] });
    const metadata = { team: "a", "Key Name": "x y" };
    await newAccount(writer, { name: "eur", currency: "EUR", legal_entity_id: "l1", metadata });
    await newAccount(writer, { name: "usd", external_id: "ops", metadata: { team: "a" } });
    expect(await namesOf(writer, query)).toEqual(names);
  });

  it("do not show another environment's accounts", async () => {
    const [mine, other] = await Promise.all([newTenant(), newTenant()]);
    await newAccount(other.writer, { external_id: "ops", metadata: { a: "1" } });
    for (const query of ["", "external_id=ops", "metadata[a]=1"]) expect(await namesOf(mine.reader, query)).toEqual([]);
  });

  it("run from the newest to the oldest and end with an empty cursor", async () => {
    const { writer, reader } = await newTenant();
    for (const name of ["1", "2", "3"]) await newAccount(writer, { name });
    const first = await reader.get(`${PATH}?per_page=2`);
    expect(first.body.map((account: { name: string }) => account.name)).toEqual(["3", "2"]);
    expect(first.headers.get("x-per-page")).toBe("2");
    const second = await reader.get(`${PATH}?per_page=2&after_cursor=${first.headers.get("x-after-cursor")}`);
    expect(second.body.map((account: { name: string }) => account.name)).toEqual(["1"]);
    expect(second.headers.get("x-after-cursor")).toBe("");
    const whole = await reader.get(PATH);
    expect([whole.headers.get("x-per-page"), whole.headers.get("x-after-cursor")]).toEqual(["25", ""]);
  });

  it("neither skip nor repeat a row while others are added", async () => {
    const { writer, reader } = await newTenant();
    for (const name of ["1", "2", "3", "4", "5"]) await newAccount(writer, { name, metadata: { walk: "yes" } });
    const walked: string[] = [];
    for (let cursor: string | null = "", page = 0; cursor !== null; page++) {
      const reply = await must(
        reader.get(`${PATH}?metadata[walk]=yes&per_page=2${cursor && `&after_cursor=${cursor}`}`),
        200,
      );
      walked.push(...reply.body.map((account: { name: string }) => account.name));
      cursor = reply.headers.get("x-after-cursor") || null;
      await newAccount(writer, { name: `later ${page}`, metadata: { walk: "yes" } });
    }
    expect(walked).toEqual(["5", "4", "3", "2", "1"]);
  });

  it("refuse a cursor of another list or environment", async () => {
    const [mine, other] = await Promise.all([newTenant(), newTenant()]);
    for (const { writer } of [mine, other]) for (const name of ["1", "2"]) await newAccount(writer, { name });
    const cursorOf = async (api: Api) => (await api.get(`${PATH}?per_page=1`)).headers.get("x-after-cursor");
    const foreign = await cursorOf(other.reader);
    const records = (await mine.reader.get("/v1/data_sources?limit=1")).body.next_cursor;
    for (const cursor of [foreign, records]) {
      const reply = await mine.reader.get(`${PATH}?after_cursor=${cursor}`);
      expect(refusalOf(reply)).toEqual([422, "parameter_invalid", "after_cursor"]);
    }
    expect((await mine.reader.get(`${PATH}?after_cursor=${await cursorOf(mine.reader)}`)).status).toBe(200);
  });
});
