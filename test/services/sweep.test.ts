import { afterEach, expect, it, vi } from "vitest";
import { SWEEP_PARALLEL } from "../../src/config.ts";
import { sweepReconcilers } from "../../src/services/sweep.ts";
import { addSilently } from "../support/bulk.ts";
import { newScene } from "../support/scene.ts";

afterEach(() => vi.unstubAllGlobals());

it("comes to every Reconciler, however many of those before it hang or fail, and names these", async () => {
  const scenes = [];
  for (let no = 0; no < SWEEP_PARALLEL + 3; no++) {
    const scene = await newScene();
    await addSilently(scene, "left", [{}]);
    scenes.push(scene);
  }
  const said: string[] = [];
  vi.stubGlobal("console", { ...console, error: (text: string) => said.push(text) });
  const woken: string[] = [];
  const hang = new Promise<void>(() => undefined);
  const wake = (uid: string) => {
    woken.push(uid);
    return woken.length === 1 ? Promise.reject(new Error("no such luck")) : hang;
  };
  const [scene] = scenes;
  if (!scene) throw new Error("there is a scene");
  const done = await sweepReconcilers(scene.db, Date.now(), wake, 5);
  expect(done.failed).toBe(woken.length);
  expect(woken).toEqual(expect.arrayContaining(scenes.map(({ reconciliation }) => reconciliation)));
  const errors = said.map((text) => JSON.parse(text).error);
  expect(errors.filter((error) => error === "Error: no such luck")).toHaveLength(1);
  expect(errors.filter((error) => error === "Error: it took too long")).toHaveLength(woken.length - 1);
});
