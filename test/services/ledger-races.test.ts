import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { type Db, first } from "../../src/db/client.ts";
import { createLedgerTransaction } from "../../src/services/create-ledger-transaction.ts";
import { updateLedgerTransaction } from "../../src/services/update-ledger-transaction.ts";
import type { Reply } from "../support/api.ts";
import { breakingAt } from "../support/breaking-db.ts";
import { credit, debit, type LedgerScene, newLedgerScene } from "../support/ledger.ts";
import { must, silentContext } from "../support/scene.ts";

const PATH = "/api/ledger_transactions";
const AT_ONCE = 50;

const times = <T>(count: number, make: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => make(n)));

function countStatuses(replies: Reply[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** A funded wallet and the account that its money goes to. */
async function newWallet(scene: LedgerScene, funds: number) {
  const [cash, wallet] = [await scene.account({ normal_balance: "debit" }), await scene.account()];
  await scene.transact([debit(cash, funds), credit(wallet, funds)], { status: "posted" });
  return { cash, wallet };
}

it("never overdraws an account whose payers insist on its balance", async () => {
  const scene = await newLedgerScene();
  const { cash, wallet } = await newWallet(scene, 1_000);
  const replies = await times(AT_ONCE, (n) =>
    scene.api.post(PATH, {
      status: n % 2 === 0 ? "pending" : "posted",
      ledger_entries: [debit(wallet, 100, { available_balance_amount: { gte: 0 } }), credit(cash, 100)],
    }),
  );
  expect(countStatuses(replies)).toEqual({ 201: 10, 422: AT_ONCE - 10 });
  for (const { status, body } of replies) {
    if (status !== 422) continue;
    expect(body.errors.parameter).toBe("ledger_entries[0].available_balance_amount.gte");
  }
  expect((await scene.balancesOf(wallet))[2]).toBe(0);
  expect((await scene.balancesOf(cash))[0]).toBe(0);
});

it("lets one of those that insist on the same lock version through", async () => {
  const scene = await newLedgerScene();
  const { cash, wallet } = await newWallet(scene, 1_000);
  const { lock_version } = await scene.readAccount(wallet);
  const replies = await times(20, () =>
    scene.api.post(PATH, { ledger_entries: [debit(wallet, 1, { lock_version }), credit(cash, 1)] }),
  );
  expect(countStatuses(replies)).toEqual({ 201: 1, 422: 19 });
  expect((await scene.readAccount(wallet)).lock_version).toBe(lock_version + 1);
});

it("posts once, however many ask for it", async () => {
  const scene = await newLedgerScene();
  const { cash, wallet } = await newWallet(scene, 1_000);
  const { id } = await scene.transact([debit(wallet, 300), credit(cash, 300)]);
  const replies = await times(10, () => scene.api.patch(`${PATH}/${id}`, { status: "posted" }));
  expect(countStatuses(replies)).toEqual({ 200: 10 });
  expect(await scene.balancesOf(wallet)).toEqual([700, 700, 700]);
  expect((await must(scene.api.get(`${PATH}/${id}/versions`), 200)).body).toHaveLength(2);
});

it("lets a transaction become posted or archived, never both", async () => {
  const scene = await newLedgerScene();
  const { cash, wallet } = await newWallet(scene, 1_000);
  const { id } = await scene.transact([debit(wallet, 300), credit(cash, 300)]);
  const replies = await times(10, (n) =>
    scene.api.patch(`${PATH}/${id}`, { status: n % 2 === 0 ? "posted" : "archived" }),
  );
  expect(countStatuses(replies)).toEqual({ 200: 5, 422: 5 });
  const { status } = (await must(scene.api.get(`${PATH}/${id}`), 200)).body;
  expect((await scene.balancesOf(wallet))[0]).toBe(status === "posted" ? 700 : 1_000);
});

it("reverses a transaction once", async () => {
  const scene = await newLedgerScene();
  const { cash, wallet } = await newWallet(scene, 1_000);
  const { id } = await scene.transact([debit(wallet, 300), credit(cash, 300)], { status: "posted" });
  const replies = await times(10, () => scene.api.post(`${PATH}/${id}/reversal`, {}));
  expect(countStatuses(replies)).toEqual({ 201: 1, 422: 9 });
  expect(await scene.balancesOf(wallet)).toEqual([1_000, 1_000, 1_000]);
});

it("gives an external_id to one of those that want it", async () => {
  const scene = await newLedgerScene();
  const { cash, wallet } = await newWallet(scene, 1_000);
  const replies = await times(10, () =>
    scene.api.post(PATH, { external_id: "payout-1", ledger_entries: [debit(wallet, 1), credit(cash, 1)] }),
  );
  expect(countStatuses(replies)).toEqual({ 201: 1, 409: 9 });
  expect(replies.filter(({ status }) => status === 409).map(({ headers }) => headers.get("x-should-retry"))).toEqual(
    Array.from({ length: 9 }, () => "false"),
  );
});

it("does not enter anything in an account that is deleted at the same moment", async () => {
  const scene = await newLedgerScene();
  const cash = await scene.account({ normal_balance: "debit" });
  for (let n = 0; n < 10; n++) {
    const wallet = await scene.account();
    const [entered, deleted] = await Promise.all([
      scene.api.post(PATH, { ledger_entries: [debit(cash, 1), credit(wallet, 1)] }),
      scene.api.delete(`/api/ledger_accounts/${wallet}`),
    ]);
    expect([entered.status, deleted.status]).toEqual(entered.status === 201 ? [201, 422] : [422, 200]);
  }
});

async function countRows(scene: LedgerScene): Promise<unknown> {
  const count = (table: string) =>
    sql.raw(`(select count(*) from ${table} where environment_id =
    ${scene.tenant.environmentId})`);
  return first(
    scene.db,
    sql`select ${count("ledger_transactions")} as transactions, ${count("ledger_transaction_versions")} as versions,
      ${count("ledger_entries")} as entries, (select json_group_array(json_array(lock_version, pending_debits,
        pending_credits, posted_debits, posted_credits)) from ledger_accounts
        where environment_id = ${scene.tenant.environmentId}) as accounts`,
  );
}

it("leaves nothing of a transaction that is killed between statements", async () => {
  const scene = await newLedgerScene();
  const { cash, wallet } = await newWallet(scene, 1_000);
  const pending = await scene.transact([debit(wallet, 300), credit(cash, 300)]);
  const before = await countRows(scene);
  const draft = (accountUid: string, direction: "debit" | "credit") => {
    return { accountUid, direction, amount: 5, metadata: {}, lockVersion: null, locks: [] };
  };
  const entries = [draft(wallet, "debit"), draft(cash, "credit")];
  const attempts: ((db: Db) => Promise<unknown>)[] = [
    (db) =>
      createLedgerTransaction(
        { ...silentContext(scene), db },
        {
          status: "posted",
          description: null,
          metadata: {},
          effectiveAt: null,
          externalId: null,
          ledgerableType: null,
          ledgerableUid: null,
          entries,
        },
      ),
    (db) => updateLedgerTransaction({ ...silentContext(scene), db }, pending.id, { status: "posted", entries }),
  ];
  for (const attempt of attempts) {
    let statements = 1;
    for (let place = 0; place < statements; place++) {
      const broken = breakingAt(scene.db, place);
      await expect(attempt(broken.db)).rejects.toThrow("guard.ok");
      statements = broken.statements();
      expect(await countRows(scene)).toEqual(before);
    }
    expect(statements).toBeGreaterThan(5);
  }
});
