import { describe, expect, it } from "vitest";
import { ledgerEntryEndpoints } from "../../../src/http/api/ledger-entries.ts";
import type { Reply } from "../../support/api.ts";
import { credit, debit, type LedgerScene, newLedgerScene } from "../../support/ledger.ts";
import { must } from "../../support/scene.ts";
import { itIsGuarded } from "../../support/security.ts";

const PATH = "/api/ledger_entries";
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

const refusalOf = ({ status, body }: Reply) => [status, body.errors.code, body.errors.parameter];

/** Amounts of the entries that a list answers, in its order. */
async function amountsOf(scene: LedgerScene, query: string): Promise<number[]> {
  const { body } = await must(scene.api.get(`${PATH}?${query}`), 200);
  return body.map((entry: { amount: number }) => entry.amount);
}

async function newEntries() {
  const scene = await newLedgerScene();
  const [cash, wallet] = [await scene.account({ normal_balance: "debit" }), await scene.account()];
  const made: Reply["body"][] = [];
  for (const [amount, effective_at, status] of [
    [1, "2026-03-01T00:00:00Z", "posted"],
    [2, "2026-01-01T00:00:00Z", "pending"],
    [3, "2026-02-01T00:00:00Z", "posted"],
  ] as const) {
    const entries = [debit(cash, amount), credit(wallet, amount, { metadata: { "the amount": `${amount}` } })];
    made.push(await scene.transact(entries, { effective_at, status }));
  }
  return { scene, cash, wallet, made };
}

describe("ledger entries", () => {
  it("are answered as their transaction shows them", async () => {
    const { scene, made } = await newEntries();
    const [entry] = made[0].ledger_entries;
    expect((await must(scene.api.get(`${PATH}/${entry.id}`), 200)).body).toEqual(entry);
    const shown = (await must(scene.api.get(`${PATH}/${entry.id}?show_balances=true`), 200)).body;
    expect(shown.resulting_ledger_account_balances.posted_balance).toMatchObject({ amount: 1, debits: 1, credits: 0 });
    expect(refusalOf(await scene.api.get(`${PATH}/${UNKNOWN_ID}`))).toEqual([404, "resource_not_found", "id"]);
  });

  it("change their metadata, posted or not, and nothing else", async () => {
    const { scene, made } = await newEntries();
    const [, entry] = made[0].ledger_entries;
    const change = { metadata: { "the amount": "", reviewed: "yes" } };
    const { body } = await must(scene.api.patch(`${PATH}/${entry.id}`, change), 200);
    expect(body).toEqual({ ...entry, metadata: { reviewed: "yes" }, updated_at: body.updated_at });
    expect(refusalOf(await scene.api.patch(`${PATH}/${entry.id}`, { amount: 2 }))).toEqual([
      422,
      "parameter_invalid",
      "amount",
    ]);
  });

  it("keep their metadata once they are discarded, and have so much of it between them", async () => {
    const { scene, cash, wallet } = await newEntries();
    const noted = { metadata: { note: "x".repeat(9_000) } };
    const many = Array.from({ length: 21 }, () => credit(wallet, 1, noted));
    const made = await scene.transact([debit(cash, 21), ...many]);
    const [first, second] = made.ledger_entries;
    expect((await scene.api.patch(`${PATH}/${first.id}`, noted)).status).toBe(200);
    expect(refusalOf(await scene.api.patch(`${PATH}/${second.id}`, { metadata: { more: "x".repeat(5_000) } }))).toEqual(
      [422, "parameter_invalid", "metadata"],
    );
    const more = [debit(cash, 23), ...many, credit(wallet, 1, noted), credit(wallet, 1, noted)];
    expect(refusalOf(await scene.api.post("/api/ledger_transactions", { ledger_entries: more }))).toEqual([
      422,
      "parameter_invalid",
      "ledger_entries",
    ]);
    await must(scene.api.patch(`/api/ledger_transactions/${made.id}`, { status: "posted" }), 200);
    expect((await scene.api.patch(`${PATH}/${first.id}`, noted)).status).toBe(422);
  });

  it("are listed by what they are", async () => {
    const { scene, cash, wallet, made } = await newEntries();
    const [entry] = made[1].ledger_entries;
    for (const [query, amounts] of [
      ["", [3, 3, 2, 2, 1, 1]],
      [`ledger_account_id=${wallet}`, [3, 2, 1]],
      [`ledger_account_id=${wallet}&order_by[created_at]=asc`, [1, 2, 3]],
      [`ledger_account_id=${wallet}&order_by[effective_at]=asc`, [2, 3, 1]],
      [`ledger_account_id=${wallet}&order_by[effective_at]=desc`, [1, 3, 2]],
      [`ledger_account_id=${UNKNOWN_ID}`, []],
      [`ledger_transaction_id=${made[0].id}`, [1, 1]],
      [`id[]=${entry.id}`, [2]],
      ["direction=debit", [3, 2, 1]],
      ["status=pending", [2, 2]],
      [`ledger_account_id=${cash}&effective_at[gt]=2026-01-01T00:00:00Z`, [3, 1]],
      [`ledger_account_id=${cash}&effective_date[lte]=2026-02-01`, [3, 2]],
      [`ledger_account_id=${cash}&ledger_account_lock_version[gte]=2`, [3, 2]],
      [`ledger_account_id=${cash}&as_of_lock_version=2`, [2, 1]],
      ["amount[gt]=2", [3, 3]],
      ["metadata[the%20amount]=2", [2]],
      ["updated_at[lt]=2020-01-01T00:00:00Z", []],
    ] as const) {
      expect([query, await amountsOf(scene, query)]).toEqual([query, amounts]);
    }
    expect(refusalOf(await scene.api.get(`${PATH}?as_of_lock_version=2`))).toEqual([
      422,
      "parameter_missing",
      "ledger_account_id",
    ]);
  });

  it("are kept when they are discarded, and listed where that is asked for", async () => {
    const { scene, wallet, made } = await newEntries();
    await must(scene.api.patch(`/api/ledger_transactions/${made[1].id}`, { status: "posted" }), 200);
    expect(await amountsOf(scene, `ledger_account_id=${wallet}`)).toEqual([2, 3, 1]);
    expect(await amountsOf(scene, `ledger_account_id=${wallet}&show_deleted=true`)).toEqual([2, 3, 2, 1]);
    expect(await amountsOf(scene, `ledger_account_id=${wallet}&as_of_lock_version=3`)).toEqual([3, 2, 1]);
    expect(await amountsOf(scene, `ledger_account_id=${wallet}&as_of_lock_version=4`)).toEqual([3, 1]);
    expect(await amountsOf(scene, `ledger_account_id=${wallet}&as_of_lock_version=5`)).toEqual([2, 3, 1]);
  });

  it.each([
    "",
    "&order_by[created_at]=asc",
    "&order_by[effective_at]=asc",
    "&order_by[effective_at]=desc&show_deleted=true",
  ])("are walked page by page: %s", async (order) => {
    const { scene, cash, wallet } = await newEntries();
    for (let n = 4; n < 8; n++) {
      await scene.transact([debit(cash, n), credit(wallet, n)], { effective_at: "2026-02-01T00:00:00Z" });
    }
    const query = `ledger_account_id=${wallet}${order}`;
    const walked: number[] = [];
    for (let cursor: string | null = null; cursor !== ""; ) {
      const page: string = cursor === null ? "" : `&after_cursor=${cursor}`;
      const reply: Reply = await must(scene.api.get(`${PATH}?${query}&per_page=2${page}`), 200);
      walked.push(...reply.body.map((entry: { amount: number }) => entry.amount));
      cursor = reply.headers.get("x-after-cursor") as string;
    }
    expect(walked).toEqual(await amountsOf(scene, query));
    expect(walked).toHaveLength(7);
  });

  itIsGuarded({
    endpoints: ledgerEntryEndpoints,
    prepare: async (owner) => {
      const scene = await newLedgerScene(owner);
      const [cash, wallet] = [await scene.account(), await scene.account()];
      const made = await scene.transact([debit(cash, 5), credit(wallet, 5)]);
      return { id: made.ledger_entries[0].id };
    },
  });
});
