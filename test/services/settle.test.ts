import { describe, expect, it } from "vitest";
import { settle } from "../../src/services/settle.ts";
import { updateRecord } from "../../src/services/update-record.ts";
import { workOff } from "../../src/services/work-off.ts";
import { addSilently } from "../support/bulk.ts";
import { FAULT, FaultyD1 } from "../support/faulty-d1.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { bindings, newScene, type Scene, silentContext } from "../support/scene.ts";

async function workOffAll(scene: Scene, store: MemoryStore): Promise<void> {
  for (let slices = 0; (await workOff(scene.dependencies(), store)) !== "settled"; slices++) {
    if (slices > 50) throw new Error("it does not settle");
  }
}

/** A record whose due day has been reported, and then is another one. */
async function newMovedDueDay() {
  const scene = await newScene();
  const store = new MemoryStore();
  const [record] = await addSilently(scene, "left", [{ expectedBy: "2199-01-02" }]);
  await workOffAll(scene, store);
  await settle(scene.dependencies(), store);
  await updateRecord(silentContext(scene), record as string, { expected_by: "2199-01-01" });
  await workOffAll(scene, store);
  return { scene, store };
}

async function nextDueOf(scene: Scene): Promise<string | null | undefined> {
  const row = await scene.db.d1
    .prepare("select next_due from reconciliations where uid = ?")
    .bind(scene.reconciliation)
    .first<{ next_due: string | null }>();
  return row?.next_due;
}

describe("a report of which the answer is lost", () => {
  it.each([
    ["after", "2199-01-01"],
    ["before", "2199-01-02"],
  ] as const)("%s it was written is not taken for a restored D1", async (moment, stored) => {
    const { scene, store } = await newMovedDueDay();
    const faulty = new FaultyD1(bindings.DB, { call: 0, moment });
    const deps = { ...scene.dependencies(), db: { ...scene.db, d1: faulty.open() } };
    await expect(settle(deps, store)).rejects.toThrow(FAULT);
    expect(await nextDueOf(scene)).toBe(stored);
    expect(await workOff(scene.dependencies(), store)).toBe("settled");
    expect(store.index.walk(null, 10)).toHaveLength(1);
    await settle(scene.dependencies(), store);
    expect(store.readProgress()?.reportedDues).toEqual(["2199-01-01"]);
  });

  it("does not hide a D1 that was restored", async () => {
    const { scene, store } = await newMovedDueDay();
    await settle(scene.dependencies(), store);
    await scene.db.d1
      .prepare("update reconciliations set next_due = '2198-12-31' where uid = ?")
      .bind(scene.reconciliation)
      .run();
    expect(await workOff(scene.dependencies(), store)).toBe("more");
    expect(store.readProgress()).toBeUndefined();
  });
});
