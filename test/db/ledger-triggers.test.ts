import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { runBatch } from "../../src/db/client.ts";
import { insertLedgerTransactions, type NewLedgerTransaction } from "../../src/db/ledger-commit.ts";
import { credit, debit, type LedgerScene, newLedgerScene } from "../support/ledger.ts";

/** A ledger with a posted and a pending transaction between two accounts. */
async function newBooks() {
  const scene = await newLedgerScene();
  const [cash, wallet] = [await scene.account({ normal_balance: "debit" }), await scene.account()];
  const posted = await scene.transact([debit(cash, 1_000), credit(wallet, 1_000)], { status: "posted" });
  const pending = await scene.transact([debit(wallet, 300), credit(cash, 300)]);
  return { scene, cash, wallet, posted: posted.id as string, pending: pending.id as string };
}

type Books = Awaited<ReturnType<typeof newBooks>>;

const entryOf = (uid: string) =>
  sql`(select min(e.id) from ledger_entries e join ledger_transactions t on t.id = e.transaction_id where t.uid = ${uid})`;

const transactionOf = (uid: string) => sql`(select id from ledger_transactions where uid = ${uid})`;

const newEntry = (transaction: string, account: string, version: number, uid: string) =>
  sql`insert into ledger_entries (uid, environment_id, transaction_id, account_id, direction, amount, status,
      effective_at, since_version, lock_version, created_at, updated_at)
    select ${uid}, t.environment_id, t.id, a.id, 1, 5, t.status, t.effective_at, ${version}, 1000, 0, 0
    from ledger_transactions t, ledger_accounts a where t.uid = ${transaction} and a.uid = ${account}`;

describe("the database refuses, whatever the code does,", () => {
  it.each<[string, (books: Books) => ReturnType<typeof sql>, string]>([
    [
      "to change the amount of an entry",
      ({ pending }) => sql`update ledger_entries set amount = 1 where id = ${entryOf(pending)}`,
      "entries are never changed",
    ],
    [
      "to move an entry to another account",
      ({ posted }) => sql`update ledger_entries set account_id = account_id + 1 where id = ${entryOf(posted)}`,
      "entries are never changed",
    ],
    [
      "to post an entry in place",
      ({ pending }) => sql`update ledger_entries set status = 'posted' where id = ${entryOf(pending)}`,
      "entries are never changed",
    ],
    [
      "to discard a posted entry",
      ({ posted }) =>
        sql`update ledger_entries set discarded_at = 1, until_version = 1, discarded_lock_version = 1 where id = ${entryOf(posted)}`,
      "cannot be discarded",
    ],
    [
      "to discard a pending entry in a version that is there",
      ({ pending }) =>
        sql`update ledger_entries set discarded_at = 1, until_version = 0, discarded_lock_version = 1 where id = ${entryOf(pending)}`,
      "cannot be discarded",
    ],
    [
      "to delete an entry",
      ({ pending }) => sql`delete from ledger_entries where id = ${entryOf(pending)}`,
      "entries are never deleted",
    ],
    [
      "to add an entry to a version that is there",
      ({ posted, wallet }) => newEntry(posted, wallet, 0, `x${posted}`),
      "is sealed",
    ],
    [
      "to put an entry in the place of another one",
      ({ posted }) => sql`insert or replace into ledger_entries (id, uid, environment_id, transaction_id, account_id,
          direction, amount, status, effective_at, since_version, lock_version, created_at, updated_at)
        select id, uid, environment_id, transaction_id, account_id, direction, 7, status, effective_at, 1, lock_version,
          created_at, updated_at from ledger_entries where id = ${entryOf(posted)}`,
      "is there already",
    ],
    [
      "to change the status of a posted transaction",
      ({ posted }) =>
        sql`update ledger_transactions set status = 'archived', posted_at = null, version = version + 1 where uid = ${posted}`,
      "not allowed",
    ],
    [
      "to change when a posted transaction took effect",
      ({ posted }) =>
        sql`update ledger_transactions set effective_at = '2020-01-01T00:00:00.000000Z', version = version + 1 where uid = ${posted}`,
      "not allowed",
    ],
    [
      "to change a transaction without a version",
      ({ pending }) => sql`update ledger_transactions set description = 'x' where uid = ${pending}`,
      "not allowed",
    ],
    [
      "to delete a transaction",
      ({ pending }) => sql`delete from ledger_transactions where uid = ${pending}`,
      "never deleted",
    ],
    [
      "to change a version",
      ({ posted }) =>
        sql`update ledger_transaction_versions set status = 'pending' where transaction_id = ${transactionOf(posted)}`,
      "versions are kept",
    ],
    [
      "to delete a version",
      ({ posted }) => sql`delete from ledger_transaction_versions where transaction_id = ${transactionOf(posted)}`,
      "versions are kept",
    ],
    [
      "to change what an account counts in",
      ({ wallet }) => sql`update ledger_accounts set currency = 'EUR' where uid = ${wallet}`,
      "never changed",
    ],
    [
      "to turn an account round",
      ({ wallet }) => sql`update ledger_accounts set normal_balance = -1 where uid = ${wallet}`,
      "never changed",
    ],
    ["to delete an account", ({ wallet }) => sql`delete from ledger_accounts where uid = ${wallet}`, "never deleted"],
    [
      "a sum that is no integer",
      ({ wallet }) => sql`update ledger_accounts set posted_credits = 9223372036854775807 + 1 where uid = ${wallet}`,
      "ledger_accounts_posted_credits",
    ],
    [
      "a sum below nothing",
      ({ wallet }) => sql`update ledger_accounts set pending_debits = -1 where uid = ${wallet}`,
      "ledger_accounts_pending_debits",
    ],
  ])("%s", async (_, attempt, reason) => {
    const books = await newBooks();
    await expect(runBatch(books.scene.db, [attempt(books)])).rejects.toThrow(reason);
  });

  it.each<[string, (books: Books) => Partial<NewLedgerTransaction>]>([
    ["sides that differ", ({ cash, wallet }) => ({ entries: [entry(cash, "debit", 5), entry(wallet, "credit", 4)] })],
    ["one side", ({ cash, wallet }) => ({ entries: [entry(cash, "debit", 0), entry(wallet, "debit", 0)] })],
    ["one entry", ({ cash }) => ({ entries: [entry(cash, "debit", 0)] })],
  ])("a transaction with %s", async (_, change) => {
    const books = await newBooks();
    await expect(write(books.scene, change(books))).rejects.toThrow(/do not balance|ledger_transactions_entry_count/);
  });

  it("a transaction whose sides are equal in sum but not in each currency", async () => {
    const { scene, cash } = await newBooks();
    const yen = await scene.account({ currency: "JPY" });
    const entries = [entry(cash, "debit", 5), entry(yen, "credit", 5)];
    await expect(write(scene, { entries })).rejects.toThrow("do not balance");
  });

  it("a transaction over two ledgers", async () => {
    const { scene, cash } = await newBooks();
    const other = (await scene.api.post("/api/ledgers", { name: "Other" })).body.id;
    const stranger = await scene.account({ ledger_id: other });
    const entries = [entry(cash, "debit", 5), entry(stranger, "credit", 5)];
    await expect(write(scene, { entries })).rejects.toThrow("do not balance");
  });

  it("to end a batch that has written entries without their version", async () => {
    const { scene, cash, wallet } = await newBooks();
    const statements = insertLedgerTransactions(scopeOf(scene), [
      newTransaction(scene, { entries: [entry(cash, "debit", 5), entry(wallet, "credit", 5)] }),
    ]);
    const before = await scene.balancesOf(wallet);
    await expect(runBatch(scene.db, statements.slice(0, -1))).rejects.toThrow();
    expect(await scene.balancesOf(wallet)).toEqual(before);
    await runBatch(
      scene.db,
      insertLedgerTransactions(scopeOf(scene), [
        newTransaction(scene, { entries: [entry(cash, "debit", 5), entry(wallet, "credit", 5)] }),
      ]),
    );
    expect(await scene.balancesOf(wallet)).not.toEqual(before);
  });
});

function entry(accountUid: string, direction: "debit" | "credit", amount: number) {
  return { uid: crypto.randomUUID(), accountUid, direction, amount, metadata: {} };
}

function scopeOf(scene: LedgerScene) {
  return { environmentId: scene.tenant.environmentId, now: Date.now() };
}

function newTransaction(scene: LedgerScene, change: Partial<NewLedgerTransaction>): NewLedgerTransaction {
  return {
    uid: crypto.randomUUID(),
    ledgerUid: scene.ledger,
    reversesUid: null,
    partiallyPostsUid: null,
    status: "posted",
    description: null,
    metadata: {},
    effectiveAt: "2026-01-15T09:30:00.000000Z",
    postedAt: 0,
    externalId: null,
    ledgerableType: null,
    ledgerableUid: null,
    archivedReason: null,
    entries: [],
    ...change,
  };
}

async function write(scene: LedgerScene, change: Partial<NewLedgerTransaction>): Promise<void> {
  await runBatch(scene.db, insertLedgerTransactions(scopeOf(scene), [newTransaction(scene, change)]));
}
