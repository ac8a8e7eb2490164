import { sql } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BULK_PRUNE_MAX_PAGES, BULK_PRUNE_PAGE_REQUESTS, HISTORY_KEPT_MS } from "../../src/config.ts";
import { all, type Db, openDb, runBatch } from "../../src/db/client.ts";
import { pruneBulkPayloads } from "../../src/services/prune-bulk-payloads.ts";
import { newRow, sendRows } from "../support/bulk-requests.ts";
import { muteJobs, readBulk, unmuteJobs, workOffBulk } from "../support/jobs.ts";
import { bindings, must, newScene, type Scene } from "../support/scene.ts";

const db = openDb(bindings.DB);
const NOW = Date.now();

beforeEach(async () => {
  muteJobs();
  await pruneBulkPayloads(db, NOW);
});
afterEach(unmuteJobs);

/** A request of which two rows are kept, one that failed and one that was skipped, over for so long. */
async function newRequest(scene: Scene, ageMs: number): Promise<string> {
  const rows = [newRow({ external_id: `${ageMs}` }), newRow({ amount: -1 }), newRow({ external_id: `${ageMs}` })];
  const { id } = await sendRows(scene.api, rows, "skip");
  await workOffBulk(id);
  await age(id, ageMs);
  return id;
}

const age = (id: string, ms: number) =>
  runBatch(db, [sql`update bulk_requests set completed_at = ${NOW - ms} where uid = ${id}`]);

async function countPayloads(db: Db, uid: string): Promise<number> {
  const rows = await all(
    db,
    sql`select 1 from bulk_rows w join bulk_requests b on b.id = w.bulk_request_id
      where b.uid = ${uid} and w.payload is not null`,
  );
  return rows.length;
}

const retry = (scene: Scene, id: string) => scene.api.post(`/v1/bulk_requests/${id}/retry`, undefined);

describe("what the rows of a bulk request say", () => {
  it("is let go of 30 days after the end, and its rows stay", async () => {
    const scene = await newScene();
    const [old, young] = [await newRequest(scene, HISTORY_KEPT_MS), await newRequest(scene, HISTORY_KEPT_MS - 1)];
    const before = await readBulk(scene.api, old);
    expect([await countPayloads(db, old), await countPayloads(db, young)]).toEqual([2, 2]);
    expect([await pruneBulkPayloads(db, NOW), await pruneBulkPayloads(db, NOW)]).toEqual([1, 0]);
    expect([await countPayloads(db, old), await countPayloads(db, young)]).toEqual([0, 2]);
    expect(await readBulk(scene.api, old)).toEqual(before);
    const refused = await must(retry(scene, old), 409);
    expect(refused.body.detail).toBe("What the rows say was kept for 30 days; send them again in a new bulk request.");
    expect(refused.headers.has("retry-after")).toBe(false);
    expect(await readBulk(scene.api, old)).toEqual(before);
    await must(retry(scene, young), 202);
  });

  it("stays while the request is worked off once more, however long ago it began", async () => {
    const scene = await newScene();
    const id = await newRequest(scene, 0);
    await must(retry(scene, id), 202);
    await runBatch(db, [sql`update bulk_requests set created_at = 0, updated_at = 0 where uid = ${id}`]);
    expect(await pruneBulkPayloads(db, NOW + HISTORY_KEPT_MS)).toBe(0);
    expect(await countPayloads(db, id)).toBe(2);
    await workOffBulk(id);
  });

  it("is not looked at again where all rows have become records", async () => {
    const scene = await newScene();
    const { id } = await sendRows(scene.api, [newRow()]);
    await workOffBulk(id);
    await age(id, HISTORY_KEPT_MS);
    expect(await pruneBulkPayloads(db, NOW)).toBe(0);
    expect((await must(retry(scene, id), 409)).body.detail).toContain("No row");
  });

  it("is let go of page by page, the oldest first, and in the next minute the rest", async () => {
    const scene = await newScene();
    const most = BULK_PRUNE_PAGE_REQUESTS * BULK_PRUNE_MAX_PAGES;
    await runBatch(db, [
      sql`insert into bulk_requests (uid, environment_id, on_conflict, status, total_count, failed_count, created_at,
          updated_at, completed_at)
        select 'many-' || value, ${scene.tenant.environmentId}, 'error', 'completed', 1, 1, value, value, value
        from json_each(${JSON.stringify(Array.from({ length: most + 3 }, (_, no) => no))})`,
    ]);
    expect(await pruneBulkPayloads(db, NOW)).toBe(most);
    expect(await pruneBulkPayloads(db, NOW)).toBe(3);
    expect(await pruneBulkPayloads(db, NOW)).toBe(0);
  });
});
