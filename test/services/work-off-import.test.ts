import { sql } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  IMPORT_CHUNK_CHARS,
  IMPORT_MAX_PROBLEMS,
  IMPORT_SLICE_MAX_ROWS,
  IMPORT_SLICE_MAX_TRIES,
  UPLOAD_MAX_MS,
} from "../../src/config.ts";
import { CSV_ROW_MAX_BYTES } from "../../src/core/import/limits.ts";
import { all, type Db, first } from "../../src/db/client.ts";
import { createImport } from "../../src/services/create-import.ts";
import { pruneUploads } from "../../src/services/prune-uploads.ts";
import type { UploadPart } from "../../src/services/receive-upload.ts";
import { workOffImport } from "../../src/services/work-off-import.ts";
import type { Reply } from "../support/api.ts";
import { addSilently, countRowsRead } from "../support/bulk.ts";
import {
  countsOf,
  MAPPING,
  MAPPING_WITH_ID,
  newCsv,
  problemsOf,
  readImport,
  sendFile,
  workOffImports,
} from "../support/imports.ts";
import { muteJobs, quietDependencies, unmuteJobs } from "../support/jobs.ts";
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

const ROWS = 2_300;
const SLICES = 3;
/** One more for what is cleared away. */
const ROUNDS = SLICES + 1;

/** A file of which some rows are there, some come twice in one slice or in two, some have no id, and some are wrong. */
async function newMixture(): Promise<{ scene: Scene; id: string }> {
  const scene = await newScene({ runType: "batch" });
  await addSilently(
    scene,
    "left",
    [10, 1_500, 2_290].map((n) => ({ externalId: `row-${n}` })),
  );
  const file = newCsv(ROWS, (n) => ({
    ...(n % 50 === 3 ? { id: `row-${n - 1}` } : {}),
    ...(n % 11 === 5 ? { id: "", day: "2026-01-15", sum: `${n % 3}`, text: "Coffee" } : {}),
    ...(n % 97 === 6 ? { day: "never" } : {}),
  }));
  return { scene, id: (await sendFile(scene.api, "left", file, MAPPING_WITH_ID)).id };
}

/** What has come of it, but for ids. */
async function describeEnd({ scene, id }: { scene: Scene; id: string }) {
  const { status, totals_by_currency, ...body } = await readImport(scene.api, id);
  const problems = body.problems.map(({ record_id: _, ...problem }: Reply["body"]) => problem);
  const records = await all(
    scene.db,
    sql`select r.external_id, r.content_key, r.amount, r.date, r.import_id is not null as imported from records r
      where r.environment_id = ${scene.tenant.environmentId} order by r.id`,
  );
  const source = (await must(scene.api.get("/v1/data_sources/left"), 200)).body;
  return { status, problems, totals_by_currency, counts: countsOf(body), records, recordCount: source.record_count };
}

async function countKept(scene: Scene, uid: string): Promise<{ chunks: number; contents: number } | undefined> {
  return first(
    scene.db,
    sql`select (select count(*) from import_chunks where import_uid = ${uid}) as chunks,
      (select count(*) from import_contents c join imports i on i.id = c.import_id where i.uid = ${uid}) as contents`,
  );
}

describe("an import", () => {
  it("comes to the same wherever it is killed, and leaves only records", { timeout: 240_000 }, async () => {
    const whole = await newMixture();
    expect(await workOffImports(whole.id)).toBe(ROUNDS);
    const expected = await describeEnd(whole);
    expect(expected.status).toBe("completed");
    expect(expected.counts[0]).toBe(ROWS);
    expect(expected.recordCount).toBe(expected.records.length);
    expect(await countKept(whole.scene, whole.id)).toEqual({ chunks: 0, contents: 0 });
    // Those of the slices, and two that clear away.
    for (let batch = 1; batch <= SLICES + 2; batch++) {
      for (const place of ["before", "after"]) {
        const killed = await newMixture();
        const die = (nth: number) => {
          if (nth === batch) throw new Error("the process is gone");
        };
        const dying = quietDependencies(around(killed.scene.db, { [place]: die }));
        await expect(workOffImports(killed.id, dying)).rejects.toThrow("the process is gone");
        await workOffImports(killed.id);
        expect([batch, place, await describeEnd(killed)]).toEqual([batch, place, expected]);
        expect(await countKept(killed.scene, killed.id)).toEqual({ chunks: 0, contents: 0 });
      }
    }
  });

  it("does no slice twice, however many do it at once", async () => {
    const [shared, alone] = [await newMixture(), await newMixture()];
    await workOffImports(alone.id);
    for (let turn = 0; turn < ROUNDS; turn++) {
      await Promise.all(Array.from({ length: 4 }, () => workOffImport(quietDependencies(), shared.id)));
    }
    expect(await workOffImport(quietDependencies(), shared.id)).toBe("done");
    expect(await describeEnd(shared)).toEqual(await describeEnd(alone));
  });

  it("meets a record that is made at the same moment", async () => {
    const scene = await newScene();
    const { id } = await sendFile(scene.api, "left", newCsv(3), MAPPING_WITH_ID);
    const db = around(scene.db, {
      before: async (nth) => nth === 1 && must(scene.left({ external_id: "row-1", amount: 5 }), 201),
    });
    await workOffImports(id, quietDependencies(db));
    expect(countsOf(await readImport(scene.api, id))).toEqual([3, 2, 1, 0]);
  });

  it("and another one of the same file bring its rows in once", async () => {
    const scene = await newScene();
    const file = newCsv(2_000, (n) => ({ text: `${n % 700}`, sum: "1", day: "2026-01-15" }));
    const ids = await Promise.all([1, 2].map(async () => (await sendFile(scene.api, "left", file, MAPPING)).id));
    await Promise.all(ids.map((id) => workOffImports(id)));
    const done = await Promise.all(ids.map((id) => readImport(scene.api, id)));
    expect(done.map(({ row_count, failed }) => [row_count, failed])).toEqual([
      [2_000, 0],
      [2_000, 0],
    ]);
    expect(done.reduce((sum, { created }) => sum + created, 0)).toBe(2_000);
    expect((await must(scene.api.get("/v1/data_sources/left"), 200)).body.record_count).toBe(2_000);
  });

  it("fails a slice that loses race after race, and goes on later", async () => {
    const scene = await newScene();
    const { id } = await sendFile(scene.api, "left", newCsv(10), MAPPING_WITH_ID);
    const db = around(scene.db, { before: (nth) => must(scene.left({ external_id: `row-${nth}` }), 201) });
    await expect(workOffImport(quietDependencies(db), id)).rejects.toThrow("race");
    await workOffImports(id);
    const skipped = IMPORT_SLICE_MAX_TRIES;
    expect(countsOf(await readImport(scene.api, id))).toEqual([10, 10 - skipped, skipped, 0]);
  });

  it("lists a row that is no longer new when it is read again", async () => {
    const scene = await newScene();
    const { id } = await sendFile(scene.api, "left", newCsv(3), MAPPING_WITH_ID);
    const db = around(scene.db, {
      before: async (nth) => nth === 1 && must(scene.left({ external_id: "row-1", amount: 5 }), 201),
    });
    await workOffImports(id, quietDependencies(db));
    expect(problemsOf(await readImport(scene.api, id))).toEqual(["3 Id differs_from_record"]);
  });

  it("lists the first rows that are other records, in the order of the file, and counts all", async () => {
    const scene = await newScene({ runType: "batch" });
    const rows = IMPORT_SLICE_MAX_ROWS + 500;
    await workOffImports((await sendFile(scene.api, "left", newCsv(rows), MAPPING_WITH_ID)).id);
    const file = newCsv(rows, (n) => (n % 2 === 0 ? { day: "never" } : n < 50 ? {} : { sum: "7" }));
    const { id } = await sendFile(scene.api, "left", file, MAPPING_WITH_ID);
    await workOffImports(id);
    const done = await readImport(scene.api, id);
    expect(countsOf(done)).toEqual([rows, 0, rows / 2, rows / 2]);
    const expected = Array.from({ length: rows }, (_, n) => {
      if (n % 2 === 0) return `${n + 2} Day invalid_date`;
      return n < 50 ? [] : `${n + 2} Id differs_from_record`;
    });
    expect(problemsOf(done)).toEqual(expected.flat().slice(0, IMPORT_MAX_PROBLEMS));
  });

  it("pokes each reconciliation of its data source with every slice that brings something in", async () => {
    const scene = await newScene();
    const deps = quietDependencies();
    await workOffImports((await sendFile(scene.api, "left", newCsv(1_500), MAPPING_WITH_ID)).id, deps);
    expect(deps.poked).toEqual([scene.reconciliation, scene.reconciliation]);
    await workOffImports((await sendFile(scene.api, "left", newCsv(1_500), MAPPING_WITH_ID)).id, deps);
    expect(deps.poked).toHaveLength(2);
  });

  it("is not given up for its data source once it is over", async () => {
    const scene = await newScene();
    const { id } = await sendFile(scene.api, "new", newCsv(3), MAPPING_WITH_ID);
    await must(scene.api.delete("/v1/data_sources/new"), 204);
    const db = around(scene.db, {
      before: () => scene.db.d1.prepare("update imports set status = 'completed' where uid = ?").bind(id).run(),
    });
    await workOffImports(id, quietDependencies(db));
    expect(await readImport(scene.api, id)).toMatchObject({ status: "completed", problems: [] });
  });

  it("reads rows over the borders of pieces, with ends of lines in them", async () => {
    const scene = await newScene();
    const file = newCsv(4_000, (n) => ({ text: `${"é💳\n".repeat(n % 40)}Invoice ""${n}""` }));
    const { id } = await sendFile(scene.api, "left", file, MAPPING_WITH_ID);
    expect((await countKept(scene, id))?.chunks).toBe(Math.ceil(file.length / IMPORT_CHUNK_CHARS));
    await workOffImports(id);
    expect(await readImport(scene.api, id)).toMatchObject({ created: 4_000, failed: 0, problems: [] });
    const rows = await all<{ description: string; external_id: string }>(
      scene.db,
      sql`select r.external_id, r.description from records r join imports i on i.id = r.import_id
        where i.uid = ${id} order by r.id`,
    );
    expect(rows).toEqual(
      Array.from({ length: 4_000 }, (_, n) => ({
        external_id: `row-${n}`,
        description: `${"é💳\n".repeat(n % 40)}Invoice "${n}"`,
      })),
    );
  });

  it("goes on behind a line that no row is", async () => {
    const scene = await newScene();
    const long = `row-x,2026-01-15,1,${"x".repeat(CSV_ROW_MAX_BYTES * 10)}\n`;
    const wide = `${",".repeat(CSV_ROW_MAX_BYTES * 20)}\n`;
    const file = `${newCsv(2)}${long}${wide}row-y,2026-01-15,1,"open\nrow-z,2026-01-15,1,last\n`;
    const { id } = await sendFile(scene.api, "left", file, MAPPING_WITH_ID);
    await workOffImports(id);
    const done = await readImport(scene.api, id);
    expect(countsOf(done)).toEqual([6, 3, 0, 3]);
    expect(problemsOf(done)).toEqual(["4 null row_too_long", "5 null row_too_long", "6 null unclosed_quote"]);
    expect(done.progress.done).toBe(done.progress.total);
  });

  it("takes no more at a time than a batch may hold", async () => {
    const scene = await newScene();
    const columns = { ...MAPPING.columns, Note: "metadata.note" };
    const rows = Array.from({ length: 60 }, (_, n) => `2026-01-15,${n + 1},a,"${"ü\\".repeat(15_000)}"\n`);
    const { id } = await sendFile(scene.api, "left", `Day,Sum,Text,Note\n${rows.join("")}`, { columns });
    const deps = quietDependencies();
    expect(await workOffImports(id, deps)).toBeGreaterThan(4);
    expect(countsOf(await readImport(scene.api, id))).toEqual([60, 60, 0, 0]);
  });

  it("costs the same number of statements and of rows read, whatever is there", { timeout: 120_000 }, async () => {
    const measure = async (scene: Scene, sum?: string) => {
      const file = newCsv(IMPORT_SLICE_MAX_ROWS, () => (sum === undefined ? {} : { sum }));
      const { id } = await sendFile(scene.api, "left", file, MAPPING_WITH_ID);
      const counted = countRowsRead(scene.db);
      let statements = 0;
      const d1 = new Proxy(counted.db.d1, {
        get: (target, name) => {
          const value = Reflect.get(target, name) as unknown;
          if (name === "prepare") {
            return (text: string) => {
              statements += 1;
              return target.prepare(text);
            };
          }
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      await workOffImport(quietDependencies({ ...counted.db, d1 }), id);
      const { created, problems } = await readImport(scene.api, id);
      expect([created, problems.length]).toEqual(
        sum === undefined ? [IMPORT_SLICE_MAX_ROWS, 0] : [0, IMPORT_MAX_PROBLEMS],
      );
      return { statements, rowsPerRow: counted.rowsRead() / IMPORT_SLICE_MAX_ROWS };
    };
    const empty = await measure(await newScene({ runType: "batch" }));
    const full = await newScene({ runType: "batch" });
    await addSilently(
      full,
      "left",
      Array.from({ length: 20_000 }, (_, n) => ({ externalId: `other-${n}` })),
    );
    const crowded = await measure(full);
    expect(empty.statements).toBeLessThanOrEqual(20);
    expect(crowded.statements).toBe(empty.statements);
    expect(empty.rowsPerRow).toBeLessThan(20);
    expect(crowded.rowsPerRow).toBeCloseTo(empty.rowsPerRow, 0);
    const differing = await measure(full, "0.01");
    expect(differing.statements).toBeLessThanOrEqual(empty.statements);
    expect(differing.rowsPerRow).toBeLessThan(empty.rowsPerRow);
  });
});

describe("an upload that breaks off", () => {
  const context = (scene: Scene, db = scene.db) => ({ ...silentContext(scene), db });

  async function* partsOf(file: AsyncIterable<Uint8Array>): AsyncGenerator<UploadPart> {
    yield { name: "file", filename: null, content: file };
    const mapping = new TextEncoder().encode(JSON.stringify(MAPPING_WITH_ID));
    yield { name: "mapping", filename: null, content: new Blob([mapping]).stream() };
  }

  async function* cutOff(file: string): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(file);
    throw new Error("the connection is gone");
  }

  const file = newCsv(20_000);
  const listUploads = (scene: Scene) =>
    all<{ uid: string }>(scene.db, sql`select distinct import_uid as uid from import_chunks`).then((rows) =>
      rows.map(({ uid }) => uid),
    );

  it("leaves nothing", async () => {
    const scene = await newScene();
    const before = await listUploads(scene);
    await expect(createImport(context(scene), "left", partsOf(cutOff(file)))).rejects.toThrow("connection");
    expect(await listUploads(scene)).toEqual(before);
    expect((await must(scene.api.get("/v1/imports"), 200)).body.data).toEqual([]);
  });

  it("and cannot clear away what it has left is cleared away after an hour", async () => {
    const scene = await newScene();
    const before = await listUploads(scene);
    const kept = await sendFile(scene.api, "left", newCsv(10), MAPPING_WITH_ID);
    const db = around(scene.db, {
      after: (nth) => {
        if (nth === 2) throw new Error("the process is gone");
      },
      before: (nth) => {
        if (nth > 2) throw new Error("the process is gone");
      },
    });
    const stream = new Blob([file]).stream();
    await expect(createImport(context(scene, db), "left", partsOf(stream))).rejects.toThrow("the process is gone");
    expect((await listUploads(scene)).length).toBe(before.length + 2);
    expect(await pruneUploads(scene.db, Date.now())).toBe(0);
    await pruneUploads(scene.db, Date.now() + UPLOAD_MAX_MS + 1);
    const left = await listUploads(scene);
    expect(left).toContain(kept.id);
    expect(left.length).toBeLessThanOrEqual(before.length + 1);
    await workOffImports(kept.id);
    expect(countsOf(await readImport(scene.api, kept.id))).toEqual([10, 10, 0, 0]);
  });

  it("once it is written is imported all the same", async () => {
    const scene = await newScene();
    const db = around(scene.db, {
      after: (nth) => {
        if (nth === 2) throw new Error("the connection is gone");
      },
    });
    const parts = partsOf(new Blob([newCsv(10)]).stream());
    await expect(createImport(context(scene, db), "left", parts)).rejects.toThrow("connection");
    const [made] = (await must(scene.api.get("/v1/imports"), 200)).body.data;
    await workOffImports(made.id);
    expect(countsOf(await readImport(scene.api, made.id))).toEqual([10, 10, 0, 0]);
  });

  it("is not imported if pieces of it are gone", async () => {
    const scene = await newScene();
    const db = around(scene.db, {
      after: async (nth) => {
        if (nth === 1) await bindings.DB.prepare("delete from import_chunks").run();
      },
    });
    const parts = partsOf(new Blob([file]).stream());
    await expect(createImport(context(scene, db), "left", parts)).rejects.toThrow();
    expect((await must(scene.api.get("/v1/imports"), 200)).body.data).toEqual([]);
  });

  it("is cleared away also when its import was given up", async () => {
    const scene = await newScene();
    const { id } = await sendFile(
      scene.api,
      "left",
      newCsv(1_500, () => ({ id: "" })),
      MAPPING_WITH_ID,
    );
    await workOffImport(quietDependencies(), id);
    await scene.db.d1.prepare("update imports set status = 'failed' where uid = ?").bind(id).run();
    expect((await countKept(scene, id))?.contents).toBe(IMPORT_SLICE_MAX_ROWS);
    await pruneUploads(scene.db, Date.now() + UPLOAD_MAX_MS + 1);
    expect(await countKept(scene, id)).toEqual({ chunks: 0, contents: 0 });
  });
});
