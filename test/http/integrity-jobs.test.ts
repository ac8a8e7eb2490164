import { describe, expect, it } from "vitest";
import { INTEGRITY_COUNT_PAGE_ROWS } from "../../src/config.ts";
import { newRow, sendRows } from "../support/bulk-requests.ts";
import { importFile, MAPPING_WITH_ID, newCsv, sendFile, workOffImports } from "../support/imports.ts";
import { listFaults, listIntegrityPages, tamperWith } from "../support/integrity.ts";
import { muteJobs, unmuteJobs, workOffBulk } from "../support/jobs.ts";
import { must, newScene } from "../support/scene.ts";

const REQUEST = "(select id from bulk_requests where uid = ?1)";

/** A bulk request of which one row each was created, updated, skipped for what it holds, and failed. */
async function newBulkRequest() {
  muteJobs();
  const scene = await newScene();
  await must(scene.left({ external_id: "held", metadata: { ref: "a" } }), 201);
  await must(scene.right({ metadata: { ref: "a" } }), 201);
  await must(scene.left({ external_id: "b" }), 201);
  const held = newRow({ external_id: "held", metadata: { ref: "a" } });
  const rows = [newRow({ external_id: "a" }), newRow({ external_id: "b", amount: 7 }), held, {}];
  const { id } = await sendRows(scene.api, rows, "update");
  await workOffBulk(id);
  return { ...scene, id: id as string };
}

describe("bulk requests that contradict their rows", () => {
  it.each<[string, string[], string, string, string]>([
    [
      "a number of created rows",
      ["update bulk_requests set created_count = 0 where uid = ?1"],
      "how many of its rows are created",
      "1",
      "0",
    ],
    [
      "a number of updated rows",
      ["update bulk_requests set updated_count = 0 where uid = ?1"],
      "how many of its rows are updated",
      "1",
      "0",
    ],
    [
      "a number of skipped rows",
      ["update bulk_requests set skipped_count = 0 where uid = ?1"],
      "how many of its rows are skipped",
      "1",
      "0",
    ],
    [
      "a number of failed rows",
      ["update bulk_requests set failed_count = 0 where uid = ?1"],
      "how many of its rows are failed",
      "1",
      "0",
    ],
    [
      "a row that is gone",
      [`delete from bulk_rows where bulk_request_id = ${REQUEST} and no = 3`],
      "does not have the rows that were sent",
      "4",
      "3",
    ],
    [
      "a row that waits for nobody",
      [`update bulk_rows set status = 'waiting' where bulk_request_id = ${REQUEST} and no = 3`],
      "Rows wait",
      "0",
      "1",
    ],
    [
      "a row whose record is another request's",
      [`update records set bulk_request_id = null where bulk_request_id = ${REQUEST}`],
      "are not there",
      "0",
      "1",
    ],
    [
      "rows whose records are not there",
      [`update bulk_rows set record_uid = 'x' where bulk_request_id = ${REQUEST} and status in ('created', 'updated')`],
      "are not there",
      "0",
      "2",
    ],
    [
      "an end without a time",
      ["update bulk_requests set completed_at = null where uid = ?1"],
      "when it was completed",
      "1",
      "0",
    ],
  ])("are found: %s", async (_, statements, message, expected, found) => {
    const { api, id } = await newBulkRequest();
    expect(await listFaults(api, "bulk_requests")).toEqual([]);
    await tamperWith(statements, [id]);
    expect(await listFaults(api, "bulk_requests")).toContainEqual({
      check: "bulk_requests",
      resource_type: "bulk_request",
      resource_id: id,
      expected,
      found,
      message: expect.stringContaining(message),
    });
  });

  it("are none that wait, were cancelled or are retried, or whose record was deleted", async () => {
    const { api, id } = await newBulkRequest();
    const clean = async () => expect(await listFaults(api)).toEqual([]);
    const { body } = await must(api.get(`/v1/records?bulk_request_id=${id}`), 200);
    await must(api.delete(`/v1/records/${body.data[0].id}`), 204);
    await clean();
    await must(api.post(`/v1/bulk_requests/${id}/retry`, undefined), 202);
    await clean();
    await must(api.post(`/v1/bulk_requests/${id}/cancel`, undefined), 202);
    await clean();
    const other = await sendRows(api, [{}, newRow()]);
    await clean();
    await must(api.post(`/v1/bulk_requests/${other.id}/cancel`, undefined), 202);
    await clean();
  });
});

const CHUNK = "import_chunks (import_uid, no, content)";

describe("imports that contradict what is kept of them", () => {
  /** One that is done, and one that has yet to begin. */
  async function newImports() {
    muteJobs();
    const scene = await newScene();
    const { id: done } = await sendFile(scene.api, "left", newCsv(4), MAPPING_WITH_ID);
    await workOffImports(done);
    const { id: pending } = await sendFile(scene.api, "right", newCsv(4), MAPPING_WITH_ID);
    return { ...scene, done: done as string, pending: pending as string };
  }

  it.each<[string, string, "done" | "pending", string[], string, string, string]>([
    [
      "import_counts",
      "a number of records",
      "done",
      ["update imports set created_count = 3, skipped_count = 1 where uid = ?1"],
      "how many there are: records",
      "4",
      "3",
    ],
    [
      "imports",
      "an end without a time",
      "done",
      ["update imports set completed_at = null where uid = ?1"],
      "when it was completed",
      "1",
      "0",
    ],
    [
      "imports",
      "an import of another environment",
      "pending",
      ["update imports set source_id = (select min(id) from data_sources) where uid = ?1"],
      "another environment",
      expect.any(String) as unknown as string,
      expect.any(String) as unknown as string,
    ],
    [
      "imports",
      "a text that is gone",
      "pending",
      ["delete from import_chunks where import_uid = ?1"],
      "the whole text of its file",
      "1",
      "0",
    ],
    [
      "imports",
      "a text of which the cron knows nothing",
      "done",
      [`insert into ${CHUNK} values (?1, 1, 'x')`],
      "will not be cleared away",
      "0",
      "1",
    ],
    [
      "imports",
      "contents of which the cron knows nothing",
      "done",
      ["insert into import_contents (import_id, digest, count) select id, 'x', 1 from imports where uid = ?1"],
      "will not be cleared away",
      "0",
      "1",
    ],
  ])("are found by %s: %s", async (check, _, culprit, statements, message, expected, found) => {
    const imports = await newImports();
    await must(imports.api.post("/v1/data_sources", { key: "third", name: "Third" }), 201);
    expect(await listFaults(imports.api)).toEqual([]);
    await tamperWith(statements, [imports[culprit]]);
    expect(await listFaults(imports.api, check)).toContainEqual({
      check,
      resource_type: "import",
      resource_id: imports[culprit],
      expected,
      found,
      message: expect.stringContaining(message),
    });
  });

  it("are none whose text the cron will clear away, or whose records were deleted", async () => {
    const { api, done } = await newImports();
    await tamperWith(
      [
        `insert into ${CHUNK} values (?1, 0, 'x')`,
        "insert into import_contents (import_id, digest, count) select id, 'x', 1 from imports where uid = ?1",
      ],
      [done],
    );
    expect(await listFaults(api)).toEqual([]);
    const { body } = await must(api.get(`/v1/records?import_id=${done}`), 200);
    await must(api.delete(`/v1/records/${body.data[0].id}`), 204);
    expect(await listFaults(api)).toEqual([]);
  });

  it("are found however many records there are", { timeout: 120_000 }, async () => {
    unmuteJobs();
    const scene = await newScene();
    const { id } = await importFile(scene.api, "left", newCsv(3), MAPPING_WITH_ID);
    await tamperWith(
      [
        `insert into records (uid, environment_id, source_id, date, amount, currency, direction, created_at, updated_at,
            import_id)
          with recursive numbers (no) as (select 1 union all select no + 1 from numbers where no < ${INTEGRITY_COUNT_PAGE_ROWS})
          select ?1 || '/' || n.no, i.environment_id, i.source_id, '2026-01-01', 1, 'USD', 1, 0, 0, i.id
          from imports i cross join numbers n where i.uid = ?1`,
      ],
      [id],
    );
    const pages = await listIntegrityPages(scene.api, "import_counts");
    expect(pages.map(({ checked }) => checked)).toEqual([INTEGRITY_COUNT_PAGE_ROWS, 3, 0]);
    expect(await listFaults(scene.api, "import_counts")).toMatchObject([
      { resource_id: id, expected: `${INTEGRITY_COUNT_PAGE_ROWS + 3}`, found: "3" },
    ]);
  });
});
