import { describe, expect, it } from "vitest";
import { ledgerAccountEndpoints } from "../../../src/http/api/ledger-accounts.ts";
import type { Reply } from "../../support/api.ts";
import { credit, debit, newLedgerScene } from "../../support/ledger.ts";
import { must } from "../../support/scene.ts";
import { itIsGuarded } from "../../support/security.ts";

const PATH = "/api/ledger_accounts";
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

const refusalOf = ({ status, body }: Reply) => [status, body.errors.code, body.errors.parameter];
const idsOf = (reply: Reply): string[] => reply.body.map((row: { id: string }) => row.id);

const empty = (currency = "USD", currency_exponent = 2) => ({
  credits: 0,
  credits_string: "0",
  debits: 0,
  debits_string: "0",
  amount: 0,
  amount_string: "0",
  currency,
  currency_exponent,
});

describe("ledger accounts", () => {
  it("are answered with every key of Modern Treasury's", async () => {
    const { api, ledger } = await newLedgerScene();
    const body = { name: "Wallet", normal_balance: "credit", currency: "usd", ledger_id: ledger, external_id: "w" };
    const made = await api.post(PATH, body);
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(`${PATH}/${made.body.id}`);
    expect(made.body).toEqual({
      id: made.body.id,
      object: "ledger_account",
      live_mode: false,
      name: "Wallet",
      description: null,
      normal_balance: "credit",
      balances: {
        effective_at_lower_bound: null,
        effective_at_upper_bound: null,
        pending_balance: empty(),
        posted_balance: empty(),
        available_balance: empty(),
      },
      lock_version: 0,
      ledger_id: ledger,
      ledgerable_id: null,
      ledgerable_type: null,
      external_id: "w",
      metadata: {},
      discarded_at: null,
      created_at: made.body.created_at,
      updated_at: made.body.created_at,
    });
    expect(Object.keys(made.body)).toHaveLength(16);
    expect((await api.get(`${PATH}/${made.body.id}`)).body).toEqual(made.body);
  });

  it.each<[string, Record<string, unknown>, [number, string, string]]>([
    ["no ledger", { ledger_id: undefined }, [422, "parameter_missing", "ledger_id"]],
    ["an unknown ledger", { ledger_id: UNKNOWN_ID }, [422, "resource_not_found", "ledger_id"]],
    ["no normal balance", { normal_balance: undefined }, [422, "parameter_missing", "normal_balance"]],
    [
      "a currency of nowhere without an exponent",
      { currency: "POINTS" },
      [422, "parameter_missing", "currency_exponent"],
    ],
    [
      "another exponent than the currency's",
      { currency: "JPY", currency_exponent: 2 },
      [422, "parameter_invalid", "currency_exponent"],
    ],
    ["half a link", { ledgerable_id: UNKNOWN_ID }, [422, "parameter_missing", "ledgerable_type"]],
    [
      "an unknown link",
      { ledgerable_type: "internal_account", ledgerable_id: UNKNOWN_ID },
      [422, "resource_not_found", "ledgerable_id"],
    ],
  ])("are not made with %s", async (_, fields, refusal) => {
    const { api, ledger } = await newLedgerScene();
    const body = { name: "Wallet", normal_balance: "credit", currency: "USD", ledger_id: ledger, ...fields };
    expect(refusalOf(await api.post(PATH, body))).toEqual(refusal);
  });

  it("count in currencies of any exponent", async () => {
    const scene = await newLedgerScene();
    for (const [fields, exponent] of [
      [{ currency: "JPY" }, 0],
      [{ currency: "BHD", currency_exponent: 3 }, 3],
      [{ currency: "points", currency_exponent: 6 }, 6],
    ] as const) {
      const { balances } = await scene.readAccount(await scene.account(fields));
      expect(balances.posted_balance).toEqual(empty(fields.currency.toUpperCase(), exponent));
    }
  });

  it("may stand for an internal account", async () => {
    const scene = await newLedgerScene();
    const { id } = (await must(scene.api.post("/api/internal_accounts", { name: "Bank", currency: "USD" }), 201)).body;
    const account = await scene.account({ ledgerable_type: "internal_account", ledgerable_id: id });
    expect(await scene.readAccount(account)).toMatchObject({ ledgerable_type: "internal_account", ledgerable_id: id });
  });

  it("have an external_id once in a ledger", async () => {
    const scene = await newLedgerScene();
    const first = await scene.account({ external_id: "w" });
    const body = { name: "x", normal_balance: "credit", currency: "USD", ledger_id: scene.ledger, external_id: "w" };
    expect(refusalOf(await scene.api.post(PATH, body))).toEqual([409, "conflict", "external_id"]);
    const second = await scene.account();
    expect(refusalOf(await scene.api.patch(`${PATH}/${second}`, { external_id: "w" }))).toEqual([
      409,
      "conflict",
      "external_id",
    ]);
    await must(scene.api.delete(`${PATH}/${first}`), 200);
    await must(scene.api.patch(`${PATH}/${second}`, { external_id: "w" }), 200);
  });

  it("change their name, description, external_id and metadata, and nothing else", async () => {
    const scene = await newLedgerScene();
    const id = await scene.account({ metadata: { a: "1", b: "2" } });
    const change = { name: "Other", description: "Ours", external_id: "x", metadata: { a: null, c: "3" } };
    const { body } = await must(scene.api.patch(`${PATH}/${id}`, change), 200);
    expect(body).toMatchObject({ name: "Other", description: "Ours", external_id: "x", metadata: { b: "2", c: "3" } });
    for (const field of ["currency", "normal_balance", "ledger_id", "lock_version"]) {
      expect(refusalOf(await scene.api.patch(`${PATH}/${id}`, { [field]: "x" }))).toEqual([
        422,
        "parameter_invalid",
        field,
      ]);
    }
  });

  it("are discarded while nothing is entered in them", async () => {
    const scene = await newLedgerScene();
    const [cash, wallet] = [await scene.account(), await scene.account()];
    const { id } = await scene.transact([debit(cash, 5), credit(wallet, 5)]);
    expect((await scene.api.delete(`${PATH}/${wallet}`)).status).toBe(422);
    await must(scene.api.patch(`/api/ledger_transactions/${id}`, { status: "archived" }), 200);
    const { body } = await must(scene.api.delete(`${PATH}/${wallet}`), 200);
    expect(body.discarded_at).not.toBeNull();
    expect((await scene.readAccount(wallet)).discarded_at).toBe(body.discarded_at);
    expect(idsOf(await scene.api.get(PATH))).toEqual([cash]);
    expect((await scene.api.delete(`${PATH}/${wallet}`)).status).toBe(404);
    const reply = await scene.api.post("/api/ledger_transactions", {
      ledger_entries: [debit(cash, 5), credit(wallet, 5)],
    });
    expect(refusalOf(reply)).toEqual([422, "resource_not_found", "ledger_entries[1].ledger_account_id"]);
  });

  it("show balances from the lower bound on and before the upper one", async () => {
    const scene = await newLedgerScene();
    const [cash, wallet] = [await scene.account({ normal_balance: "debit" }), await scene.account()];
    const at = "2026-01-15T09:30:00.000001Z";
    for (const [amount, effective_at, status] of [
      [1, "2025-12-31T23:59:59.999999Z", "posted"],
      [10, at, "posted"],
      [100, "2026-01-15T09:30:00.000002Z", "pending"],
      [1_000, "2026-01-16T00:00:00Z", "posted"],
    ] as const) {
      await scene.transact([debit(cash, amount), credit(wallet, amount)], { effective_at, status });
    }
    const bounds = (query: string) => scene.balancesOf(wallet, `?${query}`);
    expect(await bounds(`balances[effective_at_lower_bound]=${at}`)).toEqual([1_110, 1_010, 1_010]);
    expect(await bounds(`balances[effective_at_upper_bound]=${at}`)).toEqual([1, 1, 1]);
    expect(await bounds(`balances[effective_at]=${at}`)).toEqual([11, 11, 11]);
    expect(await bounds("balances[as_of_date]=2026-01-15")).toEqual([111, 11, 11]);
    expect(await bounds("balances[as_of_date]=2025-12-30")).toEqual([0, 0, 0]);
    expect(await bounds("balances[as_of_lock_version]=2")).toEqual([11, 11, 11]);
    expect(await bounds("balances[as_of_lock_version]=0")).toEqual([0, 0, 0]);
    const both = `balances[effective_at_lower_bound]=${at}&balances[effective_at_upper_bound]=2026-01-16T00:00:00Z`;
    expect(await bounds(both)).toEqual([110, 10, 10]);
    expect((await scene.readAccount(wallet, `?${both}`)).balances).toMatchObject({
      effective_at_lower_bound: at,
      effective_at_upper_bound: "2026-01-16T00:00:00.000000Z",
    });
    const listed = await must(scene.api.get(`${PATH}?${both}`), 200);
    expect(listed.body.map((a: Reply["body"]) => a.balances.pending_balance.amount)).toEqual([110, 110]);
  });

  it.each([
    [
      "balances[effective_at_lower_bound]=2026-02-01T00:00:00Z&balances[effective_at_upper_bound]=2026-01-01T00:00:00Z",
      "balances",
    ],
    ["balances[effective_at]=2026-02-01T00:00:00Z&balances[as_of_date]=2026-01-01", "balances"],
    ["balances[effective_at]=soon", "balances[effective_at]"],
    ["balances[as_of_lock_version]=1", "balances[as_of_lock_version]"],
    ["balances[at]=2026-01-01", "balances[at]"],
    ["balances=2026-01-01", "balances"],
  ])("refuse the bounds %s", async (query, parameter) => {
    const scene = await newLedgerScene();
    const reply = await scene.api.get(`${PATH}/${await scene.account()}?${query}`);
    expect(refusalOf(reply)).toEqual([422, "parameter_invalid", parameter]);
  });

  it("are listed by what they are and hold", async () => {
    const scene = await newLedgerScene();
    const cash = await scene.account({ name: "Cash", normal_balance: "debit" });
    const wallet = await scene.account({ name: "Wallet", external_id: "w", metadata: { "the owner": "7" } });
    const yen = await scene.account({ name: "Yen", currency: "JPY" });
    await scene.transact([debit(cash, 100), credit(wallet, 100)], { status: "posted" });
    await scene.transact([debit(wallet, 30), credit(cash, 30)]);
    for (const [query, ids] of [
      ["", [yen, wallet, cash]],
      [`id[]=${cash}`, [cash]],
      ["name[]=Cash&name[]=Yen", [yen, cash]],
      [`ledger_id=${scene.ledger}&currency=usd`, [wallet, cash]],
      [`ledger_id=${UNKNOWN_ID}`, []],
      ["external_id=w", [wallet]],
      ["normal_balance=debit", [cash]],
      ["metadata[the%20owner]=7", [wallet]],
      ["posted_balance_amount[gte]=100", [wallet, cash]],
      ["pending_balance_amount[lt]=100&pending_balance_amount[not_eq]=0", [wallet, cash]],
      ["available_balance_amount[eq]=70", [wallet, cash]],
      ["available_balance_amount=0", [yen]],
      ["created_at[lt]=2020-01-01T00:00:00Z", []],
    ] as const) {
      expect([query, idsOf(await must(scene.api.get(`${PATH}?${query}`), 200))]).toEqual([query, ids]);
    }
  });

  itIsGuarded({
    endpoints: ledgerAccountEndpoints,
    prepare: async (owner) => ({ id: await (await newLedgerScene(owner)).account() }),
  });
});
