import { describe, expect, it } from "vitest";
import { settle } from "../../src/services/settle.ts";
import { workOff } from "../../src/services/work-off.ts";
import { writeMarks } from "../../src/services/write-marks.ts";
import { breakingAt } from "../support/breaking-db.ts";
import { addSilently } from "../support/bulk.ts";
import { listExceptions } from "../support/exceptions.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { EQUAL_AMOUNTS, newScene, type Scene } from "../support/scene.ts";
import { muteQueue } from "../support/webhooks.ts";

muteQueue();

async function workOffAll(scene: Scene, store: MemoryStore): Promise<number> {
  for (let slices = 1; slices < 50; slices++) {
    if ((await workOff(scene.dependencies(), store)) === "settled") return slices;
  }
  throw new Error("it does not settle");
}

/** Records of equal amounts on both sides, which a rule that skips such leaves alone. */
async function newAmbiguous(count: number) {
  const scene = await newScene({ rules: [{ filters: EQUAL_AMOUNTS, on_ambiguous: "skip" }] });
  const rows = Array.from({ length: count }, () => ({}));
  await addSilently(scene, "left", rows);
  await addSilently(scene, "right", rows);
  const store = new MemoryStore();
  await workOffAll(scene, store);
  return { scene, store };
}

async function countMarked(scene: Scene): Promise<number> {
  const row = await scene.db.d1
    .prepare(
      `select count(e.ambiguous_at) as marked from reconciliations c join entries e on e.reconciliation_id = c.id
      where c.uid = ?`,
    )
    .bind(scene.reconciliation)
    .first<{ marked: number }>();
  return row?.marked ?? 0;
}

describe("writing down what is ambiguous", () => {
  it("goes in pages, and a second time finds nothing to write", { timeout: 60_000 }, async () => {
    const { scene, store } = await newAmbiguous(150);
    expect(await writeMarks(scene.dependencies(), store)).toBe("more");
    expect(await countMarked(scene)).toBe(200);
    expect(await writeMarks(scene.dependencies(), store)).toBe("settled");
    expect(await countMarked(scene)).toBe(300);
    expect(store.listMarks(1)).toEqual([]);
    expect((await listExceptions(scene)).map(({ aggregates }) => aggregates.ambiguous_count)).toEqual([150, 150]);
  });

  it("is found written by a Reconciler that has to build its index anew", async () => {
    const { scene, store } = await newAmbiguous(2);
    await settle(scene.dependencies(), store);
    const other = new MemoryStore();
    await workOffAll(scene, other);
    expect(other.listMarks(1)).toEqual([]);
    expect(await workOff(scene.dependencies(), store)).toBe("settled");
  });

  it("writes all or nothing, and comes to the same when it is tried again", async () => {
    const { scene, store } = await newAmbiguous(2);
    const counted = breakingAt(scene.db, 0);
    await expect(writeMarks({ ...scene.dependencies(), db: counted.db }, store)).rejects.toThrow();
    for (let place = 1; place <= counted.statements(); place++) {
      const { db } = breakingAt(scene.db, place);
      await expect(writeMarks({ ...scene.dependencies(), db }, store)).rejects.toThrow();
      expect([await countMarked(scene), await listExceptions(scene)]).toEqual([0, []]);
      expect(await workOff(scene.dependencies(), store)).toBe("settled");
    }
    await writeMarks(scene.dependencies(), store);
    expect([await countMarked(scene), await listExceptions(scene)]).toMatchObject([4, [{}, {}]]);
  });

  it("is done again after D1 went back to a time before it", async () => {
    const { scene, store } = await newAmbiguous(2);
    await writeMarks(scene.dependencies(), store);
    const undo = (sql: string) => scene.db.d1.prepare(sql).bind(scene.reconciliation).run();
    const reconciliation = "(select id from reconciliations where uid = ?)";
    await undo(`update entries set ambiguous_at = null where reconciliation_id = ${reconciliation}`);
    await undo("update reconciliations set marks_token = null where uid = ?");
    expect(await workOff(scene.dependencies(), store)).toBe("more");
    await workOffAll(scene, store);
    await writeMarks(scene.dependencies(), store);
    expect(await countMarked(scene)).toBe(4);
  });
});
