import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { examine } from "../../src/cli/doctor/examination.ts";
import type { IntegrityClient } from "../../src/cli/doctor/integrity-client.ts";
import { tamperWith } from "../support/integrity.ts";
import { bindings, EQUAL_AMOUNTS, must, newScene, type Scene } from "../support/scene.ts";

/** The doctor, before the Worker under test. */
async function examineAll({ api }: Scene, repairs: boolean) {
  const client: IntegrityClient = {
    get: async (path) => (await must(api.get(path), 200)).body,
    post: async (path, body) => (await must(api.post(path, body), 200)).body,
  };
  const lines: string[] = [];
  const tell = (...more: string[]) => void lines.push(...more);
  const wait = () => Promise.resolve();
  const code = await examine({ client, repairs, now: () => 0, wait, tell });
  return { code, text: lines.join("\n") };
}

it("finds a clean environment clean, names what is wrong in another, and repairs an index", async () => {
  const scene = await newScene({ filters: EQUAL_AMOUNTS });
  const left = (await must(scene.left(), 201)).body.id;
  await must(scene.right(), 201);
  await must(scene.left({ amount: 7 }), 201);
  expect(await examineAll(scene, false)).toMatchObject({ code: 0, text: expect.stringContaining("nothing is wrong") });
  const stub = bindings.RECONCILER.getByName(scene.reconciliation);
  await runInDurableObject(stub, (_, state) => void state.storage.sql.exec("delete from live_items"));
  expect(await examineAll(scene, false)).toMatchObject({
    code: 1,
    text: expect.stringContaining("lacks an open record"),
  });
  const repaired = await examineAll(scene, true);
  expect(repaired.code).toBe(0);
  expect(repaired.text).toContain(`The index of ${scene.reconciliation} is built again.`);
  await tamperWith(["update records set touched_count = 3 where uid = ?1"], [left]);
  const broken = await examineAll(scene, true);
  expect(broken.code).toBe(1);
  expect(broken.text).toContain(`record ${left}: It does not know in how many reconciliations it is matched.`);
  expect(broken.text).toContain("Expected 1, found 3.");
});
