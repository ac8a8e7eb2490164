import { sql } from "drizzle-orm";
import { v7 as newId } from "uuid";
import { expect, it } from "vitest";
import { addDays } from "../../src/core/calendar.ts";
import { instantOf } from "../../src/core/ledger/instant.ts";
import { all, runBatch } from "../../src/db/client.ts";
import { findLedgerAccount } from "../../src/db/ledger-accounts.ts";
import { readSumsAtLockVersion, readSumsWithin } from "../../src/db/ledger-balances.ts";
import { insertLedgerTransactions } from "../../src/db/ledger-commit.ts";
import { countRowsRead } from "../support/bulk.ts";
import { type LedgerScene, newLedgerScene } from "../support/ledger.ts";

const PER_DAY = 5;
const START = "2020-01-01";

/** Posts transactions of 1 from one account to another, five a day from the first day of 2020 on. */
async function post(scene: LedgerScene, from: string, to: string, first: number, count: number): Promise<void> {
  for (let place = first; place < first + count; place += 250) {
    const transactions = Array.from({ length: Math.min(250, first + count - place) }, (_, n) => ({
      uid: newId(),
      ledgerUid: scene.ledger,
      reversesUid: null,
      partiallyPostsUid: null,
      status: "posted" as const,
      description: null,
      metadata: {},
      effectiveAt: instantAt(place + n),
      postedAt: 0,
      externalId: null,
      ledgerableType: null,
      ledgerableUid: null,
      archivedReason: null,
      entries: (["debit", "credit"] as const).map((direction) => {
        const accountUid = direction === "debit" ? from : to;
        return { uid: newId(), accountUid, direction, amount: 1, metadata: {} };
      }),
    }));
    const scope = { environmentId: scene.tenant.environmentId, now: Date.now() };
    await runBatch(scene.db, insertLedgerTransactions(scope, transactions));
  }
}

function instantAt(place: number): string {
  const day = addDays(START, Math.floor(place / PER_DAY)) as string;
  return instantOf(Date.parse(`${day}T00:00:00Z`) + (place % PER_DAY) * 3_600_000);
}

/** Rows that it takes to know the balance at each of these instants. */
async function costOf(scene: LedgerScene, uid: string, bounds: [string | null, string | null][]) {
  const account = await findLedgerAccount(scene.db, scene.tenant.environmentId, uid);
  if (!account) throw new Error("the account is not there");
  const costs: { rows: number; credits: bigint }[] = [];
  for (const [lower, upper] of bounds) {
    const counted = countRowsRead(scene.db);
    const sums = await readSumsWithin(counted.db, [account], { lower, upper });
    costs.push({ rows: counted.rowsRead(), credits: sums.get(account.id)?.postedCredits ?? -1n });
  }
  const counted = countRowsRead(scene.db);
  const sums = await readSumsAtLockVersion(counted.db, account, 70);
  costs.push({ rows: counted.rowsRead(), credits: sums?.postedCredits ?? -1n });
  return costs;
}

it("reads a bounded number of rows for a balance at any instant, however long the history", async () => {
  const scene = await newLedgerScene();
  const [from, to] = [await scene.account({ normal_balance: "debit" }), await scene.account()];
  const bounds: [string | null, string | null][] = [
    [null, null],
    [null, instantAt(73)],
    [instantAt(12), null],
    [instantAt(12), instantAt(73)],
    [null, "2020-01-11T00:00:00.000000Z"],
  ];
  await post(scene, from, to, 0, 100);
  const few = await costOf(scene, to, bounds);
  expect(few.map(({ credits }) => credits)).toEqual([100n, 73n, 88n, 61n, 50n, 70n]);
  await post(scene, from, to, 100, 9_900);
  const many = await costOf(scene, to, bounds);
  expect(many.map(({ credits }) => credits)).toEqual([10_000n, 73n, 9_988n, 61n, 50n, 70n]);
  const late = await costOf(scene, to, [
    [null, "2025-05-30T02:30:00.000000Z"],
    ["2023-12-31T23:59:59.999999Z", "2025-05-30T02:30:00.000000Z"],
  ]);
  const rows = { few: few.map((c) => c.rows), many: many.map((c) => c.rows), late: late.map((c) => c.rows) };
  console.log(`rows read for balances at 100 and at 10,000 entries: ${JSON.stringify(rows)}`);
  expect(rows.many).toEqual(rows.few);
  for (const count of [...rows.many, ...rows.late]) expect(count).toBeLessThan(200);
}, 120_000);

it("reads the same number of rows for a write, however long the history", async () => {
  const scene = await newLedgerScene();
  const [from, to] = [await scene.account({ normal_balance: "debit" }), await scene.account()];
  const cost = async (place: number) => {
    const counted = countRowsRead(scene.db);
    await post({ ...scene, db: counted.db }, from, to, place, 1);
    return counted.rowsRead();
  };
  await post(scene, from, to, 0, 4);
  const first = await cost(4);
  await post(scene, from, to, 5, 2_000);
  const last = await cost(2_009);
  console.log(`rows read for a transaction of two entries: ${JSON.stringify({ first, last })}`);
  expect(last).toBeLessThanOrEqual(first);
  const [entries] = await all<{ count: number }>(
    scene.db,
    sql`select count(*) as count from ledger_entries where environment_id = ${scene.tenant.environmentId}`,
  );
  expect(entries?.count).toBe(2 * 2_006);
}, 120_000);
