import { expect, it } from "vitest";
import { INTEGRITY_PAGE_MAX_MS } from "../../src/config.ts";
import type { Place } from "../../src/core/integrity.ts";
import { checkIndexes } from "../../src/services/check-indexes.ts";
import type { IndexComparison } from "../../src/services/index-comparison.ts";
import { must, newScene, silentContext } from "../support/scene.ts";

type Answer = IndexComparison | "unsettled";

/** Three reconciliations, whose Reconcilers need a while each for their answers. */
async function newSlowReconcilers(answer: (uid: string, place: Place) => Answer, durationMs: number) {
  const scene = await newScene();
  const uids = [scene.reconciliation];
  for (const name of ["Second", "Third"]) {
    const sides = { name, side_a: ["left"], side_b: ["right"], run_type: "continuous" };
    uids.push((await must(scene.api.post("/v1/reconciliations", sides), 201)).body.id);
  }
  let time = 0;
  const asked: string[] = [];
  const checkIndex = async (uid: string, place: Place) => {
    time += durationMs;
    asked.push(uid);
    return answer(uid, place);
  };
  const ctx = { ...silentContext(scene), now: () => time };
  return { ctx: { ...ctx, reconcilers: { ...ctx.reconcilers, checkIndex } }, uids, asked };
}

const CLEAN: IndexComparison = { checked: 2, differences: [], next: null };

it("a page ends when it has taken long enough, and the next one goes on", async () => {
  const { ctx, uids, asked } = await newSlowReconcilers(() => CLEAN, INTEGRITY_PAGE_MAX_MS);
  let place: Place | null = [];
  let pages = 0;
  for (; place !== null; pages++) place = (await checkIndexes(ctx, place, 1_000)).next;
  expect([asked, pages]).toEqual([uids, 3]);
});

it("a page ends with an index that is not settled, which can be asked for again, or left out", async () => {
  const states: Answer[] = [{ ...CLEAN, next: [1] }, "unsettled", "unsettled", CLEAN];
  const { ctx, uids, asked } = await newSlowReconcilers(() => states.shift() ?? CLEAN, 0);
  const first = await checkIndexes(ctx, [], 1_000);
  const [unsettled] = first.unsettled;
  expect(first).toMatchObject({ checked: 2, unsettled: [{ resourceId: uids[0] }] });
  expect(unsettled?.retry).toEqual([expect.any(Number), 1]);
  const again = await checkIndexes(ctx, unsettled?.retry as Place, 1_000);
  expect(again).toMatchObject({ checked: 0, unsettled: [{ resourceId: uids[0] }] });
  const rest = await checkIndexes(ctx, again.next as Place, 1_000);
  expect(rest).toMatchObject({ checked: 4, unsettled: [], next: null });
  expect(asked).toEqual([uids[0], uids[0], uids[0], uids[1], uids[2]]);
});
