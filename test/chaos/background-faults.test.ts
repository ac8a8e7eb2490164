import { afterAll, describe, expect, it, vi } from "vitest";
import type { DeliveryMessage } from "../../src/config.ts";
import { type Db, openDb } from "../../src/db/client.ts";
import { deliverWebhook } from "../../src/services/deliver-webhook.ts";
import { resendStragglers } from "../../src/services/resend-stragglers.ts";
import { settle } from "../../src/services/settle.ts";
import type { Api } from "../support/api.ts";
import { addSilently } from "../support/bulk.ts";
import { newRows, sendRows } from "../support/bulk-requests.ts";
import { FAULT, type Fault, FaultyD1 } from "../support/faulty-d1.ts";
import { sendFile, workOffImports } from "../support/imports.ts";
import { listFaults } from "../support/integrity.ts";
import { muteJobs, quietDependencies, readBulk, workOffBulk } from "../support/jobs.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { newPaymentScene, type PaymentScene } from "../support/payments.ts";
import { quietReconcilers } from "../support/quiet-reconcilers.ts";
import { newSilentRun, workOffSlice } from "../support/runs.ts";
import { bindings, must, newScene, type Scene } from "../support/scene.ts";
import { answering, muteQueue, newEndpoint, newEvent, Receiver, readDelivery } from "../support/webhooks.ts";

const MAX_CALLS = 80;
const SLICES_MAX = 300;

let all = 0;

afterAll(() => console.log(`faults in the background: ${all}`));

/**
 * Plays something once for each way in which its database can fail, until it gets through without having failed. To
 * fail before a call is to fail after the one before it.
 */
async function atEachFault(play: (faulty: FaultyD1, name: string) => Promise<void>): Promise<number> {
  quietReconcilers();
  muteQueue();
  muteJobs();
  let faults = 0;
  for (let call = 0; call < MAX_CALLS; call++) {
    const moments: Fault["moment"][] = call === 0 ? ["before", "after"] : ["after"];
    for (const moment of moments) {
      const faulty = new FaultyD1(bindings.DB, { call, moment });
      await play(faulty, `${call} ${moment}`);
      if (!faulty.hasFailed) return faults;
      if (moment === "after" && (faulty.calls[call] ?? 0) > 1) moments.push("within");
      faults += 1;
      all += 1;
    }
  }
  throw new Error("it makes more calls than are tried");
}

const CHECKS = [
  "data_sources",
  "records",
  "entries",
  "reconciliation_counts",
  "matches",
  "chains",
  "webhook_deliveries",
];
const PAYMENT_CHECKS = ["transaction_line_items", "expected_payments", "ledger_transactions", "ledger_accounts"];

async function expectHealthy(api: Api, checks: readonly string[] = CHECKS): Promise<void> {
  for (const check of checks) expect(await listFaults(api, check)).toEqual([]);
}

/** A Reconciler's alarms: a slice that fails is tried again, with what the store remembers or, if it is lost, without. */
async function workOffUnder(scene: Scene, faulty: FaultyD1, isStoreLost: boolean, isSwept = false): Promise<void> {
  const db = openDb(faulty.open());
  let store = new MemoryStore();
  let hadFailed = false;
  for (let slices = 0; slices < SLICES_MAX; slices++) {
    let hasMore = true;
    try {
      hasMore = await workOffSlice(scene, store, db);
      if (!hasMore && isSwept) hasMore = (await settle({ ...scene.dependencies(), db }, store)) === "more";
    } catch (error) {
      expect(String(error)).toMatch(/Network connection lost|guard/);
    }
    const isFirst = faulty.hasFailed && !hadFailed;
    hadFailed = faulty.hasFailed;
    if (isFirst && isStoreLost) store = new MemoryStore();
    if (!hasMore && !isFirst) return;
  }
  throw new Error("it does not settle");
}

const MEMORIES = [
  ["that remembers", false],
  ["that has lost its memory", true],
] as const;

describe.each(MEMORIES)("a Reconciler %s", (_, isStoreLost) => {
  it("matches each pair once wherever it fails", { timeout: 180_000 }, async () => {
    const faults = await atEachFault(async (faulty, name) => {
      const scene = await newScene();
      await newEndpoint(scene.tenant.environmentId);
      const pairs = Array.from({ length: 5 }, (_, n) => ({ metadata: { ref: `${n}` } }));
      await addSilently(scene, "left", [...pairs, { metadata: { ref: "open" } }]);
      await addSilently(scene, "right", pairs);
      await workOffUnder(scene, faulty, isStoreLost);
      const matches = await scene.matches();
      expect([name, matches.length]).toEqual([name, 5]);
      expect(new Set(matches.map((match) => match.explanation[0].a)).size).toBe(5);
      const events = (await must(scene.api.get("/v1/events?limit=200"), 200)).body.data;
      expect(events.map((event: { event_type: string }) => event.event_type).sort()).toEqual([
        ...Array(5).fill("reconciliation_match.created"),
        ...Array(10).fill("record.reconciled"),
      ]);
      await expectHealthy(scene.api);
    });
    expect(faults).toBeGreaterThan(10);
  });

  it("says once what is overdue wherever it fails", { timeout: 180_000 }, async () => {
    const faults = await atEachFault(async (faulty, name) => {
      const scene = await newScene({ expectedWithinDays: 3 });
      await newEndpoint(scene.tenant.environmentId);
      await addSilently(scene, "left", [{ date: "2026-01-10" }, { date: "2026-01-11" }]);
      await workOffUnder(scene, faulty, isStoreLost, true);
      const { body } = await must(scene.api.get("/v1/events?type=record.reconciliation_overdue"), 200);
      expect([name, body.data.length]).toEqual([name, 2]);
      await expectHealthy(scene.api);
    });
    expect(faults).toBeGreaterThan(10);
  });

  it("commits a run once wherever it fails", { timeout: 180_000 }, async () => {
    const faults = await atEachFault(async (faulty, name) => {
      const scene = await newScene({ runType: "batch" });
      const pairs = Array.from({ length: 4 }, (_, n) => ({ metadata: { ref: `${n}` } }));
      await addSilently(scene, "left", pairs);
      await addSilently(scene, "right", pairs);
      const id = await newSilentRun(scene, "commit");
      await workOffUnder(scene, faulty, isStoreLost);
      const { body } = await must(scene.api.get(`/v1/reconciliations/${scene.reconciliation}/runs/${id}`), 200);
      expect([name, body.status, body.matched_records]).toEqual([name, "completed", 8]);
      expect(await scene.matches()).toHaveLength(4);
      await expectHealthy(scene.api);
    });
    expect(faults).toBeGreaterThan(10);
  });

  it("links each payment once, and the ledger follows, wherever it fails", { timeout: 180_000 }, async () => {
    const faults = await atEachFault(async (faulty, name) => {
      const scene = await newPaymentScene();
      await must(scene.api.post("/api/reconciliation_rules", BY_AMOUNT), 201);
      const payments = [];
      for (const amount of [1_000, 2_000, 3_000]) {
        payments.push(await scene.expectPayment(amount, {}, { ledger_transaction: scene.booking(amount) }));
        if (amount < 3_000) await scene.receive(amount);
      }
      await workOffUnder(asReconciliation(scene), faulty, isStoreLost);
      const statuses: string[] = [];
      for (const { id } of payments) statuses.push((await scene.payment(id)).status);
      expect([name, ...statuses]).toEqual([name, "reconciled", "reconciled", "unreconciled"]);
      expect(await scene.balancesOf(scene.revenue)).toEqual([6_000, 3_000, 3_000]);
      const { body } = await must(scene.api.get("/api/events?resource=expected_payment&event_name=reconciled"), 200);
      expect(body).toHaveLength(2);
      await expectHealthy(scene.tenant.admin, [...CHECKS, ...PAYMENT_CHECKS]);
    });
    expect(faults).toBeGreaterThan(10);
  });
});

const BY_AMOUNT = { name: "By amount", strategy: "one_to_one", conditions: { operator: "and", blocks: [] } };

/** An internal account's hidden reconciliation has the account's id. */
function asReconciliation({ account, tenant, api, db }: PaymentScene): Scene {
  const dependencies = () => ({
    db,
    reconciliationUid: account,
    now: () => Date.now(),
    sendDeliveries: () => undefined,
  });
  return { tenant, api, db, reconciliation: account, dependencies } as unknown as Scene;
}

/** A job's alarms: a slice that fails is done again. */
async function workOffJob(work: (db: Db) => Promise<unknown>, faulty: FaultyD1): Promise<void> {
  const db = openDb(faulty.open());
  await work(db).catch((error) => {
    expect(String(error)).toMatch(/Network connection lost|guard/);
    return work(db);
  });
}

describe("a job", () => {
  it("takes each row of a bulk request in once wherever it fails", { timeout: 180_000 }, async () => {
    const faults = await atEachFault(async (faulty, name) => {
      const scene = await newScene({ runType: "batch" });
      await newEndpoint(scene.tenant.environmentId);
      const { id } = await sendRows(scene.api, newRows(300), "skip");
      await workOffJob((db) => workOffBulk(id, quietDependencies(db)), faulty);
      const bulk = await readBulk(scene.api, id);
      expect([name, bulk.status, bulk.successful_items]).toEqual([name, "completed", 300]);
      expect((await must(scene.api.get("/v1/data_sources/left"), 200)).body.record_count).toBe(300);
      const { body } = await must(scene.api.get("/v1/events?type=bulk_request.completed"), 200);
      expect(body.data).toHaveLength(1);
      await expectHealthy(scene.api);
    });
    expect(faults).toBeGreaterThan(10);
  });

  it("takes each row of a file in once wherever it fails", { timeout: 180_000 }, async () => {
    const rows = Array.from({ length: 1_200 }, (_, n) => `2026-01-15,${n + 1},Rent ${n}`);
    const faults = await atEachFault(async (faulty, name) => {
      const scene = await newScene({ runType: "batch" });
      await newEndpoint(scene.tenant.environmentId);
      const { id } = await sendFile(scene.api, "left", ["Day,Sum,Text", ...rows].join("\n"));
      await workOffJob((db) => workOffImports(id, quietDependencies(db)), faulty);
      const { body: done } = await must(scene.api.get(`/v1/imports/${id}`), 200);
      expect([name, done.status, done.created]).toEqual([name, "completed", 1_200]);
      expect((await must(scene.api.get("/v1/data_sources/left"), 200)).body.record_count).toBe(1_200);
      const { body } = await must(scene.api.get("/v1/events?type=import.completed"), 200);
      expect(body.data).toHaveLength(1);
      await expectHealthy(scene.api);
    });
    expect(faults).toBeGreaterThan(10);
  });
});

describe("a delivery", () => {
  const MINUTE_MS = 60_000;

  it("arrives at least once, under one webhook-id, wherever its consumer fails", { timeout: 180_000 }, async () => {
    const posts: Record<string, number> = {};
    const faults = await atEachFault(async (faulty, name) => {
      const scene = await newScene();
      const receiver = new Receiver(answering(204));
      const { environmentId } = scene.tenant;
      await newEndpoint(environmentId);
      const { eventUid, deliveryUids } = await newEvent(environmentId, { at: receiver.now });
      const [uid = ""] = deliveryUids;
      await deliverWebhook({ ...receiver.deps, db: openDb(faulty.open()) }, uid).catch(() => undefined);
      // The acknowledgement is lost as well: the same message comes again.
      await deliverWebhook(receiver.deps, uid);
      for (let minute = 0; (await readDelivery(environmentId, uid)).status === "pending"; minute++) {
        expect(minute).toBeLessThan(3);
        receiver.now += MINUTE_MS;
        const { deps, queue } = receiver;
        await resendStragglers({ db: deps.db, queue: queue as unknown as Queue<DeliveryMessage> }, receiver.now);
        for (const sent of queue.sent.splice(0)) await deliverWebhook(deps, sent.uid);
      }
      const delivery = await readDelivery(environmentId, uid);
      expect([name, delivery.status]).toEqual([name, "delivered"]);
      expect([...new Set(receiver.received.map(({ headers }) => headers.get("webhook-id")))]).toEqual([eventUid]);
      expect(delivery.attemptCount).toBeGreaterThanOrEqual(receiver.received.length);
      posts[name] = receiver.received.length;
      expect(await listFaults(scene.api, "webhook_deliveries")).toEqual([]);
    });
    expect(faults).toBe(5);
    // Only the one who dies after the POST and before it is written down makes it come twice.
    expect(posts).toEqual({
      "0 before": 1,
      "0 after": 1,
      "0 within": 1,
      "1 after": 1,
      "1 within": 2,
      "2 after": 1,
    });
  });

  it("arrives though the queue took no message, of whatever made the event", async () => {
    quietReconcilers();
    muteJobs();
    const queue = muteQueue();
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    queue.isBroken = true;
    const scene = await newPaymentScene();
    await newEndpoint(scene.tenant.environmentId);
    const payment = await scene.expectPayment(1_000, {}, { ledger_transaction: scene.booking(1_000) });
    const { id } = await scene.receive(1_000);
    await must(scene.link(id, payment.id, 1_000), 201);
    const pending = (await must(scene.tenant.admin.get("/v1/webhook_deliveries?status=pending"), 200)).body.data;
    expect(queue.sent).toEqual([]);
    queue.isBroken = false;
    const deps = { db: scene.db, queue: queue as unknown as Queue<DeliveryMessage> };
    await resendStragglers(deps, Date.now() + MINUTE_MS);
    const types = pending.map(({ event_type }: { event_type: string }) => event_type).sort();
    expect(types).toEqual([
      "expected_payment.created",
      "expected_payment.reconciled",
      "ledger_transaction.created",
      "ledger_transaction.posted",
      "transaction.created",
    ]);
    const sent = new Set(queue.sent.map(({ uid }) => uid));
    expect(pending.filter(({ id }: { id: string }) => !sent.has(id))).toEqual([]);
    vi.restoreAllMocks();
  });
});

it("fails as D1 does", async () => {
  const faulty = new FaultyD1(bindings.DB, { call: 0, moment: "before" });
  await expect(openDb(faulty.open()).d1.prepare("select 1").all()).rejects.toThrow(FAULT);
});
