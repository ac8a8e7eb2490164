import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BULK_SLICE_MAX_TRIES } from "../../src/config.ts";
import type { Db } from "../../src/db/client.ts";
import { createBulkRequest } from "../../src/services/create-bulk-request.ts";
import { workOffBulkRequest } from "../../src/services/work-off-bulk-request.ts";
import { addSilently, countRowsRead } from "../support/bulk.ts";
import { countsOf, listExternalIds, newRow, newRows, sendRows, statusesOf } from "../support/bulk-requests.ts";
import { muteJobs, quietDependencies, readBulk, unmuteJobs, workOffBulk } from "../support/jobs.ts";
import { bindings, must, newScene, type Scene, silentContext } from "../support/scene.ts";

beforeEach(muteJobs);
afterEach(unmuteJobs);

/** The same database, with something done before a batch or after it; `nth` counts the batches from 1. */
function around(db: Db, act: { before?(nth: number): unknown; after?(nth: number): unknown }): Db {
  let nth = 0;
  const d1 = new Proxy(db.d1, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (name !== "batch") return typeof value === "function" ? value.bind(target) : value;
      return async (statements: D1PreparedStatement[]) => {
        nth += 1;
        await act.before?.(nth);
        const results = await target.batch(statements);
        await act.after?.(nth);
        return results;
      };
    },
  });
  return { ...db, d1 };
}

/** Does something before the next batch only, as another one at the same moment would. */
function once(act: () => Promise<unknown>): { before(nth: number): unknown } {
  return { before: (nth) => (nth === 1 ? act() : undefined) };
}

const rowsOfRequest = 600;
const slicesOfRequest = 3;

/** Records of which some are there, some come twice, and some are wrong. */
async function newMixture(rule: string): Promise<{ scene: Scene; id: string }> {
  const scene = await newScene({ runType: "batch" });
  await addSilently(
    scene,
    "left",
    [10, 300, 590].map((n) => ({ externalId: `row-${n}`, amount: 7 })),
  );
  const rows = newRows(rowsOfRequest, (n) => ({
    amount: n + 1,
    ...(n % 50 === 3 ? { external_id: `row-${n - 1}` } : {}),
    ...(n % 97 === 5 ? { date: "never" } : {}),
  }));
  return { scene, id: (await sendRows(scene.api, rows, rule)).id };
}

/** What has come of it, but for ids. */
async function describeEnd({ scene, id }: { scene: Scene; id: string }) {
  const outcomes: string[] = [];
  for (let cursor = ""; ; ) {
    const { body } = await must(scene.api.get(`/v1/bulk_requests/${id}?limit=200${cursor}`), 200);
    outcomes.push(...statusesOf(body));
    if (body.results.next_cursor === null) break;
    cursor = `&cursor=${body.results.next_cursor}`;
  }
  const { status, ...bulk } = await readBulk(scene.api, id);
  const { results } = await scene.db.d1
    .prepare(
      `select r.external_id, r.amount, r.version from records r join data_sources s on s.id = r.source_id
        where r.environment_id = ? order by r.id`,
    )
    .bind(scene.tenant.environmentId)
    .all();
  const source = (await must(scene.api.get("/v1/data_sources/left"), 200)).body;
  return { status, counts: countsOf(bulk), outcomes, records: results, recordCount: source.record_count };
}

describe.each(["error", "skip", "update"])("a bulk request with on_conflict %s", (rule) => {
  it("comes to the same wherever it is killed", { timeout: 120_000 }, async () => {
    const whole = await newMixture(rule);
    expect(await workOffBulk(whole.id)).toBe(slicesOfRequest);
    const expected = await describeEnd(whole);
    expect(expected.status).toBe("completed");
    expect(expected.counts[1]).toBe(rowsOfRequest);
    expect(expected.recordCount).toBe(expected.records.length);
    for (let slice = 1; slice <= slicesOfRequest; slice++) {
      for (const place of ["before", "after"]) {
        const killed = await newMixture(rule);
        const die = (nth: number) => {
          if (nth === slice) throw new Error("the process is gone");
        };
        const dying = quietDependencies(around(killed.scene.db, { [place]: die }));
        await expect(workOffBulk(killed.id, dying)).rejects.toThrow("the process is gone");
        await workOffBulk(killed.id);
        expect([slice, place, await describeEnd(killed)]).toEqual([slice, place, expected]);
      }
    }
  });

  it("does no slice twice, however many do it at once", async () => {
    const { scene, id } = await newMixture(rule);
    const alone = await newMixture(rule);
    await workOffBulk(alone.id);
    for (let turn = 0; turn < slicesOfRequest; turn++) {
      await Promise.all(Array.from({ length: 4 }, () => workOffBulkRequest(quietDependencies(), id)));
    }
    expect(await workOffBulkRequest(quietDependencies(), id)).toBe("done");
    expect(await describeEnd({ scene, id })).toEqual(await describeEnd(alone));
  });

  it("meets a record that is made at the same moment", async () => {
    const scene = await newScene();
    const { id } = await sendRows(scene.api, newRows(3), rule);
    let made = "";
    const db = around(
      scene.db,
      once(async () => {
        made = (await must(scene.left({ external_id: "row-1", amount: 5 }), 201)).body.id;
      }),
    );
    await workOffBulk(id, quietDependencies(db));
    const { results } = await readBulk(scene.api, id);
    expect(results.data[1].record_id).toBe(made);
    const status = { error: "failed", skip: "skipped", update: "updated" }[rule];
    expect(results.data.map((row: { status: string }) => row.status)).toEqual(["created", status, "created"]);
    expect((await scene.record(made)).body.amount).toBe(rule === "update" ? 100 : 5);
  });

  it("and single records with the same external_ids are taken in once each", async () => {
    const scene = await newScene();
    const { id } = await sendRows(scene.api, newRows(20), rule);
    const singles = Array.from({ length: 20 }, (_, n) => scene.left({ external_id: `row-${n}` }));
    const [replies] = await Promise.all([Promise.all(singles), workOffBulk(id)]);
    const bulk = await readBulk(scene.api, id);
    const ids = await listExternalIds(scene.api);
    expect(ids.sort()).toEqual(
      newRows(20)
        .map((row) => row.external_id as string)
        .sort(),
    );
    for (const [n, { status, body }] of replies.entries()) {
      const { status: outcome, record_id } = bulk.results.data[n];
      expect([201, 409]).toContain(status);
      expect([n, outcome === "created"]).toEqual([n, status === 409]);
      expect(record_id).toBe(status === 201 ? body.id : body.errors[0].record_id);
    }
  });
});

describe("a slice that is under way", () => {
  it("leaves a record alone that is matched at the same moment", async () => {
    const scene = await newScene();
    const { body } = await must(scene.left({ external_id: "row-0", metadata: { ref: "x" } }), 201);
    const { id } = await sendRows(scene.api, newRows(2), "update");
    const db = around(
      scene.db,
      once(async () => must(scene.right({ metadata: { ref: "x" } }), 201)),
    );
    await workOffBulk(id, quietDependencies(db));
    expect(statusesOf(await readBulk(scene.api, id))).toEqual(["failed matched", "created"]);
    expect((await scene.record(body.id)).body.status).toBe("reconciled");
  });

  it("takes the newer state of a record that is changed at the same moment", async () => {
    const scene = await newScene();
    const { body } = await must(scene.left({ external_id: "row-0" }), 201);
    const { id } = await sendRows(scene.api, newRows(1), "update");
    const db = around(
      scene.db,
      once(async () => must(scene.api.patch(`/v1/records/${body.id}`, { external_id: "other" }), 200)),
    );
    await workOffBulk(id, quietDependencies(db));
    expect(statusesOf(await readBulk(scene.api, id))).toEqual(["created"]);
    expect((await listExternalIds(scene.api)).sort()).toEqual(["other", "row-0"]);
  });

  it("fails the records of a data source that is deleted at the same moment", async () => {
    const scene = await newScene();
    await must(scene.api.post("/v1/data_sources", { key: "spare", name: "Spare" }), 201);
    const { id } = await sendRows(scene.api, [newRow({ type_key: "spare" }), newRow()]);
    const db = around(
      scene.db,
      once(async () => must(scene.api.delete("/v1/data_sources/spare"), 204)),
    );
    await workOffBulk(id, quietDependencies(db));
    expect(statusesOf(await readBulk(scene.api, id))).toEqual(["failed unknown_data_source", "created"]);
  });

  it("writes nothing once the request is cancelled", async () => {
    const scene = await newScene();
    const { id } = await sendRows(scene.api, newRows(300));
    await workOffBulkRequest(quietDependencies(), id);
    const cancel = () => must(scene.api.post(`/v1/bulk_requests/${id}/cancel`, undefined), 202);
    expect(await workOffBulkRequest(quietDependencies(around(scene.db, once(cancel))), id)).toBe("done");
    const bulk = await readBulk(scene.api, id);
    expect([bulk.status, countsOf(bulk)]).toEqual(["cancelled", [300, 250, 250, 0, 0]]);
    expect(await listExternalIds(scene.api)).toHaveLength(250);
  });

  it("writes nothing in a later round", async () => {
    const scene = await newScene();
    const { id } = await sendRows(scene.api, [newRow({ type_key: "later" })]);
    const finishAndRetry = async () => {
      await workOffBulk(id);
      await must(scene.api.post(`/v1/bulk_requests/${id}/retry`, undefined), 202);
      await must(scene.api.post("/v1/data_sources", { key: "later", name: "Later" }), 201);
    };
    expect(await workOffBulkRequest(quietDependencies(around(scene.db, once(finishAndRetry))), id)).toBe("done");
    const bulk = await readBulk(scene.api, id);
    expect([statusesOf(bulk), countsOf(bulk)]).toEqual([["created"], [1, 1, 1, 0, 0]]);
  });

  it("gives up for now when it loses one race after the other", async () => {
    const scene = await newScene();
    const { id } = await sendRows(scene.api, newRows(10));
    let races = 0;
    const db = around(scene.db, {
      before: async () => {
        await must(scene.left({ external_id: `row-${races}` }), 201);
        races += 1;
      },
    });
    await expect(workOffBulkRequest(quietDependencies(db), id)).rejects.toThrow("lost one race after the other");
    expect(races).toBe(BULK_SLICE_MAX_TRIES);
    expect((await readBulk(scene.api, id)).processed_items).toBe(0);
    await workOffBulk(id);
    expect(countsOf(await readBulk(scene.api, id))).toEqual([10, 10, 10 - races, races, 0]);
  });
});

describe("after a slice", () => {
  it("the reconciliations concerned are told, each once", async () => {
    const scene = await newScene();
    await must(scene.api.post("/v1/data_sources", { key: "spare", name: "Spare" }), 201);
    const second = { name: "Second", side_a: ["left"], side_b: ["spare"] };
    const { body } = await must(scene.api.post("/v1/reconciliations", second), 201);
    const work = async (rows: unknown[], rule?: string) => {
      const deps = quietDependencies();
      await workOffBulk((await sendRows(scene.api, rows, rule)).id, deps);
      return deps.poked.sort();
    };
    const both = [scene.reconciliation, body.id].sort();
    expect(await work([newRow({ external_id: "a" }), newRow({ type_key: "right" })])).toEqual(both);
    expect(await work([newRow({ type_key: "spare" })])).toEqual([body.id]);
    expect(await work([newRow({ external_id: "a", amount: 5 })], "update")).toEqual(both);
    expect(await work([newRow({ external_id: "a", amount: 5 })], "update")).toEqual([]);
    expect(await work([newRow({ external_id: "a" }), {}], "error")).toEqual([]);
  });
});

describe("what it costs", () => {
  const COUNT = 1_000;

  async function measure(scene: Scene, prefix: string) {
    const rows = newRows(COUNT, (n) => ({ external_id: `${prefix}-${n}`, description: "x".repeat(100) }));
    const costs: Record<string, { statements: number; rowsRead: number }> = {};
    for (const onConflict of ["error", "skip", "update"] as const) {
      const records = onConflict === "update" ? rows.map((row) => ({ ...row, amount: 5 })) : [...rows];
      const counted = countRowsRead(scene.db);
      const made = await createBulkRequest({ ...silentContext(scene), db: counted.db }, { records, onConflict });
      if (!made.ok) throw new Error(JSON.stringify(made.failure));
      await workOffBulk(made.value.uid, quietDependencies(counted.db));
      const { skipped, failed } = countRows(await readBulk(scene.api, made.value.uid));
      expect([onConflict, skipped, failed]).toEqual([onConflict, onConflict === "skip" ? COUNT : 0, 0]);
      costs[onConflict] = { statements: counted.statements(), rowsRead: counted.rowsRead() };
    }
    return costs;
  }

  const countRows = (bulk: Record<string, number>) => ({ skipped: bulk.skipped_items, failed: bulk.failed_items });

  it("is a handful of statements, however much there is already", { timeout: 120_000 }, async () => {
    const scene = await newScene({ runType: "batch" });
    const empty = await measure(scene, "first");
    const rows = Array.from({ length: 20_000 }, (_, n) => ({ externalId: `old-${n}` }));
    await addSilently(scene, "left", rows);
    const full = await measure(scene, "last");
    console.log(`for ${COUNT} rows: ${JSON.stringify({ empty, full })}`);
    for (const rule of ["error", "skip", "update"]) {
      const [before, after] = [empty[rule], full[rule]] as { statements: number; rowsRead: number }[];
      expect(after?.statements).toBe(before?.statements);
      expect(after?.statements).toBeLessThan(100);
      expect(after?.rowsRead).toBeLessThan(1.05 * (before?.rowsRead ?? 0));
      expect(after?.rowsRead).toBeLessThan(45 * COUNT);
    }
  });

  it("keeps every value that a statement is given far below what D1 takes", async () => {
    const scene = await newScene({ runType: "batch" });
    let largest = 0;
    const d1 = new Proxy(scene.db.d1, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown;
        if (name !== "prepare") return typeof value === "function" ? value.bind(target) : value;
        return (text: string) => {
          const statement = target.prepare(text);
          const bind = statement.bind.bind(statement);
          statement.bind = (...params: unknown[]) => {
            for (const param of params) largest = Math.max(largest, new TextEncoder().encode(String(param)).length);
            return bind(...params);
          };
          return statement;
        };
      },
    });
    const db = { ...scene.db, d1 };
    const texts = ['"'.repeat(32_000), "\u0001".repeat(10_000), "語".repeat(21_000), "x".repeat(65_000)];
    const wrong = Object.fromEntries(Array.from({ length: 4_000 }, (_, n) => [`"${n}"`.repeat(3), 1]));
    const records = newRows(80, (n) => (n % 5 === 4 ? wrong : { metadata: { text: texts[n % 5] } }));
    const made = await createBulkRequest({ ...silentContext(scene), db }, { records, onConflict: "update" });
    if (!made.ok) throw new Error(JSON.stringify(made.failure));
    const slices = await workOffBulk(made.value.uid, quietDependencies(db));
    expect(slices).toBeGreaterThan(10);
    expect(countsOf(await readBulk(scene.api, made.value.uid))).toEqual([80, 80, 64, 16, 0]);
    expect(largest).toBeGreaterThan(500_000);
    expect(largest).toBeLessThan(1_000_000);
  });
});

it("is done when there is nothing of this name", async () => {
  expect(await workOffBulkRequest(quietDependencies({ ...(await newScene()).db }), "nothing")).toBe("done");
  expect(bindings.DB).toBeDefined();
});
