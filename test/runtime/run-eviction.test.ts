import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { handleCron } from "../../src/runtime/cron.ts";
import { addSilently } from "../support/bulk.ts";
import { describeMatches, matchesOfRun, newSilentRun, runsPath, runToEnd } from "../support/runs.ts";
import { bindings, EQUAL_AMOUNTS, must, newScene, SAME_REFERENCE, type Scene } from "../support/scene.ts";

const COUNT = 1_500;

const RULES = [
  { priority: 1, filters: { operand: "and", rules: [...SAME_REFERENCE.rules, ...EQUAL_AMOUNTS.rules] } },
  {
    priority: 2,
    filters: {
      operand: "and",
      rules: [
        ...EQUAL_AMOUNTS.rules,
        { key: "date", operand: "eq", value: "date", tolerance_amount: 1, tolerance_unit: "day" },
      ],
    },
  },
  // What is left over of one goes to the next: one record in many matches.
  { priority: 3, filters: SAME_REFERENCE },
];

/** Records with few amounts, days and references, so that nearly every match has rivals. */
const rowsOf = (side: string) =>
  Array.from({ length: COUNT }, (_, n) => ({
    externalId: `${side}${n}`,
    date: `2026-03-${10 + ((n * (side === "l" ? 5 : 11)) % 15)}`,
    amount: 1_000 + ((n * (side === "l" ? 7 : 13)) % 97),
    metadata: { ref: `${(n * (side === "l" ? 3 : 17)) % 400}` },
  }));

/** The same rows in another order, the same each time. */
function shuffle<T>(rows: readonly T[]): T[] {
  return rows.map((_, n) => rows[(n * 607 + 11) % rows.length] as T);
}

async function newBooks(order: <T>(rows: T[]) => T[]): Promise<Scene> {
  const scene = await newScene({ runType: "batch", rules: RULES });
  await addSilently(scene, "right", order(rowsOf("r")));
  await addSilently(scene, "left", order(rowsOf("l")));
  return scene;
}

describe("a run over thousands of records", () => {
  for (const mode of ["preview", "commit"] as const) {
    it(`comes to the same though its object is evicted after every slice: ${mode}`, { timeout: 240_000 }, async () => {
      const plain = await newBooks((rows) => rows);
      const whole = await runToEnd(plain, { mode });
      const expected = await describeMatches(plain, await matchesOfRun(plain, whole.id));
      expect(expected.length).toBeGreaterThan(1_000);

      const scene = await newBooks(shuffle);
      const stub = bindings.RECONCILER.getByName(scene.reconciliation);
      const uid = await newSilentRun(scene, mode);
      await runInDurableObject(stub, (_, state) => state.storage.setAlarm(Date.now() + 3_600_000));
      let slices = 0;
      while (await runDurableObjectAlarm(stub)) {
        slices += 1;
        expect(slices).toBeLessThan(500);
        await evictDurableObject(stub);
      }
      expect(slices).toBeGreaterThan(15);
      const run = await must(scene.api.get(`${runsPath(scene)}/${uid}`), 200);
      const comparable = ({ matched_records, open, problem_count, progress }: typeof whole) => {
        return { matched_records, open, problem_count, progress };
      };
      expect(run.body.status).toBe("completed");
      expect(comparable(run.body)).toEqual(comparable(whole));
      expect(await describeMatches(scene, await matchesOfRun(scene, uid))).toEqual(expected);
    });
  }
});

describe("a reconciliation that is deleted with much that was proposed", () => {
  it("lets go of it in pages", { timeout: 120_000 }, async () => {
    const scene = await newBooks((rows) => rows);
    await runToEnd(scene, { mode: "preview" });
    await must(scene.api.delete(`/v1/reconciliations/${scene.reconciliation}`), 202);
    const stub = bindings.RECONCILER.getByName(scene.reconciliation);
    for (let slices = 0; await runDurableObjectAlarm(stub); slices++) expect(slices).toBeLessThan(100);
    await stub.poke();
    const left = await scene.db.d1.prepare("select count(*) as n from run_matches").first<{ n: number }>();
    const ofOthers = await scene.db.d1
      .prepare("select count(*) as n from run_matches m join runs r on r.id = m.run_id where r.environment_id <> ?")
      .bind(scene.tenant.environmentId)
      .first<{ n: number }>();
    expect(left).toEqual(ofOthers);
  });
});

describe("a run that nobody told its Reconciler of", () => {
  it("is found by the cron", async () => {
    const scene = await newScene({ runType: "batch" });
    await addSilently(scene, "left", [{ metadata: { ref: "x" } }]);
    await addSilently(scene, "right", [{ metadata: { ref: "x" } }]);
    const stub = bindings.RECONCILER.getByName(scene.reconciliation);
    await handleCron(bindings, Date.now());
    const uid = await newSilentRun(scene, "commit");
    await runInDurableObject(stub, (_, state) => state.storage.deleteAlarm());
    await handleCron(bindings, Date.now());
    for (let slices = 0; (await runOf(scene, uid)).status !== "completed"; slices++) {
      expect(slices).toBeLessThan(1_000);
      await runDurableObjectAlarm(stub);
    }
    expect((await runOf(scene, uid)).matched_records).toBe(2);
  });
});

const runOf = async (scene: Scene, uid: string) => (await must(scene.api.get(`${runsPath(scene)}/${uid}`), 200)).body;
