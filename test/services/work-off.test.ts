import { describe, expect, it } from "vitest";
import type { Db } from "../../src/db/client.ts";
import { updateRecord } from "../../src/services/update-record.ts";
import { workOff } from "../../src/services/work-off.ts";
import { addSilently } from "../support/bulk.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { newScene, type Scene, silentContext } from "../support/scene.ts";

/** The database, with something happening in place of the first batch that writes matches. */
function replaceCommit(db: Db, happen: (run: () => Promise<D1Result[]>) => Promise<D1Result[]>): Db {
  let hasHappened = false;
  const d1 = new Proxy(db.d1, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (name !== "batch") return typeof value === "function" ? value.bind(target) : value;
      return async (statements: D1PreparedStatement[]) => {
        // A commit is the only batch of this size here.
        if (hasHappened || statements.length < 10) return target.batch(statements);
        hasHappened = true;
        return happen(() => target.batch(statements));
      };
    },
  });
  return { ...db, d1 };
}

function loseConnection(db: Db, moment: "before" | "after"): Db {
  return replaceCommit(db, async (run) => {
    if (moment === "after") await run();
    throw new Error("Network connection lost.");
  });
}

function intervene(db: Db, act: () => Promise<unknown>): Db {
  return replaceCommit(db, async (run) => {
    await act();
    return run();
  });
}

async function settle(scene: Scene, store: MemoryStore, db = scene.db) {
  for (let slices = 0; slices < 50; slices++) {
    if ((await workOff({ ...scene.dependencies(), db }, store)) === "settled") return;
  }
  throw new Error("it does not settle");
}

describe("a commit whose outcome is unknown", () => {
  for (const moment of ["before", "after"] as const) {
    it(`is found out when the connection was lost ${moment} the batch`, async () => {
      const scene = await newScene();
      const store = new MemoryStore();
      await settle(scene, store);
      await addSilently(scene, "left", [{ metadata: { ref: "x" } }, { metadata: { ref: "y" } }]);
      await addSilently(scene, "right", [{ metadata: { ref: "x" } }]);
      const db = loseConnection(scene.db, moment);
      await expect(settle(scene, store, db)).rejects.toThrow("Network connection lost.");
      expect(await scene.matches()).toHaveLength(moment === "after" ? 1 : 0);
      await settle(scene, store, db);
      expect(await scene.matches()).toHaveLength(1);
      expect(store.index.walk(null, 10).map((item) => item.metadata.ref)).toEqual(["y"]);
      const audit = await scene.api.get(`/v1/reconciliations/${scene.reconciliation}/audit`);
      expect(audit.body).toMatchObject({ valid: true, checked: 1 });
    });
  }
});

describe("a commit that rests on one stale record", () => {
  it("writes the others at once, and looks at that record again", async () => {
    const scene = await newScene();
    const store = new MemoryStore();
    await settle(scene, store);
    const refs = ["a", "b", "c"].map((ref) => ({ metadata: { ref } }));
    const lefts = await addSilently(scene, "left", refs);
    await addSilently(scene, "right", [...refs, { metadata: { ref: "d" } }]);
    const edit = () => updateRecord(silentContext(scene), lefts[1] as string, { metadata: { ref: "d" } });
    await workOff({ ...scene.dependencies(), db: intervene(scene.db, edit) }, store);
    expect((await scene.matches()).map((match) => match.explanation[0].a)).toEqual(["c", "a"]);
    await settle(scene, store);
    expect((await scene.matches()).map((match) => match.explanation[0].a)).toEqual(["d", "c", "a"]);
    expect(store.index.walk(null, 10).map((item) => item.metadata.ref)).toEqual(["b"]);
  });
});

describe("a commit with long explanations", () => {
  it("goes through in several batches, and keeps texts in part", async () => {
    const conditions = Array.from({ length: 40 }, () => ({
      key: "metadata.text",
      operand: "eq",
      value: "metadata.text",
    }));
    const scene = await newScene({ filters: { operand: "and", rules: conditions } });
    const store = new MemoryStore();
    await settle(scene, store);
    const pairs = 60;
    const rows = Array.from({ length: pairs }, (_, n) => ({ metadata: { text: `${n} ${"😀".repeat(15_000)}` } }));
    await addSilently(scene, "left", rows);
    await addSilently(scene, "right", rows);
    await settle(scene, store);
    const matches = await scene.matches();
    expect(matches).toHaveLength(pairs);
    expect(matches[0].explanation[0].a).toBe(`59 ${"😀".repeat(197)}…`);
    const audit = await scene.api.get(`/v1/reconciliations/${scene.reconciliation}/audit?limit=200`);
    expect(audit.body).toMatchObject({ valid: true, checked: pairs });
  });
});
