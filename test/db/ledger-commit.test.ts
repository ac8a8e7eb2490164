import { sql } from "drizzle-orm";
import { v7 as newId } from "uuid";
import { expect, it } from "vitest";
import { first, runBatch } from "../../src/db/client.ts";
import { type ChangedLedgerTransaction, changeLedgerTransactions } from "../../src/db/ledger-commit.ts";
import { credit, debit, newLedgerScene } from "../support/ledger.ts";

const COUNT = 60;

it("changes many transactions over the same accounts in one batch", async () => {
  const scene = await newLedgerScene();
  const [cash, wallet] = [await scene.account({ normal_balance: "debit" }), await scene.account()];
  const made: { id: string }[] = [];
  for (let n = 1; n <= COUNT; n++) {
    made.push(await scene.transact([debit(cash, n), credit(wallet, n)], { effective_at: "2026-01-15T09:30:00Z" }));
  }
  const before = (await scene.readAccount(wallet)).lock_version;
  const now = Date.now();
  const entry = (accountUid: string, direction: "debit" | "credit", amount: number) => {
    return { uid: newId(), accountUid, direction, amount, metadata: {} };
  };
  // A third is posted as it is, a third is posted with another amount, a third gets a description only.
  const changes = made.map(({ id }, place): ChangedLedgerTransaction => {
    const isPosted = place % 3 < 2;
    return {
      uid: id,
      version: 0,
      status: isPosted ? "posted" : "pending",
      description: "changed",
      metadata: {},
      effectiveAt: "2026-01-15T09:30:00.000000Z",
      postedAt: isPosted ? now : null,
      externalId: null,
      ledgerableType: null,
      ledgerableUid: null,
      archivedReason: null,
      entries: (["copied", [entry(cash, "debit", 1_000), entry(wallet, "credit", 1_000)], "kept"] as const)[
        (place % 3) as 0 | 1 | 2
      ],
    };
  });
  await runBatch(scene.db, changeLedgerTransactions({ environmentId: scene.tenant.environmentId, now }, changes));
  const sumOf = (rest: number) => made.reduce((sum, _, place) => (place % 3 === rest ? sum + place + 1 : sum), 0);
  const posted = sumOf(0) + (COUNT / 3) * 1_000;
  expect(await scene.balancesOf(wallet)).toEqual([posted + sumOf(2), posted, posted]);
  expect(await scene.balancesOf(cash)).toEqual([posted + sumOf(2), posted, posted]);
  expect(await scene.balancesOf(wallet, "?balances[as_of_date]=2026-01-15")).toEqual([
    posted + sumOf(2),
    posted,
    posted,
  ]);
  // One for the discarded entries together, one for each new entry.
  expect((await scene.readAccount(wallet)).lock_version).toBe(before + 1 + (COUNT / 3) * 2);
  const last = await first<{ same: number }>(
    scene.db,
    sql`select e.pending_credits = a.pending_credits and e.posted_credits = a.posted_credits as same
      from ledger_accounts a join ledger_entries e on e.account_id = a.id and e.lock_version = a.lock_version
      where a.uid = ${wallet}`,
  );
  expect(last?.same).toBe(1);
});

it("refuses the whole batch if one of the transactions is not the version that was read", async () => {
  const scene = await newLedgerScene();
  const [cash, wallet] = [await scene.account(), await scene.account()];
  const made = [
    await scene.transact([debit(cash, 1), credit(wallet, 1)]),
    await scene.transact([debit(cash, 1), credit(wallet, 1)]),
  ];
  const changes = made.map(({ id }, place): ChangedLedgerTransaction => {
    return {
      uid: id,
      version: place,
      status: "archived",
      description: null,
      metadata: {},
      effectiveAt: made[place].effective_at,
      postedAt: null,
      externalId: null,
      ledgerableType: null,
      ledgerableUid: null,
      archivedReason: null,
      entries: "copied",
    };
  });
  const scope = { environmentId: scene.tenant.environmentId, now: Date.now() };
  await expect(runBatch(scene.db, changeLedgerTransactions(scope, changes))).rejects.toThrow("guard_holds");
  expect((await scene.balancesOf(wallet))[0]).toBe(2);
});
