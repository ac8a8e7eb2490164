import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { addDays, dayOf } from "../../src/core/calendar.ts";
import type { Reconciler } from "../../src/runtime/reconciler.ts";
import { addSilently } from "../support/bulk.ts";
import { cron, exceptionOf } from "../support/exceptions.ts";
import { listFaults } from "../support/integrity.ts";
import { bindings, must, newScene, type Scene } from "../support/scene.ts";
import { muteQueue, newEndpoint } from "../support/webhooks.ts";

muteQueue();
afterEach(() => {
  vi.restoreAllMocks();
});

const DAY_MS = 86_400_000;
const YESTERDAY = addDays(dayOf(Date.now()), -1) as string;

/** Records that came two days ago, as far as D1 knows; the Reconciler has them, and the cron has not been there since. */
async function addKnown(scene: Scene, rows: { expectedBy: string }[]): Promise<string[]> {
  const uids = await addSilently(scene, "left", rows);
  await scene.db.d1
    .prepare("update records set created_at = ? where uid in (select value from json_each(?))")
    .bind(Date.now() - 2 * DAY_MS, JSON.stringify(uids))
    .run();
  await bindings.RECONCILER.getByName(scene.reconciliation).poke();
  return uids;
}

/** The cron's call, under which time is over after the first of many slices. */
async function sweepInHaste(scene: Scene): Promise<void> {
  await addSilently(
    scene,
    "right",
    Array.from({ length: 1_100 }, () => ({ amount: 1 })),
  );
  await runInDurableObject(bindings.RECONCILER.getByName(scene.reconciliation), async (instance: Reconciler) => {
    const now = Date.now();
    let calls = 0;
    vi.spyOn(Date, "now").mockImplementation(() => now + 1_500 * calls++);
    await instance.sweep();
    vi.restoreAllMocks();
  });
}

const marksOf = (scene: Scene, uids: string[]) =>
  Promise.all(uids.map(async (uid) => (await scene.record(uid)).body.reconciliations[0].overdue_at !== null));

async function readProgress(scene: Scene) {
  return scene.db.d1
    .prepare(
      `select c.next_due, sum(s.change_no - rs.seen_no) as behind from reconciliations c
      join reconciliation_sources rs on rs.reconciliation_id = c.id join data_sources s on s.id = rs.source_id
      where c.uid = ?`,
    )
    .bind(scene.reconciliation)
    .first<{ next_due: string | null; behind: number }>();
}

describe("a Reconciler that does not get done", () => {
  it("raises what fell due at midnight, and leaves what was late when it came", { timeout: 60_000 }, async () => {
    const scene = await newScene();
    await newEndpoint(scene.tenant.environmentId);
    await cron();
    const known = await addKnown(scene, [
      { expectedBy: YESTERDAY },
      { expectedBy: dayOf(Date.now()) },
      { expectedBy: addDays(YESTERDAY, -1) as string },
    ]);
    const late = await addSilently(scene, "left", [{ expectedBy: YESTERDAY }]);
    await bindings.RECONCILER.getByName(scene.reconciliation).poke();
    await sweepInHaste(scene);
    expect((await readProgress(scene))?.behind).toBeGreaterThan(0);
    expect(await marksOf(scene, [...known, ...late])).toEqual([true, false, false, false]);
    expect(await exceptionOf(scene, "left")).toMatchObject({ status: "open", aggregates: { overdue_count: 1 } });
    await cron();
    expect(await marksOf(scene, [...known, ...late])).toEqual([true, false, true, true]);
    const { body } = await must(scene.api.get("/v1/events?type=record.reconciliation_overdue"), 200);
    expect(body.data).toHaveLength(3);
    expect(await readProgress(scene)).toEqual({ next_due: dayOf(Date.now()), behind: 0 });
    expect(await listFaults(scene.api)).toEqual([]);
  });

  it("raises nothing before it has settled once", { timeout: 60_000 }, async () => {
    const scene = await newScene();
    const known = await addKnown(scene, [{ expectedBy: YESTERDAY }]);
    await sweepInHaste(scene);
    expect(await marksOf(scene, known)).toEqual([false]);
    await cron();
    expect(await marksOf(scene, known)).toEqual([true]);
  });
});
