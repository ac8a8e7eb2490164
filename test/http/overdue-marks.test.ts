import { describe, expect, it } from "vitest";
import { dayOf } from "../../src/core/calendar.ts";
import { overdueMarkEndpoints } from "../../src/http/v1/overdue-marks.ts";
import { updateReconciliation } from "../../src/services/update-reconciliation.ts";
import { newBankAccount } from "../support/bank-account.ts";
import { cron, exceptionOf } from "../support/exceptions.ts";
import { listFaults } from "../support/integrity.ts";
import { must, newScene, type Scene, silentContext } from "../support/scene.ts";
import { itIsGuarded } from "../support/security.ts";
import { muteQueue, newEndpoint } from "../support/webhooks.ts";

muteQueue();

const TODAY = dayOf(Date.now());

itIsGuarded({
  endpoints: overdueMarkEndpoints,
  prepare: async (tenant) => {
    const scene = await newScene({ tenant });
    return { id: scene.reconciliation, record_id: (await scene.left()).body.id };
  },
  bodies: { markRecordOverdue: {} },
});

const pathOf = ({ reconciliation }: Scene, id: string) =>
  `/v1/reconciliations/${reconciliation}/records/${id}/mark_overdue`;

async function listOverdueEvents(scene: Scene) {
  return (await must(scene.api.get("/v1/events?type=record.reconciliation_overdue"), 200)).body.data;
}

describe("marking a record as overdue by hand", () => {
  it("sets the mark, raises the event and opens the exception, once for all", async () => {
    const scene = await newScene();
    await newEndpoint(scene.tenant.environmentId);
    const { id } = (await must(scene.left({ date: "2199-01-01" }), 201)).body;
    const marked = await must(scene.api.send("POST", pathOf(scene, id)), 200);
    const [pair] = marked.body.reconciliations;
    expect(Date.parse(pair.overdue_at)).toBeGreaterThan(Date.parse(marked.body.created_at) - 1);
    expect(await exceptionOf(scene, "left")).toMatchObject({ kind: "overdue", aggregates: { record_count: 1 } });
    const again = await must(scene.api.post(pathOf(scene, id), { overdue_at: "2026-01-01T00:00:00Z" }), 200);
    expect(again.body).toEqual(marked.body);
    await cron();
    const events = await listOverdueEvents(scene);
    expect(events).toMatchObject([{ data: { id, reconciliation_id: scene.reconciliation } }]);
    expect((await must(scene.record(id), 200)).body).toEqual(marked.body);
  });

  it("takes the time that it is given", async () => {
    const scene = await newScene();
    const { id } = (await must(scene.left(), 201)).body;
    const marked = await must(scene.api.post(pathOf(scene, id), { overdue_at: "2026-02-03T04:05:06+01:00" }), 200);
    expect(marked.body.reconciliations[0].overdue_at).toBe("2026-02-03T03:05:06.000Z");
  });

  it("is not done again by the cron when the record falls due", async () => {
    const scene = await newScene({ expectedWithinDays: 1 });
    await newEndpoint(scene.tenant.environmentId);
    const { id } = (await must(scene.left({ date: "2026-01-01" }), 201)).body;
    await must(scene.api.post(pathOf(scene, id), {}), 200);
    await cron();
    expect(await listOverdueEvents(scene)).toHaveLength(1);
  });

  it("lasts when something else of the record is changed, and goes when its due day moves ahead", async () => {
    const scene = await newScene({ expectedWithinDays: 5 });
    const { id } = (await must(scene.left(), 201)).body;
    await must(scene.api.post(pathOf(scene, id), {}), 200);
    const renamed = await must(scene.api.patch(`/v1/records/${id}`, { description: "x" }), 200);
    expect(renamed.body.reconciliations[0].overdue_at).not.toBeNull();
    const moved = await must(scene.api.patch(`/v1/records/${id}`, { date: "2199-01-01" }), 200);
    expect(moved.body.reconciliations[0].overdue_at).toBeNull();
    expect((await exceptionOf(scene, "left")).status).toBe("resolved");
  });

  it.each<[string, number | null, { expected_by?: string }, Record<string, unknown>]>([
    ["it is never due, before and after", null, {}, { date: "2199-01-01" }],
    ["its due day is its own and stays", 5, { expected_by: "2199-01-01" }, { date: "2198-01-01" }],
    ["it falls due earlier than before", 5, { expected_by: "2199-01-01" }, { expected_by: "2198-01-01" }],
    ["it falls due later, but in the past", 5, { expected_by: "2025-01-01" }, { expected_by: "2025-02-01" }],
  ])("lasts when %s", async (_, expectedWithinDays, fields, patch) => {
    const scene = await newScene(expectedWithinDays === null ? {} : { expectedWithinDays });
    const { id } = (await must(scene.left(fields), 201)).body;
    await must(scene.api.post(pathOf(scene, id), {}), 200);
    const changed = await must(scene.api.patch(`/v1/records/${id}`, patch), 200);
    expect(changed.body.reconciliations[0].overdue_at).not.toBeNull();
    expect(await listFaults(scene.api)).toEqual([]);
  });

  it("lasts when its reconciliation is changed but for its days, or is given fewer", async () => {
    const scene = await newScene({ expectedWithinDays: 30 });
    const { id } = (await must(scene.left({ date: TODAY }), 201)).body;
    const marked = (await must(scene.api.post(pathOf(scene, id), {}), 200)).body;
    for (const expected_within_days of [30, 20]) {
      const path = `/v1/reconciliations/${scene.reconciliation}`;
      await must(scene.api.patch(path, { name: "n", expected_within_days }), 200);
      expect((await must(scene.record(id), 200)).body).toEqual(marked);
      expect((await exceptionOf(scene, "left")).status).toBe("open");
    }
    expect(await listFaults(scene.api)).toEqual([]);
  });

  it("goes when all are given more days, but for a record with a day of its own", async () => {
    const scene = await newScene({ expectedWithinDays: 30 });
    const { id } = (await must(scene.left({ date: TODAY }), 201)).body;
    const own = (await must(scene.left({ date: TODAY, expected_by: "2199-01-01" }), 201)).body;
    for (const record of [id, own.id]) await must(scene.api.post(pathOf(scene, record), {}), 200);
    await must(scene.api.patch(`/v1/reconciliations/${scene.reconciliation}`, { expected_within_days: 40 }), 200);
    const markOf = async (record: string) => (await scene.record(record)).body.reconciliations[0].overdue_at;
    expect([await markOf(id), typeof (await markOf(own.id))]).toEqual([null, "string"]);
    expect((await exceptionOf(scene, "left")).aggregates.record_count).toBe(1);
    expect(await listFaults(scene.api)).toEqual([]);
  });

  it("that went with days which came and went unseen is not in the Reconciler's way", async () => {
    const scene = await newScene({ expectedWithinDays: 30 });
    const { id } = (await must(scene.left({ date: TODAY }), 201)).body;
    await must(scene.api.post(pathOf(scene, id), {}), 200);
    for (const expectedWithinDays of [40, 30]) {
      const changed = await updateReconciliation(silentContext(scene), scene.reconciliation, { expectedWithinDays });
      expect(changed.ok).toBe(true);
    }
    expect((await scene.record(id)).body.reconciliations[0].overdue_at).toBeNull();
    expect(await listFaults(scene.api)).toEqual([]);
  });

  it("is refused for a record that is reconciled here, and allowed for a part of one", async () => {
    const scene = await newScene();
    const left = (await must(scene.left({ metadata: { ref: "x" } }), 201)).body;
    await must(scene.right({ metadata: { ref: "x" } }), 201);
    await must(scene.api.post(pathOf(scene, left.id), {}), 409);
    const whole = (await must(scene.left({ amount: 10 }), 201)).body;
    const part = (await must(scene.right({ amount: 4 }), 201)).body;
    const manual = { reconciliation_id: scene.reconciliation, record_ids: [whole.id, part.id], allow_partial: true };
    await must(scene.api.post("/v1/reconciliation_matches", manual), 201);
    await must(scene.api.post(pathOf(scene, whole.id), {}), 200);
    await must(scene.api.post(pathOf(scene, part.id), {}), 409);
    expect(await exceptionOf(scene, "left")).toMatchObject({
      aggregates: { by_currency: [{ currency: "USD", credit_count: 1, credit_sum: 6 }] },
    });
  });

  it("does not know a record of another data source, or none at all", async () => {
    const scene = await newScene();
    await must(scene.api.post("/v1/data_sources", { key: "third", name: "Third" }), 201);
    const body = { type_key: "third", date: "2026-01-01", amount: 1, direction: "credit" };
    const { id } = (await must(scene.api.post("/v1/records", body), 201)).body;
    await must(scene.api.post(pathOf(scene, id), {}), 404);
    await must(scene.api.post(pathOf(scene, scene.reconciliation), {}), 404);
    await must(scene.api.post(pathOf(scene, "x"), {}), 404);
  });

  it("is refused for a transaction that is not posted", async () => {
    const scene = await newScene();
    const bank = await newBankAccount(scene.tenant);
    const sides = { side_a: ["left"], side_b: [bank.source] };
    const { body } = await must(scene.api.post("/v1/reconciliations", { name: "Bank", ...sides }), 201);
    const { id } = await bank.transaction({ posted: false });
    await must(scene.api.post(`/v1/reconciliations/${body.id}/records/${id}/mark_overdue`, {}), 409);
  });

  it("refuses what is no time, a time to come, and other fields", async () => {
    const scene = await newScene();
    const { id } = (await must(scene.left(), 201)).body;
    for (const body of [
      { overdue_at: "2026-02-29T00:00:00Z" },
      { overdue_at: "2199-01-01T00:00:00Z" },
      { overdue_at: null },
      { since: "2026-01-01T00:00:00Z" },
    ]) {
      await must(scene.api.post(pathOf(scene, id), body), 422);
    }
  });

  it("gives the first answer again for the same Idempotency-Key", async () => {
    const scene = await newScene();
    const { id } = (await must(scene.left(), 201)).body;
    const send = () => scene.api.post(pathOf(scene, id), {}, { "Idempotency-Key": "m" });
    const marked = await must(send(), 200);
    const replayed = await must(send(), 200);
    expect(replayed.body).toEqual(marked.body);
    expect(replayed.headers.get("idempotent-replayed")).toBe("true");
  });
});
