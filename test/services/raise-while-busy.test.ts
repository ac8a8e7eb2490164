import { describe, expect, it } from "vitest";
import { addDays, dayOf } from "../../src/core/calendar.ts";
import { raiseWhileBusy } from "../../src/services/raise-while-busy.ts";
import { settle } from "../../src/services/settle.ts";
import { updateReconciliation } from "../../src/services/update-reconciliation.ts";
import { workOff } from "../../src/services/work-off.ts";
import { addSilently } from "../support/bulk.ts";
import { FAULT, FaultyD1 } from "../support/faulty-d1.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { bindings, must, newScene, type Scene, silentContext } from "../support/scene.ts";
import { muteQueue, newEndpoint } from "../support/webhooks.ts";

muteQueue();

const YESTERDAY = addDays(dayOf(Date.now()), -1) as string;

async function workOffAll(scene: Scene, store: MemoryStore): Promise<void> {
  for (let slices = 0; (await workOff(scene.dependencies(), store)) !== "settled"; slices++) {
    if (slices > 50) throw new Error("it does not settle");
  }
}

/** A Reconciler that has settled, and has a record since that was there when it fell due at midnight. */
async function newFallen() {
  const scene = await newScene();
  await newEndpoint(scene.tenant.environmentId);
  const store = new MemoryStore();
  await workOffAll(scene, store);
  await settle(scene.dependencies(), store);
  const [uid] = (await addSilently(scene, "left", [{ expectedBy: YESTERDAY }])) as [string];
  await scene.db.d1.prepare("update records set created_at = 1 where uid = ?").bind(uid).run();
  await workOffAll(scene, store);
  return { scene, store, uid };
}

async function countEvents(scene: Scene): Promise<number> {
  const { body } = await must(scene.api.get("/v1/events?type=record.reconciliation_overdue"), 200);
  return body.data.length;
}

describe("raising what fell due at midnight under load", () => {
  it("is done once, however often it is asked", async () => {
    const { scene, store } = await newFallen();
    for (let times = 0; times < 2; times++) {
      expect(await raiseWhileBusy(scene.dependencies(), store)).toBe("settled");
      expect(await countEvents(scene)).toBe(1);
    }
    expect(await workOff(scene.dependencies(), store)).toBe("settled");
  });

  it.each([1, 2])("is done once though the answer to call %i gets lost", async (call) => {
    const { scene, store } = await newFallen();
    const faulty = new FaultyD1(bindings.DB, { call, moment: "after" });
    const deps = { ...scene.dependencies(), db: { ...scene.db, d1: faulty.open() } };
    await expect(raiseWhileBusy(deps, store)).rejects.toThrow(FAULT);
    expect(await workOff(scene.dependencies(), store)).toBe("settled");
    await raiseWhileBusy(scene.dependencies(), store);
    expect(await countEvents(scene)).toBe(1);
    await settle(scene.dependencies(), store);
    expect(await workOff(scene.dependencies(), store)).toBe("settled");
    expect(await countEvents(scene)).toBe(1);
  });

  it("waits once a data source came in, until that has been looked through", async () => {
    const { scene, store } = await newFallen();
    await must(scene.api.post("/v1/data_sources", { key: "third", name: "Third" }), 201);
    await updateReconciliation(silentContext(scene), scene.reconciliation, { sideB: ["right", "third"] });
    await workOffAll(scene, store);
    await raiseWhileBusy(scene.dependencies(), store);
    expect(await countEvents(scene)).toBe(0);
    await settle(scene.dependencies(), store);
    expect(await countEvents(scene)).toBe(1);
  });
});
