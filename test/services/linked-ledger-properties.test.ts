import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { all } from "../../src/db/client.ts";
import fc from "../support/fast-check.ts";
import { newPaymentScene, type PaymentScene } from "../support/payments.ts";

const target = fc.nat(20);
const amount = fc.integer({ min: 1, max: 6 });

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("expect" as const),
      lower: amount,
      width: fc.nat(3),
      booked: fc.option(amount, { nil: null }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("receive" as const), amount }) },
  { weight: 7, arbitrary: fc.record({ kind: fc.constant("link" as const), target, other: target, amount }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("unlink" as const), target }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("close" as const), target }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("archive" as const), target }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("post by hand" as const), target }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reverse by hand" as const), target }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface Payment {
  id: string;
  lower: number;
  upper: number;
  booked: number | null;
  isClosed: boolean;
  isArchived: boolean;
  /** Each time that it was reconciled and then was not any more. */
  reopened: number;
  closings: number;
}

interface World {
  scene: PaymentScene;
  payments: Payment[];
  transactions: { id: string; amount: number }[];
  links: { id: string; payment: Payment; transaction: string; amount: number }[];
}

const sumOf = (links: World["links"]) => links.reduce((sum, link) => sum + link.amount, 0);

function statusOf(world: World, payment: Payment): string {
  const links = world.links.filter((link) => link.payment === payment);
  if (payment.isArchived) return "archived";
  if (links.length === 0) return "unreconciled";
  return payment.isClosed || sumOf(links) >= payment.lower ? "reconciled" : "partially_reconciled";
}

async function take(world: World, step: Step): Promise<void> {
  const { scene, payments, transactions, links } = world;
  const pick = <T>(list: T[], place: number) => list[place % Math.max(1, list.length)];
  if (step.kind === "expect") {
    const { lower, width, booked } = step;
    const bounds = { amount_upper_bound: lower + width };
    const more = booked === null ? {} : { ledger_transaction: scene.booking(booked) };
    const { id } = await scene.expectPayment(lower, bounds, more);
    payments.push({
      id,
      lower,
      upper: lower + width,
      booked,
      isClosed: false,
      isArchived: false,
      reopened: 0,
      closings: 0,
    });
    return;
  }
  if (step.kind === "receive") {
    transactions.push({ id: (await scene.receive(step.amount)).id, amount: step.amount });
    return;
  }
  if (step.kind === "unlink") {
    const link = pick(links, step.target);
    if (!link) return;
    const before = statusOf(world, link.payment);
    expect((await scene.api.delete(`/api/transaction_line_items/${link.id}`)).status).toBe(200);
    links.splice(links.indexOf(link), 1);
    link.payment.isClosed = false;
    if (before === "reconciled" && statusOf(world, link.payment) !== "reconciled") link.payment.reopened += 1;
    return;
  }
  const payment = pick(payments, step.target);
  if (!payment) return;
  const status = statusOf(world, payment);
  const path = `/api/expected_payments/${payment.id}`;
  if (step.kind === "link") {
    const transaction = pick(transactions, step.other);
    if (!transaction) return;
    const reply = await scene.link(transaction.id, payment.id, step.amount);
    const free = transaction.amount - sumOf(links.filter((link) => link.transaction === transaction.id));
    const open = payment.upper - sumOf(links.filter((link) => link.payment === payment));
    const fits = ["unreconciled", "partially_reconciled"].includes(status) && step.amount <= Math.min(free, open);
    expect(reply.status).toBe(fits ? 201 : 422);
    if (fits) links.push({ id: reply.body.id, payment, transaction: transaction.id, amount: step.amount });
  } else if (step.kind === "close") {
    const reply = await scene.api.patch(path, { status: "reconciled" });
    expect(reply.status).toBe(status === "partially_reconciled" ? 200 : 422);
    if (reply.status === 200) {
      payment.isClosed = true;
      payment.closings += 1;
    }
  } else if (step.kind === "archive") {
    const reply = await scene.api.delete(path);
    expect(reply.status).toBe(status === "unreconciled" || status === "archived" ? 200 : 422);
    if (reply.status === 200) payment.isArchived = true;
  } else if (payment.booked !== null) {
    const { ledger_transaction_id: id } = await scene.payment(payment.id);
    const ledger = `/api/ledger_transactions/${id}`;
    const reply =
      step.kind === "post by hand"
        ? await scene.api.patch(ledger, { status: "posted" })
        : await scene.api.post(`${ledger}/reversal`, {});
    // Posting what is posted changes nothing.
    expect(reply.status).toBe(step.kind === "post by hand" && status === "reconciled" ? 200 : 422);
  }
}

interface EntryRow {
  uid: string;
  account: string;
  direction: 1 | -1;
  amount: number;
  status: string;
  discarded_at: number | null;
  row: string;
}

function readEntries({ scene }: World): Promise<EntryRow[]> {
  return all<EntryRow>(
    scene.db,
    sql`select e.uid, a.uid as account, e.direction, e.amount, e.status, e.discarded_at,
        json_array(e.id, e.transaction_id, e.account_id, e.direction, e.amount, e.status, e.effective_at,
          e.since_version, e.until_version, e.lock_version, e.created_at, e.updated_at, e.discarded_at) as row
      from ledger_entries e join ledger_accounts a on a.id = e.account_id
      where e.environment_id = ${scene.tenant.environmentId}`,
  );
}

const LEDGER_STATUS: Record<string, string> = {
  unreconciled: "pending",
  partially_reconciled: "pending",
  reconciled: "posted",
  archived: "archived",
};

async function checkPayments(world: World): Promise<void> {
  const { scene } = world;
  for (const payment of world.payments) {
    const links = world.links.filter((link) => link.payment === payment);
    const status = statusOf(world, payment);
    const shown = await scene.payment(payment.id);
    expect(shown).toMatchObject({
      status,
      amount_reconciled: sumOf(links),
      amount_unreconciled: status === "reconciled" ? 0 : payment.upper - sumOf(links),
      transaction_line_item_id: links.at(-1)?.id ?? null,
      reconciliation_method: links.length > 0 ? "manual" : null,
    });
    if (payment.booked === null) continue;
    const { body } = await scene.api.get(`/api/ledger_transactions/${shown.ledger_transaction_id}`);
    expect(body).toMatchObject({ status: LEDGER_STATUS[status], ledgerable_id: payment.id });
    expect(body.ledger_entries.map((entry: { amount: number }) => entry.amount)).toEqual([
      payment.booked,
      payment.booked,
    ]);
  }
  for (const { id, amount } of world.transactions) {
    const allocated = sumOf(world.links.filter((link) => link.transaction === id));
    expect((await scene.transaction(id)).reconciled).toBe(allocated === amount);
  }
}

async function checkLedger(world: World, entries: EntryRow[]): Promise<void> {
  const { scene } = world;
  const booked = (wanted: string) =>
    world.payments
      .filter((payment) => LEDGER_STATUS[statusOf(world, payment)] === wanted)
      .reduce((sum, payment) => sum + (payment.booked ?? 0), 0);
  const [posted, pending] = [booked("posted"), booked("pending")];
  for (const account of [scene.receivable, scene.revenue]) {
    expect((await scene.balancesOf(account)).slice(0, 2)).toEqual([posted + pending, posted]);
    const isDebit = account === scene.receivable;
    const own = entries.filter((entry) => entry.account === account && entry.discarded_at === null);
    const sum = (status: string) =>
      own
        .filter((entry) => entry.status === status)
        .reduce((total, entry) => total + entry.amount * entry.direction * (isDebit ? -1 : 1), 0);
    expect([sum("posted") + sum("pending"), sum("posted")]).toEqual([posted + pending, posted]);
  }
  const reversals = await all<{ count: number }>(
    scene.db,
    sql`select count(*) as count from ledger_transactions
      where environment_id = ${scene.tenant.environmentId} and reverses_id is not null`,
  );
  const reopened = world.payments.filter(({ booked }) => booked !== null).map((payment) => payment.reopened);
  expect(reversals[0]?.count).toBe(reopened.reduce((sum, count) => sum + count, 0));
}

it("keeps payments, their links and their ledger transactions in step, and posted entries as they were", async () => {
  const seen = { posted: 0, reopened: 0, closed: 0, archived: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const world: World = { scene: await newPaymentScene(), payments: [], transactions: [], links: [] };
      const postedRows = new Map<string, string>();
      for (const step of steps) {
        await take(world, step);
        for (const entry of await readEntries(world)) {
          const before = postedRows.get(entry.uid);
          if (before !== undefined) expect(entry.row).toBe(before);
          if (entry.status === "posted") postedRows.set(entry.uid, entry.row);
        }
      }
      await checkPayments(world);
      await checkLedger(world, await readEntries(world));
      seen.posted += postedRows.size;
      for (const payment of world.payments) {
        seen.reopened += payment.reopened;
        seen.closed += payment.closings;
        if (payment.isArchived) seen.archived += 1;
      }
    }),
    { numRuns: 40 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
}, 300_000);
