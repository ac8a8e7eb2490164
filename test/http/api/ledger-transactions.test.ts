import { describe, expect, it } from "vitest";
import { ledgerTransactionEndpoints } from "../../../src/http/api/ledger-transactions.ts";
import type { Reply } from "../../support/api.ts";
import { credit, debit, type LedgerScene, newLedgerScene } from "../../support/ledger.ts";
import { must } from "../../support/scene.ts";
import { itIsGuarded } from "../../support/security.ts";

const PATH = "/api/ledger_transactions";
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const WHOLE_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const MICROSECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";
const LARGEST = 999_999_999_999_999;

async function newBooks() {
  const scene = await newLedgerScene();
  const [cash, wallet] = [await scene.account({ normal_balance: "debit" }), await scene.account()];
  return { scene, cash, wallet };
}

const refusalOf = ({ status, body }: Reply) => [status, body.errors.code, body.errors.parameter];
const idsOf = (reply: Reply): string[] => reply.body.map((row: { id: string }) => row.id);

async function walk(scene: LedgerScene, path: string, onPage?: () => Promise<unknown>): Promise<Reply["body"][]> {
  const rows: Reply["body"][] = [];
  for (let cursor: string | null = null; cursor !== ""; ) {
    const reply: Reply = await must(scene.api.get(cursor === null ? path : `${path}&after_cursor=${cursor}`), 200);
    rows.push(...reply.body);
    cursor = reply.headers.get("x-after-cursor") as string;
    await onPage?.();
  }
  return rows;
}

describe("ledger transactions", () => {
  it("are answered with every key of Modern Treasury's", async () => {
    const { scene, cash, wallet } = await newBooks();
    const ledger_entries = [debit(cash, 1_000, { metadata: { a: "b", c: "" } }), credit(wallet, 1_000)];
    const made = await scene.api.post(PATH, { ledger_entries, metadata: { x: "y" } });
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(`${PATH}/${made.body.id}`);
    const entry = {
      id: expect.stringMatching(UUID),
      object: "ledger_entry",
      live_mode: false,
      amount: 1_000,
      amount_string: "1000",
      direction: "debit",
      status: "pending",
      ledger_account_id: cash,
      ledger_account_lock_version: 1,
      ledger_account_currency: "USD",
      ledger_account_currency_exponent: 2,
      ledger_transaction_id: made.body.id,
      resulting_ledger_account_balances: null,
      effective_at: made.body.effective_at,
      metadata: { a: "b" },
      discarded_at: null,
      created_at: made.body.created_at,
      updated_at: made.body.created_at,
    };
    expect(made.body).toEqual({
      id: expect.stringMatching(UUID),
      object: "ledger_transaction",
      live_mode: false,
      description: null,
      status: "pending",
      metadata: { x: "y" },
      effective_at: expect.stringMatching(MICROSECONDS),
      effective_date: made.body.effective_at.slice(0, 10),
      ledger_entries: [entry, { ...entry, direction: "credit", ledger_account_id: wallet, metadata: {} }],
      posted_at: null,
      ledger_id: scene.ledger,
      ledgerable_type: null,
      ledgerable_id: null,
      external_id: null,
      reverses_ledger_transaction_id: null,
      reversed_by_ledger_transaction_id: null,
      partially_posts_ledger_transaction_id: null,
      archived_reason: null,
      created_at: expect.stringMatching(WHOLE_SECONDS),
      updated_at: made.body.created_at,
    });
    expect(Object.keys(made.body)).toHaveLength(20);
    expect(Object.keys(made.body.ledger_entries[0])).toHaveLength(18);
    expect((await scene.api.get(`${PATH}/${made.body.id}`)).body).toEqual(made.body);
  });

  it.each<[string, Record<string, unknown>, string, string]>([
    [
      "a time with microseconds",
      { effective_at: "2026-03-10T23:59:59.1234567Z" },
      "2026-03-10T23:59:59.123456Z",
      "2026-03-10",
    ],
    [
      "a time of another zone",
      { effective_at: "2026-03-10T23:59:59+01:00" },
      "2026-03-10T22:59:59.000000Z",
      "2026-03-10",
    ],
    ["a time without a zone", { effective_at: "2026-03-10T00:00:00.000" }, "2026-03-10T00:00:00.000000Z", "2026-03-10"],
    ["a date", { effective_date: "2024-02-29" }, "2024-02-29T00:00:00.000000Z", "2024-02-29"],
  ])("take effect at %s", async (_, fields, effective_at, effective_date) => {
    const { scene, cash, wallet } = await newBooks();
    expect(await scene.transact([debit(cash, 1), credit(wallet, 1)], fields)).toMatchObject({
      effective_at,
      effective_date,
      ledger_entries: [{ effective_at }, { effective_at }],
    });
  });

  it("hold the largest amount there is, as a number and as a text", async () => {
    const { scene, cash, wallet } = await newBooks();
    const entries = [
      debit(cash, LARGEST),
      { amount_string: `${LARGEST}`, direction: "credit" as const, ledger_account_id: wallet },
    ];
    await scene.transact(entries, { status: "posted" });
    await scene.transact(entries, { status: "posted" });
    const { balances } = await scene.readAccount(wallet);
    expect(balances.posted_balance).toMatchObject({
      amount: "1999999999999998",
      amount_string: "1999999999999998",
      credits: "1999999999999998",
      debits: 0,
    });
  });

  it.each<[string, (a: string, b: string) => Record<string, unknown>, string, string | undefined]>([
    ["one entry", (a) => ({ ledger_entries: [credit(a, 1_000)] }), "parameter_invalid", "ledger_entries"],
    ["no entry", () => ({ ledger_entries: [] }), "parameter_invalid", "ledger_entries"],
    ["no list of entries", () => ({}), "parameter_missing", "ledger_entries"],
    ["one side", (a, b) => ({ ledger_entries: [credit(a, 5), credit(b, 5)] }), "parameter_invalid", "ledger_entries"],
    [
      "sides that differ",
      (a, b) => ({ ledger_entries: [debit(a, 5), credit(b, 4)] }),
      "parameter_invalid",
      "ledger_entries",
    ],
    [
      "an unknown account",
      (a) => ({ ledger_entries: [debit(a, 5), credit(UNKNOWN_ID, 5)] }),
      "resource_not_found",
      "ledger_entries[1].ledger_account_id",
    ],
    [
      "a negative amount",
      (a, b) => ({ ledger_entries: [debit(a, -5), credit(b, -5)] }),
      "parameter_invalid",
      "ledger_entries[0].amount",
    ],
    [
      "an amount with decimals",
      (a, b) => ({ ledger_entries: [debit(a, 0.5), credit(b, 0.5)] }),
      "parameter_invalid",
      "ledger_entries[0].amount",
    ],
    [
      "too large an amount",
      (a, b) => ({ ledger_entries: [debit(a, LARGEST + 1), credit(b, LARGEST + 1)] }),
      "parameter_invalid",
      "ledger_entries[0].amount",
    ],
    [
      "no amount",
      (a, b) => ({ ledger_entries: [{ direction: "debit", ledger_account_id: a }, credit(b, 5)] }),
      "parameter_missing",
      "ledger_entries[0].amount",
    ],
    [
      "two amounts",
      (a, b) => ({ ledger_entries: [debit(a, 5, { amount_string: "6" }), credit(b, 5)] }),
      "parameter_invalid",
      "ledger_entries[0].amount_string",
    ],
    [
      "an unknown field",
      (a, b) => ({ ledger_entries: [debit(a, 5), credit(b, 5)], amount: 5 }),
      "parameter_invalid",
      "amount",
    ],
    [
      "a date that does not exist",
      (a, b) => ({ ledger_entries: [debit(a, 5), credit(b, 5)], effective_date: "2025-011-08" }),
      "parameter_invalid",
      "effective_date",
    ],
    [
      "two days",
      (a, b) => ({
        ledger_entries: [debit(a, 5), credit(b, 5)],
        effective_date: "2025-01-08",
        effective_at: "2025-01-09T00:00:00Z",
      }),
      "parameter_invalid",
      "effective_date",
    ],
    [
      "a payment that is not there",
      (a, b) => ({
        ledger_entries: [debit(a, 5), credit(b, 5)],
        ledgerable_type: "expected_payment",
        ledgerable_id: UNKNOWN_ID,
      }),
      "resource_not_found",
      "ledgerable_id",
    ],
    [
      "too many entries",
      (a, b) => ({
        ledger_entries: Array.from({ length: 1_001 }, (_, n) => (n === 0 ? debit(a, 1_000) : credit(b, 1))),
      }),
      "parameter_invalid",
      "ledger_entries",
    ],
  ])("with %s are refused whole", async (_, body, code, parameter) => {
    const { scene, cash, wallet } = await newBooks();
    const reply = await scene.api.post(PATH, body(cash, wallet));
    expect(refusalOf(reply)).toEqual([422, code, parameter]);
    expect((await scene.api.get(PATH)).body).toEqual([]);
    expect((await scene.readAccount(cash)).lock_version).toBe(0);
  });

  it("balance in each currency and stay in one ledger", async () => {
    const { scene, cash, wallet } = await newBooks();
    const yen = [await scene.account({ currency: "JPY" }), await scene.account({ currency: "JPY" })] as const;
    const mixed = await scene.api.post(PATH, { ledger_entries: [debit(cash, 5), credit(yen[0], 5)] });
    expect(refusalOf(mixed)).toEqual([422, "parameter_invalid", "ledger_entries"]);
    await scene.transact([debit(cash, 5), credit(wallet, 5), debit(yen[0], 700), credit(yen[1], 700)]);
    const other = (await must(scene.api.post("/api/ledgers", { name: "Other" }), 201)).body.id;
    const stranger = await scene.account({ ledger_id: other });
    const across = await scene.api.post(PATH, { ledger_entries: [debit(cash, 5), credit(stranger, 5)] });
    expect(refusalOf(across)).toEqual([422, "parameter_invalid", "ledger_entries[1].ledger_account_id"]);
  });

  it("take a thousand entries", async () => {
    const { scene, cash, wallet } = await newBooks();
    const entries = Array.from({ length: 1_000 }, (_, n) => (n === 0 ? debit(cash, 999) : credit(wallet, 1)));
    const made = await scene.transact(entries, { status: "posted" });
    expect(made.ledger_entries).toHaveLength(1_000);
    expect(await scene.readAccount(wallet)).toMatchObject({ lock_version: 999 });
    expect(await scene.balancesOf(wallet)).toEqual([999, 999, 999]);
  });

  it("change anything while they are pending, and write entries anew", async () => {
    const { scene, cash, wallet } = await newBooks();
    const fees = await scene.account();
    const made = await scene.transact([debit(cash, 1_000), credit(wallet, 1_000)], {
      external_id: "d-1",
      metadata: { a: "1", b: "2" },
    });
    const ledger_entries = [debit(cash, 900), credit(wallet, 890), credit(fees, 10)];
    const change = {
      description: "Less",
      effective_at: "2026-01-15T09:30:00Z",
      metadata: { a: "", c: "3" },
      ledger_entries,
    };
    const { body } = await must(scene.api.patch(`${PATH}/d-1`, change), 200);
    expect(body).toMatchObject({ id: made.id, status: "pending", description: "Less", metadata: { b: "2", c: "3" } });
    expect(body.ledger_entries.map((e: { amount: number }) => e.amount)).toEqual([900, 890, 10]);
    expect(await scene.balancesOf(wallet)).toEqual([890, 0, 0]);
    const kept = await scene.api.get(`/api/ledger_entries?ledger_transaction_id=${made.id}&show_deleted=true`);
    expect(kept.body).toHaveLength(5);
    const discarded = kept.body.filter((e: { discarded_at: string | null }) => e.discarded_at !== null);
    expect(idsOf({ ...kept, body: discarded }).sort()).toEqual(
      made.ledger_entries.map((e: { id: string }) => e.id).sort(),
    );
  });

  it("keep all but metadata and external_id once they are posted", async () => {
    const { scene, cash, wallet } = await newBooks();
    const made = await scene.transact([debit(cash, 5), credit(wallet, 5)], { status: "posted" });
    expect(made.posted_at).toMatch(WHOLE_SECONDS);
    const changed = await must(
      scene.api.patch(`${PATH}/${made.id}`, { status: "posted", metadata: { a: "b" }, external_id: "e" }),
      200,
    );
    expect(changed.body).toMatchObject({ metadata: { a: "b" }, external_id: "e", ledger_entries: made.ledger_entries });
    for (const [field, value] of Object.entries({
      status: "archived",
      description: "x",
      effective_at: "2020-01-01T00:00:00Z",
      ledger_entries: [debit(cash, 6), credit(wallet, 6)],
    })) {
      expect(refusalOf(await scene.api.patch(`${PATH}/${made.id}`, { [field]: value }))).toEqual([
        422,
        "parameter_invalid",
        field,
      ]);
    }
    expect(refusalOf(await scene.api.patch(`${PATH}/${made.id}`, { status: "pending" }))).toEqual([
      422,
      "parameter_invalid",
      "status",
    ]);
    expect(await scene.balancesOf(wallet)).toEqual([5, 5, 5]);
  });

  it("stay as they are once they are archived, and free their external_id", async () => {
    const { scene, cash, wallet } = await newBooks();
    const made = await scene.transact([debit(cash, 5), credit(wallet, 5)], { external_id: "e" });
    const archived = await must(scene.api.patch(`${PATH}/e`, { status: "archived" }), 200);
    expect(archived.body).toMatchObject({ status: "archived", posted_at: null });
    expect(archived.body.ledger_entries.map((e: { status: string }) => e.status)).toEqual(["archived", "archived"]);
    expect(await scene.balancesOf(wallet)).toEqual([0, 0, 0]);
    expect(refusalOf(await scene.api.patch(`${PATH}/${made.id}`, { metadata: { a: "b" } }))).toEqual([
      422,
      "parameter_invalid",
      "metadata",
    ]);
    expect((await scene.api.get(`${PATH}/e`)).status).toBe(404);
    await scene.transact([debit(cash, 5), credit(wallet, 5)], { external_id: "e" });
  });

  it("are named by an external_id that one of them has", async () => {
    const { scene, cash, wallet } = await newBooks();
    const entries = [debit(cash, 5), credit(wallet, 5)];
    const made = await scene.transact(entries, { external_id: "deposit/7 ä" });
    expect((await scene.api.get(`${PATH}/${encodeURIComponent("deposit/7 ä")}`)).body.id).toBe(made.id);
    const taken = await scene.api.post(PATH, { ledger_entries: entries, external_id: "deposit/7 ä" });
    expect(refusalOf(taken)).toEqual([409, "conflict", "external_id"]);
    expect(taken.headers.get("x-should-retry")).toBe("false");
    const other = (await must(scene.api.post("/api/ledgers", { name: "Other" }), 201)).body.id;
    const [left, right] = [await scene.account({ ledger_id: other }), await scene.account({ ledger_id: other })];
    await scene.transact([debit(left, 5), credit(right, 5)], { external_id: "deposit/7 ä" });
    expect((await scene.api.get(`${PATH}/${encodeURIComponent("deposit/7 ä")}`)).status).toBe(409);
  });

  it("check their entries' locks against what the accounts would hold", async () => {
    const { scene, cash, wallet } = await newBooks();
    await scene.transact([debit(cash, 100), credit(wallet, 100)], { status: "posted" });
    const pay = (amount: number, lock: Record<string, unknown>) =>
      scene.api.post(PATH, { ledger_entries: [debit(wallet, amount, lock), credit(cash, amount)] });
    for (const [lock, amount, status] of [
      [{ available_balance_amount: { gte: 0 } }, 101, 422],
      [{ available_balance_amount: { gt: 0 } }, 100, 422],
      [{ pending_balance_amount: { eq: 1 } }, 100, 422],
      [{ pending_balance_amount: { lt: 0 } }, 100, 422],
      [{ posted_balance_amount: { lte: 99 } }, 100, 422],
      [{ lock_version: 0 }, 1, 422],
      [{ posted_balance_amount: { eq: 100 }, pending_balance_amount: { eq: 60 }, lock_version: 1 }, 40, 201],
      [{ available_balance_amount: { gte: 0, lte: 0 } }, 60, 201],
    ] as const) {
      expect((await pay(amount, lock)).status).toBe(status);
    }
    expect(await scene.balancesOf(wallet)).toEqual([0, 100, 0]);
  });

  it("check locks of entries that replace others as if those were gone", async () => {
    const { scene, cash, wallet } = await newBooks();
    await scene.transact([debit(cash, 100), credit(wallet, 100)], { status: "posted" });
    const { id } = await scene.transact([debit(wallet, 80), credit(cash, 80)]);
    const replace = (amount: number) =>
      scene.api.patch(`${PATH}/${id}`, {
        ledger_entries: [debit(wallet, amount, { available_balance_amount: { gte: 0 } }), credit(cash, amount)],
      });
    expect(refusalOf(await replace(101))).toEqual([
      422,
      "parameter_invalid",
      "ledger_entries[0].available_balance_amount.gte",
    ]);
    expect((await replace(100)).status).toBe(200);
    expect(await scene.balancesOf(wallet)).toEqual([0, 100, 0]);
  });

  it("show what their accounts held after each entry where that is asked for", async () => {
    const { scene, cash, wallet } = await newBooks();
    const shows = { show_resulting_ledger_account_balances: true };
    const made = await scene.transact([debit(cash, 3), credit(wallet, 1, shows), credit(wallet, 2, shows)], {
      status: "posted",
    });
    const shown = made.ledger_entries.map(
      (e: Reply["body"]) => e.resulting_ledger_account_balances?.posted_balance.amount ?? null,
    );
    expect(shown).toEqual([null, 1, 3]);
    expect(Object.keys(made.ledger_entries[1].resulting_ledger_account_balances).sort()).toEqual([
      "available_balance",
      "pending_balance",
      "posted_balance",
    ]);
  });

  it("are reversed by a posted transaction of the same time", async () => {
    const { scene, cash, wallet } = await newBooks();
    const fields = { status: "posted", effective_at: "2026-01-15T09:30:00.000001Z" };
    const made = await scene.transact([debit(cash, 5), credit(wallet, 5)], fields);
    const reversal = await must(scene.api.post(`${PATH}/${made.id}/reversal`, { description: "Wrong" }), 201);
    expect(reversal.body).toMatchObject({
      status: "posted",
      description: "Wrong",
      effective_at: "2026-01-15T09:30:00.000001Z",
      reverses_ledger_transaction_id: made.id,
      ledger_entries: [
        { direction: "credit", ledger_account_id: cash },
        { direction: "debit", ledger_account_id: wallet },
      ],
    });
    expect((await scene.api.get(`${PATH}/${made.id}`)).body.reversed_by_ledger_transaction_id).toBe(reversal.body.id);
    expect(await scene.balancesOf(wallet)).toEqual([0, 0, 0]);
    expect((await scene.api.post(`${PATH}/${made.id}/reversal`, {})).status).toBe(422);
    const pending = await scene.transact([debit(cash, 5), credit(wallet, 5)]);
    expect((await scene.api.post(`${PATH}/${pending.id}/reversal`, {})).status).toBe(422);
  });

  it("can be reversed again once a pending reversal is archived", async () => {
    const { scene, cash, wallet } = await newBooks();
    const made = await scene.transact([debit(cash, 5), credit(wallet, 5)], { status: "posted" });
    const first = await must(scene.api.post(`${PATH}/${made.id}/reversal`, { status: "pending" }), 201);
    await must(scene.api.patch(`${PATH}/${first.body.id}`, { status: "archived" }), 200);
    expect((await scene.api.get(`${PATH}/${made.id}`)).body.reversed_by_ledger_transaction_id).toBeNull();
    await must(scene.api.post(`${PATH}/${made.id}/reversal`, {}), 201);
  });

  it("are posted in part", async () => {
    const { scene, cash, wallet } = await newBooks();
    const made = await scene.transact([debit(cash, 100), credit(wallet, 100)]);
    const post = (amount: number) =>
      scene.api.post(`${PATH}/${made.id}/partial_post`, {
        posted_ledger_entries: [credit(wallet, amount), debit(cash, amount)],
      });
    expect(refusalOf(await post(100))).toEqual([422, "parameter_invalid", "posted_ledger_entries[1].amount"]);
    const part = await must(post(40), 201);
    expect(part.body).toMatchObject({ status: "posted", partially_posts_ledger_transaction_id: made.id });
    const rest = (await scene.api.get(`${PATH}/${made.id}`)).body;
    expect(rest).toMatchObject({ status: "pending", ledger_entries: [{ amount: 60 }, { amount: 60 }] });
    expect(await scene.balancesOf(wallet)).toEqual([100, 40, 40]);
    const listed = await scene.api.get(`${PATH}?partially_posts_ledger_transaction_id=${made.id}`);
    expect(idsOf(listed)).toEqual([part.body.id]);
  });

  it("keep every version, the latest first", async () => {
    const { scene, cash, wallet } = await newBooks();
    const made = await scene.transact([debit(cash, 5), credit(wallet, 5)], { description: "one" });
    await must(scene.api.patch(`${PATH}/${made.id}`, { description: "two" }), 200);
    await must(scene.api.patch(`${PATH}/${made.id}`, { description: "two" }), 200);
    await must(scene.api.patch(`${PATH}/${made.id}`, { ledger_entries: [debit(cash, 6), credit(wallet, 6)] }), 200);
    await must(scene.api.patch(`${PATH}/${made.id}`, { status: "posted" }), 200);
    const { body } = await must(scene.api.get(`${PATH}/${made.id}/versions`), 200);
    const seen = body.map((v: Reply["body"]) => [v.version, v.status, v.description, v.ledger_entries[0].amount]);
    expect(seen).toEqual([
      [3, "posted", "two", 6],
      [2, "pending", "two", 6],
      [1, "pending", "two", 5],
      [0, "pending", "one", 5],
    ]);
    expect(Object.keys(body[0])).toHaveLength(21);
    expect(Object.keys(body[0].ledger_entries[0])).toHaveLength(15);
    const walked = await walk(scene, `/api/ledger_transaction_versions?ledger_transaction_id=${made.id}&per_page=1`);
    expect(walked).toEqual(body);
    const some = await scene.api.get(`/api/ledger_transaction_versions?version[gte]=2&version[lt]=3`);
    expect(some.body).toEqual([body[1]]);
  });

  it("are listed by what they are", async () => {
    const { scene, cash, wallet } = await newBooks();
    const fees = await scene.account();
    const first = await scene.transact([debit(cash, 5), credit(wallet, 5)], {
      effective_at: "2026-03-01T00:00:00Z",
      metadata: { "Kind of": "a b" },
    });
    const second = await scene.transact([debit(cash, 7), credit(fees, 7)], {
      effective_at: "2026-01-01T00:00:00Z",
      status: "posted",
      external_id: "x",
    });
    const third = await scene.transact([debit(fees, 9), credit(wallet, 9)], { effective_at: "2026-02-01T00:00:00Z" });
    await must(scene.api.patch(`${PATH}/${third.id}`, { status: "archived" }), 200);
    const [a, b, c] = [first.id, second.id, third.id];
    for (const [query, ids] of [
      ["", [c, b, a]],
      ["order_by[created_at]=asc", [a, b, c]],
      ["order_by[effective_at]=asc", [b, c, a]],
      ["order_by[effective_at]=desc", [a, c, b]],
      [`id[]=${a}&id[]=${c}&id[]=${UNKNOWN_ID}`, [c, a]],
      [`ledger_id=${scene.ledger}`, [c, b, a]],
      [`ledger_id=${UNKNOWN_ID}`, []],
      [`ledger_account_id=${wallet}`, [c, a]],
      [`ledger_account_id=${wallet}&order_by[effective_at]=asc`, [c, a]],
      ["status=posted", [b]],
      ["status[]=posted&status[]=pending", [b, a]],
      ["external_id=x", [b]],
      ["metadata[Kind%20of]=a%20b", [a]],
      ["metadata[Kind%20of]=a", []],
      ["effective_at[gte]=2026-02-01T00:00:00Z&effective_at[lt]=2026-03-01T00:00:00Z", [c]],
      ["effective_date[eq]=2026-03-01", [a]],
      ["effective_date[gt]=2026-01-01", [c, a]],
      ["amount[gt]=5&amount[lte]=7", [b]],
      [`posted_at[gte]=${second.posted_at}`, [b]],
      [`updated_at[lt]=2020-01-01T00:00:00Z`, []],
      [`reverses_ledger_transaction_id=${b}`, []],
    ] as const) {
      expect([query, idsOf(await must(scene.api.get(`${PATH}?${query}`), 200))]).toEqual([query, ids]);
    }
  });

  it.each([
    "order_by[created_at]=desc",
    "order_by[created_at]=asc",
    "order_by[effective_at]=asc",
    "order_by[effective_at]=desc",
  ])("are walked page by page while others are made: %s", async (order) => {
    const { scene, cash, wallet } = await newBooks();
    const at = (n: number) => ({ effective_at: `2026-01-0${1 + (n % 3)}T00:00:00Z` });
    const make = (n: number) => scene.transact([debit(cash, n + 1), credit(wallet, n + 1)], at(n));
    for (let n = 0; n < 7; n++) await make(n);
    const there = idsOf(await scene.api.get(`${PATH}?${order}`));
    let made = 0;
    const more = async () => {
      if (made < 3) await make(made);
      made += 1;
    };
    const walked = (await walk(scene, `${PATH}?per_page=2&${order}`, more)).map(({ id }) => id);
    expect(new Set(walked).size).toBe(walked.length);
    expect(walked.filter((id) => there.includes(id))).toEqual(there);
  });

  it("refuse a cursor of another order, and unknown or wrong parameters", async () => {
    const { scene, cash, wallet } = await newBooks();
    for (let n = 0; n < 2; n++) await scene.transact([debit(cash, 1), credit(wallet, 1)]);
    const cursor = (await scene.api.get(`${PATH}?per_page=1`)).headers.get("x-after-cursor");
    for (const [query, parameter] of [
      [`order_by[effective_at]=asc&after_cursor=${cursor}`, "after_cursor"],
      ["order_by[effective_at]=asc&order_by[created_at]=asc", "order_by"],
      ["order_by[amount]=asc", "order_by[amount]"],
      ["effective_at[near]=2026-01-01T00:00:00Z", "effective_at[near]"],
      ["effective_at[gt]=soon", "effective_at[gt]"],
      ["effective_date[gt]=2025-011-08", "effective_date[gt]"],
      ["status=open", "status[0]"],
      ["amount[gt]=1.5", "amount[gt]"],
      ["ledger_account_category_id=x", "ledger_account_category_id"],
    ]) {
      expect(refusalOf(await scene.api.get(`${PATH}?${query}`))).toEqual([422, "parameter_invalid", parameter]);
    }
  });

  it("end a page early rather than carry more entries than an answer should", async () => {
    const { scene, cash, wallet } = await newBooks();
    const entries = Array.from({ length: 1_000 }, (_, n) => (n === 0 ? debit(cash, 999) : credit(wallet, 1)));
    for (let n = 0; n < 6; n++) await scene.transact(entries);
    const first = await must(scene.api.get(`${PATH}?per_page=10`), 200);
    expect(first.body).toHaveLength(5);
    const second = await must(
      scene.api.get(`${PATH}?per_page=10&after_cursor=${first.headers.get("x-after-cursor")}`),
      200,
    );
    expect(second.body).toHaveLength(1);
    expect(second.headers.get("x-after-cursor")).toBe("");
  });

  it.each(["nothing", "%00", "__proto__", UNKNOWN_ID])("are not found under %s", async (name) => {
    const { scene } = await newBooks();
    for (const reply of [
      await scene.api.get(`${PATH}/${name}`),
      await scene.api.patch(`${PATH}/${name}`, {}),
      await scene.api.post(`${PATH}/${name}/reversal`, {}),
    ]) {
      expect(refusalOf(reply)).toEqual([404, "resource_not_found", "id"]);
    }
  });

  itIsGuarded({
    endpoints: ledgerTransactionEndpoints,
    prepare: async (owner) => {
      const scene = await newLedgerScene(owner);
      const [cash, wallet] = [await scene.account(), await scene.account()];
      return { id: (await scene.transact([debit(cash, 5), credit(wallet, 5)])).id };
    },
  });
});
