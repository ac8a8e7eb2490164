import { describe, expect, it } from "vitest";
import { INTEGRITY_CHECKS } from "../../src/core/integrity.ts";
import { integrityEndpoints } from "../../src/http/v1/integrity.ts";
import { useBankAccount } from "../support/bank-account.ts";
import { addSilently } from "../support/bulk.ts";
import { useBulkRequests } from "../support/bulk-requests.ts";
import { useExpectedPayments } from "../support/expected-payments.ts";
import { useImports } from "../support/imports.ts";
import { listFaults, listIntegrityPages, tamperWith } from "../support/integrity.ts";
import { credit, debit, newLedgerScene, useLedgers } from "../support/ledger.ts";
import { newPaymentScene } from "../support/payments.ts";
import { runToEnd } from "../support/runs.ts";
import { bindings, EQUAL_AMOUNTS, must, newScene, SAME_REFERENCE, type Scene } from "../support/scene.ts";
import { itIsGuarded } from "../support/security.ts";
import { newTenant, type Tenant } from "../support/tenant.ts";
import { muteQueue, newEndpoint, newEvent } from "../support/webhooks.ts";

const PATH = "/v1/admin/integrity";

/** Records that are matched in pairs, in part, by hand with an adjustment, in a run, and no longer; one is overdue. */
async function useRecords(tenant: Tenant) {
  const rules = [{ filters: SAME_REFERENCE }];
  const scene = await newScene({ tenant, rules, expectedWithinDays: 3 });
  const { api, reconciliation } = scene;
  const add = async (side: "left" | "right", fields: object) => (await must(scene[side]({ ...fields }), 201)).body.id;
  await add("left", { amount: 100, metadata: { ref: "a" } });
  await add("right", { amount: 40, metadata: { ref: "a" } });
  await add("right", { amount: 30, metadata: { ref: "a" } });
  await must(api.delete(`/v1/reconciliation_matches/${(await scene.matches())[0].id}`), 200);
  const record_ids = [await add("left", { amount: 9 }), await add("right", { amount: 7 })];
  const byHand = { reconciliation_id: reconciliation, record_ids, create_adjustment: true };
  const manual = await must(api.post("/v1/reconciliation_matches", byHand), 201);
  await must(api.delete(`/v1/reconciliation_matches/${manual.body.id}`), 200);
  const edited = await add("left", { amount: 5 });
  await must(api.patch(`/v1/records/${edited}`, { amount: 6 }), 200);
  await must(api.delete(`/v1/records/${await add("left", {})}`), 204);
  await bindings.RECONCILER.getByName(reconciliation).sweep();
  const second = { name: "Again", side_a: ["left"], side_b: ["right"], run_type: "batch" };
  const other = (await must(api.post("/v1/reconciliations", second), 201)).body.id;
  await must(api.post("/v1/reconciliation_rules", { reconciliation_id: other, filters: EQUAL_AMOUNTS }), 201);
  await runToEnd({ ...scene, reconciliation: other }, { mode: "commit" });
  await must(api.delete(`/v1/reconciliations/${other}?unmatch=true`), 204);
}

describe("an environment in which everything has been done", () => {
  it("is found clean, whatever the size of a page", async () => {
    muteQueue();
    const tenant = await newTenant();
    await newEndpoint(tenant.environmentId);
    await useRecords(tenant);
    await useBulkRequests(tenant.admin);
    await useImports(tenant.admin);
    await useLedgers(tenant);
    await useBankAccount(tenant);
    await useExpectedPayments(tenant);
    const count = async (limit: number) => {
      const pages = await listIntegrityPages(tenant.admin, null, limit);
      expect(pages.flatMap(({ findings, unsettled }) => [...findings, ...unsettled])).toEqual([]);
      const checked = new Map<string, number>(INTEGRITY_CHECKS.map((check) => [check, 0]));
      for (const page of pages) checked.set(page.check, (checked.get(page.check) ?? 0) + page.checked);
      return Object.fromEntries(checked);
    };
    const whole = await count(5_000);
    expect(Object.keys(whole)).toEqual([...INTEGRITY_CHECKS]);
    expect(Object.entries(whole).filter(([, checked]) => checked === 0)).toEqual([]);
    expect(await count(1)).toEqual(whole);
    expect(await count(7)).toEqual(whole);
  });

  it("is found clean while records are matched and voided", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    const bank = await newPaymentScene(scene.tenant);
    let isDone = false;
    const work = Array.from({ length: 4 }, async (_, lane) => {
      for (let round = 0; round < 8; round++) {
        const amount = 100 * lane + round + 1;
        const { body: left } = await must(scene.left({ amount }), 201);
        const mark = `/v1/reconciliations/${scene.reconciliation}/records/${left.id}/mark_overdue`;
        await must(scene.api.post(mark, {}), 200);
        await must(scene.right({ amount }), 201);
        const payment = await bank.expectPayment(amount, {}, { ledger_transaction: bank.booking(amount) });
        const transaction = await bank.receive(amount);
        const link = await must(bank.link(transaction.id, payment.id, amount), 201);
        await must(scene.api.delete(`/api/transaction_line_items/${link.body.id}`), 200);
        const [match] = await scene.matches("&status=matched");
        await must(scene.api.delete(`/v1/reconciliation_matches/${match.id}`), 200);
      }
    });
    const all = Promise.all(work).finally(() => {
      isDone = true;
    });
    let rounds = 0;
    while (!isDone) {
      const pages = await listIntegrityPages(scene.api, null, 20);
      expect(pages.flatMap(({ findings }) => findings)).toEqual([]);
      rounds += 1;
    }
    await all;
    expect(rounds).toBeGreaterThan(1);
    expect(await listFaults(scene.api)).toEqual([]);
  });
});

/** Three matches of which the second is voided. */
async function newBooks() {
  const scene = await newScene({ filters: EQUAL_AMOUNTS });
  const lefts: string[] = [];
  for (const amount of [1, 2, 3]) {
    lefts.push((await must(scene.left({ amount }), 201)).body.id);
    await must(scene.right({ amount }), 201);
  }
  const [third, second, first] = (await scene.matches()).map((match) => match.id as string);
  await must(scene.api.delete(`/v1/reconciliation_matches/${second}`), 200);
  return { scene, record: lefts[0] as string, open: lefts[1] as string, first, second, third };
}

type Books = Awaited<ReturnType<typeof newBooks>>;

const RECORD = "(select id from records where uid = ?1)";
const MATCH = "(select id from matches where uid = ?1)";
const SOURCE = `(select source_id from records where uid = ?1)`;

describe("records that contradict each other", () => {
  it.each<[string, string, keyof Books | "reconciliation" | "source", string[], string]>([
    [
      "records",
      "a count of reconciliations",
      "record",
      ["update records set touched_count = 2 where uid = ?1"],
      "is matched.",
    ],
    [
      "records",
      "a count of reconciliations in full",
      "record",
      ["update records set reconciled_count = 0 where uid = ?1"],
      "is matched in full.",
    ],
    [
      "records",
      "a count of line items",
      "open",
      ["update records set payment_links = 1 where uid = ?1"],
      "how many live transaction line items",
    ],
    [
      "records",
      "a record of another environment",
      "open",
      ["update records set environment_id = 1 where uid = ?1"],
      "another environment than its data source",
    ],
    [
      "records",
      "a matched record that is deleted",
      "record",
      ["update records set deleted_at = 1 where uid = ?1"],
      "has live matches",
    ],
    [
      "entries",
      "a matched amount",
      "record",
      [`update entries set matched = matched - 1, status = 1 where record_id = ${RECORD}`],
      "not the sum of what its live matches take",
    ],
    [
      "entries",
      "a number of matches",
      "record",
      [`update entries set match_count = 2 where record_id = ${RECORD}`],
      "number of its matches",
    ],
    [
      "entries",
      "an amount to be matched",
      "record",
      [`update entries set amount = amount + 1, status = 1 where record_id = ${RECORD}`],
      "is not the record's",
    ],
    [
      "entries",
      "a status",
      "record",
      [`update entries set amount = amount + 1, status = 1 where record_id = ${RECORD}`],
      "status is not what",
    ],
    [
      "entries",
      "a record that was edited past its match",
      "record",
      ["update records set amount = 5 where uid = ?1"],
      "is not the record's",
    ],
    [
      "record_counts",
      "a number of records",
      "source",
      [`update data_sources set record_count = 4 where id = ${SOURCE}`],
      "how many there are: records",
    ],
    [
      "data_sources",
      "a number of reconciliations",
      "source",
      [`update data_sources set reconciliation_count = 2 where id = ${SOURCE}`],
      "how many reconciliations",
    ],
    [
      "data_sources",
      "a number of reconciliations of accounts",
      "source",
      [`update data_sources set payment_count = 1 where id = ${SOURCE}`],
      "of internal accounts",
    ],
    [
      "data_sources",
      "changes that were never made",
      "source",
      [`update reconciliation_sources set seen_no = 1000 where source_id = ${SOURCE}`],
      "taken in than there are",
    ],
    [
      "change_logs",
      "a change that is gone",
      "source",
      [`delete from changes where source_id = ${SOURCE} and no = 2`],
      "The log has gaps",
    ],
    [
      "change_logs",
      "changes beyond the end",
      "source",
      [`insert into changes (source_id, no, record_id, token) select ${SOURCE}, 100, ${RECORD}, 1`],
      "goes on after the last change",
    ],
    [
      "change_logs",
      "a change of another source's record",
      "source",
      [
        `update changes set record_id = (select max(record_id) from allocations where side = 'b' and match_id in (
          select match_id from allocations where record_id = ${RECORD})) where source_id = ${SOURCE} and no = 2`,
      ],
      "records of another data source",
    ],
    [
      "reconciliation_counts",
      "a number of reconciled records",
      "reconciliation",
      [`update reconciliation_sources set reconciled_count = 1 where source_id = ${SOURCE}`],
      "how many there are: left reconciled",
    ],
    [
      "reconciliation_counts",
      "a number of partially reconciled records",
      "reconciliation",
      [`update reconciliation_sources set partial_count = 1 where source_id = ${SOURCE}`],
      "how many there are: left partially reconciled",
    ],
    ["matches", "a variance", "first", ["update matches set variance = 7 where uid = ?1"], "variance is not"],
    [
      "matches",
      "a match of one side",
      "first",
      [`delete from allocations where match_id = ${MATCH} and side = 'b'`],
      "records on both sides",
    ],
    [
      "matches",
      "an allocation on the wrong side",
      "first",
      [`update allocations set side = 'a' where match_id = ${MATCH}`],
      "not of their side",
    ],
    ["matches", "a currency", "first", ["update matches set currency = 'EUR' where uid = ?1"], "in another currency"],
    [
      "matches",
      "a match of a deleted record",
      "third",
      [`update records set deleted_at = 1 where id in (select record_id from allocations where match_id = ${MATCH})`],
      "records are deleted",
    ],
    [
      "matches",
      "a record that knows of no match",
      "third",
      [`delete from entries where record_id in (select record_id from allocations where match_id = ${MATCH})`],
      "do not know of any match",
    ],
    [
      "matches",
      "a match of another environment",
      "first",
      ["update matches set environment_id = 0 where uid = ?1"],
      "another environment than its reconciliation",
    ],
    [
      "voided_matches",
      "a voided set that is forgotten",
      "second",
      [`delete from voided_sets where match_id = ${MATCH}`],
      "among the sets that are left alone",
    ],
    [
      "chains",
      "a match that was voided past the chain",
      "reconciliation",
      [
        "update matches set void_reason = 'Mine' where status = 'voided' and reconciliation_id = (select id from reconciliations where uid = ?2)",
      ],
      "not what the chain says",
    ],
    [
      "chains",
      "a chain whose end was cut off",
      "reconciliation",
      [`delete from links where no = 4 and reconciliation_id = (select id from reconciliations where uid = ?2)`],
      "status is not what the chain says",
    ],
    [
      "chains",
      "a head that is not the chain's",
      "reconciliation",
      ["update reconciliations set chain_no = 5 where uid = ?2"],
      "does not end where",
    ],
  ])("are found by %s: %s", async (check, _, culprit, statements, message) => {
    const books = await newBooks();
    const { scene } = books;
    const named = { ...books, reconciliation: scene.reconciliation, source: "left" }[culprit];
    const subject = culprit === "reconciliation" || culprit === "source" ? books.record : named;
    await tamperWith(statements, [subject, scene.reconciliation]);
    const faults = await listFaults(scene.api, check);
    expect(faults.map(({ resource_id }) => resource_id)).toContain(named);
    expect(faults.find(({ resource_id }) => resource_id === named)).toMatchObject({ check });
    expect(faults.map((fault) => fault.message).join("\n")).toContain(message);
    const all = (await listIntegrityPages(scene.api)).flatMap(({ findings }) => findings);
    expect(all).toEqual(expect.arrayContaining(faults));
  });

  it("are found with what was expected and what is there", async () => {
    const { scene, record } = await newBooks();
    await tamperWith([`update entries set matched = 90, status = 1 where record_id = ${RECORD}`], [record]);
    expect(await listFaults(scene.api, "entries")).toEqual([
      {
        check: "entries",
        resource_type: "record",
        resource_id: record,
        expected: "100",
        found: "90",
        message: `In reconciliation ${scene.reconciliation}: The matched amount is not the sum of what its live matches take.`,
      },
      expect.objectContaining({ expected: "2", found: "1", message: expect.stringContaining("The status") }),
    ]);
  });

  it("are found on whichever page they stand", async () => {
    const scene = await newScene();
    const rows = Array.from({ length: 30 }, (_, n) => ({ externalId: `${n}` }));
    const uids = await addSilently(scene, "left", rows);
    await tamperWith(["update records set touched_count = 1 where uid in (?1, ?2)"], [uids[3], uids[29]]);
    for (const limit of [1, 4, 10, 29, 30, 31, 1_000]) {
      const faults = await listFaults(scene.api, "records", limit);
      expect(faults.map(({ resource_id }) => resource_id)).toEqual([uids[3], uids[29]]);
    }
  });

  it("are not looked for in another environment", async () => {
    const [mine, theirs] = [await newBooks(), await newBooks()];
    await tamperWith(
      [
        "update records set touched_count = 2 where uid = ?1",
        `update entries set match_count = 2 where record_id = ${RECORD}`,
        `update data_sources set record_count = 9, reconciliation_count = 9 where id = ${SOURCE}`,
        "update matches set variance = 7 where uid = ?2",
      ],
      [theirs.record, theirs.first],
    );
    expect(await listFaults(mine.scene.api)).toEqual([]);
    const checks = (await listFaults(theirs.scene.api)).map(({ check }) => check);
    expect(checks).toEqual(expect.arrayContaining(["records", "entries", "record_counts", "data_sources", "matches"]));
  });
});

/** A payment of which 60.00 of 100.00 are there, with its ledger transaction, and one that is reconciled. */
async function newPayments() {
  const scene = await newPaymentScene();
  const payment = await scene.expectPayment(10_000, {}, { ledger_transaction: scene.booking(10_000) });
  const transaction = await scene.receive(6_000);
  const link = (await must(scene.link(transaction.id, payment.id, 6_000), 201)).body;
  const booked = (await scene.payment(payment.id)).ledger_transaction_id as string;
  return {
    scene,
    payment: payment.id as string,
    transaction: transaction.id as string,
    link: link.id as string,
    booked,
  };
}

type Payments = Awaited<ReturnType<typeof newPayments>>;

const PAYMENT = "(select record_id from expected_payments where uid = ?1)";

describe("payments that contradict each other", () => {
  it.each<[string, string, keyof Payments | "account", string[], string, string[]?]>([
    [
      "records",
      "a number of links",
      "transaction",
      ["update records set payment_links = 2 where uid = ?1"],
      "line items",
    ],
    [
      "records",
      "an expected payment's number of links",
      "payment",
      [`update records set payment_links = 2 where id = ${PAYMENT}`],
      "line items",
    ],
    [
      "records",
      "an expected payment that /v1 would list",
      "payment",
      [`update records set environment_id = 1 where id = ${PAYMENT}`],
      "another environment",
    ],
    [
      "entries",
      "an expected payment's matched amount",
      "payment",
      [`update entries set matched = 1 where record_id = ${PAYMENT}`],
      "matched amount",
    ],
    [
      "record_counts",
      "a number of expected payments",
      "account",
      [`update data_sources set record_count = 9 where id = (select source_id from records where id = ${PAYMENT})`],
      "records",
    ],
    [
      "reconciliation_counts",
      "a number of partially reconciled payments",
      "account",
      [
        `update reconciliation_sources set partial_count = 0 where side = 'b' and source_id = (
        select source_id from records where id = ${PAYMENT})`,
      ],
      "partially reconciled",
    ],
    [
      "matches",
      "a link without a line item",
      "link",
      ["delete from transaction_line_items where uid = ?1"],
      "one transaction line item",
    ],
    [
      "matches",
      "a link with a single record",
      "link",
      [`delete from allocations where side = 'a' and match_id = ${MATCH}`],
      "one transaction and one expected payment",
    ],
    [
      "matches",
      "a link that /v1 would list",
      "link",
      ["update matches set environment_id = 1 where uid = ?1"],
      "another environment",
    ],
    [
      "chains",
      "a link's method",
      "account",
      [
        "update matches set method = 'automatic' where reconciliation_id = (select c.id from reconciliations c join expected_payments p on p.account_id = c.account_id where p.uid = ?1)",
      ],
      "not what the chain says",
    ],
    [
      "transaction_line_items",
      "an amount",
      "link",
      ["update transaction_line_items set amount = 5 where uid = ?1"],
      "not what its match takes",
    ],
    [
      "transaction_line_items",
      "a transaction's direction",
      "link",
      [
        `update records set direction = -direction where id = (
          select transaction_id from transaction_line_items where uid = ?1)`,
      ],
      "direction and currency of its expected payment",
    ],
    [
      "transaction_line_items",
      "a line item that only looks discarded",
      "link",
      ["update transaction_line_items set discarded_at = 1 where uid = ?1"],
      "if and only if its match is voided",
    ],
    [
      "transaction_line_items",
      "a line item of another transaction",
      "link",
      [
        `update transaction_line_items set transaction_id = (
          select p.record_id from expected_payments p where p.id = payment_id) where uid = ?1`,
      ],
      "with another transaction",
    ],
    [
      "transaction_line_items",
      "a line item of another environment",
      "link",
      [
        "update transaction_line_items set environment_id = environment_id where uid = ?1",
        "update reconciliations set environment_id = 1 where id = (select reconciliation_id from matches where uid = ?1)",
      ],
      "of another environment",
    ],
    [
      "expected_payments",
      "a status",
      "payment",
      ["update expected_payments set status = 'unreconciled' where uid = ?1"],
      "status is not what is matched",
    ],
    [
      "expected_payments",
      "a payment that is not there to be matched",
      "payment",
      [`update records set deleted_at = 1 where id = ${PAYMENT}`, `delete from entries where record_id = ${PAYMENT}`],
      "status is not what is matched",
    ],
    [
      "expected_payments",
      "an upper bound",
      "payment",
      [`update records set amount = 10001 where id = ${PAYMENT}`],
      "upper bound",
    ],
    [
      "expected_payments",
      "a lower bound",
      "payment",
      [`update records set amount_lower = 9999 where id = ${PAYMENT}`],
      "lower bound",
    ],
    [
      "expected_payments",
      "a direction",
      "payment",
      [`update records set direction = -direction where id = ${PAYMENT}`],
      "currency, direction and dates",
    ],
    [
      "expected_payments",
      "a payment in a strange source",
      "payment",
      [
        `update records set source_id = (select source_id from internal_accounts a join expected_payments p
        on p.account_id = a.id where p.uid = ?1) where id = ${PAYMENT}`,
      ],
      "data source of its internal account",
    ],
    [
      "expected_payments",
      "a ledger transaction that went its own way",
      "payment",
      [`update ledger_transactions set status = 'archived' where ledgerable_uid = ?1`],
      "does not follow its status",
      ["ledger_transactions_change"],
    ],
    [
      "expected_payments",
      "a ledger transaction that it does not know",
      "payment",
      ["update expected_payments set ledger_transaction_id = null where uid = ?1"],
      "that is not its own is linked to it",
    ],
    [
      "expected_payments",
      "a ledger transaction of something else",
      "payment",
      [`update ledger_transactions set ledgerable_uid = 'x' where ledgerable_uid = ?1`],
      "linked to something else",
      ["ledger_transactions_change"],
    ],
  ])("are found by %s: %s", async (check, _, culprit, statements, message, triggers = []) => {
    const payments = await newPayments();
    const { api } = { api: payments.scene.tenant.admin };
    expect(await listFaults(api)).toEqual([]);
    const named = culprit === "account" ? payments.scene.account : (payments[culprit] as string);
    await tamperWith(statements, [culprit === "account" ? payments.payment : named], triggers);
    const faults = await listFaults(api, check);
    expect(faults.map(({ resource_id }) => resource_id)).toContain(named);
    expect(faults.map((fault) => fault.message).join("\n")).toContain(message);
  });

  it("are none where a payment was closed short, undone, moved or archived", async () => {
    const { scene, payment, link } = await newPayments();
    const admin = scene.tenant.admin;
    await must(scene.api.patch(`/api/expected_payments/${payment}`, { status: "reconciled" }), 200);
    expect(await listFaults(admin)).toEqual([]);
    await must(scene.api.delete(`/api/transaction_line_items/${link}`), 200);
    expect(await listFaults(admin)).toEqual([]);
    const other = await must(scene.api.post("/api/internal_accounts", { name: "Other", currency: "USD" }), 201);
    const { reconciliation_rule_variables: variables } = await scene.payment(payment);
    const moved = variables.map((variable: object) => ({ ...variable, internal_account_id: other.body.id }));
    const patch = { reconciliation_rule_variables: moved };
    await must(scene.api.patch(`/api/expected_payments/${payment}`, patch), 200);
    expect(await listFaults(admin)).toEqual([]);
    await must(scene.api.delete(`/api/expected_payments/${payment}`), 200);
    expect(await listFaults(admin)).toEqual([]);
  });
});

async function newLedger() {
  const scene = await newLedgerScene();
  const [cash, sales] = [await scene.account({ normal_balance: "debit" }), await scene.account()];
  const posted = await scene.transact([debit(cash, 500), credit(sales, 500)], { status: "posted" });
  const pending = await scene.transact([debit(cash, 70), credit(sales, 70)]);
  const path = `/api/ledger_transactions/${pending.id}`;
  await must(scene.api.patch(path, { ledger_entries: [debit(cash, 60), credit(sales, 60)] }), 200);
  for (const a of ["b", "c"]) await must(scene.api.patch(path, { metadata: { a } }), 200);
  return { scene, cash, posted: posted.id as string, pending: pending.id as string };
}

const ACCOUNT = "(select id from ledger_accounts where uid = ?1)";
const TRANSACTION = "(select id from ledger_transactions where uid = ?1)";

describe("ledgers that contradict themselves", () => {
  it.each<[string, string, "cash" | "posted" | "pending" | "entry", string[], string, string[]?]>([
    [
      "ledger_accounts",
      "a balance",
      "cash",
      ["update ledger_accounts set posted_debits = posted_debits + 1 where uid = ?1"],
      "do not follow from its last entry",
    ],
    [
      "ledger_accounts",
      "a lock version",
      "cash",
      ["update ledger_accounts set lock_version = lock_version + 1 where uid = ?1"],
      "lock version",
    ],
    [
      "ledger_accounts",
      "the sums of a year",
      "cash",
      [`update ledger_sums set pending_debits = 5 where level = 4 and account_id = ${ACCOUNT}`],
      "of its years",
    ],
    [
      "ledger_periods",
      "the sums of a month",
      "cash",
      [`update ledger_sums set pending_debits = 5 where level = 7 and account_id = ${ACCOUNT}`],
      "what lies in this period",
    ],
    [
      "ledger_periods",
      "the sums of a day",
      "cash",
      [`delete from ledger_sums where level = 10 and account_id = ${ACCOUNT}`],
      "what lies in this period",
    ],
    [
      "ledger_entries",
      "an entry's amount",
      "entry",
      [`update ledger_entries set amount = 501 where direction = -1 and transaction_id = ${TRANSACTION}`],
      "posted debits of its account after it",
      ["ledger_entries_fixed"],
    ],
    [
      "ledger_transactions",
      "entries that do not balance",
      "posted",
      [`update ledger_entries set amount = 501 where direction = -1 and transaction_id = ${TRANSACTION}`],
      "do not balance",
      ["ledger_entries_fixed"],
    ],
    [
      "ledger_transactions",
      "an entry that was taken out of a posted transaction",
      "posted",
      [
        `update ledger_entries set discarded_at = 1, until_version = 0, discarded_lock_version = 9
        where direction = -1 and transaction_id = ${TRANSACTION}`,
      ],
      "not as many entries",
      ["ledger_entries_leave"],
    ],
    [
      "ledger_transactions",
      "an entry of another status",
      "posted",
      [`update ledger_entries set status = 'pending' where direction = -1 and transaction_id = ${TRANSACTION}`],
      "Some entries have another status",
      ["ledger_entries_fixed"],
    ],
    [
      "ledger_transactions",
      "a version that is gone",
      "pending",
      [`delete from ledger_transaction_versions where version = 2 and transaction_id = ${TRANSACTION}`],
      "Versions are missing",
      ["ledger_transaction_versions_kept"],
    ],
    [
      "ledger_transactions",
      "a version that says something else",
      "posted",
      [`update ledger_transaction_versions set description = 'x' where transaction_id = ${TRANSACTION}`],
      "last of its versions",
      ["ledger_transaction_versions_fixed"],
    ],
  ])("are found by %s: %s", async (check, _, culprit, statements, message, triggers = []) => {
    const ledger = await newLedger();
    const { admin } = ledger.scene.tenant;
    expect(await listFaults(admin)).toEqual([]);
    const entries = await must(
      admin.get(`/api/ledger_entries?ledger_transaction_id=${ledger.posted}&direction=debit`),
      200,
    );
    const named = culprit === "entry" ? entries.body[0].id : ledger[culprit];
    await tamperWith(statements, [culprit === "entry" ? ledger.posted : named], triggers);
    const faults = await listFaults(admin, check);
    expect(faults.map(({ resource_id }) => resource_id)).toContain(named);
    expect(faults.map((fault) => fault.message).join("\n")).toContain(message);
  });
});

describe("webhook deliveries that contradict themselves", () => {
  async function newDelivery() {
    muteQueue();
    const tenant = await newTenant();
    await newEndpoint(tenant.environmentId);
    const scene = await newScene({ tenant, filters: EQUAL_AMOUNTS });
    await must(scene.left(), 201);
    await must(scene.right(), 201);
    const [delivery] = (await must(tenant.admin.get("/v1/webhook_deliveries"), 200)).body.data;
    return { admin: tenant.admin, id: delivery.id as string };
  }

  it.each([
    [
      "a delivery that waits, and is completed",
      "update deliveries set waiting_since = 1, status = 'failed', next_attempt_at = null, completed_at = 1 where uid = ?1",
      "It waits for another attempt to end",
    ],
    [
      "a delivery that waits in an attempt of its own",
      "update deliveries set waiting_since = 1, leased_until = 9 where uid = ?1",
      "It waits for another attempt to end",
    ],
    [
      "an event of another environment",
      "update events set environment_id = 1 where id = (select event_id from deliveries where uid = ?1)",
      "Its event is not there",
    ],
    [
      "an endpoint of another environment",
      "update webhook_endpoints set environment_id = 1 where id = (select endpoint_id from deliveries where uid = ?1)",
      "Its endpoint is not there",
    ],
    [
      "a delivery that never ended",
      "update deliveries set status = 'delivered', next_attempt_at = null where uid = ?1",
      "when it was completed",
    ],
    [
      "an attempt of a completed delivery",
      "update deliveries set status = 'failed', next_attempt_at = null, completed_at = 1, leased_until = 1 where uid = ?1",
      "is under way",
    ],
    [
      "an attempt that nobody counted",
      "insert into attempts (delivery_id, no, started_at, latency_ms) select id, 1, 0, 0 from deliveries where uid = ?1",
      "number of its attempts",
    ],
    [
      "an attempt that is not listed",
      "update deliveries set attempt_count = 1 where uid = ?1",
      "number of its attempts",
    ],
    [
      "a delivery that nobody answered with success",
      "update deliveries set status = 'delivered', next_attempt_at = null, completed_at = 1 where uid = ?1",
      "no attempt was answered with success",
    ],
  ])("are found: %s", async (_, statement, message) => {
    const { admin, id } = await newDelivery();
    expect(await listFaults(admin)).toEqual([]);
    await tamperWith([statement], [id]);
    const faults = await listFaults(admin, "webhook_deliveries");
    expect(faults.map(({ resource_id }) => resource_id)).toContain(id);
    expect(faults.map((fault) => fault.message).join("\n")).toContain(message);
  });
});

describe("deliveries that wait", () => {
  const ENDPOINT = "(select endpoint_id from deliveries where uid = ?1)";

  async function newDeliveries() {
    muteQueue();
    const tenant = await newTenant();
    for (const _ of ["theirs", "another one's"]) await newEndpoint(tenant.environmentId);
    for (const _ of [1, 2]) await newEvent(tenant.environmentId);
    const { body } = await must(tenant.admin.get("/v1/webhook_deliveries"), 200);
    const [{ id }] = body.data;
    await tamperWith([`update deliveries set waiting_since = 1 where endpoint_id = ${ENDPOINT}`], [id]);
    return { admin: tenant.admin, id: id as string };
  }

  it("are found where none to their endpoint is to be attempted", async () => {
    const { admin } = await newDeliveries();
    const faults = await listFaults(admin, "webhook_deliveries");
    expect(faults).toHaveLength(2);
    for (const fault of faults) {
      expect(fault).toMatchObject({ expected: "1", found: "0", message: expect.stringContaining("would wake it") });
    }
  });

  it.each([
    ["is due", "waiting_since = null"],
    ["is in an attempt", "waiting_since = null, leased_until = 1, attempt_count = 1"],
  ])("are right where another one to their endpoint %s", async (_, change) => {
    const { admin, id } = await newDeliveries();
    await tamperWith([`update deliveries set ${change} where uid = ?1`], [id]);
    expect(await listFaults(admin, "webhook_deliveries")).toEqual([]);
  });
});

describe("a page", () => {
  it("ends early where very much is to be read for its rows", async () => {
    const tenant = await newTenant();
    const { id: endpointId } = await newEndpoint(tenant.environmentId);
    const uids = [1, 2, 3].map((no) => `0198b1f2-7c3a-7d4e-8f5a-${tenant.environmentUid.slice(-8)}000${no}`);
    await tamperWith(
      [
        `insert into events (uid, environment_id, type, occurrence, subject, snapshot, created_at)
          values (?1, ?2, 'import.completed', ?1, 'import', '{}', 0)`,
        ...uids.map(
          (
            uid,
          ) => `insert into deliveries (uid, environment_id, event_id, endpoint_id, status, next_attempt_at, created_at)
            select '${uid}', ?2, id, ?3, 'pending', 0, 0 from events where uid = ?1`,
        ),
        `insert into attempts (delivery_id, no, started_at, latency_ms)
          with recursive numbers (no) as (select 1 union all select no + 1 from numbers where no < 15000)
          select d.id, n.no, 0, 0 from numbers n cross join deliveries d where d.endpoint_id = ?3`,
      ],
      [tenant.environmentUid, tenant.environmentId, endpointId],
    );
    const pages = await listIntegrityPages(tenant.admin, "webhook_deliveries");
    expect(pages.map(({ checked }) => checked)).toEqual([1, 1, 1]);
    expect(pages.flatMap(({ findings }) => findings)).toEqual(
      uids.map((uid) => expect.objectContaining({ resource_id: uid, expected: "15000", found: "0" })),
    );
  });

  it("is of the check that is asked for, or of all of them one after the other", async () => {
    const { admin } = await newTenant();
    const all = await listIntegrityPages(admin);
    expect(all.map(({ check }) => check)).toEqual([...INTEGRITY_CHECKS]);
    expect(all.map(({ has_more }) => has_more)).toEqual([...INTEGRITY_CHECKS.slice(1).map(() => true), false]);
    const { body } = await must(admin.get(`${PATH}?check=chains`), 200);
    expect(body).toEqual({
      check: "chains",
      checked: 0,
      findings: [],
      unsettled: [],
      next_cursor: null,
      has_more: false,
      checks: [...INTEGRITY_CHECKS],
    });
  });

  it("refuses a cursor that is not of its check and environment", async () => {
    const [{ admin }, stranger] = [await newTenant(), await newTenant()];
    const { body } = await must(admin.get(PATH), 200);
    const cursor = encodeURIComponent(body.next_cursor);
    await must(admin.get(`${PATH}?cursor=${cursor}`), 200);
    for (const [api, query] of [
      [stranger.admin, `cursor=${cursor}`],
      [admin, `cursor=${cursor}&check=records`],
      [admin, "cursor=x"],
      [admin, `cursor=${cursor.slice(0, -1)}`],
      [admin, `cursor=a.${cursor}`],
    ] as const) {
      const refused = await must(api.get(`${PATH}?${query}`), 422);
      expect(refused.body.errors).toEqual([expect.objectContaining({ path: "cursor", code: "invalid_cursor" })]);
    }
    await must(admin.get(`${PATH}?check=everything`), 422);
    await must(admin.get(`${PATH}?limit=5001`), 422);
    await must(admin.get(`${PATH}?limit=0`), 422);
  });
});

describe("a repair", () => {
  const repair = (scene: Pick<Scene, "api">, body: unknown) => scene.api.post(`${PATH}/repair`, body);

  it("builds the index of one reconciliation or internal account again", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    const { account } = await newPaymentScene(scene.tenant);
    await must(scene.left(), 201);
    for (const id of [scene.reconciliation, account]) {
      const { body } = await must(repair(scene, { reconciliation_id: id }), 200);
      expect(body).toEqual({ rebuilt: 1, reconciliation_ids: [id], next_cursor: null, has_more: false });
    }
    expect((await must(scene.right(), 201)).body.status).toBe("reconciled");
    expect(await listFaults(scene.api)).toEqual([]);
  });

  it("builds all of them again, in pages", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    const names = Array.from({ length: 21 }, (_, n) => `Account ${n}`);
    const accounts: string[] = [];
    for (const name of names) {
      accounts.push((await must(scene.api.post("/api/internal_accounts", { name, currency: "USD" }), 201)).body.id);
    }
    const first = (await must(repair(scene, {}), 200)).body;
    expect([first.rebuilt, first.has_more]).toEqual([20, true]);
    const rest = (await must(repair(scene, { cursor: first.next_cursor }), 200)).body;
    expect([rest.rebuilt, rest.has_more, rest.next_cursor]).toEqual([2, false, null]);
    expect([...first.reconciliation_ids, ...rest.reconciliation_ids]).toEqual([scene.reconciliation, ...accounts]);
  });

  it("is asked for once under one Idempotency-Key", async () => {
    const { api, reconciliation } = await newScene();
    const ask = () => api.post(`${PATH}/repair`, { reconciliation_id: reconciliation }, { "Idempotency-Key": "once" });
    const [first, again] = [await must(ask(), 200), await must(ask(), 200)];
    expect(again.body).toEqual(first.body);
    expect([first, again].map(({ headers }) => headers.get("idempotent-replayed"))).toEqual([null, "true"]);
  });

  it("refuses what it does not know", async () => {
    const [mine, theirs] = [await newScene(), await newScene()];
    const refused = await must(repair(mine, { reconciliation_id: theirs.reconciliation }), 422);
    expect(refused.body.errors).toEqual([expect.objectContaining({ path: "/reconciliation_id", code: "unknown" })]);
    await must(repair(mine, { cursor: "x" }), 422);
    await must(repair(mine, { reconciliation_id: mine.reconciliation, cursor: "x" }), 422);
    await must(repair(mine, { everything: true }), 422);
  });
});

describe("checks and repairs", () => {
  itIsGuarded({ endpoints: integrityEndpoints });
});
