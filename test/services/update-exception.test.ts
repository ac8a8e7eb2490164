import { describe, expect, it } from "vitest";
import type { Db } from "../../src/db/client.ts";
import { deleteRecord } from "../../src/services/delete-record.ts";
import { markOverdue } from "../../src/services/mark-overdue.ts";
import { updateException } from "../../src/services/update-exception.ts";
import { addSilently } from "../support/bulk.ts";
import { exceptionOf } from "../support/exceptions.ts";
import { newScene, type Scene, silentContext } from "../support/scene.ts";
import { muteQueue } from "../support/webhooks.ts";

muteQueue();

async function newMarked(scene: Scene): Promise<string> {
  const [uid] = (await addSilently(scene, "left", [{}])) as [string];
  expect((await markOverdue(silentContext(scene), scene.reconciliation, uid, Date.now())).ok).toBe(true);
  return uid;
}

/** The same database, to which something happens before its first batch. */
function interrupted(db: Db, act: () => Promise<unknown>): Db {
  let hasActed = false;
  const d1 = new Proxy(db.d1, {
    get(target, name) {
      if (name !== "batch") {
        const value = Reflect.get(target, name) as unknown;
        return typeof value === "function" ? value.bind(target) : value;
      }
      return async (statements: D1PreparedStatement[]) => {
        if (!hasActed) {
          hasActed = true;
          await act();
        }
        return target.batch(statements);
      };
    },
  });
  return { ...db, d1 };
}

async function dismiss(scene: Scene, status: "dismissed" | "open", meanwhile: () => Promise<unknown>) {
  const { id } = await exceptionOf(scene, "left");
  return updateException({ ...silentContext(scene), db: interrupted(scene.db, meanwhile) }, id, { status });
}

describe("a change of an exception while its records change", () => {
  it("dismisses those that are there then", async () => {
    const scene = await newScene();
    await newMarked(scene);
    expect((await dismiss(scene, "dismissed", () => newMarked(scene))).ok).toBe(true);
    const row = await scene.db.d1
      .prepare(
        `select x.dismissed_count as count from reconciliation_exceptions x
        join reconciliations c on c.id = x.reconciliation_id where c.uid = ?`,
      )
      .bind(scene.reconciliation)
      .first<{ count: number }>();
    expect(row).toEqual({ count: 2 });
  });

  it("does not open one of which nothing is left", async () => {
    const scene = await newScene();
    const uid = await newMarked(scene);
    await dismiss(scene, "dismissed", async () => undefined);
    const opened = await dismiss(scene, "open", () => deleteRecord(silentContext(scene), uid));
    expect(opened).toMatchObject({ ok: false, failure: { kind: "conflict" } });
    expect((await exceptionOf(scene, "left")).status).toBe("dismissed");
  });
});
