import { describe, expect, it } from "vitest";
import { ledgerEndpoints } from "../../../src/http/api/ledgers.ts";
import type { Reply } from "../../support/api.ts";
import { newLedgerScene } from "../../support/ledger.ts";
import { must } from "../../support/scene.ts";
import { itIsGuarded } from "../../support/security.ts";
import { newTenant } from "../../support/tenant.ts";

const PATH = "/api/ledgers";
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

const refusalOf = ({ status, body }: Reply) => [status, body.errors.code, body.errors.parameter];
const namesOf = (reply: Reply) => reply.body.map((row: { name: string }) => row.name);

describe("ledgers", () => {
  it("are answered with every key of Modern Treasury's and their clearing account", async () => {
    const { writer, reader } = await newTenant();
    const made = await writer.post(PATH, { name: "Main", metadata: { a: "b" } });
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(`${PATH}/${made.body.id}`);
    expect(made.body).toEqual({
      id: made.body.id,
      object: "ledger",
      live_mode: false,
      name: "Main",
      description: null,
      metadata: { a: "b" },
      clearing_ledger_account_id: null,
      discarded_at: null,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      updated_at: made.body.created_at,
    });
    expect((await reader.get(`${PATH}/${made.body.id}`)).body).toEqual(made.body);
  });

  it.each([
    ["no name", {}, "parameter_missing", "name"],
    ["an empty name", { name: "" }, "parameter_invalid", "name"],
    ["a long description", { name: "x", description: "x".repeat(1_001) }, "parameter_invalid", "description"],
    ["metadata that is no text", { name: "x", metadata: { a: 1 } }, "parameter_invalid", "metadata.a"],
    [
      "a clearing account",
      { name: "x", clearing_ledger_account_id: UNKNOWN_ID },
      "parameter_invalid",
      "clearing_ledger_account_id",
    ],
  ])("are not made with %s", async (_, body, code, parameter) => {
    const { writer } = await newTenant();
    expect(refusalOf(await writer.post(PATH, body))).toEqual([422, code, parameter]);
  });

  it("change their name, description and metadata", async () => {
    const { api, ledger } = await newLedgerScene();
    await must(api.patch(`${PATH}/${ledger}`, { metadata: { a: "1", b: "2" } }), 200);
    const change = { name: "Other", description: "Ours", metadata: { a: "", c: "3" } };
    const { body } = await must(api.patch(`${PATH}/${ledger}`, change), 200);
    expect(body).toMatchObject({ name: "Other", description: "Ours", metadata: { b: "2", c: "3" } });
    expect((await must(api.patch(`${PATH}/${ledger}`, {}), 200)).body).toMatchObject({ name: "Other" });
  });

  it("have an account of their own for clearing", async () => {
    const scene = await newLedgerScene();
    const account = await scene.account();
    const set = (id: string | null) => scene.api.patch(`${PATH}/${scene.ledger}`, { clearing_ledger_account_id: id });
    expect((await must(set(account), 200)).body.clearing_ledger_account_id).toBe(account);
    const other = (await must(scene.api.post(PATH, { name: "Other" }), 201)).body.id;
    for (const id of [UNKNOWN_ID, await scene.account({ ledger_id: other })]) {
      expect(refusalOf(await set(id))).toEqual([422, "resource_not_found", "clearing_ledger_account_id"]);
    }
    expect((await scene.api.delete(`/api/ledger_accounts/${account}`)).status).toBe(422);
    expect((await must(set(null), 200)).body.clearing_ledger_account_id).toBeNull();
    await must(scene.api.delete(`/api/ledger_accounts/${account}`), 200);
    expect(refusalOf(await set(account))).toEqual([422, "resource_not_found", "clearing_ledger_account_id"]);
  });

  it("are discarded when they have no accounts", async () => {
    const scene = await newLedgerScene();
    const account = await scene.account();
    expect((await scene.api.delete(`${PATH}/${scene.ledger}`)).status).toBe(422);
    await must(scene.api.delete(`/api/ledger_accounts/${account}`), 200);
    const discarded = await must(scene.api.delete(`${PATH}/${scene.ledger}`), 200);
    expect(discarded.body.discarded_at).not.toBeNull();
    expect((await must(scene.api.get(`${PATH}/${scene.ledger}`), 200)).body).toEqual(discarded.body);
    expect((await scene.api.get(PATH)).body).toEqual([]);
    expect((await scene.api.delete(`${PATH}/${scene.ledger}`)).status).toBe(404);
    expect((await scene.api.patch(`${PATH}/${scene.ledger}`, { name: "x" })).status).toBe(404);
    const body = { name: "x", normal_balance: "credit", currency: "USD", ledger_id: scene.ledger };
    expect(refusalOf(await scene.api.post("/api/ledger_accounts", body))).toEqual([
      422,
      "resource_not_found",
      "ledger_id",
    ]);
  });

  it("are listed newest first, by ids, metadata and times", async () => {
    const { writer } = await newTenant();
    const ids: string[] = [];
    for (const name of ["a", "b", "c"]) {
      ids.push((await must(writer.post(PATH, { name, metadata: { "the name": name } }), 201)).body.id);
    }
    expect(namesOf(await writer.get(PATH))).toEqual(["c", "b", "a"]);
    expect(namesOf(await writer.get(`${PATH}?id[]=${ids[0]}&id[]=${ids[2]}`))).toEqual(["c", "a"]);
    expect(namesOf(await writer.get(`${PATH}?metadata[the%20name]=b`))).toEqual(["b"]);
    expect(namesOf(await writer.get(`${PATH}?updated_at[lt]=2020-01-01T00:00:00Z`))).toEqual([]);
    const first = await writer.get(`${PATH}?per_page=2`);
    expect([namesOf(first), first.headers.get("x-per-page")]).toEqual([["c", "b"], "2"]);
    const last = await writer.get(`${PATH}?per_page=2&after_cursor=${first.headers.get("x-after-cursor")}`);
    expect([namesOf(last), last.headers.get("x-after-cursor")]).toEqual([["a"], ""]);
  });

  itIsGuarded({ endpoints: ledgerEndpoints, prepare: async (owner) => ({ id: (await newLedgerScene(owner)).ledger }) });
});
