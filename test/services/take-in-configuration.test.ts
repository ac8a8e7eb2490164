import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { all, runBatch } from "../../src/db/client.ts";
import { createRule } from "../../src/services/create-rule.ts";
import { dissolveReconciliation } from "../../src/services/dissolve-reconciliation.ts";
import { matchByHand } from "../../src/services/match-by-hand.ts";
import { settle as settleDue } from "../../src/services/settle.ts";
import { updateReconciliation } from "../../src/services/update-reconciliation.ts";
import { updateRule } from "../../src/services/update-rule.ts";
import { workOff } from "../../src/services/work-off.ts";
import { addSilently } from "../support/bulk.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { EQUAL_AMOUNTS, must, newScene, SAME_REFERENCE, type Scene, silentContext } from "../support/scene.ts";

async function settle(scene: Scene, store: MemoryStore) {
  for (let slices = 0; slices < 100; slices++) {
    if ((await workOff(scene.dependencies(), store)) === "settled") return;
  }
  throw new Error("it does not settle");
}

describe("a change in the middle of loading", () => {
  const rows = (side: string) => Array.from({ length: 1_200 }, (_, n) => ({ metadata: { ref: `${side}${n}` } }));
  const x = { metadata: { ref: "x" } };

  async function loadInPart(scene: Scene) {
    const store = new MemoryStore();
    for (let slices = 0; slices < 3; slices++) await workOff(scene.dependencies(), store);
    expect(store.readProgress()).toMatchObject({ isLoading: true });
    return store;
  }

  it("of rules matches nothing before everything is there", async () => {
    const scene = await newScene({ rules: [{ filters: SAME_REFERENCE, on_ambiguous: "skip" }] });
    await addSilently(scene, "left", [x, ...rows("l")]);
    await addSilently(scene, "right", [x, ...rows("r"), x]);
    const store = await loadInPart(scene);
    await updateRule(silentContext(scene), scene.rules[0] as string, { description: "Another text" });
    await settle(scene, store);
    expect(await scene.matches()).toEqual([]);
  });

  it("by hand matches nothing else before everything is there", async () => {
    const scene = await newScene({ rules: [{ filters: SAME_REFERENCE, on_ambiguous: "skip" }] });
    const [left] = await addSilently(scene, "left", [{ ...x, amount: 20_000 }, ...rows("l")]);
    const rights = await addSilently(scene, "right", [x, ...rows("r"), x]);
    const store = await loadInPart(scene);
    const recordUids = [left as string, rights[700] as string];
    const command = { recordUids, createAdjustment: false, adjustmentReason: null, allowPartial: true };
    await matchByHand(scene.dependencies(), command, []);
    await settle(scene, store);
    expect((await scene.matches()).map((match) => match.method)).toEqual(["manual"]);
  });
});

describe("a change of a reconciliation", () => {
  it("that takes a source out matches what was ambiguous because of it", async () => {
    const scene = await newScene({ rules: [{ filters: EQUAL_AMOUNTS, on_ambiguous: "skip" }] });
    await must(scene.api.post("/v1/data_sources", { key: "other", name: "Other" }), 201);
    const path = `/v1/reconciliations/${scene.reconciliation}`;
    await must(scene.api.patch(path, { side_b: ["right", "other"] }), 200);
    await scene.right();
    await must(
      scene.api.post("/v1/records", { type_key: "other", date: "2026-03-10", amount: 100, direction: "credit" }),
      201,
    );
    const left = await scene.left();
    expect(left.body.status).toBe("unreconciled");
    await must(scene.api.patch(path, { side_b: ["right"] }), 200);
    expect((await scene.record(left.body.id)).body.status).toBe("reconciled");
  });

  it("to batch leaves what was waiting to a run", async () => {
    const scene = await newScene();
    const store = new MemoryStore();
    await settle(scene, store);
    const rows = Array.from({ length: 450 }, (_, n) => ({ metadata: { ref: `${n}` } }));
    await addSilently(scene, "left", rows);
    await addSilently(scene, "right", rows);
    await workOff(scene.dependencies(), store);
    const before = (await scene.matches()).length;
    expect(store.peekQueue(1)).toHaveLength(1);
    await updateReconciliation(silentContext(scene), scene.reconciliation, { runType: "batch" });
    await settle(scene, store);
    expect(await scene.matches()).toHaveLength(before);
  });

  it("that a restore has undone is not taken for the one that came instead", async () => {
    const scene = await newScene({ rules: [] });
    const context = silentContext(scene);
    const store = new MemoryStore();
    const [before] = await all<{ generation: number }>(
      scene.db,
      sql`select generation from reconciliations where uid = ${scene.reconciliation}`,
    );
    const rule = { reconciliationUid: scene.reconciliation, priority: 1, description: null } as const;
    const made = { ...rule, status: "active" } as const;
    const first = await createRule(context, { ...made, definition: { filters: EQUAL_AMOUNTS } });
    if (!first.ok) throw new Error("the rule was not made");
    await settle(scene, store);
    await runBatch(scene.db, [
      sql`delete from rule_versions where rule_id = ${first.value.id}`,
      sql`delete from reconciliation_rules where id = ${first.value.id}`,
      sql`update reconciliations set generation = ${before?.generation} where uid = ${scene.reconciliation}`,
    ]);
    await createRule(context, { ...made, definition: { filters: SAME_REFERENCE } });
    await addSilently(scene, "left", [{ metadata: { ref: "x" } }]);
    await addSilently(scene, "right", [{ metadata: { ref: "y" } }]);
    await settle(scene, store);
    expect(await scene.matches()).toEqual([]);
  });
});

describe("one record with very many partners", () => {
  it("is matched in several commits, and dissolved in pages", async () => {
    const scene = await newScene({ filters: SAME_REFERENCE });
    const store = new MemoryStore();
    const ref = { metadata: { ref: "payout" } };
    await addSilently(
      scene,
      "right",
      Array.from({ length: 700 }, () => ({ ...ref, amount: 1 })),
    );
    await addSilently(scene, "left", [{ ...ref, amount: 700 }]);
    await settle(scene, store);
    expect(store.index.walk(null, 1)).toEqual([]);
    await runBatch(scene.db, [
      sql`update reconciliations set deleted_at = 1, generation = generation + 1 where uid = ${scene.reconciliation}`,
    ]);
    let pages = 1;
    while (!(await dissolveReconciliation(scene.dependencies())).done) pages += 1;
    expect(pages).toBe(4);
  });
});

describe("an overdue mark that a restore has taken back", () => {
  it("is made again", async () => {
    const scene = await newScene({ expectedWithinDays: 1 });
    const store = new MemoryStore();
    const [left] = await addSilently(scene, "left", [{ date: "2026-01-01" }]);
    await addSilently(scene, "left", [{ expectedBy: "2999-12-31" }]);
    await settle(scene, store);
    await settleDue(scene.dependencies(), store);
    await runBatch(scene.db, [
      sql`delete from entries where record_id = (select id from records where uid = ${left})`,
      sql`update reconciliations set next_due = '2026-01-02' where uid = ${scene.reconciliation}`,
    ]);
    await settle(scene, store);
    await settleDue(scene.dependencies(), store);
    expect((await scene.record(left as string)).body.reconciliations[0].overdue_at).toMatch(/^20/);
  });
});
